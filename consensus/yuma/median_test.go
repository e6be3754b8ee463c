package yuma_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
	"autonet/internal/fixed"
)

func number(x float64) fixed.I32F32 { return fixed.I32F32(math.Floor(x * (1 << 32))) }

func numbers(xs []float64) []fixed.I32F32 {
	out := make([]fixed.I32F32, len(xs))
	for i, x := range xs {
		out[i] = number(x)
	}
	return out
}

func matrix(rows [][]float64) [][]fixed.I32F32 {
	out := make([][]fixed.I32F32, len(rows))
	for i, row := range rows {
		out[i] = numbers(row)
	}
	return out
}

func sum(xs []fixed.I32F32) fixed.I32F32 {
	var total fixed.I32F32
	for _, x := range xs {
		total = total.Add(x)
	}
	return total
}

// op is one published vector of subtensor's math (see the source inside the file).
type op struct {
	ID     string          `json:"id"`
	Op     string          `json:"op"`
	Args   json.RawMessage `json:"args"`
	Expect json.RawMessage `json:"expect"`
	Tol    float64         `json:"tol"`
}

func TestMedianAndClippingGiveThePublishedVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/median_subtensor.json")
	require.NoError(t, err)
	var file struct {
		Ops []op `json:"ops"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Len(t, file.Ops, 12)
	for _, v := range file.Ops {
		t.Run(v.ID, func(t *testing.T) {
			switch v.Op {
			case "weighted_median":
				checkMedian(t, v)
			case "weighted_median_col":
				checkColumns(t, v)
			case "col_clip":
				checkClip(t, v)
			default:
				t.Fatalf("vector of an unknown operation %q", v.Op)
			}
		})
	}
}

func checkMedian(t *testing.T, v op) {
	t.Helper()
	var args struct {
		Stake, Score []float64
		Minority     float64
	}
	var want float64
	require.NoError(t, json.Unmarshal(v.Args, &args))
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	stake := numbers(args.Stake)
	got := yuma.WeightedMedian(stake, numbers(args.Score), number(args.Minority), 0, sum(stake))
	require.InDelta(t, float64(number(want)), float64(got), v.Tol*(1<<32))
}

func checkColumns(t *testing.T, v op) {
	t.Helper()
	var args struct {
		Stake    []float64
		Score    [][]float64
		Majority float64
	}
	var want []float64
	require.NoError(t, json.Unmarshal(v.Args, &args))
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	got := yuma.Consensus(numbers(args.Stake), matrix(args.Score), len(want), number(args.Majority))
	for j := range want {
		require.InDelta(t, float64(number(want[j])), float64(got[j]), v.Tol*(1<<32))
	}
}

func checkClip(t *testing.T, v op) {
	t.Helper()
	var args struct {
		Matrix    [][]float64
		Threshold []float64
	}
	var want [][]float64
	require.NoError(t, json.Unmarshal(v.Args, &args))
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	require.Equal(t, matrix(want), yuma.Clip(matrix(args.Matrix), numbers(args.Threshold)))
}

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
