package explain_test

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/node/api/types"
	"autonet/node/explain"
)

const id = "0123456789abcdef0123456789abcdef"

// record numbers events as a block would, ten to a block.
func record(data ...ledger.EventData) []explain.Event {
	var events []explain.Event
	for i, d := range data {
		events = append(events, explain.Event{
			Event: ledger.Event{Height: int64(5 + i/10), Index: i % 10, TimeMS: 1, Kind: d.EventKind()}, Data: d,
		})
	}
	return events
}

func theTask() task.Task {
	return task.Task{
		ID: id, Project: "p", State: task.StateAggregated, Steps: 400, Batch: 32, CommitteeSize: 3,
		RewardPerSample: 1_000_003, CoordinatorFee: 10_000, ProposerReward: 5_000_000, AggregatorFee: 77, StorageFee: 1000,
	}
}

func theEvents() []explain.Event {
	solver, cheat, member, alarmist, proposer, provider := ledgertest.Account(1), ledgertest.Account(2), ledgertest.Account(3), ledgertest.Account(4), ledgertest.Account(5), ledgertest.Account(6)
	high, low := bits.Mul64(1_000_003*400*32, 50_000)
	reward, _ := bits.Div64(high, low, 65535)
	const mean, share = 25_000, 4 * 25_000 * (65535 - 25_000) / 65535
	proposed := uint64(5_000_000) * share / 65535
	return record(
		staking.Locked{Account: solver, Role: ledger.RoleSolver, Purpose: "task-" + id, Amount: 500},
		rewards.EventEntry{Task: id, Account: member, Solver: solver, Status: rewards.Backed, Score: 50_000, Clipped: 50_000, Detail: "replayed intervals [1]"},
		rewards.EventEntry{Task: id, Account: alarmist, Solver: solver, Status: rewards.Alarm, Detail: "replay mismatch"},
		rewards.EventEntry{Task: id, Account: member, Solver: cheat, Status: rewards.Backed, Score: 0},
		task.EventDropped{Task: id, Account: cheat, Cause: "never opened", Evidence: "intervals 1 and 2"},
		staking.Slashed{Account: cheat, Role: ledger.RoleSolver, Due: 400, Amount: 300, Ref: id, Cause: "fraud", Evidence: "step 3", Reporter: member, Share: 30, Total: 10},
		dispute.EventSlashed{Task: id, Account: cheat, Role: ledger.RoleSolver, Amount: 300, Cause: "fraud", Evidence: "step 3"},
		dispute.EventClosed{Task: id, Solver: cheat, Challenger: member, Interval: 1, Step: 3, Outcome: "the solver is wrong"},
		task.EventPaid{Task: id, Account: solver, Pot: task.PotSolvers, Amount: ledger.Natn(reward), Cause: "12800 samples at score 0.762"},
		rewards.EventSettled{Task: id, Solver: solver, Accepted: true, Score: 50_000, Samples: 12_800, Reward: ledger.Natn(reward)},
		rewards.EventSettled{Task: id, Solver: cheat, Reason: "fraud proven"},
		task.EventPaid{Task: id, Account: member, Pot: task.PotCoordinators, Amount: 2222, Cause: "a vote backed by its replays"},
		rewards.EventMember{Task: id, Account: member, Seat: 3333, Multiplier: 1_000_000, Epoch: 4, Fee: 2222, Reason: "every entry is backed"},
		rewards.EventMember{Task: id, Account: alarmist, Reason: "false alarm"},
		staking.Slashed{Account: alarmist, Role: ledger.RoleCoordinator, Due: 50, Amount: 50, Ref: id, Cause: "false alarm"},
		rewards.EventSlashed{Task: id, Account: alarmist, Amount: 50, Cause: "false alarm", Solver: solver, Evidence: "no challenge"},
		rewards.EventLearnability{Task: id, Proposer: proposer, Mean: mean, Share: share, Reward: ledger.Natn(proposed)},
		task.EventPaid{Task: id, Account: proposer, Pot: task.PotProposer, Amount: ledger.Natn(proposed), Cause: "learnability"},
		staking.Unlocked{Account: solver, Role: ledger.RoleSolver, Purpose: "task-" + id, Amount: 500},
		task.EventPaid{Task: id, Account: member, Pot: task.PotAggregator, Amount: 77, Cause: "aggregation"},
		task.EventPaid{Task: id, Account: provider, Pot: task.PotStorage, Amount: 250, Cause: "storage of 1 of 4 columns"},
		task.EventReturned{Task: id, Project: "p", Pot: task.PotSolvers, Amount: 9, Cause: "not earned"},
	)
}

