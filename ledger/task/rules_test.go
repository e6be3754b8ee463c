package task_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/task"
)

func TestDetectionIsTheChanceThatOneMemberDrawsAnIntervalOtherThanTheLast(t *testing.T) {
	for _, c := range []struct{ n, q, members, want uint32 }{
		{4, 2, 3, 703},  // 1 − (2/3)³
		{8, 3, 3, 635},  // 1 − (5/7)³
		{10, 4, 5, 868}, // 1 − (2/3)⁵
		{4, 4, 3, 1000},
		{1, 1, 3, 1000},
		{2, 5, 3, 1000},
		{10, 1, 3, 1}, // only the last interval is ever replayed: the least that is stated
		{257, 2, 3, 11},
		{1_000_000, 2, 3, 1},
	} {
		got := task.DetectionPerMille(c.n, c.q, c.members)
		require.InDelta(t, c.want, got, 1, "%+v", c)
		require.LessOrEqual(t, got, uint32(1000))
		require.GreaterOrEqual(t, got, uint32(1))
	}
}

func TestBondCoversWhatUndetectedFraudWouldEarn(t *testing.T) {
	s := newSim()
	s.command(t, "propose", []string{"P", "replay=2", "reward_per_sample=1000000000"})
	s.command(t, "open", []string{"P"})
	s.command(t, "claim", []string{"S1", "0"})
	got := s.state()
	reward, err := got.SlotReward()
	require.NoError(t, err)
	require.Equal(t, 32*ledger.ATN, reward)
	p := uint64(got.Detection)
	require.GreaterOrEqual(t, uint64(got.Slots[0].Bond)*p, uint64(reward)*(1000-p))
	require.GreaterOrEqual(t, got.Slots[0].Bond, reward/10)
	require.Equal(t, got.Slots[0].Bond, locked(s.kv, s.account("S1"), ledger.RoleSolver))
}

func TestClaimThatTheStakeCannotCoverIsRefused(t *testing.T) {
	s := newSim()
	s.command(t, "propose", []string{"P", "replay=1", "reward_per_sample=4000000000"})
	s.command(t, "open", []string{"P"})
	_, err := s.block(t, 100, false, s.account("S1"), task.Claim{Task: s.id})
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(err))
	require.Empty(t, s.state().Slots[0].Account)
}

func TestNoMemberWeighsMoreThanAThird(t *testing.T) {
	for _, stakes := range [][]int{
		{600, 600, 600},
		{100_000, 600, 600},
		{100_000, 90_000, 600},
		{100_000, 600, 600, 600, 600},
		{100_000, 90_000, 600, 700, 800},
		{1000, 900, 800, 700, 600},
		{999_999_999, 500, 500, 500, 500, 500, 500, 500, 500},
	} {
		s := newSim()
		for _, name := range []string{"C1", "C2", "C3"} {
			s.command(t, "unstake", []string{"coordinator", name})
		}
		for i, amount := range stakes {
			s.stake(fmt.Sprintf("K%d", i), ledger.RoleCoordinator, ledger.Natn(amount)*ledger.ATN)
		}
		s.command(t, "propose", []string{"P", "slots=1", fmt.Sprintf("committee=%d", len(stakes))})
		for _, line := range []string{"open P", "claim S1 0", "commit S1", "wait 1ms"} {
			fields := strings.Fields(line)
			s.command(t, fields[0], fields[1:])
		}
		members := s.state().Committee
		require.Len(t, members, len(stakes))
		var sum uint64
		for _, m := range members {
			sum += m.Weight
		}
		for i, m := range members {
			require.LessOrEqual(t, 3*m.Weight, sum+uint64(len(members)), "stakes %v", stakes) // rounding down of the cap
			require.Positive(t, m.Weight)
			if i > 0 {
				require.Less(t, members[i-1].Account, m.Account)
			}
		}
	}
}

func TestCommitteeLeavesOutThePartiesAndWhoHasNoSalts(t *testing.T) {
	s := newSim()
	s.stake("P", ledger.RoleCoordinator, 10_000*ledger.ATN)
	s.stake("S1", ledger.RoleCoordinator, 10_000*ledger.ATN)
	s.stake("K", ledger.RoleCoordinator, 10_000*ledger.ATN)
	s.kv.Delete(keySalt(s.account("K")))
	for _, line := range []string{"propose P slots=1", "open P", "claim S1 0", "commit S1", "wait 1ms"} {
		fields := strings.Fields(line)
		s.command(t, fields[0], fields[1:])
	}
	for _, m := range s.state().Committee {
		require.Contains(t, []string{"C1", "C2", "C3"}, s.nameOf(m.Account))
	}
}

