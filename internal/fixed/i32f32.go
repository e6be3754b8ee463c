package fixed

import (
	"math"
	"math/bits"
)

// I32F32 is a signed fixed-point number with 32 integer and 32 fractional bits. Multiplication floors, division
// truncates towards zero, everything saturates.
type I32F32 int64

// The ends of the range and one.
const (
	Max I32F32 = math.MaxInt64
	Min I32F32 = math.MinInt64
	One I32F32 = 1 << 32
)

// FromInt returns n as a fixed-point number, saturated to the range.
func FromInt(n int64) I32F32 {
	switch {
	case n > math.MaxInt32:
		return Max
	case n < math.MinInt32:
		return Min
	default:
		return I32F32(n << 32)
	}
}

// Ratio returns ⌊a × 2³² / b⌋ as a number, saturated; a ratio to nothing is zero.
func Ratio(a, b uint64) I32F32 {
	if b == 0 {
		return 0
	}
	q, err := MulDiv(a, 1<<32, b)
	if err != nil || q > math.MaxInt64 {
		return Max
	}
	return I32F32(q)
}

// FromU16 returns the proportion v / 65535.
func FromU16(v uint16) I32F32 { return Ratio(uint64(v), math.MaxUint16) }

// Int returns the integer part, rounded down.
func (x I32F32) Int() int64 { return int64(x) >> 32 }

// U16 returns ⌊x × 65535⌋ clamped to the range of a stored proportion.
func (x I32F32) U16() uint16 {
	scaled := x.Mul(FromInt(math.MaxUint16)).Int()
	switch {
	case scaled < 0:
		return 0
	case scaled > math.MaxUint16:
		return math.MaxUint16
	default:
		return uint16(scaled)
	}
}

// Add returns x + y, saturated.
func (x I32F32) Add(y I32F32) I32F32 {
	sum := x + y
	if (x < 0) == (y < 0) && (sum < 0) != (x < 0) {
		return saturated(x < 0)
	}
	return sum
}

// Sub returns x − y, saturated.
func (x I32F32) Sub(y I32F32) I32F32 {
	difference := x - y
	if (x < 0) != (y < 0) && (difference < 0) != (x < 0) {
		return saturated(x < 0)
	}
	return difference
}

// Mul returns x × y rounded down, saturated.
func (x I32F32) Mul(y I32F32) I32F32 {
	negative := (x < 0) != (y < 0)
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	if hi>>32 != 0 {
		return saturated(negative)
	}
	product := hi<<32 | lo>>32
	if negative && lo<<32 != 0 {
		product++ // towards minus infinity
	}
	return signed(product, negative)
}

// Div returns x / y truncated towards zero, saturated; a division by zero is zero, as the safe division of Yuma is.
func (x I32F32) Div(y I32F32) I32F32 {
	if y == 0 {
		return 0
	}
	negative := (x < 0) != (y < 0)
	m, d := magnitude(x), magnitude(y)
	hi, lo := m>>32, m<<32
	if hi >= d {
		return saturated(negative)
	}
	quotient, _ := bits.Div64(hi, lo, d)
	return signed(quotient, negative)
}

func magnitude(x I32F32) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func signed(m uint64, negative bool) I32F32 {
	switch {
	case negative && m > 1<<63:
		return Min
	case negative:
		return I32F32(-m)
	case m > math.MaxInt64:
		return Max
	default:
		return I32F32(m)
	}
}

func saturated(negative bool) I32F32 {
	if negative {
		return Min
	}
	return Max
}
