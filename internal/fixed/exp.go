package fixed

// Terms of the exponential series beyond the first two. Arguments up to 21 keep every partial sum in range.
const expTerms = 32

// Exp returns e^x, saturated, as the Taylor series of |x| with 32 terms in 32.32 fixed point gives it, and its reciprocal
// for a negative x: for |x| ≤ 8 it is within 2⁻²⁰ of the exact value relative to it, for |x| ≤ 20 within one percent.
func Exp(x I32F32) I32F32 {
	negative := x < 0
	if negative {
		x = I32F32(0).Sub(x)
	}
	sum, term := One.Add(x), x
	for i := int64(2); i < expTerms; i++ {
		term = term.Mul(x).Div(FromInt(i))
		sum = sum.Add(term)
	}
	if negative {
		return One.Div(sum)
	}
	return sum
}

// Sigmoid returns 1 / (1 + e^(−rho × (x − mid))) with the exponent clamped to ±20.
func Sigmoid(x, rho, mid I32F32) I32F32 {
	exponent := I32F32(0).Sub(rho).Mul(x.Sub(mid))
	bound := FromInt(20)
	exponent = max(I32F32(0).Sub(bound), min(exponent, bound))
	return One.Div(One.Add(Exp(exponent)))
}
