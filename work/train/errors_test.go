package train_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/train"
)

var good = train.Hyper{LearningRate: 0.01, Momentum: 0.9}

func TestLookupKnowsSimpleNetAndNamesItWhereTheNameIsWrong(t *testing.T) {
	t.Parallel()
	m, err := train.Lookup("simplenet")
	require.NoError(t, err)
	require.Equal(t, "simplenet", m.Name())
	_, err = train.Lookup("resnet")
	require.ErrorIs(t, err, train.ErrUnknownModel)
	require.ErrorContains(t, err, `"resnet"`)
	require.ErrorContains(t, err, `"simplenet"`)
}

func TestFromWeightsTakesCopiesInAnyOrder(t *testing.T) {
	t.Parallel()
	s := train.SimpleNet{}.Init([32]byte{1})
	w := s.Clone().Weights()
	slices.Reverse(w)
	got, err := train.SimpleNet{}.FromWeights(w)
	require.NoError(t, err)
	require.Equal(t, s, got)
	w[0].Data[0]++
	require.Equal(t, s, got)
}

func TestFromWeightsRefusesOtherModels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w []train.Tensor) []train.Tensor
		want  error
	}{
		"missing":  {func(w []train.Tensor) []train.Tensor { return w[1:] }, train.ErrShape},
		"too many": {func(w []train.Tensor) []train.Tensor { return append(w, train.Tensor{Name: "x"}) }, train.ErrShape},
		"twice":    {func(w []train.Tensor) []train.Tensor { w[1] = w[0]; return w }, train.ErrShape},
		"shape":    {func(w []train.Tensor) []train.Tensor { w[0].Shape = []int{4, 4}; return w }, train.ErrShape},
		"data":     {func(w []train.Tensor) []train.Tensor { w[0].Data = w[0].Data[1:]; return w }, train.ErrShape},
		"nan":      {func(w []train.Tensor) []train.Tensor { w[3].Data[7] = float32(math.NaN()); return w }, train.ErrNotFinite},
		"infinity": {func(w []train.Tensor) []train.Tensor { w[5].Data[100_351] = float32(math.Inf(1)); return w }, train.ErrNotFinite},
	} {
		_, err := train.SimpleNet{}.FromWeights(c.spoil(train.SimpleNet{}.Init([32]byte{1}).Weights()))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestStepRefusesWhatItCannotUseAndLeavesTheStateAlone(t *testing.T) {
	t.Parallel()
	tr := train.SimpleNet{}.NewTrainer(1)
	b := prototypes(4)
	nan := slices.Clone(b.Images)
	nan[3000] = float32(math.NaN())
	for name, c := range map[string]struct {
		batch train.Batch
		hyper train.Hyper
		want  error
	}{
		"no images":        {train.Batch{}, good, train.ErrBatch},
		"negative":         {train.Batch{N: -1}, good, train.ErrBatch},
		"too few pixels":   {train.Batch{N: 4, Images: b.Images[1:], Labels: b.Labels}, good, train.ErrBatch},
		"too few labels":   {train.Batch{N: 4, Images: b.Images, Labels: b.Labels[1:]}, good, train.ErrBatch},
		"no such class":    {train.Batch{N: 4, Images: b.Images, Labels: []uint8{1, 2, 10, 3}}, good, train.ErrBatch},
		"a pixel is NaN":   {train.Batch{N: 4, Images: nan, Labels: b.Labels}, good, train.ErrBatch},
		"no learning rate": {b, train.Hyper{Momentum: 0.9}, train.ErrHyper},
		"rate is NaN":      {b, train.Hyper{LearningRate: float32(math.NaN())}, train.ErrHyper},
		"rate is infinite": {b, train.Hyper{LearningRate: float32(math.Inf(1))}, train.ErrHyper},
		"momentum of one":  {b, train.Hyper{LearningRate: 1, Momentum: 1}, train.ErrHyper},
		"momentum is NaN":  {b, train.Hyper{LearningRate: 1, Momentum: float32(math.NaN())}, train.ErrHyper},
	} {
		s := train.SimpleNet{}.Init([32]byte{1})
		want := s.Hash()
		_, err := tr.Step(&s, c.batch, c.hyper)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, want, s.Hash(), name)
	}
}

