package kernel_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
)

// source is a small generator of test values, splitmix64.
type source uint64

func (s *source) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// finite returns any finite float32, all exponents alike.
func (s *source) finite() float32 {
	for {
		if f := math.Float32frombits(uint32(s.next())); !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) {
			return f
		}
	}
}

// small returns a value of (−1, 1), now and then a zero of either sign or a
// subnormal.
func (s *source) small() float32 {
	switch r := s.next(); r % 16 {
	case 0:
		return math.Float32frombits(uint32(r>>32) & (1 << 31))
	case 1:
		return math.Float32frombits(uint32(r>>32) & (1<<31 | 0xffff))
	default:
		return float32(int64(r)>>40) / (1 << 23)
	}
}

func (s *source) slice(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = s.small()
	}
	return x
}

// exact computes x·y + z without a limit of precision and rounds once.
func exact(x, y, z float32) float32 {
	of := func(v float32) *big.Float { return new(big.Float).SetPrec(1024).SetFloat64(float64(v)) }
	sum := new(big.Float).SetPrec(1024).Add(new(big.Float).SetPrec(1024).Mul(of(x), of(y)), of(z))
	f, _ := sum.Float32()
	return f
}

func TestFMARoundsOnce(t *testing.T) {
	t.Parallel()
	rnd := source(1)
	check := func(x, y, z float32) {
		t.Helper()
		if got, want := kernel.FMA(x, y, z), exact(x, y, z); got != want {
			t.Fatalf("FMA(%x, %x, %x) = %x, want %x", x, y, z, got, want)
		}
	}
	for range 100_000 {
		check(rnd.finite(), rnd.finite(), rnd.finite())
		check(rnd.small(), rnd.small(), rnd.small())
		// A sum close to a tie: z is the product's middle, moved by half a
		// unit and a tiny product.
		x, y := rnd.small(), math.Float32frombits(uint32(rnd.next()%60+1)<<23)
		check(x, y, rnd.small())
	}
	for range 100_000 {
		// Subnormal results next to a tie.
		x := math.Float32frombits(uint32(rnd.next()%64)<<23 | uint32(rnd.next())&0x7fffff)
		y := math.Float32frombits(uint32(rnd.next()%80+10)<<23 | uint32(rnd.next())&0x7fffff)
		z := math.Float32frombits(uint32(rnd.next()) & 0x800fffff)
		check(x, y, z)
	}
}

func TestFMAIsRightWhereRoundingTwiceIsWrong(t *testing.T) {
	t.Parallel()
	// x·y = 2⁻²⁴ − 2⁻⁷⁰ is just less than half a unit of z, and float64 cannot
	// tell: it rounds the sum to the tie, and the tie away from z.
	x, y, z := float32(1+0x1p-23), float32(0x1p-24-0x1p-47), float32(1+0x1p-23)
	twice := float32(math.FMA(float64(x), float64(y), float64(z)))
	require.NotEqual(t, math.Float32bits(z), math.Float32bits(twice))
	requireBits(t, []float32{z, z, -z}, []float32{exact(x, y, z), kernel.FMA(x, y, z), kernel.FMA(-x, y, -z)}, "near tie")
}

func TestFMAKeepsZerosInfinitiesAndNaN(t *testing.T) {
	t.Parallel()
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negative := float32(math.Copysign(0, -1))
	requireBits(t,
		[]float32{inf, -inf, inf, 0, negative, 0},
		[]float32{
			kernel.FMA(inf, 2, -1), kernel.FMA(-3, inf, 1), kernel.FMA(math.MaxFloat32, 2, 0),
			kernel.FMA(negative, 1, 0), kernel.FMA(negative, 1, negative), kernel.FMA(1, 1, -1),
		}, "special values")
	for _, f := range []float32{kernel.FMA(inf, 0, 1), kernel.FMA(inf, 1, -inf), kernel.FMA(nan, 1, 1), kernel.FMA(1, 1, nan)} {
		require.True(t, math.IsNaN(float64(f)))
	}
}
