package train_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/train"
)

func TestStateHoldsSortedWeightsThenTheOptimizer(t *testing.T) {
	t.Parallel()
	s := train.SimpleNet{}.Init([32]byte{})
	byName := func(a, b train.Tensor) int { return strings.Compare(a.Name, b.Name) }
	w, opt := s.Tensors[:8], s.Tensors[8:]
	require.True(t, slices.IsSortedFunc(w, byName))
	require.True(t, slices.IsSortedFunc(opt, byName))
	require.Equal(t, w, s.Weights())
	for i := range w {
		require.Equal(t, train.OptimizerPrefix+"momentum."+w[i].Name, opt[i].Name)
		require.Equal(t, w[i].Shape, opt[i].Shape)
	}
	require.Equal(t, w, train.State{Tensors: w}.Weights())
}

func TestHashCoversEverythingInAState(t *testing.T) {
	t.Parallel()
	base := func() train.State {
		return train.State{Step: 3, Tensors: []train.Tensor{
			{Name: "a", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}},
			{Name: "b", Shape: []int{1}, Data: []float32{0}},
		}}
	}
	want := base().Hash()
	require.Equal(t, want, base().Hash())
	for name, change := range map[string]func(*train.State){
		"step":          func(s *train.State) { s.Step++ },
		"name":          func(s *train.State) { s.Tensors[0].Name = "c" },
		"shape":         func(s *train.State) { s.Tensors[0].Shape = []int{4, 1} },
		"rank":          func(s *train.State) { s.Tensors[0].Shape = []int{4} },
		"value":         func(s *train.State) { s.Tensors[0].Data[3] = math.Nextafter32(4, 5) },
		"sign of zero":  func(s *train.State) { s.Tensors[1].Data[0] = float32(math.Copysign(0, -1)) },
		"order":         func(s *train.State) { slices.Reverse(s.Tensors) },
		"fewer tensors": func(s *train.State) { s.Tensors = s.Tensors[:1] },
		"no values":     func(s *train.State) { s.Tensors[1].Data = nil },
	} {
		s := base()
		change(&s)
		require.NotEqual(t, want, s.Hash(), name)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	s := train.SimpleNet{}.Init([32]byte{9})
	c := s.Clone()
	require.Equal(t, s, c)
	want := s.Hash()
	c.Tensors[0].Data[0]++
	c.Tensors[0].Shape[0]++
	c.Tensors[1].Name = "other"
	require.Equal(t, want, s.Hash())
}
