package devnet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api/types"
	"autonet/node/devnet"
)

func TestASeededRunEndsWhenAnHonestSolverWasLate(t *testing.T) {
	late := types.Task{Slots: 2, Solutions: []types.Solution{{State: "accepted"}, {State: "dropped", Reason: "too late"}}}
	require.ErrorContains(t, devnet.Verdict(seeded(8, 1), late), "too late")
	require.NoError(t, devnet.Verdict(options(8), late), "without a seed nobody asked for the same model again")
	few := types.Task{Slots: 3, Solutions: []types.Solution{{State: "accepted"}, {State: "accepted"}}}
	require.ErrorContains(t, devnet.Verdict(seeded(8, 1), few), "2 of 3 slots")
	fraud := types.Task{Slots: 2, Solutions: []types.Solution{{State: "accepted"}, {State: "fraud"}}}
	require.NoError(t, devnet.Verdict(seeded(8, 1), fraud))
}

func TestWhatANodeDoesIsItsFirstJobOrTheStateOfItsLedger(t *testing.T) {
	lives := types.Status{Ledger: types.LedgerStatus{Height: 3}, Lease: types.LeaseStatus{Live: true}}
	require.Equal(t, "idle", devnet.Doing(lives))
	require.Equal(t, "starting", devnet.Doing(types.Status{}))
	halted := lives
	halted.Lease.Live = false
	require.Equal(t, "halted", devnet.Doing(halted))
	busy := lives
	busy.Jobs = []types.Job{{Kind: "train", Step: 3, Steps: 9}, {Kind: "verify"}}
	require.Equal(t, "train 3/9", devnet.Doing(busy))
	busy.Jobs = busy.Jobs[1:]
	require.Equal(t, "verify", devnet.Doing(busy))
}

func TestSlashesAreAddedUpPerTaskAndEachCauseIsToldOnce(t *testing.T) {
	causes, lost := devnet.Slashes([]types.Reward{
		{Account: "a", Task: "1", Slashed: 3, Detail: "fraud"},
		{Account: "a", Task: "1", Slashed: 4, Detail: "fraud"},
		{Account: "a", Task: "1", Slashed: 1, Detail: "missed"},
		{Account: "a", Task: "1", Earned: 9, Detail: "score"},
		{Account: "a", Task: "2", Slashed: 50, Detail: "another task"},
		{Account: "b", Task: "1", Slashed: 60, Detail: "another account"},
	}, "a", "1")
	require.Equal(t, []string{"fraud", "missed"}, causes)
	require.Equal(t, uint64(8), lost)
}
