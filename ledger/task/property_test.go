package task_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/task"
)

// Every block of these random histories is audited: supply is conserved, locks stay within stakes, final tasks hold
// nothing. In the end time alone must finish every task.
func TestRandomHistoriesConserveMoneyAndEndWithEmptyEscrows(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(40) {
		s := newSim()
		if seed%3 == 0 {
			s.stake("C4", ledger.RoleCoordinator, 5000*ledger.ATN)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		s.command(t, "propose", []string{"P", fmt.Sprintf("slots=%d", 1+rng.IntN(3))})
		for range 90 {
			s.randomBlock(t, rng)
		}
		for range 60 {
			if s.state().State.Final() {
				break
			}
			s.run(t, 125_000, false, "", nil)
		}
		final := s.state()
		require.True(t, final.State.Final(), "seed %d ended in %s", seed, final.State)
		require.Zero(t, s.tasks.Escrowed(s.kv))
		ends[string(final.State)+" "+final.Cause]++
	}
	t.Log(ends)
	require.GreaterOrEqual(t, len(ends), 5, "the histories should end in many ways: %v", ends)
}

// randomBlock does what some party could do now, or something it could not.
func (s *sim) randomBlock(t *testing.T, rng *rand.Rand) {
	t.Helper()
	pick := func(names ...string) string { return names[rng.IntN(len(names))] }
	solver := func() string { return pick("S1", "S2", "S3") }
	member := func() string { return pick("C1", "C2", "C3", "C4") }
	if rng.IntN(60) == 0 {
		s.run(t, int64(rng.IntN(130_000)), rng.IntN(2) == 0, "", nil)
		return
	}
	if rng.IntN(12) == 0 { // out of place
		s.command(t, pick("open", "truth"), []string{pick("P", "S1")})
		s.command(t, "claim", []string{solver(), pick("0", "1", "2")})
		return
	}
	switch tk := s.state(); tk.State {
	case task.StateProposed:
		s.command(t, "open", []string{"P"})
	case task.StateOpen:
		who := solver()
		if i, claimed := tk.SlotOf(s.account(who)); !claimed {
			s.command(t, "claim", []string{who, pick("0", "1", "2")})
		} else if tk.Slots[i].Order == 0 && rng.IntN(2) == 0 {
			s.randomCommit(t, rng, who)
		} else {
			s.command(t, "checkpoint", []string{who, pick("2", "4", "6")})
		}
	case task.StateCommitted:
		s.command(t, "truth", []string{"P", pick("", "", "wrong")})
	case task.StateTruthRevealed:
		if who := solver(); s.solutions[who] != nil {
			s.command(t, "reveal", []string{who})
		}
	case task.StateVoting:
		s.randomVoting(t, rng, tk, member(), solver())
	case task.StateChallenge:
		s.randomDispute(t, rng, tk, member(), solver(), pick("V1", "V2", "V3"))
	case task.StateSettled:
		s.command(t, "aggregate", []string{pick("drawn", "A1")})
	case task.StateRevealed, task.StateVerdict, task.StateAggregated, task.StateExpired:
		s.run(t, 5000, false, "", nil)
	}
}

func (s *sim) randomCommit(t *testing.T, rng *rand.Rand, who string) {
	t.Helper()
	for _, other := range []string{"S1", "S2", "S3"} {
		if other != who && s.solutions[other] != nil && rng.IntN(4) == 0 {
			s.command(t, []string{"copy", "twin"}[rng.IntN(2)], []string{who, other})
			return
		}
	}
	s.command(t, "commit", []string{who, []string{"", "", "garbage", "framing"}[rng.IntN(4)]})
}

func (s *sim) randomVoting(t *testing.T, rng *rand.Rand, tk task.Task, member, solver string) {
	t.Helper()
	switch tk.Phase {
	case task.PhaseVoteCommit:
		var opinions []string
		for _, name := range []string{"S1", "S2", "S3"} {
			how := []string{"", "", "", "30", "lazy", "fault", "malformed", "unretrievable"}[rng.IntN(8)]
			opinions = append(opinions, name+"="+how)
		}
		if i, ok := tk.MemberOf(s.account(member)); !ok || !tk.Committee[i].Committed {
			s.command(t, "vote", append([]string{member}, opinions...))
		}
	case task.PhaseVoteReveal:
		if s.ballots[member] != nil {
			s.command(t, "unveil", []string{member})
		}
	case task.PhaseOpening:
		if s.solutions[solver] != nil {
			s.command(t, "steps", []string{solver})
		}
	}
}

func (s *sim) randomDispute(t *testing.T, rng *rand.Rand, tk task.Task, member, solver, judge string) {
	t.Helper()
	if s.solutions[solver] == nil {
		return
	}
	switch rng.IntN(5) {
	case 0:
		s.command(t, "challenge", []string{member, solver, fmt.Sprint(rng.IntN(4)), []string{"", "wrong"}[rng.IntN(2)]})
	case 1, 2:
		for _, d := range s.disputes.Disputes(s.kv, tk.ID) {
			who := s.nameOf(d.Solver)
			s.command(t, "judge", []string{
				judge, who, fmt.Sprint(d.Interval), fmt.Sprint(d.Step), []string{"", "", "solver", "other"}[rng.IntN(4)],
			})
		}
	case 3:
		s.command(t, "steps", []string{solver, fmt.Sprint(rng.IntN(4))})
	case 4:
		s.run(t, 3000, false, "", nil)
	}
}
