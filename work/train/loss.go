package train

import "autonet/work/kernel"

// softmax returns the cross-entropy of the softmax of logits at label and
// overwrites logits with its gradient times scale. The maximum is the first of
// equals; exponentials are summed in order, in float64.
func softmax(logits []float32, label int, scale float32) float32 {
	top := logits[best(logits)]
	at := float32(logits[label] - top)
	sum := 0.0
	for i, v := range logits {
		e := kernel.Exp(float32(v - top))
		logits[i] = e
		sum += float64(e)
	}
	inv := 1 / sum
	for i, e := range logits {
		p := float32(float64(e) * inv)
		if i == label {
			p -= 1
		}
		logits[i] = float32(p * scale)
	}
	return float32(kernel.Log(float32(sum)) - at)
}

// finite reports whether x is neither an infinity nor a NaN.
func finite(x float32) bool {
	return float32(x-x) == 0
}

// best returns the index of the largest value, the first of equals.
func best(x []float32) int {
	b := 0
	for i, v := range x {
		if v > x[b] {
			b = i
		}
	}
	return b
}
