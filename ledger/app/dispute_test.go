package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/task"
)

// until lets everybody act honestly until the task is in a state.
func (c *chain) until(id string, want task.State) task.Task {
	c.t.Helper()
	for range 200 {
		c.beat()
		t, ok := c.view().Task(id)
		require.True(c.t, ok)
		require.False(c.t, t.Final(), t.Cause)
		if t.State == want {
			return t
		}
		var txs [][]byte
		for _, m := range c.moves(t) {
			if t.State != task.StateChallenge {
				txs = append(txs, c.sign(m.from, m.msg))
			}
		}
		c.block(200, txs...)
	}
	c.t.Fatal("the task never gets there")
	return task.Task{}
}

// judge lets the drawn judges answer until nothing is pending.
func (c *chain) judge(id string) {
	c.t.Helper()
	for range 20 {
		if !c.view().Pending(id) {
			return
		}
		c.beat()
		t, _ := c.view().Task(id)
		var txs [][]byte
		for _, m := range c.judgeMoves(t) {
			txs = append(txs, c.sign(m.from, m.msg))
		}
		for _, res := range c.block(100, txs...).Txs {
			require.Equal(c.t, ledger.CodeOK, res.Code, "%s: %s", res.Kind, res.Text)
		}
	}
	c.t.Fatal("the judges do not come to an end")
}

func (c *chain) proposed() (projectID, taskID string) {
	c.t.Helper()
	projectID = c.funded()
	taskID = ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(projectID))
	return projectID, taskID
}

func TestAWrongAggregateIsReplacedAndCostsTheAggregatorItsStake(t *testing.T) {
	c := newChain(t)
	id, taskID := c.proposed()
	settled := c.until(taskID, task.StateSettled)
	require.Len(t, c.view().Locks(acct(aggregator)), 1)
	c.must(aggregator, task.Aggregate{Task: taskID, Manifest: manifest("wrong"), Root: digest("wrong"), Size: 1, Parameters: 1})
	require.Equal(t, manifest("wrong"), c.view().Versions(id)[1].Manifest, "it is published at once")
	now, _ := c.view().Task(taskID)
	m := right(now)
	before := c.view().Balance(acct(second), "ATN")
	c.must(second, dispute.ChallengeAggregate{Task: taskID, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters})
	c.judge(taskID)

	versions := c.view().Versions(id)
	require.Len(t, versions, 3)
	require.Equal(t, m.Manifest, versions[2].Manifest)
	require.Equal(t, acct(second), versions[2].Publisher)
	require.Greater(t, c.view().Balance(acct(second), "ATN"), before, "the challenger gets its share")
	require.False(t, c.view().IsActive(acct(aggregator), ledger.RoleAggregator))
	for range 50 {
		if now, _ = c.view().Task(taskID); now.Final() {
			break
		}
		c.wait(1000)
	}
	require.True(t, now.Final())
	require.Equal(t, manifest("wrong"), now.Refuted.Manifest)
	require.Zero(t, paid(t, c, settled.Aggregator), "a wrong aggregate earns nothing")
	require.Zero(t, c.view().Supply().Escrows)
	require.Empty(t, c.view().Locks(acct(aggregator)))
	require.Empty(t, c.view().Locks(acct(second)))
	judged := c.view().Panels(taskID)
	require.Len(t, judged, 1)
	for _, j := range judged[0].Judges {
		require.Equal(t, ledger.DevnetParams().Disputes.JudgeFee, j.Paid)
	}
	c.sound()
}

func TestNextTasksDoNotWaitForTheWindowOfAnAggregate(t *testing.T) {
	c := newChain(t)
	id, taskID := c.proposed()
	c.until(taskID, task.StateAggregated)
	next := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(id))
	now, _ := c.view().Task(taskID)
	require.False(t, now.Final())
	c.until(next, task.StateOpen)
}

func TestAnAppealIsDecidedByGovernancePower(t *testing.T) {
	for _, want := range []dispute.AppealStatus{dispute.AppealPassed, dispute.AppealLost} {
		c := newChain(t)
		_, taskID := c.proposed()
		now := c.until(taskID, task.StateChallenge)
		who := now.Slots[0].Account
		c.must(owner, dispute.AppealScore{Task: taskID, Solver: who, Score: 60_000})
		require.True(t, c.view().Pending(taskID))
		require.Equal(t, ledger.CodeFunds, c.send(citizen, dispute.VoteAppeal{
			Task: taskID, Solver: who, Appellant: acct(owner), Support: true,
		}).Code, "no stake, no power")
		voters := []int{owner, second, third}
		if want == dispute.AppealLost {
			voters = nil
		}
		for _, i := range voters {
			c.must(i, dispute.VoteAppeal{Task: taskID, Solver: who, Appellant: acct(owner), Support: true})
			if !c.view().Pending(taskID) {
				break // no further vote can change it
			}
		}
		c.wait(c.view().Params().Disputes.AppealMS + 6000)
		a := c.view().Appeals(taskID)[0]
		require.Equal(t, want, a.Status, a.Outcome)
		now, _ = c.view().Task(taskID)
		require.Equal(t, task.StateSettled, now.State, "it settles with the score that stands")
		score := uint16(49151)
		if want == dispute.AppealPassed {
			score = 60_000
		}
		require.Equal(t, score, now.Slots[0].Verdict.Score)
		require.True(t, now.Slots[0].Verdict.Accepted)
		c.sound()
	}
}

func TestAStepIsJudgedByWhoHadNoPartInTheTask(t *testing.T) {
	c := newChain(t)
	_, taskID := c.proposed()
	now := c.until(taskID, task.StateChallenge)
	slot := now.Slots[0]
	last := now.Intervals - 1 // always drawn, and open
	wrong := make([]ledger.Hash, now.StepsIn(last))
	c.must(provider, dispute.Challenge{Task: taskID, Solver: slot.Account, Interval: last, Hashes: wrong})
	c.judge(taskID)
	d := c.view().Disputes(taskID)[0]
	require.Equal(t, ledger.RoleProvider, d.BondRole, "any stake will do")
	require.Equal(t, dispute.Dismissed, d.Status, d.Outcome)
	for _, p := range c.view().Panels(taskID) {
		for _, j := range p.Judges {
			require.NotContains(t, now.Insiders(), j.Account)
			require.NotEqual(t, d.Challenger, j.Account)
			require.Positive(t, j.Paid)
		}
	}
	c.sound()
}
