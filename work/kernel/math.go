package kernel

import "math"

// The constants of the argument reductions: ln 2 in two parts, the first with
// enough trailing zeros that a multiple by an exponent is exact.
const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// Exp returns e^x within one unit in the last place of float32. It is 0 below
// −103.98, +Inf above 88.73, and NaN for NaN.
func Exp(x float32) float32 {
	v := float64(x)
	switch {
	case v != v:
		return x
	case v > 89:
		return float32(math.Inf(1))
	case v < -105:
		return 0
	}
	k := math.Floor(float64(v*math.Log2E) + 0.5)
	r := (v - float64(k*ln2Hi)) - float64(k*ln2Lo)
	// Taylor on |r| ≤ 0.347: the remainder r¹⁰/10! is below 8e-12.
	p := 1.0 / 362880
	p = float64(p*r) + 1.0/40320
	p = float64(p*r) + 1.0/5040
	p = float64(p*r) + 1.0/720
	p = float64(p*r) + 1.0/120
	p = float64(p*r) + 1.0/24
	p = float64(p*r) + 1.0/6
	p = float64(p*r) + 0.5
	p = float64(p*r) + 1
	p = float64(p*r) + 1
	return float32(p * math.Float64frombits(uint64(1023+int64(k))<<52))
}

// Log returns the natural logarithm of x within one unit in the last place of
// float32. It is −Inf for 0 and NaN for NaN and negative numbers.
func Log(x float32) float32 {
	v := float64(x)
	switch {
	case v != v || v < 0:
		return float32(math.NaN())
	case v == 0:
		return float32(math.Inf(-1))
	case math.IsInf(v, 1):
		return x
	}
	// v = m·2^e with m in [√½, √2); every float32 is normal in float64.
	b := math.Float64bits(v)
	e := int64(b>>52) - 1023
	m := math.Float64frombits(b&0x000fffffffffffff | 1023<<52)
	if m > math.Sqrt2 {
		m *= 0.5
		e++
	}
	// ln m = 2·atanh(s), s = (m−1)/(m+1), |s| ≤ 0.1716.
	s := (m - 1) / (m + 1)
	q := float64(s * s)
	p := 1.0 / 15
	p = float64(p*q) + 1.0/13
	p = float64(p*q) + 1.0/11
	p = float64(p*q) + 1.0/9
	p = float64(p*q) + 1.0/7
	p = float64(p*q) + 1.0/5
	p = float64(p*q) + 1.0/3
	p = float64(p*q) + 1
	ln := float64(float64(2*s) * p)
	k := float64(e)
	return float32(float64(k*ln2Hi) + (ln + float64(k*ln2Lo)))
}
