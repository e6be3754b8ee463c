package yuma_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
	"autonet/internal/fixed"
)

func TestMedianIsTheLargestScoreThatAMajorityOfTheStakeSupports(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	kappa := yuma.Kappa(yuma.KappaHalf)
	for range 3000 {
		stake := make([]uint64, 1+rng.IntN(9))
		score := make([]fixed.I32F32, len(stake))
		for i := range stake {
			stake[i] = rng.Uint64N(1000)
			score[i] = fixed.FromInt(int64(rng.IntN(6)))
		}
		shares := yuma.Shares(stake)
		got := yuma.Median(shares, score, kappa)
		require.Equal(t, supported(stake, score), got, "stake %v score %v", stake, score)
	}
}

// supported is the definition, in exact integers: no share of these sums lies between 32767/65535 and one half.
func supported(stake []uint64, score []fixed.I32F32) fixed.I32F32 {
	var total uint64
	for _, s := range stake {
		total += s
	}
	var best fixed.I32F32
	for _, candidate := range score {
		var support uint64
		for i := range stake {
			if score[i] >= candidate {
				support += stake[i]
			}
		}
		if total > 0 && 2*support >= total {
			best = max(best, candidate)
		}
	}
	return best
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 500 {
		n := 2 + rng.IntN(8)
		stake, score := make([]uint64, n), make([]fixed.I32F32, n)
		for i := range n {
			stake[i], score[i] = 1+rng.Uint64N(1<<50), fixed.FromInt(int64(rng.IntN(65536)))
		}
		want := yuma.Median(yuma.Shares(stake), score, yuma.Kappa(yuma.KappaHalf))
		order := rng.Perm(n)
		stake2, score2 := make([]uint64, n), make([]fixed.I32F32, n)
		for i, from := range order {
			stake2[i], score2[i] = stake[from], score[from]
		}
		require.Equal(t, want, yuma.Median(yuma.Shares(stake2), score2, yuma.Kappa(yuma.KappaHalf)))
	}
}

func TestOneDissenterAmongThreeCannotMoveTheMedian(t *testing.T) {
	equal := yuma.Shares([]uint64{5, 5, 5})
	for _, lie := range []int64{0, 65535} {
		score := []fixed.I32F32{fixed.FromInt(40_000), fixed.FromInt(lie), fixed.FromInt(41_000)}
		got := yuma.Median(equal, score, yuma.Kappa(yuma.KappaHalf)).Int()
		require.Contains(t, []int64{40_000, 41_000}, got)
	}
}

func TestSharesSurviveStakesOfAnySize(t *testing.T) {
	require.Equal(t, []fixed.I32F32{fixed.One / 2, fixed.One / 2}, yuma.Shares([]uint64{math.MaxUint64, math.MaxUint64}))
	require.Equal(t, []fixed.I32F32{0, 0}, yuma.Shares([]uint64{0, 0}))
	require.Empty(t, yuma.Shares(nil))
}

func TestNothingGivesNoConsensus(t *testing.T) {
	require.Zero(t, yuma.Median(nil, nil, yuma.Kappa(yuma.KappaHalf)))
	require.Zero(t, yuma.Median([]fixed.I32F32{0}, []fixed.I32F32{fixed.One}, yuma.Kappa(yuma.KappaHalf)))
	require.True(t, slices.Equal([]fixed.I32F32{0, fixed.One}, yuma.Consensus([]fixed.I32F32{fixed.One}, [][]fixed.I32F32{{0, fixed.One}}, 2, 1)))
	require.Equal(t, []fixed.I32F32{0}, yuma.Consensus([]fixed.I32F32{fixed.One}, nil, 1, 1))
	require.Equal(t, [][]fixed.I32F32{{0}}, yuma.Clip([][]fixed.I32F32{{fixed.One}}, nil))
}
