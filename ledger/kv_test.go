package ledger_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

func dump(kv ledger.KV, prefix string) []string {
	var out []string
	kv.Iterate([]byte(prefix), func(key, value []byte) bool {
		out = append(out, fmt.Sprintf("%s=%s", key, value))
		return true
	})
	return out
}

// The overlay must behave like a plain store, whatever is in it and below it.
func TestOverlayReadsLikeAPlainStore(t *testing.T) {
	for seed := range int64(50) {
		rng := rand.New(rand.NewSource(seed))
		below, plain := ledgertest.NewKV(), ledgertest.NewKV()
		for range 40 {
			key, value := fmt.Appendf(nil, "k%02d", rng.Intn(60)), fmt.Append(nil, rng.Intn(9))
			below.Set(key, value)
			plain.Set(key, value)
		}
		before := below.Dump()
		middle := ledger.NewOverlay(below)
		top := ledger.NewOverlay(middle)
		for range 80 {
			key, value := fmt.Appendf(nil, "k%02d", rng.Intn(60)), fmt.Append(nil, rng.Intn(9))
			if rng.Intn(3) == 0 {
				top.Delete(key)
				plain.Delete(key)
			} else {
				top.Set(key, value)
				plain.Set(key, value)
			}
			if rng.Intn(10) == 0 {
				top.Flush()
			}
			probe := fmt.Appendf(nil, "k%02d", rng.Intn(60))
			require.Equal(t, plain.Get(probe), top.Get(probe))
		}
		for _, prefix := range []string{"", "k", "k0", "k1", "k33", "z"} {
			require.Equal(t, dump(plain, prefix), dump(top, prefix), "seed %d prefix %q", seed, prefix)
		}
		require.Equal(t, before, below.Dump(), "nothing reaches the parent before the flush")
		top.Flush()
		middle.Flush()
		require.Equal(t, plain.Dump(), below.Dump())
	}
}

func TestOverlayMayBeWrittenWhileIterated(t *testing.T) {
	kv := ledger.NewOverlay(ledgertest.NewKV())
	for i := range 10 {
		kv.Set(fmt.Appendf(nil, "k%d", i), []byte("v"))
	}
	visited := 0
	kv.Iterate([]byte("k"), func(key, _ []byte) bool {
		visited++
		kv.Delete(key)
		kv.Set(append([]byte("k9"), key...), []byte("new"))
		return true
	})
	require.Equal(t, 10, visited)
	require.Len(t, dump(kv, "k"), 10)
}

func TestOverlayIterationStopsWhenAsked(t *testing.T) {
	below := ledgertest.NewKV()
	below.Set([]byte("b"), []byte("1"))
	below.Set([]byte("d"), []byte("1"))
	kv := ledger.NewOverlay(below)
	kv.Set([]byte("a"), []byte("1"))
	kv.Set([]byte("c"), []byte("1"))
	kv.Set([]byte("d"), []byte("2"))
	kv.Set([]byte("e"), []byte("1"))
	for stop := 1; stop <= 5; stop++ {
		visited := 0
		kv.Iterate(nil, func(_, _ []byte) bool { visited++; return visited < stop })
		require.Equal(t, stop, visited)
	}
}

func TestFlushLeavesUnchangedValuesAlone(t *testing.T) {
	below := &counting{KV: ledgertest.NewKV()}
	below.Set([]byte("a"), []byte("1"))
	below.writes = 0
	kv := ledger.NewOverlay(below)
	kv.Set([]byte("a"), []byte("1"))
	kv.Delete([]byte("absent"))
	kv.Flush()
	require.Zero(t, below.writes)
	kv.Set([]byte("a"), nil)
	kv.Flush()
	require.Equal(t, 1, below.writes)
	require.NotNil(t, below.Get([]byte("a")), "an empty value is present")
}

type counting struct {
	*ledgertest.KV
	writes int
}

func (c *counting) Set(key, value []byte) { c.writes++; c.KV.Set(key, value) }

func (c *counting) Delete(key []byte) { c.writes++; c.KV.Delete(key) }
