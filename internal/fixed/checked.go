package fixed

import (
	"errors"
	"math/bits"
)

// ErrOverflow reports a result that 64 bits cannot hold, or a division by zero.
var ErrOverflow = errors.New("integer overflow")

// Add returns a + b.
func Add(a, b uint64) (uint64, error) {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Sub returns a − b; b greater than a is an overflow.
func Sub(a, b uint64) (uint64, error) {
	if b > a {
		return 0, ErrOverflow
	}
	return a - b, nil
}

// Mul returns a × b.
func Mul(a, b uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return 0, ErrOverflow
	}
	return lo, nil
}

// MulDiv returns ⌊a × b / c⌋ with a 128-bit product.
func MulDiv(a, b, c uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if c == 0 || hi >= c {
		return 0, ErrOverflow
	}
	quotient, _ := bits.Div64(hi, lo, c)
	return quotient, nil
}

// MulDivUp returns ⌈a × b / c⌉ with a 128-bit product.
func MulDivUp(a, b, c uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if c == 0 || hi >= c {
		return 0, ErrOverflow
	}
	quotient, remainder := bits.Div64(hi, lo, c)
	if remainder == 0 {
		return quotient, nil
	}
	return Add(quotient, 1)
}
