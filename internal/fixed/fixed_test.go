package fixed_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/internal/fixed"
)

// edges are the numbers at which 64-bit arithmetic goes wrong.
func edges() []uint64 {
	return []uint64{0, 1, 2, 3, 1<<31 - 1, 1 << 31, 1 << 32, 1<<32 + 1, math.MaxInt64, 1 << 63, math.MaxUint64 - 1, math.MaxUint64}
}

func TestCheckedOperationsAgreeWithBigIntegersOrFail(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	numbers := edges()
	for range 40 {
		numbers = append(numbers, rng.Uint64()>>rng.IntN(64))
	}
	for _, a := range numbers {
		for _, b := range numbers {
			x, y := new(big.Int).SetUint64(a), new(big.Int).SetUint64(b)
			check(t, new(big.Int).Add(x, y), fixed.Add, a, b)
			check(t, new(big.Int).Sub(x, y), fixed.Sub, a, b)
			check(t, new(big.Int).Mul(x, y), fixed.Mul, a, b)
			for _, c := range edges() {
				down, err := fixed.MulDiv(a, b, c)
				up, errUp := fixed.MulDivUp(a, b, c)
				if c == 0 {
					require.ErrorIs(t, err, fixed.ErrOverflow)
					require.ErrorIs(t, errUp, fixed.ErrOverflow)
					continue
				}
				quotient, rest := new(big.Int).QuoRem(new(big.Int).Mul(x, y), new(big.Int).SetUint64(c), new(big.Int))
				agree(t, quotient, down, err)
				if rest.Sign() > 0 {
					quotient.Add(quotient, big.NewInt(1))
				}
				agree(t, quotient, up, errUp)
			}
		}
	}
}

func check(t *testing.T, want *big.Int, op func(a, b uint64) (uint64, error), a, b uint64) {
	t.Helper()
	got, err := op(a, b)
	agree(t, want, got, err)
}

func agree(t *testing.T, want *big.Int, got uint64, err error) {
	t.Helper()
	if !want.IsUint64() {
		require.ErrorIs(t, err, fixed.ErrOverflow)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want.Uint64(), got)
}

func TestFixedPointFloorsProductsTruncatesQuotientsAndSaturates(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	numbers := []fixed.I32F32{0, 1, -1, 2, -2, fixed.One, -fixed.One, fixed.One / 2, fixed.Max, fixed.Min, fixed.Min + 1}
	for range 60 {
		numbers = append(numbers, fixed.I32F32(int64(rng.Uint64())>>rng.IntN(64)))
	}
	scale := new(big.Int).Lsh(big.NewInt(1), 32)
	for _, x := range numbers {
		for _, y := range numbers {
			a, b := big.NewInt(int64(x)), big.NewInt(int64(y))
			require.Equal(t, clamp(new(big.Int).Add(a, b)), x.Add(y), "%d + %d", x, y)
			require.Equal(t, clamp(new(big.Int).Sub(a, b)), x.Sub(y), "%d - %d", x, y)
			product := new(big.Int).Mul(a, b)
			require.Equal(t, clamp(new(big.Int).Rsh(product, 32)), x.Mul(y), "%d * %d", x, y) // a big Rsh floors
			if y == 0 {
				require.Zero(t, x.Div(y))
				continue
			}
			quotient := new(big.Int).Quo(new(big.Int).Mul(a, scale), b) // Quo truncates
			require.Equal(t, clamp(quotient), x.Div(y), "%d / %d", x, y)
		}
	}
}

func clamp(n *big.Int) fixed.I32F32 {
	switch {
	case n.Cmp(big.NewInt(math.MaxInt64)) > 0:
		return fixed.Max
	case n.Cmp(big.NewInt(math.MinInt64)) < 0:
		return fixed.Min
	default:
		return fixed.I32F32(n.Int64())
	}
}

func TestProportionsConvertAsTheyAreStored(t *testing.T) {
	require.Equal(t, fixed.One, fixed.FromU16(math.MaxUint16))
	require.Zero(t, fixed.FromU16(0))
	require.Equal(t, fixed.I32F32(32767*(1<<32)/65535), fixed.FromU16(32767))
	require.Equal(t, uint16(math.MaxUint16), fixed.One.U16())
	require.Equal(t, uint16(32767), (fixed.One / 2).U16())
	require.Zero(t, (-fixed.One).U16())
	require.Equal(t, uint16(math.MaxUint16), fixed.FromInt(7).U16())
	require.Equal(t, int64(-1), fixed.I32F32(-1).Int())
	require.Equal(t, int64(65535), fixed.FromInt(65535).Int())
	require.Equal(t, fixed.Max, fixed.FromInt(math.MaxInt64))
	require.Equal(t, fixed.Min, fixed.FromInt(math.MinInt64))
	require.Zero(t, fixed.Ratio(5, 0))
	require.Equal(t, fixed.Max, fixed.Ratio(math.MaxUint64, 1))
	require.Equal(t, fixed.One/4, fixed.Ratio(1, 4))
}

func TestExponentialIsThatOfTheSeries(t *testing.T) {
	require.Equal(t, fixed.One, fixed.Exp(0))
	for _, x := range []float64{-8, -2.5, -1, -0.001, 0.001, 0.5, 1, 2, 5, 8} {
		got := float64(fixed.Exp(fixed.I32F32(x*(1<<32)))) / (1 << 32)
		require.InEpsilon(t, math.Exp(x), got, 1e-5, "e^%v", x)
	}
	require.Equal(t, fixed.Max, fixed.Exp(fixed.FromInt(1000)))
	require.LessOrEqual(t, fixed.Exp(fixed.FromInt(-1000)), fixed.I32F32(2))
	require.Equal(t, fixed.One/2, fixed.Sigmoid(fixed.One/2, fixed.FromInt(10), fixed.One/2))
	require.Equal(t, fixed.Sigmoid(fixed.FromInt(100), fixed.FromInt(10), 0), fixed.Sigmoid(fixed.Max, fixed.FromInt(10), 0))
}
