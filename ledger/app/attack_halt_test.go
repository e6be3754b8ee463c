package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// A panel in the hands of one party says whatever it likes. None of it may stop a block.
func TestAPanelCannotStopTheLedgerWithAModelThatNobodyCanPublish(t *testing.T) {
	for name, spoil := range map[string]func(m *dispute.Model){
		"size":       func(m *dispute.Model) { m.Size = 1<<50 + 1 },
		"parameters": func(m *dispute.Model) { m.Parameters = 1<<50 + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := newChain(t)
			_, taskID := c.proposed()
			c.until(taskID, task.StateSettled)
			c.must(aggregator, task.Aggregate{Task: taskID, Manifest: manifest("wrong"), Root: digest("wrong"), Size: 1, Parameters: 1})
			now, _ := c.view().Task(taskID)
			claim := right(now)
			c.must(second, dispute.ChallengeAggregate{
				Task: taskID, Manifest: claim.Manifest, Root: claim.Root, Size: claim.Size, Parameters: claim.Parameters,
			})
			bad := claim
			spoil(&bad)
			f := dispute.Finding{Model: bad}
			doc, err := dispute.JudgementCID(taskID, dispute.Question{}, f)
			require.NoError(t, err)
			c.wait(1000)
			for range 4 {
				var txs [][]byte
				for _, j := range c.view().Panels(taskID)[0].Judges {
					salt := digest("judge", j.Account)
					var m ledger.Msg = dispute.Commit{Task: taskID, Commitment: commitreveal.Commit(
						commitreveal.KindVerdict, network, taskID, string(j.Account), doc, salt)}
					if j.Sealed() {
						m = dispute.Reveal{Task: taskID, Finding: f, Salt: salt}
					}
					if m.Validate() == nil {
						txs = append(txs, c.sign(index(j.Account), m))
					}
				}
				c.beat()
				c.block(100, txs...)
			}
			c.wait(60_000)
			require.False(t, c.view().Pending(taskID))
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(dispute.ChallengeAggregate{
				Task: taskID, Manifest: bad.Manifest, Root: bad.Root, Size: bad.Size, Parameters: bad.Parameters,
			}.Validate()))
			c.sound()
		})
	}
}

// What is read in every draw costs whoever puts it there a real stake.
func TestAListOfHoldersCannotBeFilledWithCrumbs(t *testing.T) {
	c := newChain(t)
	for _, role := range ledger.Roles() {
		least := c.view().Params().Role(role).MinStake
		require.NotEqual(t, ledger.CodeOK, c.send(citizen, staking.Bond{Role: role, Amount: least - 1}).Code)
	}
	c.must(citizen, staking.Bond{Role: ledger.RoleCoordinator, Amount: 500 * atn})
	require.Equal(t, ledger.CodeRefused, c.send(citizen, staking.Unbond{Role: ledger.RoleCoordinator, Amount: 500*atn - 1}).Code)
	c.must(citizen, staking.Unbond{Role: ledger.RoleCoordinator, Amount: 500 * atn})
	c.sound()
}
