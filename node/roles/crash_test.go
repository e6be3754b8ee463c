package roles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger/task"
	"autonet/node/roles"
)

// TestAProcessMayDieBeforeOrAfterAnythingItDoes lets a role die at the first operation on ledger or files of its first
// life, at the second of its second life, and so on, before the operation or after it. It rises with its journal alone.
func TestAProcessMayDieBeforeOrAfterAnythingItDoes(t *testing.T) {
	in := tiny(2)
	in.Steps, in.Interval, in.Batch = 6, 2, 2
	play := func(t *testing.T, after bool, dying func(*actor) bool) task.Task {
		t.Helper()
		w := newWorld(t, cast{solvers: []string{"", roles.CheatScaledUpdate}, members: make([]string, 3)})
		p := w.propose(in)
		for _, a := range w.crew {
			a.mortal, a.after, a.ops = dying(a), after, 0
		}
		got := w.run(p.Task)
		require.Equal(t, task.StateAggregated, got.State, got.Cause)
		w.accepted(t, got, 1)
		w.sound(p.Task)
		for _, a := range w.crew {
			if a.mortal {
				require.Positive(t, a.deaths, a.name)
			}
		}
		for _, who := range []int{owner, solver, member, member + 1, member + 2, aggregator} {
			lost, causes := w.slashed(who)
			require.Zero(t, lost, causes)
		}
		return got
	}
	want := play(t, false, func(*actor) bool { return false })
	for i, dying := range []string{"proposer", "solver", "coordinator", "aggregator", "judge", "everybody"} {
		t.Run(dying, func(t *testing.T) {
			if testing.Short() && dying != "everybody" {
				t.Skip("that of everybody is the short one")
			}
			for _, after := range []bool{false, true} {
				if dying != "everybody" && after == (i%2 == 0) {
					continue // everybody does both
				}
				got := play(t, after, func(a *actor) bool {
					return a.deps.Cheat == "" && (a.name == dying || dying == "everybody")
				})
				require.Equal(t, want.Slots[0].DocCID, got.Slots[0].DocCID)
				require.Equal(t, want.Result.Manifest, got.Result.Manifest)
			}
		})
	}
}
