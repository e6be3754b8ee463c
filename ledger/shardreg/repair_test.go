package shardreg_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
)

// spread is a world in which fourteen providers, numbered from 1, hold one column each.
func spread(t *testing.T) (*world, file) {
	t.Helper()
	w, f := newWorld(t), cut(t, 1400, 10, 4)
	w.params.Shards.AuditsPerRound = 0 // audits have their own tests
	w.must(bob, f.register())
	for i := range 14 {
		w.join(ledgertest.Account(i+1), 10_000)
		w.must(ledgertest.Account(i+1), f.announce(uint16(i)))
	}
	return w, f
}

// fail takes the first n providers out.
func (w *world) fail(n int) {
	for i := range n {
		w.stakes[ledgertest.Account(i+1)] = false
	}
}

func TestAvailability(t *testing.T) {
	for _, c := range []struct {
		name     string
		failed   int
		live     int
		readable bool
	}{
		{"all live", 0, 14, true},
		{"above what is needed", 3, 11, true},
		{"just what is needed", 4, 10, true},
		{"below", 5, 9, false},
		{"none", 14, 0, false},
	} {
		w, f := spread(t)
		w.fail(c.failed)
		a := w.available(f.cid)
		require.Equal(t, c.live, a.Live, c.name)
		require.Equal(t, c.readable, a.Readable, c.name)
		require.Equal(t, c.readable, w.Available(w.ctx(""), w.kv, f.cid, f.Root), c.name)
		require.Len(t, a.Missing, c.failed, c.name)
		require.Equal(t, 14, a.Announced, c.name)
	}
	w, f := spread(t)
	_, known := w.Availability(w.ctx(""), w.kv, none, ledger.Hash{})
	require.False(t, known)
	require.False(t, w.Available(w.ctx(""), w.kv, none, ledger.Hash{}))
	w.fail(2)
	w.must(ledgertest.Account(5), f.announce(0, 4))
	a := w.available(f.cid)
	require.Equal(t, 13, a.Live, "a column counts if one of its holders does")
	require.Equal(t, []uint16{1}, a.Missing)
	require.Equal(t, 2, a.Most)
	require.Equal(t, 2, a.Bound, "⌈14 / 12⌉")
}

func TestRepairIsCalledAtTwelveAndUrgentlyAtEleven(t *testing.T) {
	for _, c := range []struct {
		failed                 int
		called, urgent, isLost bool
	}{{0, false, false, false}, {1, false, false, false}, {2, true, false, false}, {3, true, true, false}, {4, true, true, false}, {5, false, false, true}} {
		w, f := spread(t)
		w.fail(c.failed)
		w.round()
		r, called := last[shardreg.RepairNeeded](w)
		require.Equal(t, c.called, called, "%d failed", c.failed)
		require.Equal(t, c.urgent, r.Urgent, "%d failed", c.failed)
		gone, lost := last[shardreg.Lost](w)
		require.Equal(t, c.isLost, lost, "%d failed", c.failed)
		if called {
			require.Equal(t, f.cid, r.Manifest)
			require.Len(t, r.Missing, c.failed)
			p := w.provider(r.Repairer)
			require.True(t, w.Chosen(w.ctx(""), w.kv, p), "who is called can do it")
			open, _ := w.repair(f.cid)
			require.Equal(t, r.Repairer, open.Repairer)
		}
		if lost {
			require.Equal(t, shardreg.Lost{Manifest: f.cid, Root: f.Root, Live: 9, Needed: 10}, gone)
		}
	}
}

func TestARepairEndsWhenTheColumnsAreBack(t *testing.T) {
	w, f := spread(t)
	w.fail(2)
	w.round()
	r, _ := w.repair(f.cid)
	h := shardreg.Holding{}
	w.Holdings(w.kv, f.cid, func(one shardreg.Holding) bool {
		if one.Provider == r.Repairer {
			h = one
		}
		return true
	})
	before := w.provider(r.Repairer).Reputation
	w.must(r.Repairer, f.announce(append([]uint16{0, 1}, h.Columns...)...))
	_, open := w.repair(f.cid)
	require.False(t, open)
	closed, _ := last[shardreg.RepairClosed](w)
	require.Equal(t, shardreg.RepairClosed{Manifest: f.cid, Root: f.Root, Live: 14}, closed)
	require.Equal(t, before, w.provider(r.Repairer).Reputation, "only audits move a reputation")
	count := len(w.events)
	w.round()
	require.Len(t, w.events, count)
}

