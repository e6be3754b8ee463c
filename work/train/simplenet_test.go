package train_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
	"autonet/work/train"
)

// prototypes is a separable synthetic set: each image is its class's fixed
// random pattern of 4×4 blocks plus noise.
func prototypes(n int, noise float32) train.Batch {
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
			b.Images[i*784+p] = patterns[label*49+p/112*7+p%28/4] + noise*next()
		}
	}
	return b
}

// part returns n images of b from the one numbered from.
func part(b train.Batch, from, n int) train.Batch {
	return train.Batch{N: n, Images: b.Images[from*784 : (from+n)*784], Labels: b.Labels[from : from+n]}
}

func TestLossFallsOnSeparableData(t *testing.T) {
	t.Parallel()
	data := prototypes(320, 1)
	s := train.SimpleNet{}.Init([32]byte{1})
	tr := train.SimpleNet{}.NewTrainer(1)
	for i := range 10 {
		_, err := tr.Step(&s, part(data, i%5*32, 32), train.Hyper{LearningRate: 0.05, Momentum: 0.9})
		require.NoError(t, err)
	}
	correct, loss, err := tr.Evaluate(s.Weights(), part(data, 160, 160))
	require.NoError(t, err)
	require.Greater(t, correct, 150)
	require.Less(t, loss/160, float32(0.3))
}

// A step without momentum moves each weight by −rate·gradient; the gradient
// must be the slope of the loss.
func TestStepFollowsTheSlopeOfTheLoss(t *testing.T) {
	t.Parallel()
	b := prototypes(11, 1)
	before := train.SimpleNet{}.Init([32]byte{2})
	tr := train.NewSimpleNetTrainer(1, kernel.Best())
	after := before.Clone()
	const rate = 1.0 / 64
	_, err := tr.Step(&after, b, train.Hyper{LearningRate: rate})
	require.NoError(t, err)
	loss := func(s train.State) float64 {
		_, sum, err := tr.Evaluate(s.Weights(), b)
		require.NoError(t, err)
		return float64(sum) / float64(b.N)
	}
	for i, w := range before.Weights() {
		// Along the gradient of one tensor: the slope is its squared norm.
		norm := 0.0
		for j := range w.Data {
			g := float64(before.Tensors[i].Data[j]-after.Tensors[i].Data[j]) / rate
			norm += g * g
		}
		eps := 1e-3 / math.Sqrt(norm)
		up, down := before.Clone(), before.Clone()
		for j := range w.Data {
			g := float64(before.Tensors[i].Data[j]-after.Tensors[i].Data[j]) / rate
			up.Tensors[i].Data[j] += float32(eps * g)
			down.Tensors[i].Data[j] -= float32(eps * g)
		}
		slope := (loss(up) - loss(down)) / (2 * eps)
		require.InEpsilon(t, norm, slope, 0.02, w.Name)
	}
}
