package train_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
	"autonet/work/train"
)

func TestLossFallsOnSeparableData(t *testing.T) {
	t.Parallel()
	data := prototypes(320)
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
	b := prototypes(11)
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

func TestParameterCountIsThatOfTheTensors(t *testing.T) {
	t.Parallel()
	s := train.SimpleNet{}.Init([32]byte{})
	n := 0
	for _, w := range s.Weights() {
		n += len(w.Data)
	}
	require.Equal(t, 105866, n)
	require.Equal(t, n, train.SimpleNet{}.Parameters())
}

func TestInitDependsOnTheSeedAloneAndKeepsItsBounds(t *testing.T) {
	t.Parallel()
	a, b := train.SimpleNet{}.Init([32]byte{5}), train.SimpleNet{}.Init([32]byte{5})
	require.Equal(t, a, b)
	require.NotEqual(t, a.Hash(), train.SimpleNet{}.Init([32]byte{6}).Hash())
	for _, w := range a.Weights() {
		fan := map[string]float64{"conv1": 9, "conv2": 144, "fc1.b": 1568, "fc1.w": 1568, "fc2.b": 64, "fc2.w": 64}[w.Name[:5]]
		bound, sum, square := 1/math.Sqrt(fan), 0.0, 0.0
		for _, v := range w.Data {
			require.LessOrEqual(t, math.Abs(float64(v)), bound, w.Name)
			sum += float64(v)
			square += float64(v) * float64(v)
		}
		if n := float64(len(w.Data)); n > 1000 {
			require.InDelta(t, 0, sum/n, 4*bound/math.Sqrt(3*n), w.Name)
			require.InEpsilon(t, bound*bound/3, square/n, 0.1, w.Name)
		}
	}
}

// reference computes the logits of one image in float64, in PyTorch's layout.
func reference(w []train.Tensor, image []float32) []float64 {
	data := map[string][]float32{}
	for _, t := range w {
		data[t.Name] = t.Data
	}
	x := make([]float64, len(image))
	for i, v := range image {
		x[i] = float64(v)
	}
	conv := func(x []float64, side, in, out int, name string) []float64 {
		pooled := make([]float64, out*side/2*side/2)
		for o := range out {
			for p := range side * side {
				v := float64(data[name+".bias"][o])
				for k := range in * 9 {
					y, x0 := p/side+k%9/3-1, p%side+k%3-1
					if y >= 0 && y < side && x0 >= 0 && x0 < side {
						v += float64(data[name+".weight"][o*in*9+k]) * x[k/9*side*side+y*side+x0]
					}
				}
				at := &pooled[(o*side/2+p/side/2)*side/2+p%side/2]
				*at = max(*at, v)
			}
		}
		return pooled
	}
	linear := func(x []float64, name string) []float64 {
		y := make([]float64, len(data[name+".bias"]))
		for o := range y {
			y[o] = float64(data[name+".bias"][o])
			for i, v := range x {
				y[o] += float64(data[name+".weight"][o*len(x)+i]) * v
			}
		}
		return y
	}
	h := linear(conv(conv(x, 28, 1, 16, "conv1"), 14, 16, 32, "conv2"), "fc1")
	for i := range h {
		h[i] = max(h[i], 0)
	}
	return linear(h, "fc2")
}

func TestLogitsAndLossAreThoseOfThePlainFormula(t *testing.T) {
	t.Parallel()
	b := prototypes(5)
	s := train.SimpleNet{}.Init([32]byte{4})
	tr := train.SimpleNet{}.NewTrainer(2)
	logits, err := tr.Logits(s.Weights(), train.Batch{N: b.N, Images: b.Images})
	require.NoError(t, err)
	require.Len(t, logits, 50)
	loss, correct := 0.0, 0
	for i := range b.N {
		want := reference(s.Weights(), b.Images[i*784:(i+1)*784])
		sum, top := 0.0, 0
		for j, v := range want {
			require.InDelta(t, v, logits[i*10+j], 1e-5)
			sum += math.Exp(v)
			if v > want[top] {
				top = j
			}
		}
		loss += math.Log(sum) - want[b.Labels[i]]
		if top == int(b.Labels[i]) {
			correct++
		}
	}
	gotCorrect, gotLoss, err := tr.Evaluate(s.Weights(), b)
	require.NoError(t, err)
	require.Equal(t, correct, gotCorrect)
	require.InDelta(t, loss, gotLoss, 1e-4)
	before, err := tr.Step(&s, b, train.Hyper{LearningRate: 0.1})
	require.NoError(t, err)
	require.InDelta(t, loss/5, before, 1e-5)
}
