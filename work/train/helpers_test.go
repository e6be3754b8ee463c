package train_test

import (
	"testing"

	"go.uber.org/goleak"

	"autonet/work/kernel"
	"autonet/work/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sets are the instruction sets of this machine.
func sets() []kernel.Set {
	if kernel.Best() == kernel.Scalar() {
		return []kernel.Set{kernel.Scalar()}
	}
	return []kernel.Set{kernel.Scalar(), kernel.Best()}
}

// prototypes is a separable synthetic set: each image is its class's fixed
// random pattern of 4×4 blocks plus noise.
func prototypes(n int) train.Batch {
	seed := uint64(1)
	next := func() float32 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return float32(seed>>40)/(1<<23) - 1
	}
	patterns := make([]float32, 10*49)
	for i := range patterns {
		patterns[i] = 2 * next()
	}
	b := train.Batch{N: n, Images: make([]float32, n*784), Labels: make([]uint8, n)}
	for i := range n {
		label := i * 7 % 10
		b.Labels[i] = uint8(label)
		for p := range 784 {
			b.Images[i*784+p] = patterns[label*49+p/112*7+p%28/4] + next()
		}
	}
	return b
}

// part returns n images of b from the one numbered from.
func part(b train.Batch, from, n int) train.Batch {
	return train.Batch{N: n, Images: b.Images[from*784 : (from+n)*784], Labels: b.Labels[from : from+n]}
}
