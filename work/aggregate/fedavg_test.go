package aggregate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/aggregate"
	"autonet/work/train"
)

func update(account string, samples uint64, values ...float32) aggregate.Update {
	return aggregate.Update{Account: account, Samples: samples, Weights: []train.Tensor{
		{Name: "w", Shape: []int{len(values)}, Data: values},
	}}
}

func random(r *rand.Rand, account string, n int) aggregate.Update {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return update(account, 1+r.Uint64N(1_000_000), values...)
}

func TestTheMeanIsWeightedBySamples(t *testing.T) {
	got, err := aggregate.FedAvg([]aggregate.Update{update("a", 3, 1, 10), update("b", 1, 5, -10)})
	require.NoError(t, err)
	require.Equal(t, []train.Tensor{{Name: "w", Shape: []int{2}, Data: []float32{2, 5}}}, got)
}

func TestTheMeanOfOneIsThatOneBitForBit(t *testing.T) {
	u := random(rand.New(rand.NewPCG(1, 1)), "a", 1000)
	got, err := aggregate.FedAvg([]aggregate.Update{u})
	require.NoError(t, err)
	require.Equal(t, u.Weights, got)
}

func TestTheOrderGivenDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	updates := []aggregate.Update{random(r, "d", 99), random(r, "b", 99), random(r, "a", 99), random(r, "c", 99)}
	want, err := aggregate.FedAvg(updates)
	require.NoError(t, err)
	for range 10 {
		r.Shuffle(len(updates), func(i, j int) { updates[i], updates[j] = updates[j], updates[i] })
		got, err := aggregate.FedAvg(updates)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// The definition, written once more with an exact fused sum: as the products are
// exact it must not matter whether a compiler fuses.
func TestEveryBitIsTheOneDefined(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		updates := []aggregate.Update{random(r, "a", 50), random(r, "b", 50), random(r, "c", 50)}
		total := float64(updates[0].Samples + updates[1].Samples + updates[2].Samples)
		got, err := aggregate.FedAvg(updates)
		require.NoError(t, err)
		for i, v := range got[0].Data {
			sum := 0.0
			for _, u := range updates {
				sum = math.FMA(float64(float32(float64(u.Samples)/total)), float64(u.Weights[0].Data[i]), sum)
			}
			require.Equal(t, math.Float32bits(float32(sum)), math.Float32bits(v))
		}
	}
}

func TestTheMeanLiesBetweenTheUpdates(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		a, b := random(r, "a", 50), random(r, "b", 50)
		got, err := aggregate.FedAvg([]aggregate.Update{a, b})
		require.NoError(t, err)
		for i, v := range got[0].Data {
			x, y := float64(a.Weights[0].Data[i]), float64(b.Weights[0].Data[i])
			require.InDelta(t, (x+y)/2, float64(v), math.Abs(x-y)/2+1e-6)
		}
	}
}

func TestTheUpdatesAreNotTouched(t *testing.T) {
	a, b := update("a", 1, 1, 2), update("b", 1, 3, 4)
	got, err := aggregate.FedAvg([]aggregate.Update{b, a})
	require.NoError(t, err)
	got[0].Data[0], got[0].Shape[0] = 9, 9
	require.Equal(t, update("a", 1, 1, 2), a)
	require.Equal(t, update("b", 1, 3, 4), b)
}

func TestAPremiseThatFailsIsAnError(t *testing.T) {
	a := update("a", 1, 1, 2)
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	named := update("b", 1, 1, 2)
	named.Weights[0].Name = "v"
	shaped := update("b", 1, 1, 2)
	shaped.Weights[0].Shape = []int{2, 1}
	cut := update("b", 1, 1, 2)
	cut.Weights[0].Data = cut.Weights[0].Data[:1]
	more := update("b", 1, 1, 2)
	more.Weights = append(more.Weights, more.Weights[0])
	for name, c := range map[string]struct {
		updates []aggregate.Update
		err     error
	}{
		"none":             {nil, aggregate.ErrNoUpdates},
		"too many":         {make([]aggregate.Update, aggregate.MaxUpdates+1), aggregate.ErrNoUpdates},
		"one account":      {[]aggregate.Update{a, update("b", 1, 1, 2), a}, aggregate.ErrDuplicate},
		"no samples":       {[]aggregate.Update{a, update("b", 0, 1, 2)}, aggregate.ErrSamples},
		"samples overflow": {[]aggregate.Update{update("b", math.MaxUint64, 1, 2), a}, aggregate.ErrSamples},
		"sum overflows":    {[]aggregate.Update{a, update("b", aggregate.MaxSamples, 1, 2)}, aggregate.ErrSamples},
		"not a number":     {[]aggregate.Update{a, update("b", 1, 1, nan)}, aggregate.ErrNotFinite},
		"infinite":         {[]aggregate.Update{update("b", 1, -inf, 1)}, aggregate.ErrNotFinite},
		"name":             {[]aggregate.Update{a, named}, aggregate.ErrShape},
		"shape":            {[]aggregate.Update{a, shaped}, aggregate.ErrShape},
		"values":           {[]aggregate.Update{a, cut}, aggregate.ErrShape},
		"tensors":          {[]aggregate.Update{a, more}, aggregate.ErrShape},
		"no tensors":       {[]aggregate.Update{{Account: "a", Samples: 1}}, aggregate.ErrShape},
	} {
		_, err := aggregate.FedAvg(c.updates)
		require.ErrorIs(t, err, c.err, name)
	}
}

func TestRulesAreFoundByName(t *testing.T) {
	for _, rule := range aggregate.Rules() {
		_, err := aggregate.Apply(rule, []aggregate.Update{update("a", 1, 1)})
		require.NoError(t, err)
	}
	_, err := aggregate.Apply("median of hearts", nil)
	require.ErrorIs(t, err, aggregate.ErrUnknownRule)
	require.ErrorContains(t, err, aggregate.RuleFedAvg)
}
