#include "textflag.h"

// WINDOW sets R10, R11 and R12 to the three rows of the tap at BX and
// broadcasts its gradient to Y9.
#define WINDOW \
	MOVLQSX      (BX), R10; \
	VBROADCASTSS 4(BX), Y9; \
	LEAQ         (SI)(R10*4), R10; \
	LEAQ         (R10)(R8*1), R11; \
	LEAQ         (R10)(R8*2), R12

// LOADW loads nine vectors R9 bytes apart at AX.
#define LOADW \
	MOVQ    AX, R13; \
	VMOVUPS (R13), Y0; \
	VMOVUPS (R13)(R9*1), Y1; \
	VMOVUPS (R13)(R9*2), Y2; \
	LEAQ    (R13)(R9*2), R13; \
	VMOVUPS (R13)(R9*1), Y3; \
	VMOVUPS (R13)(R9*2), Y4; \
	LEAQ    (R13)(R9*2), R13; \
	VMOVUPS (R13)(R9*1), Y5; \
	VMOVUPS (R13)(R9*2), Y6; \
	LEAQ    (R13)(R9*2), R13; \
	VMOVUPS (R13)(R9*1), Y7; \
	VMOVUPS (R13)(R9*2), Y8

#define SCATTER(at, w, tmp) \
	VMOVUPS     at, tmp; \
	VFMADD231PS w, Y9, tmp; \
	VMOVUPS     tmp, at

// func tapWeights(dw *float32, x *float32, rowBytes int, pixelBytes int, taps *Tap, n int)
TEXT ·tapWeights(SB), NOSPLIT, $0-48
	MOVQ dw+0(FP), AX
	MOVQ x+8(FP), SI
	MOVQ rowBytes+16(FP), R8
	MOVQ pixelBytes+24(FP), R9
	MOVQ R9, DX

blockW:
	LOADW
	MOVQ taps+32(FP), BX
	MOVQ n+40(FP), CX

loopW:
	WINDOW
	VFMADD231PS (R10), Y9, Y0
	VFMADD231PS (R10)(R9*1), Y9, Y1
	VFMADD231PS (R10)(R9*2), Y9, Y2
	VFMADD231PS (R11), Y9, Y3
	VFMADD231PS (R11)(R9*1), Y9, Y4
	VFMADD231PS (R11)(R9*2), Y9, Y5
	VFMADD231PS (R12), Y9, Y6
	VFMADD231PS (R12)(R9*1), Y9, Y7
	VFMADD231PS (R12)(R9*2), Y9, Y8
	ADDQ $8, BX
	DECQ CX
	JNE  loopW

	MOVQ    AX, R13
	VMOVUPS Y0, (R13)
	VMOVUPS Y1, (R13)(R9*1)
	VMOVUPS Y2, (R13)(R9*2)
	LEAQ    (R13)(R9*2), R13
	VMOVUPS Y3, (R13)(R9*1)
	VMOVUPS Y4, (R13)(R9*2)
	LEAQ    (R13)(R9*2), R13
	VMOVUPS Y5, (R13)(R9*1)
	VMOVUPS Y6, (R13)(R9*2)
	LEAQ    (R13)(R9*2), R13
	VMOVUPS Y7, (R13)(R9*1)
	VMOVUPS Y8, (R13)(R9*2)
	ADDQ    $32, AX
	ADDQ    $32, SI
	SUBQ    $32, DX
	JG      blockW
	VZEROUPPER
	RET

// func tapInputs(dx *float32, w *float32, rowBytes int, pixelBytes int, taps *Tap, n int)
TEXT ·tapInputs(SB), NOSPLIT, $0-48
	MOVQ dx+0(FP), SI
	MOVQ w+8(FP), AX
	MOVQ rowBytes+16(FP), R8
	MOVQ pixelBytes+24(FP), R9
	MOVQ R9, DX

blockI:
	LOADW
	MOVQ taps+32(FP), BX
	MOVQ n+40(FP), CX

loopI:
	WINDOW
	SCATTER((R10), Y0, Y10)
	SCATTER((R10)(R9*1), Y1, Y11)
	SCATTER((R10)(R9*2), Y2, Y12)
	SCATTER((R11), Y3, Y13)
	SCATTER((R11)(R9*1), Y4, Y14)
	SCATTER((R11)(R9*2), Y5, Y15)
	SCATTER((R12), Y6, Y10)
	SCATTER((R12)(R9*1), Y7, Y11)
	SCATTER((R12)(R9*2), Y8, Y12)
	ADDQ $8, BX
	DECQ CX
	JNE  loopI

	ADDQ $32, AX
	ADDQ $32, SI
	SUBQ $32, DX
	JG   blockI
	VZEROUPPER
	RET
