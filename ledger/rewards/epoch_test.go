package rewards_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/rewards"
)

const seat = 3 * atn

func last[E ledger.EventData](t *testing.T, events []ledger.EventData) E {
	t.Helper()
	for _, e := range slices.Backward(events) {
		if one, ok := e.(E); ok {
			return one
		}
	}
	var none E
	t.Fatalf("no event %s", none.EventKind())
	return none
}

func all[E ledger.EventData](events []ledger.EventData) []E {
	var found []E
	for _, e := range events {
		if one, ok := e.(E); ok {
			found = append(found, one)
		}
	}
	return found
}

func TestBondsOfAgreeingCoordinatorsRaiseTheirFeesInTheNextEpoch(t *testing.T) {
	w := newWorld(t)
	same := ballot{50_000, 30_000}
	w.run(3, 2, same, same, same)
	require.Equal(t, seat*2/3, w.paid[member(0)], "without history two thirds of the seat")
	w.run(3, 2, same, same, same)
	require.Equal(t, seat*4/3, w.paid[member(0)], "a multiplier begins with the next epoch")
	w.epoch()
	m := w.keeper.Multiplier(w.kv, member(0))
	require.InDelta(t, 1_500_000, m.PerMillion, 2)
	require.Equal(t, uint64(2), m.Tasks)
	require.NotEmpty(t, w.keeper.Bonds(w.kv, w.project, member(0)))
	w.run(3, 2, same, same, same)
	require.InDelta(t, uint64(seat*4/3+seat), uint64(w.paid[member(0)]), 1e4)
	w.epoch()
	w.epoch()
	require.Equal(t, uint64(1), w.keeper.Multiplier(w.kv, member(0)).Epoch, "an epoch without a seat changes nothing")
}

func TestLateInactiveAndUnderstakedCoordinatorsWeighNothing(t *testing.T) {
	w := newWorld(t)
	same := ballot{50_000}
	w.run(4, 1, same, same, same, same)
	w.epoch()
	held := w.keeper.Bonds(w.kv, w.project, member(3))
	w.inactive[member(2)] = true
	w.run(4, 1, same, same, ballot{1}, nil)
	w.epoch()
	run := last[rewards.EventRun](t, w.events)
	for _, row := range run.Rows {
		weighs := row.Account == member(0) || row.Account == member(1)
		require.Equal(t, weighs, row.Stake > 0, row.Account)
		require.Equal(t, weighs, row.Ratio > 0, row.Account)
		require.Equal(t, weighs, len(row.Weights) > 0, row.Account)
	}
	require.Equal(t, uint64(1_000_000), w.keeper.Multiplier(w.kv, member(3)).PerMillion)
	require.Less(t, w.keeper.Bonds(w.kv, w.project, member(3))[0].Value, held[0].Value, "bonds of the silent decay")
	require.Equal(t, uint16(50_000), last[rewards.EventVerdict](t, w.events).Score)
}

func TestAVerdictNeedsStakeBehindIt(t *testing.T) {
	w := newWorld(t)
	w.inactive[member(0)], w.inactive[member(1)] = true, true
	w.run(3, 1, ballot{60_000}, ballot{60_000}, ballot{20_000})
	require.Equal(t, uint16(20_000), last[rewards.EventVerdict](t, w.events).Score)
}

func TestAnEpochIsClosedABoundedNumberOfTasksAtATime(t *testing.T) {
	const tasks = 50
	play := func(perBlock uint32) (*world, []int) {
		w := newWorld(t)
		w.params.Yuma.RunsPerBlock = perBlock
		rng := rand.New(rand.NewPCG(1, 1))
		for range tasks {
			w.run(5, 3, randomBallot(rng), randomBallot(rng), randomBallot(rng), randomBallot(rng), randomBallot(rng))
		}
		w.workMS += w.params.EpochMS
		var runs []int
		for range 60 {
			runs = append(runs, w.end())
		}
		return w, runs
	}
	slow, runs := play(7)
	total := 0
	for _, n := range runs {
		require.LessOrEqual(t, n, 7)
		total += n
	}
	require.Equal(t, tasks, total)
	fast, _ := play(1000)
	for i := range 5 {
		require.Equal(t, fast.keeper.Multiplier(fast.kv, member(i)), slow.keeper.Multiplier(slow.kv, member(i)))
		require.Equal(t, fast.keeper.Bonds(fast.kv, fast.project, member(i)), slow.keeper.Bonds(slow.kv, slow.project, member(i)))
	}
	require.Equal(t, fast.kv.Dump(), slow.kv.Dump(), "nothing of the work is left behind")
}

func randomBallot(rng *rand.Rand) ballot {
	b := make(ballot, 3)
	for i := range b {
		b[i] = rng.IntN(65536)
	}
	return b
}

func TestATaskSettledWhileAnEpochIsClosedBelongsToItsOwn(t *testing.T) {
	w := newWorld(t)
	w.params.Yuma.RunsPerBlock = 1
	same := ballot{50_000}
	for range 3 {
		w.run(3, 1, same, same, same)
	}
	w.workMS += w.params.EpochMS
	require.Equal(t, 1, w.end())
	w.run(3, 1, same, same, same)
	for range 10 {
		w.end()
	}
	require.Equal(t, rewards.Multiplier{PerMillion: 1_500_000, Epoch: 0, Tasks: 3, Average: 1_000_000}, w.keeper.Multiplier(w.kv, member(0)))
	w.epoch()
	require.Equal(t, uint64(1), w.keeper.Multiplier(w.kv, member(0)).Tasks)
	require.Equal(t, uint64(1), w.keeper.Multiplier(w.kv, member(0)).Epoch)
}

