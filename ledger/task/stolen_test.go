package task_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/task"
)

// Checkpoints lie in the shards before their solver commits: a thief that commits to them first must not cost it its place.
func TestWhoCommitsFirstToAnothersCheckpointsPushesNobodyOut(t *testing.T) {
	for _, order := range [][]string{{"S1", "S2"}, {"S2", "S1"}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			s := newSim()
			s.command(t, "propose", []string{"P"})
			s.command(t, "open", []string{"P"})
			s.command(t, "claim", []string{"S1", "0"})
			s.command(t, "claim", []string{"S2", "1"})
			own := s.train("S1", "")
			theft := s.train("S2", "garbage")
			honest, err := task.DecodeSolution(own.doc)
			require.NoError(t, err)
			stolen, err := task.DecodeSolution(theft.doc)
			require.NoError(t, err)
			stolen.Checkpoints, stolen.Boundary = honest.Checkpoints, honest.Boundary
			theft.doc, err = stolen.Encode()
			require.NoError(t, err)
			for _, who := range []string{"S2", "S1"} { // the thief first
				_, err := s.block(t, 100, false, s.account(who), task.Commit{Task: s.id, Commitment: s.commitment(who)})
				require.NoError(t, err)
			}
			s.command(t, "truth", []string{"P"})
			for _, who := range order {
				_, err := s.block(t, 100, false, s.account(who), task.Reveal{Task: s.id, Doc: s.solutions[who].doc, Salt: s.solutions[who].salt})
				require.NoError(t, err)
			}
			slot, _ := s.state().SlotOf(s.account("S1"))
			require.True(t, s.state().Slots[slot].Candidate())
			require.Equal(t, 60*ledger.ATN, load(s.kv, keyStake(ledger.RoleSolver, s.account("S1"))))
		})
	}
}
