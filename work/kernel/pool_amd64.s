#include "go_asm.h"
#include "textflag.h"

DATA one<>+0(SB)/8, $0x0000000100000001
DATA one<>+8(SB)/8, $0x0000000100000001
DATA one<>+16(SB)/8, $0x0000000100000001
DATA one<>+24(SB)/8, $0x0000000100000001
GLOBL one<>(SB), RODATA|NOPTR, $32

// BETTER takes v where it is greater than the maximum Y0, and its code with it.
#define BETTER(v, code) \
	VCMPPS    $0x1e, Y0, v, Y6; \
	VMAXPS    Y0, v, Y0; \
	VBLENDVPS Y6, code, Y5, Y5

// func poolRow(top *float32, low *float32, y *float32, code *int32, pixels int, pixelBytes int)
TEXT ·poolRow(SB), NOSPLIT, $0-48
	MOVQ top+0(FP), R8
	MOVQ low+8(FP), R9
	MOVQ y+16(FP), DI
	MOVQ code+24(FP), SI
	MOVQ pixels+32(FP), CX
	MOVQ pixelBytes+40(FP), DX

	VXORPS  Y15, Y15, Y15
	VMOVUPS one<>(SB), Y11      // right
	VPSLLD  $2, Y11, Y12        // below
	VPOR    Y11, Y12, Y13       // both
	VPSLLD  $31, Y11, Y14       // alive

pixel:
	XORQ AX, AX

channels:
	VMOVUPS   (R8)(AX*1), Y0
	LEAQ      (R8)(DX*1), R10
	VMOVUPS   (R10)(AX*1), Y1
	VMOVUPS   (R9)(AX*1), Y2
	LEAQ      (R9)(DX*1), R11
	VMOVUPS   (R11)(AX*1), Y3
	VCMPPS    $0x1e, Y0, Y1, Y6
	VMAXPS    Y0, Y1, Y0
	VANDPS    Y6, Y11, Y5
	BETTER(Y2, Y12)
	BETTER(Y3, Y13)
	VCMPPS    $0x1e, Y15, Y0, Y6
	VANDPS    Y6, Y14, Y6
	VORPS     Y6, Y5, Y5
	VMAXPS    Y15, Y0, Y0
	VMOVUPS   Y0, (DI)
	VMOVUPS   Y5, (SI)
	ADDQ      $32, DI
	ADDQ      $32, SI
	ADDQ      $32, AX
	CMPQ      AX, DX
	JLT       channels

	LEAQ (R8)(DX*2), R8
	LEAQ (R9)(DX*2), R9
	DECQ CX
	JNE  pixel
	VZEROUPPER
	RET

// func poolWeightsBlock(p *poolBlock)
// Eight channels of all pixels: the codes index the two rows of four inputs
// that a tap row can meet.
TEXT ·poolWeightsBlock(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), SI
	MOVQ poolBlock_dw(SI), AX
	MOVQ poolBlock_pixelBytes(SI), BX
	VMOVUPS (AX), Y0
	VMOVUPS (AX)(BX*1), Y1
	VMOVUPS (AX)(BX*2), Y2
	LEAQ    (AX)(BX*2), AX
	VMOVUPS (AX)(BX*1), Y3
	VMOVUPS (AX)(BX*2), Y4
	LEAQ    (AX)(BX*2), AX
	VMOVUPS (AX)(BX*1), Y5
	VMOVUPS (AX)(BX*2), Y6
	LEAQ    (AX)(BX*2), AX
	VMOVUPS (AX)(BX*1), Y7
	VMOVUPS (AX)(BX*2), Y8
	MOVQ    poolBlock_db(SI), AX
	VMOVUPS (AX), Y9

	MOVQ poolBlock_x(SI), R8
	MOVQ poolBlock_xRow(SI), R9
	MOVQ poolBlock_grad(SI), DI
	MOVQ poolBlock_code(SI), R10
	MOVQ poolBlock_rows(SI), DX

rowP:
	MOVQ R8, R11
	MOVQ DI, R12
	MOVQ poolBlock_pixels(SI), CX

pixelP:
	LEAQ        (R11)(R9*2), R13
	VMOVUPS     (R11), X10
	VMOVUPS     (R11)(R9*1), X11
	VMOVUPS     (R13), X12
	VINSERTF128 $1, X11, Y10, Y10
	VINSERTF128 $1, X12, Y11, Y11
	VINSERTF128 $1, (R13)(R9*1), Y12, Y12
	VMOVUPS     (R10), Y13
	VMASKMOVPS  (R12), Y13, Y14
	VADDPS      Y14, Y9, Y9
	VPERMPS     Y10, Y13, Y15
	VFMADD231PS Y15, Y14, Y0
	VPERMPS     Y11, Y13, Y15
	VFMADD231PS Y15, Y14, Y3
	VPERMPS     Y12, Y13, Y15
	VFMADD231PS Y15, Y14, Y6
	VPADDD      one<>(SB), Y13, Y13
	VPERMPS     Y10, Y13, Y15
	VFMADD231PS Y15, Y14, Y1
	VPERMPS     Y11, Y13, Y15
	VFMADD231PS Y15, Y14, Y4
	VPERMPS     Y12, Y13, Y15
	VFMADD231PS Y15, Y14, Y7
	VPADDD      one<>(SB), Y13, Y13
	VPERMPS     Y10, Y13, Y15
	VFMADD231PS Y15, Y14, Y2
	VPERMPS     Y11, Y13, Y15
	VFMADD231PS Y15, Y14, Y5
	VPERMPS     Y12, Y13, Y15
	VFMADD231PS Y15, Y14, Y8
	ADDQ        $8, R11
	ADDQ        BX, R12
	ADDQ        BX, R10
	DECQ        CX
	JNE         pixelP

	LEAQ (R8)(R9*2), R8
	ADDQ poolBlock_gRow(SI), DI
	DECQ DX
	JNE  rowP

	MOVQ    poolBlock_dw(SI), AX
	VMOVUPS Y0, (AX)
	VMOVUPS Y1, (AX)(BX*1)
	VMOVUPS Y2, (AX)(BX*2)
	LEAQ    (AX)(BX*2), AX
	VMOVUPS Y3, (AX)(BX*1)
	VMOVUPS Y4, (AX)(BX*2)
	LEAQ    (AX)(BX*2), AX
	VMOVUPS Y5, (AX)(BX*1)
	VMOVUPS Y6, (AX)(BX*2)
	LEAQ    (AX)(BX*2), AX
	VMOVUPS Y7, (AX)(BX*1)
	VMOVUPS Y8, (AX)(BX*2)
	MOVQ    poolBlock_db(SI), AX
	VMOVUPS Y9, (AX)
	VZEROUPPER
	RET
