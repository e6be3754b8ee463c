package fixed

import "math/bits"

// U128 is an unsigned 128-bit integer.
type U128 struct {
	_      struct{} `cbor:",toarray"`
	Hi, Lo uint64
}

// IsZero reports whether x is 0.
func (x U128) IsZero() bool { return x.Hi == 0 && x.Lo == 0 }

// Add returns x + y.
func (x U128) Add(y U128) (U128, error) {
	lo, carry := bits.Add64(x.Lo, y.Lo, 0)
	hi, carry := bits.Add64(x.Hi, y.Hi, carry)
	if carry != 0 {
		return U128{}, ErrOverflow
	}
	return U128{Hi: hi, Lo: lo}, nil
}

// Sub returns x − y; y greater than x is an overflow.
func (x U128) Sub(y U128) (U128, error) {
	lo, borrow := bits.Sub64(x.Lo, y.Lo, 0)
	hi, borrow := bits.Sub64(x.Hi, y.Hi, borrow)
	if borrow != 0 {
		return U128{}, ErrOverflow
	}
	return U128{Hi: hi, Lo: lo}, nil
}

// Mul returns x × n.
func (x U128) Mul(n uint64) (U128, error) {
	over, hi := bits.Mul64(x.Hi, n)
	carry, lo := bits.Mul64(x.Lo, n)
	if over != 0 {
		return U128{}, ErrOverflow
	}
	hi, more := bits.Add64(hi, carry, 0)
	if more != 0 {
		return U128{}, ErrOverflow
	}
	return U128{Hi: hi, Lo: lo}, nil
}

// Div returns ⌊x / n⌋ and what is left; a division by zero is an overflow.
func (x U128) Div(n uint64) (U128, uint64, error) {
	if n == 0 {
		return U128{}, 0, ErrOverflow
	}
	hi, rest := x.Hi/n, x.Hi%n
	lo, rest := bits.Div64(rest, x.Lo, n)
	return U128{Hi: hi, Lo: lo}, rest, nil
}
