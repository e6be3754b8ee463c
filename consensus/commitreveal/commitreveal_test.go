package commitreveal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
)

func salt(b byte) [32]byte { return [32]byte{b} }

func TestCommitmentIsTheHashOfItsLengthPrefixedParts(t *testing.T) {
	var want []byte
	zero := salt(7)
	for _, part := range []string{"autonet/commit/v1", "solution", "net", "task", "account", "cid", string(zero[:])} {
		want = append(want, 0, 0, 0, byte(len(part)))
		want = append(want, part...)
	}
	require.Equal(t, sha256.Sum256(want), commitreveal.Commit("solution", "net", "task", "account", "cid", zero))
}

// The protocol fixes these: a change of any is a fork.
func TestHashesAreThoseOfTheFirstVersion(t *testing.T) {
	commit := commitreveal.Commit("vote", "test", "t1", "a1", "c1", salt(1))
	require.Equal(t, "ab0cf6a1628f2b0ed84888ac9893ca2fdcbfb05f29d27865dad732aa8f01253d", hex.EncodeToString(commit[:]))
	binding := commitreveal.Binding("a1", salt(2), [][32]byte{salt(3), salt(4)})
	require.Equal(t, "a1cbfa9a17c68532bd1db2e6df9c0060ab3a44bc3c69c0800512688d8bea4693", hex.EncodeToString(binding[:]))
	head := commitreveal.SaltChain(salt(5), 10)
	require.Equal(t, "7b9efc5b29fb765f7411f8bcf2e511cbfac0c21a0b572a962e77209f94d59838", hex.EncodeToString(head[:]))
	require.Equal(t, []int{12, 14, 18, 19}, commitreveal.DrawIntervals(salt(1), salt(2), "task", "solver", 20, 4))
}

func TestEveryPartOfACommitmentCounts(t *testing.T) {
	base := []string{"kind", "net", "task", "account", "cid"}
	make := func(p []string, s [32]byte) [32]byte { return commitreveal.Commit(p[0], p[1], p[2], p[3], p[4], s) }
	seen := [][32]byte{make(base, salt(1)), make(base, salt(2))}
	for i := range base {
		changed := slices.Clone(base)
		changed[i] += "x"
		seen = append(seen, make(changed, salt(1)))
	}
	// The same letters split elsewhere.
	seen = append(seen, make([]string{"kindn", "et", "task", "account", "cid"}, salt(1)))
	for i := range seen {
		for j := range i {
			require.NotEqual(t, seen[i], seen[j], "%d and %d", i, j)
		}
	}
}

func TestDrawHasTheLastIntervalAndDistinctOthersInOrder(t *testing.T) {
	for n := 1; n <= 12; n++ {
		for q := 1; q <= n+2; q++ {
			drawn := commitreveal.DrawIntervals(salt(byte(n)), salt(byte(q)), "task", "solver", n, q)
			require.Len(t, drawn, min(n, q))
			require.Equal(t, n-1, drawn[len(drawn)-1])
			require.True(t, slices.IsSorted(drawn))
			require.Len(t, slices.Compact(slices.Clone(drawn)), len(drawn))
			require.GreaterOrEqual(t, drawn[0], 0)
		}
	}
	require.Empty(t, commitreveal.DrawIntervals(salt(1), salt(2), "task", "solver", 0, 3))
	require.Empty(t, commitreveal.DrawIntervals(salt(1), salt(2), "task", "solver", 3, 0))
}

func TestDrawDependsOnEverythingItIsMadeOf(t *testing.T) {
	base := commitreveal.DrawIntervals(salt(1), salt(2), "task", "solver", 1000, 8)
	require.NotEqual(t, base, commitreveal.DrawIntervals(salt(9), salt(2), "task", "solver", 1000, 8))
	require.NotEqual(t, base, commitreveal.DrawIntervals(salt(1), salt(9), "task", "solver", 1000, 8))
	require.NotEqual(t, base, commitreveal.DrawIntervals(salt(1), salt(2), "other", "solver", 1000, 8))
	require.NotEqual(t, base, commitreveal.DrawIntervals(salt(1), salt(2), "task", "other", 1000, 8))
}

func TestDrawReachesEveryInterval(t *testing.T) {
	const n = 10
	var hits [n]int
	for i := range 2000 {
		for _, at := range commitreveal.DrawIntervals(salt(byte(i)), salt(byte(i>>8)), "task", "solver", n, 3) {
			hits[at]++
		}
	}
	require.Equal(t, 2000, hits[n-1])
	for at := range n - 1 { // 2 of 9 each: 444 expected, the bounds are five standard deviations away
		require.InDelta(t, 444, hits[at], 95, "interval %d", at)
	}
}

func TestBindingTellsAccountSaltAndOrderApart(t *testing.T) {
	hashes := [][32]byte{salt(1), salt(2)}
	base := commitreveal.Binding("a", salt(9), hashes)
	require.NotEqual(t, base, commitreveal.Binding("b", salt(9), hashes))
	require.NotEqual(t, base, commitreveal.Binding("a", salt(8), hashes))
	require.NotEqual(t, base, commitreveal.Binding("a", salt(9), [][32]byte{salt(2), salt(1)}))
	require.NotEqual(t, base, commitreveal.Binding("a", salt(9), hashes[:1]))
}

func TestSaltsShowThePreimagesOfTheHead(t *testing.T) {
	seed := salt(3)
	head := commitreveal.SaltChain(seed, 5)
	for i := 4; i >= 0; i-- {
		shown := commitreveal.SaltAt(seed, i)
		require.Equal(t, head, sha256.Sum256(shown[:]))
		require.True(t, commitreveal.Precedes(shown, head, 1))
		require.True(t, commitreveal.Precedes(shown, commitreveal.SaltChain(seed, 5), 5-i))
		require.False(t, commitreveal.Precedes(shown, commitreveal.SaltChain(seed, 5), 4-i))
		head = shown
	}
	require.False(t, commitreveal.Precedes(head, head, 3))
}
