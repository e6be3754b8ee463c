package roles_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/node/roles"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slotOf is the slot of a solver, counted from 0.
func slotOf(t *testing.T, got task.Task, i int) task.Slot {
	t.Helper()
	at, ok := got.SlotOf(ledgertest.Account(solver + i))
	require.True(t, ok, "solver %d claimed nothing", i)
	return got.Slots[at]
}

// accepted checks that the first n solvers are accepted, paid in full by their score, and lost nothing.
func (w *world) accepted(t *testing.T, got task.Task, n int) {
	t.Helper()
	for i := range n {
		s := slotOf(t, got, i)
		require.NotNil(t, s.Verdict, "solver %d: %s", i, s.Dropped)
		require.True(t, s.Verdict.Accepted, "solver %d: %s", i, s.Verdict.Reason)
		require.Positive(t, s.Verdict.Reward)
		require.Equal(t, s.Verdict.Reward, w.paid(solver+i, task.PotSolvers))
		lost, causes := w.slashed(solver + i)
		require.Zero(t, lost, causes)
	}
}

func (w *world) disputes(id string) (out []dispute.Dispute) {
	_ = w.view(func(v app.View) error {
		out = v.Disputes(id)
		return nil
	})
	return out
}

func TestAnHonestTaskEndsInAModelAndEverybodyIsPaid(t *testing.T) {
	w := newWorld(t, honest(3))
	p := w.propose(tiny(3))
	require.Equal(t, w.task(p.Task).Escrow.Total(), p.Escrow, "what the proposer says it escrowed is what the ledger holds")

	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	w.accepted(t, got, 3)
	w.sound(p.Task)
	require.Empty(t, w.disputes(p.Task))
	for i := range 3 {
		require.Positive(t, w.paid(member+i, task.PotCoordinators))
		lost, causes := w.slashed(member + i)
		require.Zero(t, lost, causes)
	}
	require.Positive(t, w.paid(owner, task.PotProposer))
	require.Equal(t, 10*atn, w.paid(aggregator, task.PotAggregator))
	require.Equal(t, 7*atn, w.paid(provider, task.PotStorage), "half of the columns earn half of the fee")
	require.Equal(t, 7*atn, w.paid(provider+1, task.PotStorage))
	for _, a := range w.crew {
		require.Empty(t, a.errs, a.name)
	}

	proposer, ok := w.actor("proposer", owner).role.(*roles.Proposer)
	require.True(t, ok)
	e, ok := proposer.Evaluation(p.Task)
	require.True(t, ok)
	require.True(t, e.Done)
	require.Equal(t, uint32(64), e.Total)
	require.Greater(t, e.After, e.Before, "the model learned something")
	_, err := w.files.get(got.Result.Manifest)
	require.NoError(t, err)
}

func TestTheModelDependsNeitherOnTheOrderInWhichNodesActNorOnTime(t *testing.T) {
	model := func(reorder func([]*actor)) string {
		w := newWorld(t, honest(3))
		p := w.propose(tiny(3))
		reorder(w.crew)
		got := w.run(p.Task)
		require.Equal(t, task.StateAggregated, got.State, got.Cause)
		return got.Result.Manifest
	}
	first := model(func([]*actor) {})
	require.Equal(t, first, model(func([]*actor) {}))
	require.Equal(t, first, model(slices.Reverse[[]*actor]))
}

func TestAForgedUpdateIsProvenCostsTheBondAndChangesNothingForTheOthers(t *testing.T) {
	alone := newWorld(t, honest(2))
	want := alone.run(alone.propose(tiny(3)).Task).Result.Manifest
	for _, cheat := range []string{roles.CheatGarbageUpdate, roles.CheatScaledUpdate, roles.CheatSkippedSteps} {
		t.Run(cheat, func(t *testing.T) {
			w := newWorld(t, cast{solvers: []string{"", "", cheat}, members: make([]string, 3)})
			p := w.propose(tiny(3))
			got := w.run(p.Task)
			require.Equal(t, task.StateAggregated, got.State, got.Cause)
			w.accepted(t, got, 2)
			w.sound(p.Task)

			forged := slotOf(t, got, 2)
			require.True(t, forged.Verdict.Fraud, forged.Verdict.Reason)
			require.False(t, forged.Verdict.Accepted)
			lost, causes := w.slashed(solver + 2)
			require.Equal(t, forged.Bond, lost)
			require.Len(t, causes, 1)
			require.Contains(t, causes[0], "fraud proven")
			require.Zero(t, w.paid(solver+2, task.PotSolvers))

			all := w.disputes(p.Task)
			require.NotEmpty(t, all)
			for _, d := range all {
				require.Equal(t, dispute.Proven, d.Status, d.Outcome)
			}
			require.Equal(t, want, got.Result.Manifest, "the model is what the honest two alone would have made")
			for i := range 3 {
				lost, causes := w.slashed(member + i)
				require.Zero(t, lost, causes)
				require.Positive(t, w.paid(member+i, task.PotCoordinators))
			}
		})
	}
}

