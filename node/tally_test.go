package node_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/node"
)

func TestEveryCreditAndSlashIsRememberedWithItsCause(t *testing.T) {
	a, b := ledgertest.Account(1), ledgertest.Account(2)
	tally := node.NewTally()
	at := ledger.Event{Height: 5, TimeMS: 1000, Kind: "task/paid"}
	tally.Add(at, task.EventPaid{Task: "one", Account: a, Pot: task.PotSolvers, Amount: 7, Cause: "score 0.500"})
	tally.Add(ledger.Event{Height: 6, Kind: "staking/slashed"}, staking.Slashed{
		Ref: "one", Account: a, Role: ledger.RoleSolver, Amount: 100, Cause: "fraud proven", Evidence: "step 3", Reporter: b, Share: 10,
	})
	tally.Add(at, task.EventPaid{Task: "two", Account: b, Pot: task.PotStorage, Amount: 1})
	tally.Add(at, "something else")

	got := tally.Of("one")
	require.Len(t, got, 3)
	require.Equal(t, "solver", got[0].Role)
	require.Equal(t, uint64(7), got[0].Earned)
	require.Equal(t, "score 0.500", got[0].Detail)
	require.Equal(t, "reporter", got[1].Role)
	require.Equal(t, uint64(10), got[1].Earned)
	require.Equal(t, string(b), got[1].Account)
	require.Equal(t, uint64(100), got[2].Slashed)
	require.Equal(t, "step 3", got[2].Evidence)
	require.Len(t, tally.Of(""), 4)
	require.Empty(t, tally.Of("three"))
}

func TestTheNewestRewardsAreKept(t *testing.T) {
	tally := node.NewTally()
	const more = 10
	for i := range node.MaxRewards + more {
		tally.Add(ledger.Event{Height: int64(i)}, task.EventPaid{Task: "one", Pot: task.PotSolvers, Amount: 1})
	}
	got := tally.Of("")
	require.LessOrEqual(t, len(got), node.MaxRewards)
	require.Equal(t, int64(node.MaxRewards+more-1), got[len(got)-1].Height)
	require.Positive(t, got[0].Height)
}

func TestATasksStatesAreToldInOrder(t *testing.T) {
	tally := node.NewTally()
	tally.Add(ledger.Event{Height: 2}, task.EventProposed{Task: "one"})
	tally.Add(ledger.Event{Height: 3}, task.EventPhase{Task: "one", State: task.StateOpen})
	tally.Add(ledger.Event{Height: 9}, task.EventPhase{Task: "one", State: task.StateVoting, Phase: task.PhaseVoteCommit})
	var states []string
	for _, p := range tally.Phases("one") {
		states = append(states, p.State)
	}
	require.Equal(t, []string{"PROPOSED", "OPEN", "VOTING/VOTE_COMMIT"}, states)
	require.Empty(t, tally.Phases("two"))
}

func TestASummaryIsOneShortLine(t *testing.T) {
	got := node.Summary("task/paid", task.EventPaid{Task: "one", Account: ledgertest.Account(1), Pot: task.PotSolvers, Amount: 7, Cause: "x" + strings.Repeat("ü", 100)})
	require.Contains(t, got, "account …")
	require.Contains(t, got, "pot solvers")
	require.NotContains(t, got, "one", "the task has a column of its own")
	require.True(t, utf8.ValidString(got), "no letter is cut in half")
	require.Less(t, len(got), 400)
	require.Empty(t, node.Summary("", "no struct"))
	require.Empty(t, node.Summary("", nil))
}