func TestNothingChangesInAnEpochWithoutTasks(t *testing.T) {
	w := newWorld(t)
	w.run(3, 1, ballot{1}, ballot{1}, ballot{1})
	w.epoch()
	before := w.kv.Dump()
	for range 5 {
		w.epoch()
	}
	require.Equal(t, before, w.kv.Dump())
}

func TestBondsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.params.Yuma.MaxBonds = 33
	for at := range 15 {
		id := w.vote(3, 3, ballot{40_000, 20_000, 9_000}, ballot{40_000, 20_000, 9_000}, ballot{40_000, 20_000, 9_000})
		for i := range w.tasks[id].Solutions { // other accounts every time
			w.tasks[id].Solutions[i].Account = cast[10+3*at+i]
			for m := range 3 {
				r, _ := w.keeper.Vote(w.kv, id, member(m))
				r.Entries[i].Entry.Solver = cast[10+3*at+i]
				ledger.Save(w.kv, ledger.Key("rewards", "vote", id, string(member(m))), r)
			}
		}
		w.settle(id)
	}
	w.epoch()
	bonds := w.keeper.Bonds(w.kv, w.project, member(0))
	require.Len(t, bonds, 33)
	for i, b := range bonds[1:] {
		require.Less(t, bonds[i].Account, b.Account)
	}
	require.Equal(t, rewards.None, bonds[32].Account)
}

func TestEveryFeeCanBeRebuiltFromTheEvents(t *testing.T) {
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(2, 2))
	for range 6 {
		for range 4 {
			base := randomBallot(rng)
			var ballots []ballot
			for range 3 {
				b := append(ballot{}, base...)
				b[rng.IntN(3)] = rng.IntN(65536)
				ballots = append(ballots, b)
			}
			w.run(3, 3, ballots...)
		}
		w.epoch()
	}
	current := map[ledger.Account]uint64{}
	sums, counts := map[ledger.Account]uint64{}, map[ledger.Account]uint64{}
	fees := 0
	for _, e := range w.events {
		switch e := e.(type) {
		case rewards.EventRun:
			for _, row := range e.Rows {
				sums[row.Account] += row.Ratio
				counts[row.Account]++
			}
		case rewards.EventMultiplier:
			require.Equal(t, counts[e.Account], e.Tasks)
			require.Equal(t, sums[e.Account]/counts[e.Account], e.Average)
			require.Equal(t, 1_000_000+min(1_000_000, e.Average)/2, e.Multiplier)
			current[e.Account] = e.Multiplier
			delete(sums, e.Account)
			delete(counts, e.Account)
		case rewards.EventMember:
			multiplier := current[e.Account]
			if multiplier == 0 {
				multiplier = 1_000_000
			}
			require.Equal(t, multiplier, e.Multiplier)
			require.Equal(t, e.Seat*ledger.Natn(multiplier)/1_500_000, e.Fee)
			require.LessOrEqual(t, e.Fee, e.Seat)
			fees++
		}
	}
	require.Equal(t, 6*4*3, fees)
}

// A coordinator that gives every solver what the last consensus gave it earns less than those who look, even if nobody
// asks it for its replays; asked, it earns nothing.
func TestCopyingTheLastConsensusEarnsLessThanWorking(t *testing.T) {
	const members, solvers, epochs, copier = 5, 4, 60, 4
	earned := func(lazy bool) (working, copying float64) {
		w := newWorld(t)
		w.lazy[member(copier)] = lazy
		rng := rand.New(rand.NewPCG(4, 4))
		quality := make([]int, solvers)
		stale := make(ballot, solvers) // the consensus of the last task
		for range epochs {
			for range 3 {
				for i := range quality { // every task has its own solutions, some of them good for nothing
					quality[i] = 5000 + 20_000*((i+rng.IntN(3))%3) + rng.IntN(15_000)
				}
				var ballots []ballot
				for i := range members {
					b := make(ballot, solvers)
					for j := range b { // everybody sees it with a little noise
						b[j] = min(65_535, max(1, quality[j]+rng.IntN(601)-300))
					}
					if i == copier {
						copy(b, stale)
					}
					ballots = append(ballots, b)
				}
				id := w.run(members, solvers, ballots...)
				for j, s := range w.tasks[id].Solutions {
					stale[j] = int(s.Verdict.Score)
				}
			}
			w.epoch()
		}
		for i := range members {
			if i != copier {
				working += float64(w.paid[member(i)]) / (members - 1)
			}
		}
		return working / float64(atn), (float64(w.paid[member(copier)]) - float64(w.slashed[member(copier)])) / float64(atn)
	}
	working, copying := earned(false)
	t.Logf("%d epochs: a working coordinator earns %.2f ATN, one that copies the last consensus %.2f ATN (%.1f %% less)",
		epochs, working, copying, 100*(1-copying/working))
	require.Less(t, copying, 0.95*working)
	_, unbacked := earned(true)
	t.Logf("without the replays behind its copied votes it loses %.2f ATN", -unbacked)
	require.Negative(t, unbacked)
}
