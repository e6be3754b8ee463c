package pin_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"

	"autonet/shards/manifest"
	"autonet/shards/pin"
)

func someCID(i int) cid.Cid { return manifest.CIDOf([]byte{byte(i), byte(i >> 8)}) }

func providers(n int) []pin.Provider {
	out := make([]pin.Provider, n)
	for i := range out {
		out[i] = pin.Provider{ID: peer.ID(fmt.Sprintf("provider-%02d", i)), Free: 1 << 30, Reputation: 500}
	}
	return out
}

func TestTheOrderOfTheRestDoesNotChangeWhenOneLeaves(t *testing.T) {
	all := providers(12)
	for j := range 14 {
		full := pin.Rank(someCID(1), j, all)
		require.Len(t, full, 12)
		without := pin.Rank(someCID(1), j, slices.Concat(all[:5], all[6:]))
		require.Equal(t, slices.DeleteFunc(full, func(p pin.Provider) bool { return p.ID == all[5].ID }), without)
	}
}

func TestCapacityAndReputationWeigh(t *testing.T) {
	all := providers(4)
	all[1].Free *= 3
	all[2].Reputation = 0
	all[3].Free = 0
	first := map[peer.ID]int{}
	const rounds = 4000
	for i := range rounds {
		list := pin.Rank(someCID(i), i%14, all)
		require.Len(t, list, 3, "no free capacity, no column")
		first[list[0].ID]++
	}
	// Weights 501 : 1503 : 1.
	require.InDelta(t, rounds*501/2005, first[all[0].ID], rounds/20)
	require.InDelta(t, rounds*1503/2005, first[all[1].ID], rounds/20)
	require.Less(t, first[all[2].ID], rounds/50)
}

func TestAnAssignmentIsFixedForever(t *testing.T) {
	plan := pin.Assign(someCID(7), 14, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 100, providers(7), nil)
	var got [][]int
	for _, p := range providers(7) {
		got = append(got, plan[p.ID])
	}
	require.Equal(t, [][]int{{3, 4}, {12, 13}, {9, 11}, {8, 10}, {2, 5}, {6, 7}, {0, 1}}, got)
}

func TestAssignmentsKeepEveryBound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		n := 1 + r.IntN(20)
		all := providers(1 + r.IntN(20))
		want := make([]int, n)
		for j := range want {
			want[j] = j
		}
		taken := map[peer.ID]int{}
		for i := range all {
			all[i].Free = 100 * uint64(r.IntN(n+1))
			if r.IntN(3) == 0 {
				all[i].Free = 1 << 40
			}
		}
		limit := (n + len(all) - 1) / len(all)
		plan := pin.Assign(someCID(round), n, want, 100, all, taken)
		seen := map[int]bool{}
		room := 0
		for _, p := range all {
			require.LessOrEqual(t, len(plan[p.ID]), limit)
			require.LessOrEqual(t, uint64(len(plan[p.ID]))*100, p.Free)
			room += min(limit, int(min(p.Free/100, 1000)))
			for _, j := range plan[p.ID] {
				require.False(t, seen[j], "twice")
				seen[j] = true
			}
		}
		require.Len(t, seen, min(n, room), "as many as there is room for")
	}
	require.Empty(t, pin.Assign(someCID(1), 14, []int{1}, 1, nil, nil))
}

func TestHowManyMayFailIsTheWorstCase(t *testing.T) {
	for _, v := range []struct {
		counts  []int
		k, want int
	}{
		{[]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 10, 4},
		{[]int{2, 2, 2, 2, 2, 2, 2}, 10, 2},
		{[]int{14}, 10, 0},
		{[]int{4, 4, 4, 2}, 10, 1},
		{[]int{5, 5, 4}, 10, 0},
		{[]int{1, 1, 1}, 1, 2},
		{nil, 10, 0},
	} {
		m := map[peer.ID]int{}
		for i, n := range v.counts {
			m[peer.ID(fmt.Sprint(i))] = n
		}
		require.Equal(t, v.want, pin.MayFail(m, v.k), "%v", v)
	}
}
