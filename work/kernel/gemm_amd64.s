#include "go_asm.h"
#include "textflag.h"

// Both tiles hold rows×16 chains in registers. Per k they load 16 values of B
// and broadcast one value of each row of A; a multiply-add rounds once, k
// ascends, so each lane is the chain of the scalar twin.

// ROW is one row's part of one k: A at (row)(AX), chains lo and hi.
#define ROW(row, lo, hi, tmp) \
	VBROADCASTSS (row)(AX*1), tmp; \
	VFMADD231PS  Y12, tmp, lo; \
	VFMADD231PS  Y13, tmp, hi

// START begins one row's chains.
#define START(lo, hi) \
	VMOVUPS (DX), lo; \
	VMOVUPS 32(DX), hi

// STORE writes them and goes on to the next row of C.
#define STORE(lo, hi) \
	VMOVUPS lo, (DX); \
	VMOVUPS hi, 32(DX); \
	ADDQ    CX, DX

// func tile6(t *tile, a *float32, b *float32, start *float32, c *float32)
TEXT ·tile6(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), SI
	MOVQ start+24(FP), DX
	START(Y0, Y1)
	START(Y2, Y3)
	START(Y4, Y5)
	START(Y6, Y7)
	START(Y8, Y9)
	START(Y10, Y11)

	MOVQ a+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ tile_aRow(SI), R9
	LEAQ (R8)(R9*2), R10
	LEAQ (R10)(R9*1), R11
	LEAQ (R8)(R9*4), R12
	LEAQ (R12)(R9*1), R13
	ADDQ R8, R9
	XORQ AX, AX
	MOVQ tile_aCol(SI), BX
	MOVQ tile_bRow(SI), DX
	MOVQ tile_segs(SI), R15
	CMPQ tile_k(SI), $0
	JLE  done6

seg6:
	MOVQ tile_k(SI), CX

loop6:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	ROW(R8, Y0, Y1, Y14)
	ROW(R9, Y2, Y3, Y15)
	ROW(R10, Y4, Y5, Y14)
	ROW(R11, Y6, Y7, Y15)
	ROW(R12, Y8, Y9, Y14)
	ROW(R13, Y10, Y11, Y15)
	ADDQ DX, DI
	ADDQ BX, AX
	DECQ CX
	JNE  loop6
	ADDQ tile_segGap(SI), AX
	DECQ R15
	JG   seg6

done6:
	MOVQ c+32(FP), DX
	MOVQ tile_cRow(SI), CX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	VZEROUPPER
	RET

// func tile4(t *tile, a *float32, b *float32, start *float32, c *float32)
TEXT ·tile4(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), SI
	MOVQ start+24(FP), DX
	START(Y0, Y1)
	START(Y2, Y3)
	START(Y4, Y5)
	START(Y6, Y7)

	MOVQ a+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ tile_aRow(SI), R9
	LEAQ (R8)(R9*2), R10
	LEAQ (R10)(R9*1), R11
	ADDQ R8, R9
	XORQ AX, AX
	MOVQ tile_aCol(SI), BX
	MOVQ tile_bRow(SI), DX
	MOVQ tile_segs(SI), R15
	CMPQ tile_k(SI), $0
	JLE  done4

seg4:
	MOVQ tile_k(SI), CX

loop4:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	ROW(R8, Y0, Y1, Y14)
	ROW(R9, Y2, Y3, Y15)
	ROW(R10, Y4, Y5, Y14)
	ROW(R11, Y6, Y7, Y15)
	ADDQ DX, DI
	ADDQ BX, AX
	DECQ CX
	JNE  loop4
	ADDQ tile_segGap(SI), AX
	DECQ R15
	JG   seg4

done4:
	MOVQ c+32(FP), DX
	MOVQ tile_cRow(SI), CX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	VZEROUPPER
	RET

// func tile1(t *tile, a *float32, b *float32, start *float32, c *float32)
TEXT ·tile1(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), SI
	MOVQ start+24(FP), DX
	START(Y0, Y1)

	MOVQ a+8(FP), R8
	MOVQ b+16(FP), DI
	XORQ AX, AX
	MOVQ tile_aCol(SI), BX
	MOVQ tile_bRow(SI), DX
	MOVQ tile_segs(SI), R15
	CMPQ tile_k(SI), $0
	JLE  done1

seg1:
	MOVQ tile_k(SI), CX

loop1:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	ROW(R8, Y0, Y1, Y14)
	ADDQ DX, DI
	ADDQ BX, AX
	DECQ CX
	JNE  loop1
	ADDQ tile_segGap(SI), AX
	DECQ R15
	JG   seg1

done1:
	MOVQ c+32(FP), DX
	MOVQ tile_cRow(SI), CX
	STORE(Y0, Y1)
	VZEROUPPER
	RET
