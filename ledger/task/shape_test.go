package task_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
)

func (s *sim) play(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		fields := strings.Fields(line)
		for _, result := range s.command(t, fields[0], fields[1:]) {
			require.False(t, strings.HasPrefix(result, "refused"), "%s: %s", line, result)
		}
	}
}

func TestSolutionThatDoesNotFitItsTaskIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*task.Solution){
		"another task":      func(s *task.Solution) { s.Task = strings.Repeat("f", 32) },
		"another account":   func(s *task.Solution) { s.Account = ledgertest.Account(900) },
		"another length":    func(s *task.Solution) { s.Steps++ },
		"claims more":       func(s *task.Solution) { s.Samples *= 2 },
		"no step root":      func(s *task.Solution) { s.StepRoot = ledger.Hash{} },
		"another intervals": func(s *task.Solution) { s.Boundary, s.Checkpoints = s.Boundary[1:], s.Checkpoints[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim()
			s.play(t, "propose P slots=1", "open P", "claim S1 0")
			own := s.train("S1", "")
			doc, err := task.DecodeSolution(own.doc)
			require.NoError(t, err)
			spoil(&doc)
			own.doc, err = doc.Encode()
			require.NoError(t, err)
			s.must(t, "S1", task.Commit{Task: s.id, Commitment: s.commitment("S1")})
			s.play(t, "truth P")
			_, err = s.block(t, 1, false, s.account("S1"), task.Reveal{Task: s.id, Doc: own.doc, Salt: own.salt})
			require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "%v", err)
			_, err = s.block(t, 1, false, s.account("S1"), task.Reveal{Task: s.id, Doc: own.doc, Salt: digest("wrong")})
			require.ErrorContains(t, err, "does not match the commitment")
			require.False(t, s.state().Slots[0].Revealed)
		})
	}
}

func TestRevealOfGarbageBytesIsInvalid(t *testing.T) {
	s := newSim()
	s.play(t, "propose P slots=1", "open P", "claim S1 0")
	own := s.train("S1", "")
	own.doc = []byte("garbage")
	s.must(t, "S1", task.Commit{Task: s.id, Commitment: s.commitment("S1")})
	s.play(t, "truth P")
	_, err := s.block(t, 1, false, s.account("S1"), task.Reveal{Task: s.id, Doc: own.doc, Salt: own.salt})
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
}

func TestVoteThatDoesNotFitItsTaskIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*rewards.Vote){
		"another task":       func(v *rewards.Vote) { v.Task = strings.Repeat("f", 32) },
		"another account":    func(v *rewards.Vote) { v.Account = ledgertest.Account(900) },
		"a solution missing": func(v *rewards.Vote) { v.Entries = v.Entries[:1] },
		"a stranger judged":  func(v *rewards.Vote) { v.Entries[1].Solver = "12D3KooWSxCuy79RS4XpYdkVYv62kDN5UohV2kxB6JbzSXymuXQs" },
		"intervals chosen": func(v *rewards.Vote) {
			v.Entries[0].Intervals = []uint32{v.Entries[0].Intervals[0], 9}
		},
		"an interval less": func(v *rewards.Vote) {
			v.Entries[0].Intervals, v.Entries[0].Bindings = v.Entries[0].Intervals[:1], v.Entries[0].Bindings[:1]
		},
		"a fault elsewhere": func(v *rewards.Vote) {
			v.Entries[0].Fault = &rewards.Fault{Interval: 9, Kind: rewards.FaultMismatch}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim()
			s.play(t, "propose P", "open P", "claim S1 0", "claim S2 1", "commit S1", "commit S2", "truth P", "reveal S1", "reveal S2")
			own := s.vote("C1", nil)
			vote, err := rewards.DecodeVote(own.doc)
			require.NoError(t, err)
			spoil(&vote)
			own.doc, err = vote.Encode()
			require.NoError(t, err)
			commitment := commitreveal.Commit(commitreveal.KindVote, ledgertest.Network, s.id, string(s.account("C1")), rewards.DocCID(own.doc), own.salt)
			s.must(t, "C1", rewards.CommitVote{Task: s.id, Commitment: commitment})
			s.play(t, "vote C2", "vote C3")
			m := rewards.RevealVote{Task: s.id, Doc: own.doc, Salt: own.salt, ChainSalt: own.chainSalt}
			_, err = s.block(t, 1, false, s.account("C1"), m)
			require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "%v", err)
			m.Salt = digest("wrong")
			_, err = s.block(t, 1, false, s.account("C1"), m)
			require.ErrorContains(t, err, "does not match the commitment")
		})
	}
}

func TestRevealedVoteMovesTheSaltHead(t *testing.T) {
	s := newSim()
	before := books{}.SaltHead(s.kv, s.account("C1"))
	s.play(t, "propose P slots=1", "open P", "claim S1 0", "commit S1", "truth P", "reveal S1", "vote C1", "vote C2", "vote C3", "unveil C1")
	after := books{}.SaltHead(s.kv, s.account("C1"))
	require.NotEqual(t, before, after)
	require.True(t, commitreveal.Precedes(after, before, 1))
}

func TestViewShowsWhatANodeNeeds(t *testing.T) {
	s := newSim()
	s.play(t, "propose P slots=2", "open P", "claim S1 1", "wait 10s", "commit S1", "truth P", "reveal S1", "vote C1", "vote C2", "vote C3", "unveil C1")
	all := s.tasks.Tasks(s.kv)
	require.Len(t, all, 1)
	got := all[0]
	require.Equal(t, s.state(), got)
	require.Equal(t, task.StateVoting, got.State)
	require.Equal(t, task.PhaseVoteReveal, got.Phase)
	require.Equal(t, s.truth, got.TruthCID)
	require.False(t, got.Slots[0].Live())
	require.NotNil(t, got.Slots[1].Solution)
	require.Equal(t, got.Slots[1].Solution.Weights(), manifest("weights", s.account("S1"), 3))
	require.NotEmpty(t, got.Slots[1].Drawn)
	require.False(t, got.Slots[1].Complete())
	solution, ok := s.tasks.Solution(s.kv, s.id, s.account("S1"))
	require.True(t, ok)
	require.Equal(t, *got.Slots[1].Solution, solution)
	revealed := 0
	for _, m := range got.Committee {
		require.True(t, m.Committed)
		if m.Revealed {
			revealed++
		}
	}
	require.Equal(t, 1, revealed)
	require.Len(t, s.votes.Votes(s.kv, s.id), 3)
	require.Positive(t, s.tasks.Escrowed(s.kv))
}
