package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
)

// ulps returns how many float32 lie between a and b, both of one sign.
func ulps(a, b float32) int64 {
	d := int64(math.Float32bits(a)) - int64(math.Float32bits(b))
	return max(d, -d)
}

func TestExpIsWithinOneUnit(t *testing.T) {
	t.Parallel()
	for x := float32(-104); x < 88.8; x += 0.00173 {
		got, want := kernel.Exp(x), float32(math.Exp(float64(x)))
		if ulps(got, want) > 1 {
			t.Fatalf("Exp(%v) = %v, want %v", x, got, want)
		}
	}
	requireBits(t, []float32{1}, []float32{kernel.Exp(0)}, "Exp(0)")
	require.Zero(t, kernel.Exp(float32(math.Inf(-1))))
	require.Zero(t, kernel.Exp(-200))
	require.True(t, math.IsInf(float64(kernel.Exp(89)), 1))
	require.True(t, math.IsInf(float64(kernel.Exp(float32(math.Inf(1)))), 1))
	require.True(t, math.IsNaN(float64(kernel.Exp(float32(math.NaN())))))
}

func TestLogIsWithinOneUnit(t *testing.T) {
	t.Parallel()
	rnd := source(3)
	for range 200_000 {
		x := rnd.finite()
		if x <= 0 {
			x = -x
		}
		if x == 0 {
			continue
		}
		got, want := kernel.Log(x), float32(math.Log(float64(x)))
		if ulps(got, want) > 1 {
			t.Fatalf("Log(%v) = %v, want %v", x, got, want)
		}
	}
	require.Zero(t, kernel.Log(1))
	require.True(t, math.IsInf(float64(kernel.Log(0)), -1))
	require.True(t, math.IsInf(float64(kernel.Log(float32(math.Inf(1)))), 1))
	require.True(t, math.IsNaN(float64(kernel.Log(-1))))
	require.True(t, math.IsNaN(float64(kernel.Log(float32(math.NaN())))))
}