func of(t *testing.T, x types.Explanation, who ledger.Account) types.ExplainedAccount {
	t.Helper()
	i := slices.IndexFunc(x.Accounts, func(a types.ExplainedAccount) bool { return a.Account == string(who) })
	require.GreaterOrEqual(t, i, 0)
	return x.Accounts[i]
}

func find(t *testing.T, a types.ExplainedAccount, what, role string) types.ExplainedAmount {
	t.Helper()
	i := slices.IndexFunc(a.Amounts, func(x types.ExplainedAmount) bool { return x.What == what && x.Role == role })
	require.GreaterOrEqual(t, i, 0, "%s as %q in %v", what, role, a.Amounts)
	return a.Amounts[i]
}

func TestEveryAmountHasItsCauseFormulaVotesEvidenceAndPlace(t *testing.T) {
	x := explain.Task(theTask(), theEvents())
	require.Equal(t, id, x.Task)
	solver := of(t, x, ledgertest.Account(1))
	earned := find(t, solver, explain.Earned, "solver")
	require.Equal(t, "reward_per_sample × samples × score ÷ 65535", earned.Formula)
	require.Contains(t, earned.Inputs, types.ExplainedInput{Name: "score", Value: "50000"})
	require.Len(t, earned.Votes, 2)
	require.EqualValues(t, 5, earned.Height)
	require.Equal(t, 8, earned.Index)
	require.Equal(t, "task/paid", earned.Kind)
	require.EqualValues(t, 500, solver.LockedNatn)
	require.EqualValues(t, 500, solver.ReleasedNatn)
	require.Equal(t, earned.AmountNatn, solver.EarnedNatn)

	cheat := of(t, x, ledgertest.Account(2))
	require.EqualValues(t, 300, cheat.SlashedNatn)
	slashed := find(t, cheat, explain.Slashed, "solver")
	require.Equal(t, "step 3", slashed.Evidence)
	require.Contains(t, slashed.Inputs, types.ExplainedInput{Name: "due_natn", Value: "400"})
	require.Len(t, cheat.Amounts, 3, "dropped, slashed once, not paid")

	member := of(t, x, ledgertest.Account(3))
	require.EqualValues(t, 2222+30+77, member.EarnedNatn)
	require.Equal(t, "(coordinator_fee ÷ committee_size) × multiplier ÷ 1500000", find(t, member, explain.Earned, "coordinator").Formula)
	require.Len(t, find(t, member, explain.Earned, "coordinator").Votes, 2)
	require.EqualValues(t, 30, find(t, member, explain.Earned, "reporter").AmountNatn)
	require.Equal(t, "aggregator_fee", find(t, member, explain.Earned, "aggregator").Formula)

	alarmist := of(t, x, ledgertest.Account(4))
	lied := find(t, alarmist, explain.Slashed, "coordinator")
	require.Equal(t, "no challenge", lied.Evidence)
	require.Len(t, lied.Votes, 1)
	require.Equal(t, "false alarm", find(t, alarmist, explain.Noted, "coordinator").Cause)

	require.Contains(t, find(t, of(t, x, ledgertest.Account(5)), explain.Earned, "proposer").Formula, "share = 4 × mean")
	require.Equal(t, "storage of 1 of 4 columns", find(t, of(t, x, ledgertest.Account(6)), explain.Earned, "provider").Cause)
	require.EqualValues(t, 9, x.Returned[0].AmountNatn)
	require.True(t, slices.IsSortedFunc(x.Accounts, func(a, b types.ExplainedAccount) int {
		if a.Account < b.Account {
			return -1
		}
		return 1
	}))
}

func TestAFormulaThatDoesNotGiveTheAmountIsNotStated(t *testing.T) {
	events := theEvents()
	for i, e := range events {
		if d, ok := e.Data.(task.EventPaid); ok {
			d.Amount++
			events[i].Data = d
		}
	}
	for _, a := range explain.Task(theTask(), events).Accounts {
		for _, x := range a.Amounts {
			if x.Kind == "task/paid" {
				require.Empty(t, x.Formula, x)
				require.NotEmpty(t, x.Cause)
			}
		}
	}
}

func TestNothingHasHappenedYet(t *testing.T) {
	x := explain.Task(theTask(), nil)
	require.Empty(t, x.Accounts)
	require.NotNil(t, x.Accounts)
	require.Zero(t, x.Height)
}
