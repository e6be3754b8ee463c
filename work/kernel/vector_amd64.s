#include "textflag.h"

// func transpose8(dst *float32, dstBytes int, src *float32, srcBytes int)
// Row i and row i+4 share a register, so that no lane has to cross over.
TEXT ·transpose8(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ dstBytes+8(FP), DX
	MOVQ src+16(FP), SI
	MOVQ srcBytes+24(FP), CX
	LEAQ (SI)(CX*4), R8
	LEAQ (SI)(CX*2), R9
	LEAQ (R8)(CX*2), R10

	VMOVUPS     (SI), X0
	VMOVUPS     (SI)(CX*1), X1
	VMOVUPS     (R9), X2
	VMOVUPS     (R9)(CX*1), X3
	VINSERTF128 $1, (R8), Y0, Y0
	VINSERTF128 $1, (R8)(CX*1), Y1, Y1
	VINSERTF128 $1, (R10), Y2, Y2
	VINSERTF128 $1, (R10)(CX*1), Y3, Y3
	VMOVUPS     16(SI), X4
	VMOVUPS     16(SI)(CX*1), X5
	VMOVUPS     16(R9), X6
	VMOVUPS     16(R9)(CX*1), X7
	VINSERTF128 $1, 16(R8), Y4, Y4
	VINSERTF128 $1, 16(R8)(CX*1), Y5, Y5
	VINSERTF128 $1, 16(R10), Y6, Y6
	VINSERTF128 $1, 16(R10)(CX*1), Y7, Y7

	VUNPCKLPS Y1, Y0, Y8
	VUNPCKHPS Y1, Y0, Y9
	VUNPCKLPS Y3, Y2, Y10
	VUNPCKHPS Y3, Y2, Y11
	VUNPCKLPS Y5, Y4, Y12
	VUNPCKHPS Y5, Y4, Y13
	VUNPCKLPS Y7, Y6, Y14
	VUNPCKHPS Y7, Y6, Y15

	VUNPCKLPD Y10, Y8, Y0
	VUNPCKHPD Y10, Y8, Y1
	VUNPCKLPD Y11, Y9, Y2
	VUNPCKHPD Y11, Y9, Y3
	VUNPCKLPD Y14, Y12, Y4
	VUNPCKHPD Y14, Y12, Y5
	VUNPCKLPD Y15, Y13, Y6
	VUNPCKHPD Y15, Y13, Y7

	LEAQ    (DI)(DX*2), R11
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, (DI)(DX*1)
	VMOVUPS Y2, (R11)
	VMOVUPS Y3, (R11)(DX*1)
	LEAQ    (DI)(DX*4), DI
	LEAQ    (R11)(DX*4), R11
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, (DI)(DX*1)
	VMOVUPS Y6, (R11)
	VMOVUPS Y7, (R11)(DX*1)
	VZEROUPPER
	RET

// func add8(a *float32, b *float32, n int)
TEXT ·add8(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX

loopA:
	VMOVUPS (DI)(AX*4), Y0
	VADDPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loopA
	VZEROUPPER
	RET

// func momentum8(w *float32, v *float32, grad *float32, n int, negRate float32, mu float32)
TEXT ·momentum8(SB), NOSPLIT, $0-40
	MOVQ         w+0(FP), DI
	MOVQ         v+8(FP), SI
	MOVQ         grad+16(FP), DX
	MOVQ         n+24(FP), CX
	VBROADCASTSS negRate+32(FP), Y14
	VBROADCASTSS mu+36(FP), Y15
	XORQ         AX, AX

loopM:
	VMOVUPS     (SI)(AX*4), Y0
	VMOVUPS     (DI)(AX*4), Y1
	VFMADD213PS (DX)(AX*4), Y15, Y0
	VMOVUPS     Y0, (SI)(AX*4)
	VFMADD231PS Y0, Y14, Y1
	VMOVUPS     Y1, (DI)(AX*4)
	ADDQ        $8, AX
	CMPQ        AX, CX
	JLT         loopM
	VZEROUPPER
	RET

// func finite8(x *float32, n int) bool
// An exponent of all ones is an infinity or a NaN.
TEXT ·finite8(SB), NOSPLIT, $0-17
	MOVQ     x+0(FP), SI
	MOVQ     n+8(FP), CX
	XORQ     AX, AX
	VPCMPEQD Y15, Y15, Y15
	VPSRLD   $24, Y15, Y15
	VPSLLD   $23, Y15, Y15
	VPXOR    Y14, Y14, Y14

loopF:
	VPAND    (SI)(AX*4), Y15, Y0
	VPCMPEQD Y15, Y0, Y0
	VPOR     Y0, Y14, Y14
	ADDQ     $8, AX
	CMPQ     AX, CX
	JLT      loopF
	VPTEST   Y14, Y14
	SETEQ    ret+16(FP)
	VZEROUPPER
	RET
