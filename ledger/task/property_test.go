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
	ends, seen := map[string]int{}, map[string]bool{}
	for seed := range uint64(100) {
		s := newSim()
		if seed%3 == 0 {
			s.stake("C4", ledger.RoleCoordinator, 5000*ledger.ATN)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		s.stake("P", ledger.RoleProposer, 200*ledger.ATN) // for bonds of appeals
		args := []string{"P", fmt.Sprintf("slots=%d", 1+rng.IntN(3))}
		if seed%5 == 4 {
			args = append(args, "evaluate_only=true", "replay=0", "interval=8")
		}
		s.command(t, "propose", args)
		for range 120 {
			s.randomBlock(t, rng)
		}
		for range 60 {
			if s.state().Final() {
				break
			}
			s.run(t, 125_000, false, "", nil)
		}
		final := s.state()
		require.True(t, final.Final(), "seed %d ended in %s", seed, final.State)
		require.Zero(t, s.tasks.Escrowed(s.kv))
		ends[string(final.State)+" "+final.Cause]++
		s.note(seen)
	}
	t.Log(ends)
	require.GreaterOrEqual(t, len(ends), 5, "the histories should end in many ways: %v", ends)
	for _, what := range []string{
		"dispute PROVEN", "dispute DISMISSED", "dispute VOID", "panel DECIDED", "panel UNDECIDED", "replaced judges",
		"aggregate PROVEN", "aggregate DISMISSED", "appeal PASSED", "appeal LOST",
	} {
		require.True(t, seen[what], "the histories never reach %s: %v", what, seen)
	}
}

// note remembers what became of a history's disputes.
func (s *sim) note(seen map[string]bool) {
	for _, d := range s.disputes.Disputes(s.kv, s.id) {
		seen["dispute "+string(d.Status)] = true
	}
	for _, d := range s.disputes.Aggregates(s.kv, s.id) {
		seen["aggregate "+string(d.Status)] = true
	}
	for _, a := range s.disputes.Appeals(s.kv, s.id) {
		seen["appeal "+string(a.Status)] = true
	}
	for _, p := range s.disputes.Panels(s.kv, s.id) {
		seen["panel "+string(p.Stage)] = true
		seen["replaced judges"] = seen["replaced judges"] || p.Draws > 1
	}
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
		s.command(t, pick("open", "open", "open", "open", "truth"), []string{pick("P", "S1", "S2")})
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
		s.command(t, "truth", []string{"P", pick("", "", "", "", "", "", "", "wrong")})
	case task.StateTruthRevealed:
		if who := solver(); s.solutions[who] != nil {
			s.command(t, "reveal", []string{who})
		}
	case task.StateVoting:
		s.randomVoting(t, rng, tk, member(), solver())
	case task.StateChallenge:
		if rng.IntN(4) == 0 {
			s.randomAppeal(t, rng, pick("P", "C1", "V1"), solver(), pick("V1", "V2", "V3", "C2"))
			return
		}
		s.randomDispute(t, rng, tk, member(), solver())
	case task.StateSettled:
		s.command(t, "aggregate", []string{pick("drawn", "A1"), pick("right", "wrong", "wrong")})
	case task.StateAggregated:
		if rng.IntN(3) == 0 {
			s.command(t, "challenge-model", []string{pick("P", "C1", "C2", "A1", "V1"), pick("right", "wrong", "other")})
			return
		}
		s.randomJudgement(t, rng)
	case task.StateRevealed, task.StateVerdict, task.StateExpired:
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
	case task.PhaseAggregateChallenge: // of AGGREGATED
	}
}

func (s *sim) randomDispute(t *testing.T, rng *rand.Rand, tk task.Task, member, solver string) {
	t.Helper()
	if s.solutions[solver] == nil {
		return
	}
	switch rng.IntN(6) {
	case 0:
		interval := rng.IntN(int(tk.Intervals))
		s.command(t, "challenge", []string{member, solver, fmt.Sprint(interval), []string{"", "wrong", "wrong"}[rng.IntN(3)]})
	case 1, 2, 3:
		s.randomJudgement(t, rng)
	case 4:
		s.command(t, "steps", []string{solver, fmt.Sprint(rng.IntN(int(tk.Intervals)))})
	case 5:
		s.run(t, 3000, false, "", nil)
	}
}

// randomJudgement lets a judge who was drawn say something, or time pass.
func (s *sim) randomJudgement(t *testing.T, rng *rand.Rand) {
	t.Helper()
	panels := s.disputes.Panels(s.kv, s.id)
	if len(panels) == 0 || rng.IntN(20) == 0 {
		s.run(t, int64(rng.IntN(21_000)), false, "", nil)
		return
	}
	p := panels[rng.IntN(len(panels))]
	if len(p.Judges) == 0 || p.Stage.Closed() {
		s.run(t, 1, false, "", nil)
		return
	}
	judge := s.nameOf(p.Judges[rng.IntN(len(p.Judges))].Account)
	as := []string{"", "", "", "", "", "", "solver", "other", "unusable"}[digest(judge, s.id, p.Called)[0]%9]
	if rng.IntN(20) == 0 {
		as = "lie"
	}
	if p.Question.Aggregate() {
		s.command(t, "judge-model", []string{judge, as})
		return
	}
	s.command(t, "judge", []string{
		judge, s.nameOf(p.Question.Solver), fmt.Sprint(p.Question.Interval), fmt.Sprint(p.Question.Step), as,
	})
}

func (s *sim) randomAppeal(t *testing.T, rng *rand.Rand, who, solver, voter string) {
	t.Helper()
	appeals := s.disputes.Appeals(s.kv, s.id)
	if len(appeals) == 0 || rng.IntN(3) == 0 {
		s.command(t, "appeal", []string{who, solver, fmt.Sprint(rng.IntN(101))})
		return
	}
	a := appeals[rng.IntN(len(appeals))]
	s.command(t, "vote-appeal", []string{voter, s.nameOf(a.Solver), s.nameOf(a.Appellant), []string{"yes", "yes", "no"}[rng.IntN(3)]})
}
