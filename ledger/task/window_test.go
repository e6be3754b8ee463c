package task_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/task"
)

// settled plays a task of one honest solver until an aggregator is drawn.
func (s *sim) settled(t *testing.T, solver string) {
	t.Helper()
	s.solutions, s.ballots = map[string]*solution{}, map[string]*ballot{}
	s.play(t, "propose P slots=1", "open P", "claim "+solver+" 0", "commit "+solver, "truth P", "reveal "+solver,
		"vote C1", "vote C2", "vote C3", "unveil C1", "unveil C2", "unveil C3", "steps "+solver, "deadline")
	require.Equal(t, task.StateSettled, s.state().State)
}

func TestTheAggregatorsStakeIsLockedFromItsDrawToTheEndOfTheWindow(t *testing.T) {
	s := newSim()
	s.settled(t, "S1")
	drawn := s.state().Aggregator
	least := ledger.DevnetParams().Aggregator.MinStake
	require.Equal(t, least, locked(s.kv, drawn, ledger.RoleAggregator))
	s.play(t, "aggregate drawn")
	got := s.state()
	require.Equal(t, task.StateAggregated, got.State)
	require.Equal(t, task.PhaseAggregateChallenge, got.Phase)
	require.False(t, got.Final())
	require.Equal(t, least, locked(s.kv, drawn, ledger.RoleAggregator))
	require.Equal(t, got.AggregatorFee+got.StorageFee, got.Escrow.Total(), "what the window decides on is still in escrow")
	require.Zero(t, load(s.kv, keyBalance(drawn)))
	s.run(t, got.Deadline-s.workMS-1, false, "", nil)
	require.False(t, s.state().Final())
	s.run(t, 1, false, "", nil)
	require.True(t, s.state().Final())
	require.Zero(t, locked(s.kv, drawn, ledger.RoleAggregator))
	require.Equal(t, got.AggregatorFee, load(s.kv, keyBalance(drawn)))
}

func TestOnlyWhoHasItsStakeFreeIsDrawnToAggregate(t *testing.T) {
	s := newSim()
	s.command(t, "unstake", []string{"aggregator", "A2"})
	s.settled(t, "S1")
	s.play(t, "aggregate drawn") // A1's stake is locked until the window is over
	first := s.id
	window := s.state().Deadline
	s.settled(t, "S2") // takes longer than the window
	require.Equal(t, s.account("A1"), s.state().Aggregator)
	second := s.id
	s.settled(t, "S3")
	require.Empty(t, s.state().Aggregator, "nobody has its stake free")
	require.NotEqual(t, first, second)
	require.Greater(t, s.workMS, window)
	s.stake("A3", ledger.RoleAggregator, 1000*ledger.ATN)
	s.run(t, 1, false, "", nil)
	require.Equal(t, s.account("A3"), s.state().Aggregator, "it looks again in every block")
	require.Equal(t, uint32(1), s.state().AggDraws)
	s.play(t, "aggregate drawn", "deadline")
	require.True(t, s.state().Final())
}

func TestASilentAggregatorGetsItsLockBack(t *testing.T) {
	s := newSim()
	s.settled(t, "S1")
	first := s.state().Aggregator
	s.play(t, "deadline")
	require.NotEqual(t, first, s.state().Aggregator)
	require.Zero(t, locked(s.kv, first, ledger.RoleAggregator))
	require.Equal(t, 995*ledger.ATN, load(s.kv, keyStake(ledger.RoleAggregator, first)))
}

func TestATaskHasUpToThirtyTwoSolvers(t *testing.T) {
	s := newSim()
	const n = 32
	s.play(t, fmt.Sprintf("propose P slots=%d", n), "open P")
	var names []string
	for i := range n {
		name := fmt.Sprintf("N%d", i)
		s.stake(name, ledger.RoleSolver, 60*ledger.ATN)
		s.play(t, fmt.Sprintf("claim %s %d", name, n-1-i))
		names = append(names, name)
	}
	s.stake("late", ledger.RoleSolver, 60*ledger.ATN)
	for i := range n {
		require.Contains(t, s.command(t, "claim", []string{"late", fmt.Sprint(i)})[0], "is taken by")
	}
	for _, name := range names {
		s.play(t, "checkpoint "+name+" 4", "commit "+name)
	}
	s.play(t, "truth P")
	for _, name := range names {
		s.play(t, "reveal "+name)
	}
	s.play(t, "vote C1", "vote C2", "vote C3", "unveil C1", "unveil C2", "unveil C3")
	for _, name := range names {
		s.play(t, "steps "+name)
	}
	s.play(t, "deadline", "aggregate drawn", "deadline")
	got := s.state()
	require.True(t, got.Final())
	require.Equal(t, uint32(n), got.Accepted)
	require.Zero(t, got.Escrow.Total())
}

func TestCheckpointsOnlyGoForward(t *testing.T) {
	s := newSim()
	s.play(t, "propose P slots=2", "open P", "claim S1 0", "checkpoint S1 3")
	for _, step := range []string{"1", "2", "3"} {
		require.Contains(t, s.command(t, "checkpoint", []string{"S1", step})[0], "only go forward")
	}
	require.Contains(t, s.command(t, "checkpoint", []string{"S1", "9"})[0], "of a task of 8 steps")
	require.Contains(t, s.command(t, "checkpoint", []string{"S2", "1"})[0], "holds no slot")
	s.play(t, "checkpoint S1 4", "checkpoint S1 8", "commit S1")
	require.Equal(t, uint32(8), s.state().Slots[0].Step)
	require.Equal(t, digest("checkpoint", "S1", "8"), s.state().Slots[0].StepHash)
	require.Contains(t, s.command(t, "checkpoint", []string{"S1", "8"})[0], "has committed")
}

func TestEvaluateOnlySaysSoEverywhere(t *testing.T) {
	s := newSim()
	s.play(t, "propose P evaluate_only=true replay=0 interval=8 slots=1", "open P", "claim S1 0", "commit S1", "truth P", "reveal S1",
		"vote C1 S1=90", "vote C2 S1=90", "vote C3 S1=90", "unveil C1", "unveil C2", "unveil C3")
	got := s.state()
	require.True(t, got.EvaluateOnly)
	require.Zero(t, got.Detection)
	reward, err := got.SlotReward()
	require.NoError(t, err)
	require.GreaterOrEqual(t, got.Slots[0].Bond, reward, "the full reward is at stake")
	require.Equal(t, task.StateChallenge, got.State, "nothing is opened")
	require.Empty(t, got.Slots[0].Drawn)
	require.True(t, got.Slots[0].Solution.StepRoot.IsZero())
}

func TestAnEvaluateOnlySolutionHasNoStepRoot(t *testing.T) {
	s := newSim()
	s.play(t, "propose P evaluate_only=true replay=0 interval=8 slots=1", "open P", "claim S1 0")
	own := s.train("S1", "")
	doc, err := task.DecodeSolution(own.doc)
	require.NoError(t, err)
	doc.StepRoot = digest("root")
	own.doc, err = doc.Encode()
	require.NoError(t, err)
	s.must(t, "S1", task.Commit{Task: s.id, Commitment: s.commitment("S1")})
	s.play(t, "truth P")
	_, err = s.block(t, 1, false, s.account("S1"), task.Reveal{Task: s.id, Doc: own.doc, Salt: own.salt})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "%v", err)
}
