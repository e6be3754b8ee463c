package kernel

import "math"

// Add adds b to a, element by element.
func (s Set) Add(a, b []float32) {
	b = b[:len(a)]
	n := 0
	if s.avx2 {
		n = len(a) / 8 * 8
		addVector(a[:n], b[:n])
	}
	for i := n; i < len(a); i++ {
		a[i] += b[i]
	}
}

// ReLU sets every element that is not above zero (NaN too) to +0.
func (s Set) ReLU(x []float32) {
	for i, v := range x {
		if !(v > 0) {
			x[i] = 0
		}
	}
}

// Momentum takes one step of gradient descent with momentum mu and learning
// rate lr: v = FMA(mu, v, g), w = FMA(−lr, v, w).
func (s Set) Momentum(w, v, g []float32, lr, mu float32) {
	v, g = v[:len(w)], g[:len(w)]
	n := 0
	if s.avx2 {
		n = len(w) / 8 * 8
		momentumVector(w[:n], v[:n], g[:n], -lr, mu)
	}
	for i := n; i < len(w); i++ {
		v[i] = FMA(mu, v[i], g[i])
		w[i] = FMA(-lr, v[i], w[i])
	}
}

// Finite reports whether x holds neither an infinity nor a NaN.
func (s Set) Finite(x []float32) bool {
	n := 0
	if s.avx2 {
		n = len(x) / 8 * 8
		if !finiteVector(x[:n]) {
			return false
		}
	}
	for _, v := range x[n:] {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	return true
}
