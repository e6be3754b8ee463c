package rewards_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/rewards"
)

func accounts(members ...int) []ledger.Account {
	var out []ledger.Account
	for _, i := range members {
		out = append(out, member(i))
	}
	return out
}

func TestAProvenTrapIsCaughtByAlarmsAndMissedByScores(t *testing.T) {
	w := newWorld(t)
	w.bad[solver(0)] = true
	id := w.vote(3, 2, ballot{faulty, 50_000}, ballot{faulty, 50_000}, ballot{60_000, 50_000})
	w.traps[solver(0)] = true
	w.findings[solver(0)] = rewards.Finding{Fraud: true, Bits: true}
	w.settle(id)
	require.Equal(t, []trapOutcome{{solver(0), true, accounts(0, 1), accounts(2)}}, w.settled)
	require.Equal(t, seat*2/3, w.paid[member(0)], "an alarm on a trap needs no challenge of its own")
	require.Zero(t, w.paid[member(2)])
	require.Empty(t, w.slashed, "the price of a miss is the traps' business")
	v := w.tasks[id].Solutions[0].Verdict
	require.True(t, v.Final)
	require.False(t, v.Accepted)
	require.False(t, v.Fraud, "a trap is no fraud")
	require.Zero(t, w.paid[solver(0)])
	require.Equal(t, uint64(0), w.keeper.History(w.kv, solver(0)).Accepted)
	require.Equal(t, uint64(1), w.keeper.History(w.kv, solver(1)).Accepted)
}

func TestALazyVoteOnATrapIsAMissAndNotSlashedTwice(t *testing.T) {
	w := newWorld(t)
	w.bad[solver(0)], w.lazy[member(2)] = true, true
	id := w.vote(3, 1, ballot{faulty}, ballot{faulty}, ballot{60_000})
	w.traps[solver(0)] = true
	w.findings[solver(0)] = rewards.Finding{Fraud: true, Bits: true}
	w.settle(id)
	require.Equal(t, []trapOutcome{{solver(0), true, accounts(0, 1), accounts(2)}}, w.settled)
	require.Empty(t, w.slashed)
}

func TestAGoodSolutionCalledATrapHarmsNobodyWhoFoundItGood(t *testing.T) {
	w := newWorld(t)
	id := w.vote(3, 1, ballot{60_000}, ballot{60_000}, ballot{faulty})
	w.traps[solver(0)] = true
	w.outcome[member(2)] = "dismissed"
	w.settle(id)
	require.Equal(t, []trapOutcome{{solver(0), false, nil, nil}}, w.settled)
	require.Equal(t, seat*2/3, w.paid[member(0)])
	require.Zero(t, w.paid[member(2)], "its challenge was lost")
	require.Zero(t, w.paid[solver(0)], "what its own solver calls a trap is never accepted")
}

func TestASolversSilenceProvesNoTrap(t *testing.T) {
	w := newWorld(t)
	id := w.vote(3, 1, ballot{60_000}, ballot{60_000}, ballot{faulty})
	w.traps[solver(0)] = true
	w.findings[solver(0)] = rewards.Finding{Fraud: true} // it did not open what was challenged
	w.settle(id)
	require.False(t, w.settled[0].proven)
	require.Equal(t, seat*2/3, w.paid[member(0)])
}

func TestATrapThatDoesNotCountIsOutAndCostsNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.bad[solver(0)], w.lazy[member(2)] = true, true
	id := w.vote(3, 1, ballot{faulty}, ballot{60_000}, ballot{60_000})
	w.traps[solver(0)] = false
	w.findings[solver(0)] = rewards.Finding{Fraud: true, Bits: true}
	w.settle(id)
	require.Empty(t, w.settled)
	require.Zero(t, w.paid[solver(0)])
	require.Equal(t, seat*2/3, w.paid[member(0)])
	require.Equal(t, w.params.UnbackedSlash, w.slashed[member(2)], "an unbacked vote is one all the same")
}

func TestTrapsHaveNoColumnInTheEpochsConsensus(t *testing.T) {
	w := newWorld(t)
	w.bad[solver(0)] = true
	id := w.vote(3, 2, ballot{faulty, 50_000}, ballot{faulty, 50_000}, ballot{faulty, 50_000})
	w.traps[solver(0)] = true
	w.settle(id)
	w.epoch()
	run := last[rewards.EventRun](t, w.events)
	require.Equal(t, []ledger.Account{solver(1)}, run.Columns)
	require.Equal(t, []uint16{50_000, 15_535}, run.Rows[0].Weights)
	require.Len(t, run.Incentive, 2)
	require.Len(t, all[rewards.EventMultiplier](w.events), 3)
}
