package kernel

import "math"

// FMA returns x·y + z rounded once to float32, as a hardware fused
// multiply-add does. The product of two float32 is exact in float64; the sum is
// rounded to odd there, so that rounding it to float32 cannot err in a near
// tie (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums").
func FMA(x, y, z float32) float32 {
	s := float64(float64(x)*float64(y)) + float64(z)
	b := math.Float64bits(s)
	// Neither a tie between two normal float32 nor a subnormal result: the
	// second rounding is harmless.
	if b&0x1fffffff != 0x10000000 && b&0x7ff0000000000000 >= 897<<52 {
		return float32(s)
	}
	return fmaOdd(float64(x)*float64(y), float64(z))
}

// fmaOdd rounds p + z to odd in float64 and then to float32.
func fmaOdd(p, z float64) float32 {
	s := p + z
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	// Knuth's TwoSum: e is the exact error of s.
	t := s - p
	e := (p - (s - t)) + (z - t)
	if b := math.Float64bits(s); e != 0 && b&1 == 0 {
		if (e > 0) == (s > 0) {
			b++
		} else {
			b--
		}
		s = math.Float64frombits(b)
	}
	return float32(s)
}