func TestDrawsFollowStakeAndTheBlockHash(t *testing.T) {
	counts := map[string]int{}
	for i := range 60 {
		s := newSim()
		s.stake("Big", ledger.RoleCoordinator, 100_000*ledger.ATN)
		s.stake("C4", ledger.RoleCoordinator, 600*ledger.ATN)
		for range i {
			s.run(t, 1, false, "", nil)
		}
		for _, line := range []string{"propose P slots=1", "open P", "claim S1 0", "commit S1", "wait 1ms"} {
			fields := strings.Fields(line)
			s.command(t, fields[0], fields[1:])
		}
		for _, m := range s.state().Committee {
			counts[s.nameOf(m.Account)]++
		}
	}
	require.Greater(t, counts["Big"], 55)
	for _, name := range []string{"C1", "C2", "C3", "C4"} {
		require.Greater(t, counts[name], 10, "%v", counts)
	}
}

func TestTwoTasksAtOnceMayUseOneSaltChainInAnyOrder(t *testing.T) {
	s := newSim()
	type both struct {
		id      string
		ballots map[string]*ballot
		sols    map[string]*solution
	}
	var tasks []both
	for i := range 2 {
		s.solutions, s.ballots = map[string]*solution{}, map[string]*ballot{}
		solver := fmt.Sprintf("S%d", i+1)
		for _, line := range []string{"propose P slots=1", "open P", "claim " + solver + " 0", "commit " + solver, "truth P", "reveal " + solver, "vote C1", "vote C2", "vote C3"} {
			fields := strings.Fields(line)
			s.command(t, fields[0], fields[1:])
		}
		tasks = append(tasks, both{id: s.id, ballots: s.ballots, sols: s.solutions})
	}
	for _, later := range slices.Backward(tasks) {
		s.id, s.ballots, s.solutions = later.id, later.ballots, later.sols
		for _, name := range []string{"C1", "C2", "C3"} {
			_, m := s.message(t, "unveil", []string{name})
			s.must(t, name, m)
		}
		require.Equal(t, task.PhaseOpening, s.state().Phase)
	}
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	id := strings.Repeat("0", 32)
	cid := manifest("x")
	s := newSim()
	propose := s.proposal("P")
	require.NoError(t, propose.Validate())
	spoiled := func(spoil func(*task.Propose)) task.Propose {
		p := propose
		spoil(&p)
		return p
	}
	for i, m := range []ledger.Msg{
		spoiled(func(p *task.Propose) { p.Project = "x" }),
		spoiled(func(p *task.Propose) { p.Spec = "x" }),
		spoiled(func(p *task.Propose) { p.Model = ledger.DocCID(nil) }),
		spoiled(func(p *task.Propose) { p.Batch = 0 }),
		spoiled(func(p *task.Propose) { p.Interval = 9 }),
		spoiled(func(p *task.Propose) { p.Slots = 33 }),
		spoiled(func(p *task.Propose) { p.Truth = ledger.Hash{} }),
		spoiled(func(p *task.Propose) { p.CommitMS = 1 << 40 }),
		spoiled(func(p *task.Propose) { p.StorageFee = 1 << 62 }),
		task.Open{},
		task.Claim{Task: id, Slot: 32},
		task.Claim{Task: "x"},
		task.Checkpoint{Task: id},
		task.Checkpoint{Task: "x", Step: 1, Hash: ledger.Hash{1}},
		task.Commit{Task: id},
		task.Commit{Task: strings.Repeat("x", 500), Commitment: ledger.Hash{1}},
		task.RevealTruth{Task: id},
		task.RevealTruth{Task: "x", CID: cid},
		task.Reveal{Task: id},
		task.Reveal{Task: "x", Doc: []byte{1}},
		task.Reveal{Task: id, Doc: make([]byte, task.MaxSolutionBytes+1)},
		task.OpenSteps{Task: id},
		task.OpenSteps{Task: id, Intervals: []task.IntervalOpening{{}}},
		task.OpenSteps{Task: id, Intervals: []task.IntervalOpening{{Index: 1, Hashes: make([]ledger.Hash, 1)}, {Index: 1, Hashes: make([]ledger.Hash, 1)}}},
		task.OpenSteps{Task: id, Intervals: []task.IntervalOpening{{Index: 1, Hashes: make([]ledger.Hash, 5000)}}},
		task.Aggregate{Task: id},
		task.Aggregate{Task: id, Manifest: cid},
		dispute.Challenge{Task: id, Solver: ledgertest.Account(1)},
		dispute.Challenge{Task: id, Hashes: make([]ledger.Hash, 1)},
		dispute.ChallengeAggregate{Task: id, Manifest: cid},
		dispute.ChallengeAggregate{Task: id, Manifest: "x", Root: ledger.Hash{1}, Size: 1, Parameters: 1},
		dispute.ChallengeAggregate{Manifest: cid, Root: ledger.Hash{1}, Size: 1, Parameters: 1},
		dispute.Commit{Task: id},
		dispute.Commit{Commitment: ledger.Hash{1}},
		dispute.Commit{Task: id, Question: dispute.Question{Interval: 1}, Commitment: ledger.Hash{1}},
		dispute.Commit{Task: id, Question: dispute.Question{Solver: "x"}, Commitment: ledger.Hash{1}},
		dispute.Reveal{Task: id},
		dispute.Reveal{Task: id, Finding: dispute.Finding{State: ledger.Hash{1}}},
		dispute.Reveal{Task: id, Finding: dispute.Finding{State: ledger.Hash{1}, Unusable: true}},
		dispute.Reveal{Task: id, Question: dispute.Question{Solver: ledgertest.Account(1)}},
		dispute.Reveal{Task: "x", Finding: dispute.Finding{Unusable: true}},
		dispute.AppealScore{Task: id, Solver: "x"},
		dispute.AppealScore{Task: id, Solver: ledgertest.Account(1), Reasons: "x"},
		dispute.VoteAppeal{Task: id, Solver: ledgertest.Account(1)},
		dispute.VoteAppeal{Task: id, Appellant: ledgertest.Account(1)},
		spoiled(func(p *task.Propose) { p.EvaluateOnly = true }),
		spoiled(func(p *task.Propose) { p.EvaluateOnly, p.Replay = true, 0 }),
		spoiled(func(p *task.Propose) { p.EvaluateOnly, p.Interval = true, p.Steps }),
		spoiled(func(p *task.Propose) { p.Replay = 0 }),
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), "message %d: %#v", i, m)
	}
}

