package task_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/task"
)

// Every block looks at every live task: they must not be had for the price of a transaction.
func TestAProposerHasABoundedNumberOfTasksOnTheirWay(t *testing.T) {
	s := newSim()
	propose := func() error {
		m := s.proposal("P")
		m.RewardPerSample, m.CoordinatorFee, m.AggregatorFee, m.StorageFee, m.ProposerReward = 1, 0, 0, 0, 0
		_, err := s.deliver(s.account("P"), m)
		return err
	}
	for range task.MaxLive {
		require.NoError(t, propose())
	}
	last := s.id
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(propose()))
	s.id = last
	s.command(t, "deadline", nil)
	require.True(t, s.state().Final(), "never opened")
	require.NoError(t, func() error { s.stake("P", ledger.RoleProposer, 100*ledger.ATN); return propose() }(), "final ones make room")
}