func TestACopiedCommitmentCannotBeOpened(t *testing.T) {
	w := newWorld(t, cast{solvers: []string{"", "", roles.CheatCopiedCommitment}, members: make([]string, 3)})
	p := w.propose(tiny(3))
	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	w.accepted(t, got, 2)
	w.sound(p.Task)
	copier := slotOf(t, got, 2)
	require.False(t, copier.Commitment.IsZero(), "it did commit")
	require.NotEmpty(t, copier.Dropped)
	require.Nil(t, copier.Verdict)
	lost, _ := w.slashed(solver + 2)
	require.Equal(t, ledger.DevnetParams().MissSlash, lost)
}

func TestApprovingWithoutReplayCostsTheFeeAndStake(t *testing.T) {
	w := newWorld(t, cast{solvers: []string{"", roles.CheatGarbageUpdate}, members: []string{"", "", "", roles.CheatApproveAll}})
	in := tiny(2)
	in.Committee = 4
	p := w.propose(in)
	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	w.accepted(t, got, 1)
	w.sound(p.Task)
	require.True(t, slotOf(t, got, 1).Verdict.Fraud)
	lost, causes := w.slashed(member + 3)
	require.Positive(t, lost)
	require.Contains(t, causes[0], "unbacked vote")
	require.Zero(t, w.paid(member+3, task.PotCoordinators))
	for i := range 3 {
		lost, causes := w.slashed(member + i)
		require.Zero(t, lost, causes)
	}
	_ = w.view(func(v app.View) error {
		for _, r := range v.Votes(p.Task) {
			for _, e := range r.Entries {
				require.Equal(t, r.Account == ledgertest.Account(member+3), e.Status == rewards.Unbacked, "%s on %s: %s", r.Account, e.Entry.Solver, e.Detail)
			}
		}
		return nil
	})
}

func TestASolutionWhoseCheckpointsAreGoneIsWorthNothingAndHarmsNobody(t *testing.T) {
	w := newWorld(t, honest(2))
	p := w.propose(tiny(2))
	lost := w.actor("solver", solver+1)
	for range 60 { // until both have shown their solutions
		for _, a := range w.crew[:3] {
			w.step(a, p.Task)
		}
		if w.task(p.Task).State == task.StateTruthRevealed {
			break
		}
		w.wait(20)
	}
	w.step(lost, p.Task)
	s := slotOf(t, w.task(p.Task), 1)
	require.True(t, s.Revealed)
	w.files.remove(s.Solution.Checkpoints[len(s.Solution.Checkpoints)-1])
	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	w.accepted(t, got, 1)
	require.False(t, slotOf(t, got, 1).Verdict.Accepted)
	for i := range 3 {
		amount, causes := w.slashed(member + i)
		require.Zero(t, amount, causes)
	}
	w.sound(p.Task)
}

func TestWithoutALeaseNobodyWorksAndNothingIsLost(t *testing.T) {
	w := newWorld(t, honest(1))
	p := w.propose(tiny(1))
	a := w.actor("solver", solver)
	w.step(w.actor("proposer", owner), p.Task)
	w.step(a, p.Task)
	require.Equal(t, ledgertest.Account(solver), w.task(p.Task).Slots[0].Account)
	w.lapseAt(2) // in the middle of the second interval
	w.step(a, p.Task)
	require.Len(t, a.errs, 1)
	require.True(t, roles.Halted(a.errs[0]), fmt.Sprint(a.errs[0]))
	w.revive()
	a.errs = nil
	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	require.Empty(t, a.errs)

	undisturbed := newWorld(t, honest(1))
	same := undisturbed.run(undisturbed.propose(tiny(1)).Task)
	require.Equal(t, same.Slots[0].DocCID, got.Slots[0].DocCID)
}