func TestMessagesAboutNothingAreNotFound(t *testing.T) {
	s := newSim()
	s.id = strings.Repeat("0", 32)
	account := s.account("S1")
	for _, m := range []ledger.Msg{
		task.Open{Task: s.id},
		task.Claim{Task: s.id},
		task.Checkpoint{Task: s.id, Step: 1, Hash: ledger.Hash{1}},
		task.Commit{Task: s.id, Commitment: ledger.Hash{1}},
		task.RevealTruth{Task: s.id, CID: manifest("x")},
		task.Reveal{Task: s.id, Doc: []byte{1}},
		task.OpenSteps{Task: s.id, Intervals: []task.IntervalOpening{{Hashes: make([]ledger.Hash, 1)}}},
		task.Aggregate{Task: s.id, Manifest: manifest("x"), Root: ledger.Hash{1}, Size: 1, Parameters: 1},
		dispute.Challenge{Task: s.id, Solver: account, Hashes: make([]ledger.Hash, 1)},
		dispute.ChallengeAggregate{Task: s.id, Manifest: manifest("x"), Root: ledger.Hash{1}, Size: 1, Parameters: 1},
		dispute.Commit{Task: s.id, Commitment: ledger.Hash{1}},
		dispute.Reveal{Task: s.id, Question: dispute.Question{Solver: account}, Finding: dispute.Finding{Unusable: true}},
		dispute.AppealScore{Task: s.id, Solver: account},
		dispute.VoteAppeal{Task: s.id, Solver: account, Appellant: account},
	} {
		_, err := s.block(t, 1, false, account, m)
		require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(err), "%s: %v", m.Kind(), err)
	}
	_, ok := s.tasks.Solution(s.kv, s.id, account)
	require.False(t, ok)
	require.Nil(t, s.tasks.Opening(s.kv, s.id, account, 0))
}

func TestOpeningsThatTheSolutionDoesNotBindAreRefused(t *testing.T) {
	s := newSim()
	for _, line := range []string{
		"propose P slots=1", "open P", "claim S1 0", "commit S1", "truth P", "reveal S1",
		"vote C1", "vote C2", "vote C3", "unveil C1", "unveil C2", "unveil C3",
	} {
		fields := strings.Fields(line)
		s.command(t, fields[0], fields[1:])
	}
	good := s.openings("S1", []uint32{3})
	for name, spoil := range map[string]func(*task.IntervalOpening){
		"another step": func(o *task.IntervalOpening) { o.Hashes[0] = digest("x") },
		"fewer steps":  func(o *task.IntervalOpening) { o.Hashes = o.Hashes[1:] },
		"more steps":   func(o *task.IntervalOpening) { o.Hashes = append(o.Hashes, o.Hashes[0]) },
		"another path": func(o *task.IntervalOpening) { o.Path[0] = digest("x") },
		"no path":      func(o *task.IntervalOpening) { o.Path = nil },
		"not drawn":    func(o *task.IntervalOpening) { o.Index = 77 },
	} {
		t.Run(name, func(t *testing.T) {
			m := s.openings("S1", []uint32{3})
			m.Intervals[0].Hashes = append([]ledger.Hash(nil), m.Intervals[0].Hashes...)
			spoil(&m.Intervals[0])
			_, err := s.block(t, 1, false, s.account("S1"), m)
			require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err))
		})
	}
	s.must(t, "S1", good)
	require.Equal(t, good.Intervals[0].Hashes, s.tasks.Opening(s.kv, s.id, s.account("S1"), 3))
}

func TestKindsNameTheirModule(t *testing.T) {
	for _, m := range task.Messages() {
		require.True(t, strings.HasPrefix(m.Kind(), "task/"))
	}
	for _, e := range task.Events() {
		require.True(t, strings.HasPrefix(e.EventKind(), "task/"))
	}
	for _, m := range dispute.Messages() {
		require.True(t, strings.HasPrefix(m.Kind(), "dispute/"))
	}
	for _, e := range dispute.Events() {
		require.True(t, strings.HasPrefix(e.EventKind(), "dispute/"))
	}
}
