package roles_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger/task"
	"autonet/node/roles"
)

// TestAProcessMayDieBeforeOrAfterAnythingItDoes kills one role at each of its operations on ledger and files in turn,
// once before the operation and once after it, and lets it rise with its journal alone.
func TestAProcessMayDieBeforeOrAfterAnythingItDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("runs hundreds of tasks")
	}
	in := tiny(2)
	in.Steps, in.Interval, in.Batch = 6, 2, 2
	players := cast{solvers: []string{"", roles.CheatGarbageUpdate}, members: make([]string, 3)}
	play := func(t *testing.T, name string, who, dieAt int, after bool) (*actor, task.Task) {
		t.Helper()
		w := newWorld(t, players)
		p := w.propose(in)
		a := w.actor(name, who)
		a.ops, a.dieAt, a.after = 0, dieAt, after
		got := w.run(p.Task)
		require.Equal(t, task.StateAggregated, got.State, got.Cause)
		w.accepted(t, got, 1)
		w.sound(p.Task)
		lost, causes := w.slashed(who)
		require.Zero(t, lost, causes)
		return a, got
	}
	for _, seat := range []struct {
		name string
		who  int
	}{{"proposer", owner}, {"solver", solver}, {"coordinator", member}, {"aggregator", aggregator}, {"judge", 1}} {
		t.Run(seat.name, func(t *testing.T) {
			a, want := play(t, seat.name, seat.who, 0, false)
			require.Positive(t, a.ops)
			for at := 1; at <= a.ops; at++ {
				for _, after := range []bool{false, true} {
					risen, got := play(t, seat.name, seat.who, at, after)
					require.Equal(t, 1, risen.deaths, fmt.Sprintf("operation %d", at))
					require.Equal(t, want.Slots[0].DocCID, got.Slots[0].DocCID)
					require.Equal(t, want.Result.Manifest, got.Result.Manifest)
				}
			}
		})
	}
}
