// Package fixed is exact integer arithmetic for replicated state: checked 64-bit operations for amounts and the signed
// 32.32 fixed point that Yuma is computed in.
//
// What it promises. Every function is total and deterministic: amounts either come out exact (rounded down where a
// division is asked for) or fail with [ErrOverflow]; [I32F32] saturates and never fails. No float appears.
//
// It must not know what the numbers mean.
package fixed
