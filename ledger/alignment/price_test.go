package alignment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/alignment"
)

func TestTheCubeRootIsExactlyTheFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(x, y, z uint16) {
		product := uint64(x) * uint64(y) * uint64(z)
		a := uint64(alignment.Alignment(x, y, z))
		require.LessOrEqual(t, a*a*a, product)
		require.Greater(t, (a+1)*(a+1)*(a+1), product)
		require.InDelta(t, math.Cbrt(float64(product)), float64(a), 1.000001)
	}
	for _, v := range []uint16{0, 1, 2, 255, 256, 32767, 32768, 52428, 52429, 65534, 65535} {
		check(v, v, v)
		require.Equal(t, v, alignment.Alignment(v, v, v))
		check(v, 65535, 65535)
		check(0, v, 65535)
	}
	for range 20_000 {
		check(uint16(rng.Uint32()), uint16(rng.Uint32()), uint16(rng.Uint32()))
	}
}

func TestEveryRowOfThePriceTable(t *testing.T) {
	const base = 1_000_000_000
	full := 1_000_000 * ledger.ATN
	for _, c := range []struct {
		name            string
		a               uint16
		maturity        uint64
		pool            ledger.Natn
		row             alignment.Row
		subsidy, premum ledger.Natn
	}{
		{"of one mind, mature, full pool: nine tenths", 65535, 1000, full, alignment.RowSubsidy, 900_000_000, 0},
		{"a pool of many times its size changes nothing", 65535, 1000, math.MaxUint64, alignment.RowSubsidy, 900_000_000, 0},
		{"half a pool pays half", 65535, 1000, full / 2, alignment.RowSubsidy, 500_000_000, 0},
		{"an immature project gets little", 65535, 10, full, alignment.RowSubsidy, 10_000_000, 0},
		{"an unproven project gets nothing", 65535, 0, full, alignment.RowSubsidy, 0, 0},
		{"an empty pool pays nothing", 65535, 1000, 0, alignment.RowSubsidy, 0, 0},
		{"0.9 is half way", 58982, 1000, full, alignment.RowSubsidy, 450_034_332, 0},
		{"one step above 0.8", 52429, 1000, full, alignment.RowSubsidy, 68_665, 0},
		{"0.8 itself is base", 52428, 1000, full, alignment.RowBase, 0, 0},
		{"0.65", 42598, 1000, full, alignment.RowBase, 0, 0},
		{"one half is base", 32768, 1000, full, alignment.RowBase, 0, 0},
		{"one step below one half", 32767, 1000, full, alignment.RowPremium, 0, 7629},
		{"0.25", 16384, 1000, full, alignment.RowPremium, 0, 249_996_185},
		{"opposed", 0, 1000, full, alignment.RowPremium, 0, 500_000_000},
	} {
		require.Equal(t, c.row, alignment.RowOf(c.a, true), c.name)
		require.Equal(t, alignment.RowBase, alignment.RowOf(c.a, false), c.name)
		require.Equal(t, c.subsidy, alignment.Subsidy(base, c.a, alignment.Share(c.maturity, c.pool, full, 900)), c.name)
		require.Equal(t, c.premum, alignment.Premium(base, c.a, 1000, 2000), c.name)
	}
}

func TestPremiumsGrowWithKAndStopAtTheBound(t *testing.T) {
	require.Equal(t, ledger.Natn(1000), alignment.Premium(1000, 0, 2000, 2000), "k = 2 doubles the price of what is opposed")
	require.Equal(t, ledger.Natn(500), alignment.Premium(1000, 0, 2000, 1500), "at most × 1.5")
	require.Zero(t, alignment.Premium(1000, 0, 2000, 1000))
	require.Zero(t, alignment.Premium(1000, 0, 0, 2000))
	require.Equal(t, ledger.Natn(math.MaxUint64), alignment.Premium(math.MaxUint64, 0, 2000, 2000))
}

func TestFormulasAgreeWithAReferenceInFloats(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	full := 1_000_000 * ledger.ATN
	for range 20_000 {
		base := ledger.Natn(rng.Uint64N(1 << 50))
		a := uint16(rng.Uint32())
		maturity, pool := rng.Uint64N(1001), ledger.Natn(rng.Uint64N(2*uint64(full)))
		x := float64(a) / 65535
		near := float64(base)/1e6 + 2 // of the share's rounding to millionths
		s := math.Min(math.Min(float64(maturity)/1000, float64(pool)/float64(full)), 0.9) * (x - 0.8) / 0.2
		require.InDelta(t, float64(base)*math.Max(s, 0), float64(alignment.Subsidy(base, a, alignment.Share(maturity, pool, full, 900))), near)
		require.InDelta(t, float64(base)*math.Max(0.5-x, 0), float64(alignment.Premium(base, a, 1000, 2000)), near)
		price, err := alignment.PublishPrice(base, a)
		require.NoError(t, err)
		require.InDelta(t, float64(base)*(3-2*x), float64(price), near)
		served := rng.Uint64N(1_000_001)
		require.InDelta(t, 3000-2500*float64(served)/1e6, float64(alignment.Multiplier(served, 500, 3000)), 1)
	}
}

func TestStandardsCostOnceToThreeTimesTheBase(t *testing.T) {
	for closeness, want := range map[uint16]ledger.Natn{65535: 10, 0: 30} {
		price, err := alignment.PublishPrice(10, closeness)
		require.NoError(t, err)
		require.Equal(t, want, price)
	}
	_, err := alignment.PublishPrice(math.MaxUint64, 0)
	require.Error(t, err)
}