func TestAnUnansweredCallGoesToAnother(t *testing.T) {
	w, f := spread(t)
	w.fail(2)
	w.round()
	first, _ := w.repair(f.cid)
	w.round()
	same, _ := w.repair(f.cid)
	require.Equal(t, first, same, "it is not called twice in its time")
	w.height += int64(w.params.Shards.AnswerBlocks)
	w.block(w.params.Shards.RepairMS)
	second, _ := w.repair(f.cid)
	require.Equal(t, uint32(2), second.Call)
	require.NotEqual(t, first.Repairer, second.Repairer)
	w.fail(3)
	w.round()
	urgent, _ := w.repair(f.cid)
	require.True(t, urgent.Urgent, "getting worse does not wait")
	w.fail(5)
	w.round()
	gone, _ := w.repair(f.cid)
	require.True(t, gone.Lost)
	w.round()
	for i := range 5 {
		w.stakes[ledgertest.Account(i+1)] = true
	}
	w.round()
	_, open := w.repair(f.cid)
	require.False(t, open, "who comes back repairs by being there")
}

func TestACallThatNobodyCanAnswerIsMadeAgain(t *testing.T) {
	w, f := spread(t)
	for i := range 14 {
		w.must(ledgertest.Account(i+1), shardreg.RegisterProvider{Capacity: 140})
	}
	w.fail(2)
	w.round()
	r, called := last[shardreg.RepairNeeded](w)
	require.True(t, called)
	require.Empty(t, r.Repairer, "nobody has room")
	w.must(ledgertest.Account(9), shardreg.RegisterProvider{Capacity: 1000})
	w.height += int64(w.params.Shards.AnswerBlocks)
	w.block(w.params.Shards.RepairMS)
	r, _ = last[shardreg.RepairNeeded](w)
	require.Equal(t, ledgertest.Account(9), r.Repairer)
	w.height += int64(w.params.Shards.AnswerBlocks)
	w.block(w.params.Shards.RepairMS)
	r, _ = last[shardreg.RepairNeeded](w)
	require.Equal(t, ledgertest.Account(9), r.Repairer, "nobody else has room")
	require.Equal(t, f.cid, r.Manifest)
}

func TestRepairersAreElectedByRoomAndReputation(t *testing.T) {
	elected := map[ledger.Account]int{}
	w, f := spread(t)
	w.must(ledgertest.Account(9), shardreg.RegisterProvider{Capacity: 1 << 40})
	w.fail(2)
	for range 30 {
		w.height += int64(w.params.Shards.AnswerBlocks)
		w.block(w.params.Shards.RepairMS)
		r, _ := w.repair(f.cid)
		elected[r.Repairer]++
	}
	require.Equal(t, 15, elected[ledgertest.Account(9)], "every time that it was not the last one")
	require.Greater(t, len(elected), 4)
	require.Zero(t, elected[ledgertest.Account(1)])
}

func TestTheWorstIsRepairedFirst(t *testing.T) {
	w, f := spread(t)
	g := cut(t, 1390, 10, 4)
	w.must(bob, g.register())
	for i := range 14 {
		w.must(ledgertest.Account(i+1), g.announce(uint16(i)))
	}
	w.must(ledgertest.Account(3), f.announce(0, 1, 2)) // of f one more column lives
	w.params.Shards.RepairsPerRound = 1
	for _, i := range []int{1, 4, 5, 6} {
		w.stakes[ledgertest.Account(i)] = false
	}
	w.round()
	r, _ := last[shardreg.RepairNeeded](w)
	require.Equal(t, g.cid, r.Manifest)
	w.round()
	r, _ = last[shardreg.RepairNeeded](w)
	require.Equal(t, f.cid, r.Manifest, "the next round has time for the other")
}

func TestAFileThatWasNeverWholeIsNotRepaired(t *testing.T) {
	w, f := newWorld(t), cut(t, 1400, 10, 4)
	w.must(bob, f.register())
	w.join(ann, 10_000)
	w.must(ann, f.announce(0, 1, 2))
	for range 5 {
		w.round()
	}
	_, called := last[shardreg.RepairNeeded](w)
	_, lost := last[shardreg.Lost](w)
	require.False(t, called || lost, "placing it is still its publisher's business")
}

func TestSweepsReachEveryManifest(t *testing.T) {
	w, f := spread(t)
	w.params.Shards.SweepPerRound = 2
	files := []file{f}
	for i := range 6 {
		g := cut(t, uint64(1000+10*i), 10, 4)
		files = append(files, g)
		w.must(bob, g.register())
		for j := range 14 {
			w.must(ledgertest.Account(j+1), g.announce(uint16(j)))
		}
	}
	w.must(bob, cut(t, 5, 1, 0).register())
	w.fail(3)
	for range 4 {
		w.round()
	}
	for _, one := range files {
		_, called := w.repair(one.cid)
		require.True(t, called)
	}
}
