package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/consensus/lease"
	"autonet/consensus/lease/leasetest"
	"autonet/work/aggregate"
	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
	"autonet/work/engine"
	"autonet/work/train"
)

func TestSolversLearnAndTheirMeanKnowsDigits(t *testing.T) {
	set, err := mnist.Train()
	require.NoError(t, err)
	heldOut, err := mnist.HeldOut()
	require.NoError(t, err)
	heldOut = heldOut.Head(1000)
	l, _, _ := leasetest.Live(t)
	e := engine.New(2)
	var updates []aggregate.Update
	for slot := range uint32(2) {
		a := assignment()
		a.Slot, a.Spec.Steps, a.Spec.Interval, a.Spec.Batch = slot, 60, 30, 32
		result, err := e.Train(l, a, set, base(t), nil, nil)
		require.NoError(t, err)
		updates = append(updates, aggregate.Update{
			Account: string(rune('a' + slot)), Samples: a.Spec.Samples(), Weights: result.Final.Weights(),
		})
	}
	mean, err := e.Aggregate(l, spec().Rule, updates)
	require.NoError(t, err)
	before, total, err := e.Evaluate(l, "simplenet", base(t).Weights(), heldOut)
	require.NoError(t, err)
	after, _, err := e.Evaluate(l, "simplenet", mean, heldOut)
	require.NoError(t, err)
	require.Equal(t, 1000, total)
	require.Less(t, before, 300)
	require.Greater(t, after, 700)

	_, err = e.Aggregate(l, "sum", updates)
	require.ErrorIs(t, err, aggregate.ErrUnknownRule)
	next, err := engine.Initial("simplenet", mean)
	require.NoError(t, err)
	require.Zero(t, next.Step)
	_, err = engine.Initial("gpt", mean)
	require.ErrorIs(t, err, train.ErrUnknownModel)
}

func TestEvaluationAgreesWithTheTrainersAndWithInference(t *testing.T) {
	set := digits(t, 600) // more than one chunk, the last not whole
	l, _, _ := leasetest.Live(t)
	w := base(t).Weights()
	m, err := train.Lookup("simplenet")
	require.NoError(t, err)
	want, _, err := m.NewTrainer(1).Evaluate(w, dataset.Whole(set))
	require.NoError(t, err)
	got, total, err := engine.New(2).Evaluate(l, "simplenet", w, set)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 600, total)
	answers, err := engine.New(1).Infer(l, "simplenet", w, set.Images)
	require.NoError(t, err)
	count := 0
	for i, a := range answers {
		if a == set.Labels[i] {
			count++
		}
	}
	require.Equal(t, want, count)
}

func TestTheFirstOfEqualAnswersCounts(t *testing.T) {
	set := digits(t, 300)
	l, _, _ := leasetest.Live(t)
	s := base(t)
	for _, tensor := range s.Tensors {
		clear(tensor.Data)
	}
	zeros := 0
	for _, label := range set.Labels {
		if label == 0 {
			zeros++
		}
	}
	correct, _, err := engine.New(1).Evaluate(l, "simplenet", s.Weights(), set)
	require.NoError(t, err)
	require.Equal(t, zeros, correct)
}

func TestWeightsThatAreNotTheModelsAreRefused(t *testing.T) {
	set := digits(t, 10)
	l, _, _ := leasetest.Live(t)
	e := engine.New(1)
	w := base(t).Weights()
	_, _, err := e.Evaluate(l, "gpt", w, set)
	require.ErrorIs(t, err, train.ErrUnknownModel)
	_, err = e.Infer(l, "simplenet", w[1:], set.Images)
	require.ErrorIs(t, err, train.ErrShape)
	w[3].Data[7] = float32(math.NaN())
	_, _, err = e.Evaluate(l, "simplenet", w, set)
	require.ErrorIs(t, err, train.ErrNotFinite)
}

// skipping is a clock that jumps ahead at the n-th look at the time of day.
type skipping struct {
	*leasetest.Clock
	looks *int
}

func TestEvaluationStopsInTheMiddleWhenTheLeaseEnds(t *testing.T) {
	set := digits(t, 600)
	for after := range 3 {
		looks := math.MinInt
		c := skipping{leasetest.NewClock(), &looks}
		k := lease.NewKeeper(lease.DefaultParams(), c)
		k.Observe(lease.Heartbeat{LedgerTime: c.Wall()})
		l, err := k.Acquire()
		require.NoError(t, err)
		looks = after
		_, _, err = engine.New(1).Evaluate(l, "simplenet", base(t).Weights(), set)
		require.ErrorIs(t, err, lease.ErrLapsed)
		require.Equal(t, -1, looks, "it did not look again")
	}
}

func (c skipping) Wall() time.Time {
	if *c.looks == 0 {
		c.Advance(lease.DefaultLease)
	}
	*c.looks--
	return c.Clock.Wall()
}