func TestStepRefusesAStateOfAnotherModel(t *testing.T) {
	t.Parallel()
	tr := train.SimpleNet{}.NewTrainer(1)
	for name, spoil := range map[string]func(s *train.State){
		"weights only":   func(s *train.State) { s.Tensors = s.Weights() },
		"weight missing": func(s *train.State) { s.Tensors[2].Name = "other" },
		"other momentum": func(s *train.State) { s.Tensors[9].Name = "opt.adam" },
		"short momentum": func(s *train.State) { s.Tensors[9].Data = s.Tensors[9].Data[1:] },
	} {
		s := train.SimpleNet{}.Init([32]byte{1})
		spoil(&s)
		_, err := tr.Step(&s, prototypes(4), good)
		require.ErrorIs(t, err, train.ErrShape, name)
	}
	_, _, err := tr.Evaluate(nil, prototypes(4))
	require.ErrorIs(t, err, train.ErrShape)
	_, err = tr.Logits(nil, prototypes(4))
	require.ErrorIs(t, err, train.ErrShape)
}

func TestDivergenceIsAnErrorInEverySet(t *testing.T) {
	t.Parallel()
	b := prototypes(4)
	for _, set := range sets() {
		tr := train.NewSimpleNetTrainer(1, set)
		s := train.SimpleNet{}.Init([32]byte{1})
		s.Tensors[6].Data[0] = float32(math.NaN()) // fc2.bias: the loss is NaN
		_, err := tr.Step(&s, b, good)
		require.ErrorIs(t, err, train.ErrNotFinite, set)
		require.Zero(t, s.Step)
		_, _, err = tr.Evaluate(s.Weights(), b)
		require.ErrorIs(t, err, train.ErrNotFinite, set)

		// A dead channel hides its NaN from the loss, not from the update.
		s = train.SimpleNet{}.Init([32]byte{1})
		s.Tensors[1].Data[0] = float32(math.NaN())
		_, err = tr.Step(&s, b, good)
		require.ErrorIs(t, err, train.ErrNotFinite, set)

		// A rate far too high ends in an error after a few steps.
		s = train.SimpleNet{}.Init([32]byte{1})
		err = nil
		for i := 0; i < 50 && err == nil; i++ {
			_, err = tr.Step(&s, b, train.Hyper{LearningRate: 1e6, Momentum: 0.9})
		}
		require.ErrorIs(t, err, train.ErrNotFinite, set)
	}
}

func TestAStepOfOneThreadAllocatesNothing(t *testing.T) {
	tr := train.SimpleNet{}.NewTrainer(1)
	s := train.SimpleNet{}.Init([32]byte{1})
	b := prototypes(16)
	step := func() {
		if _, err := tr.Step(&s, b, good); err != nil {
			t.Error(err)
		}
	}
	step()
	require.Zero(t, testing.AllocsPerRun(5, step))
}

func TestTrainerServesBatchesOfAnySizeInTurn(t *testing.T) {
	t.Parallel()
	data := prototypes(100)
	shared := train.SimpleNet{}.NewTrainer(3)
	s := train.SimpleNet{}.Init([32]byte{1})
	for _, n := range []int{1, 100, 7, 8, 33} {
		a, c := s.Clone(), s.Clone()
		la, err := shared.Step(&a, part(data, 0, n), good)
		require.NoError(t, err)
		lc, err := train.SimpleNet{}.NewTrainer(-1).Step(&c, part(data, 0, n), good)
		require.NoError(t, err)
		require.Equal(t, math.Float32bits(lc), math.Float32bits(la))
		require.Equal(t, c.Hash(), a.Hash(), n)
		_, _, err = shared.Evaluate(a.Weights(), part(data, n-1, 1))
		require.NoError(t, err)
	}
}
