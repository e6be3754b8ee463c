package alignment_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger/alignment"
)

func TestWhatIsLackingIsWorthMoreAndWhatIsPlentifulLess(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, uint64(1000), w.Multiplier(w.params, w.kv, "simplenet"), "nothing is known of it")
	for range 60 {
		w.Observe(w.ctx(""), w.kv, "simplenet", 4, 4, 4*alignment.One)
		w.Observe(w.ctx(""), w.kv, "transformer", 4, 0, 0)
		w.Observe(w.ctx(""), w.kv, "mediocre", 4, 4, 2*alignment.One)
		w.nextEpoch()
	}
	require.InDelta(t, 500, w.Multiplier(w.params, w.kv, "simplenet"), 5)
	require.InDelta(t, 3000, w.Multiplier(w.params, w.kv, "transformer"), 5)
	require.InDelta(t, 1750, w.Multiplier(w.params, w.kv, "mediocre"), 5)
}

func TestOneEpochMovesTheAverageByAnEighth(t *testing.T) {
	w := newWorld(t)
	w.Observe(w.ctx(""), w.kv, "simplenet", 10, 0, 0)
	w.nextEpoch()
	c, _ := w.Capability(w.kv, "simplenet")
	require.Equal(t, uint64(700_000), c.Served)
	require.Equal(t, uint64(1250), w.Multiplier(w.params, w.kv, "simplenet"))
}

func TestMultipliersStayWithinTheirBounds(t *testing.T) {
	for _, served := range []uint64{0, 1, 999_999, 1_000_000, 1 << 63} {
		m := alignment.Multiplier(served, 500, 3000)
		require.GreaterOrEqual(t, m, uint64(500))
		require.LessOrEqual(t, m, uint64(3000))
	}
}

func TestCapabilitiesAreBoundedAndForgotten(t *testing.T) {
	w := newWorld(t)
	w.params.Pricing.MaxCapabilities = 3
	for i := range 10 {
		w.Observe(w.ctx(""), w.kv, "kind-"+strconv.Itoa(i), 1, 1, alignment.One)
	}
	w.Observe(w.ctx(""), w.kv, "", 1, 1, 1)
	w.Observe(w.ctx(""), w.kv, strings.Repeat("x", alignment.MaxCapability+1), 1, 1, 1)
	w.Observe(w.ctx(""), w.kv, "kind-0", 0, 1, 1)
	count := func() (n int) {
		w.Capabilities(w.kv, func(c alignment.Capability) bool {
			n++
			require.LessOrEqual(t, c.Quality, c.Filled*alignment.One)
			return true
		})
		return n
	}
	require.Equal(t, 3, count())
	for range 400 {
		w.nextEpoch()
	}
	require.Zero(t, count(), "what nobody asks for makes room")
	w.Observe(w.ctx(""), w.kv, "new/\x00kind", 1, 1, alignment.One)
	require.Equal(t, 1, count())
}
