package roles_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/task"
	"autonet/node/roles"
)

// forger is an aggregator that publishes the base model as if it were the result.
type forger struct{ d roles.Deps }

func (forger) Name() string { return "aggregator" }

func (f forger) Step(ctx context.Context, t task.Task) error {
	if t.State != task.StateSettled || t.Aggregator != f.d.Ledger.Account() {
		return nil
	}
	raw, err := f.d.Files.Fetch(ctx, t.Model, roles.MaxModelBytes)
	if err != nil {
		return err
	}
	p, err := f.d.Files.Pin(ctx, raw)
	if err != nil {
		return err
	}
	_, err = f.d.Ledger.Send(ctx, task.Aggregate{Task: t.ID, Manifest: p.CID, Root: p.Root, Size: p.Size, Parameters: 101_770})
	return err
}

func TestAForgedAggregateIsFoundByTheCommitteeAndReplacedByWhatTheJudgesGet(t *testing.T) {
	honestly := newWorld(t, honest(2))
	want := honestly.run(honestly.propose(tiny(2)).Task).Result

	w := newWorld(t, honest(2))
	a := w.actor("aggregator", aggregator)
	a.make = func(d roles.Deps) roles.Role { return forger{d} }
	a.rise()
	p := w.propose(tiny(2))
	got := w.run(p.Task)
	require.Equal(t, task.StateAggregated, got.State, got.Cause)
	require.NotNil(t, got.Refuted, "nobody looked")
	require.Equal(t, got.Model, got.Refuted.Manifest)
	require.Equal(t, want.Manifest, got.Result.Manifest, "the model is what an honest aggregator would have made")
	require.Equal(t, want.Root, got.Result.Root)
	require.Equal(t, want.Parameters, got.Result.Parameters)
	_, err := w.files.get(got.Result.Manifest)
	require.NoError(t, err, "the right model can be fetched")
	w.sound(p.Task)

	lost, causes := w.slashed(aggregator)
	require.Equal(t, ledger.DevnetParams().Aggregator.MinStake, lost)
	require.Contains(t, causes[0], "wrong aggregate proven")
	require.Zero(t, w.paid(aggregator, task.PotAggregator))
	_ = w.view(func(v app.View) error {
		all := v.AggregateDisputes(p.Task)
		require.Len(t, all, 1, "one answer is enough")
		require.Equal(t, dispute.Proven, all[0].Status, all[0].Outcome)
		for _, j := range v.Panels(p.Task)[0].Judges {
			require.True(t, j.Revealed)
			require.Positive(t, j.Paid)
			lost, causes := w.slashed(accountNumber(j.Account))
			require.Zero(t, lost, causes)
		}
		return nil
	})
	for i := range 3 {
		lost, causes := w.slashed(member + i)
		require.Zero(t, lost, causes)
	}
}

func accountNumber(a ledger.Account) int {
	for i := range provider + providers {
		if ledgertest.Account(i) == a {
			return i
		}
	}
	return -1
}

func TestJudgesWhoCannotGetWhatTheyNeedSayThat(t *testing.T) {
	w := newWorld(t, cast{solvers: []string{"", roles.CheatScaledUpdate}, members: make([]string, 3)})
	p := w.propose(tiny(2))
	for w.task(p.Task).Before(task.StateChallenge) {
		for _, a := range w.crew {
			if w.task(p.Task).Before(task.StateChallenge) {
				w.step(a, p.Task)
			}
		}
		w.wait(10)
	}
	forged := slotOf(t, w.task(p.Task), 1)
	for _, cid := range forged.Solution.Checkpoints {
		w.files.remove(cid)
	}
	got := w.run(p.Task)
	require.True(t, got.Final())
	for _, d := range w.disputes(p.Task) {
		require.Equal(t, dispute.Void, d.Status, d.Outcome)
	}
	for i := range validators {
		lost, causes := w.slashed(i)
		require.Zero(t, lost, causes)
	}
	require.False(t, slotOf(t, got, 1).Verdict.Accepted)
}
