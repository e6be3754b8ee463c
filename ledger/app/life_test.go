package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/task"
)

// funded gives the owner a project with a budget and a model.
func (c *chain) funded() string {
	c.t.Helper()
	id := ledger.ProjectID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, create())
	c.must(citizen, project.Fund{Project: id, Amount: 300 * atn})
	c.must(owner, project.PublishModel{Project: id, Manifest: manifest("model"), Root: digest(0), Size: 1, Parameters: 1})
	return id
}

// play lets everybody act honestly until the task is final.
func (c *chain) play(id string) task.Task {
	c.t.Helper()
	for range 200 {
		c.beat()
		t, ok := c.view().Task(id)
		require.True(c.t, ok)
		if t.Final() {
			return t
		}
		if t.State == task.StateChallenge || t.State == task.StateAggregated { // nothing to challenge
			c.block(1000)
			continue
		}
		var txs [][]byte
		for _, m := range c.moves(t) {
			txs = append(txs, c.sign(m.from, m.msg))
		}
		for _, res := range c.block(200, txs...).Txs {
			require.Equal(c.t, ledger.CodeOK, res.Code, "%s in %s %s: %s", res.Kind, t.State, t.Phase, res.Text)
		}
	}
	c.t.Fatal("the task did not end")
	return task.Task{}
}

func TestATaskRunsFromProposalToANewModelVersion(t *testing.T) {
	c := newChain(t)
	id := c.funded()
	budget := mustProject(t, c, id).Budget
	p := c.proposal(id)
	taskID := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, p)
	escrow := budget - mustProject(t, c, id).Budget
	require.Equal(t, escrow, c.view().Supply().Escrows)

	c.must(provider, shardreg.Register{
		Manifest: manifest("result", taskID), Root: digest("root"), Size: 400_000, Data: 10, Parity: 4, Strategy: shardreg.LayerWise,
	})
	c.must(provider, shardreg.Announce{Manifest: manifest("result", taskID), Root: digest("root"), Size: 400_000, Data: 10, Parity: 4, Columns: []uint16{0, 1, 2}})
	c.must(provider+1, shardreg.Announce{Manifest: manifest("result", taskID), Root: digest("root"), Size: 400_000, Data: 10, Parity: 4, Columns: []uint16{2, 3}})
	require.Equal(t, 4, c.view().AnnouncedColumns(manifest("result", taskID), digest("root")))
	before := c.view().Balance(acct(provider), "ATN")

	done := c.play(taskID)
	require.Equal(t, task.StateAggregated, done.State)
	require.Equal(t, uint32(2), done.Accepted)
	require.Zero(t, c.view().Supply().Escrows, "every way out empties the escrow")
	require.Equal(t, before+uint64(atn)*3/5, c.view().Balance(acct(provider), "ATN"), "storage is paid by columns")

	versions := c.view().Versions(id)
	require.Len(t, versions, 2)
	require.Equal(t, manifest("result", taskID), versions[1].Manifest)
	require.Equal(t, taskID, versions[1].Task)
	require.Len(t, c.view().Votes(taskID), 3)
	require.Empty(t, c.view().Disputes(taskID))
	for i := solver; i < solver+2; i++ {
		require.Empty(t, c.view().Locks(acct(i)), "bonds are released")
	}
	reward := uint64(p.RewardPerSample) * 28 * 49151 / 65535
	require.InDelta(t, reward, paid(t, c, acct(solver)), 1)
	c.sound()
}

func mustProject(t *testing.T, c *chain, id string) project.Project {
	t.Helper()
	p, ok := c.view().Project(id)
	require.True(t, ok)
	return p
}

// paid is what an account got out of escrows, as the events tell.
func paid(t *testing.T, c *chain, account ledger.Account) uint64 {
	t.Helper()
	sum := uint64(0)
	for _, e := range c.events {
		data, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(t, err)
		if p, ok := data.(task.EventPaid); ok && p.Account == account {
			sum += uint64(p.Amount)
		}
	}
	return sum
}

func TestATaskSurvivesAHaltInEveryPhase(t *testing.T) {
	g := genesis()
	hour := ledger.DefaultParams().ClaimMS // the leases before each halt are time that counts
	g.Params.ClaimMS, g.Params.CommitMS, g.Params.TruthMS, g.Params.RevealMS = hour, hour, hour, hour
	g.Params.VoteCommitMS, g.Params.VoteRevealMS, g.Params.OpeningMS, g.Params.AggregateMS = hour, hour, hour, hour
	c := newChainOf(t, g)
	id := c.funded()
	taskID := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(id))
	for range 300 {
		c.beat()
		now, _ := c.view().Task(taskID)
		if now.Final() {
			require.Equal(t, task.StateAggregated, now.State, now.Cause)
			c.sound()
			return
		}
		for _, m := range c.moves(now) {
			if now.State == task.StateChallenge {
				continue
			}
			require.Equal(t, ledger.CodeOK, c.send(m.from, m.msg).Code)
			break
		}
		c.block(3_600_000) // an hour without a heartbeat
		after, _ := c.view().Task(taskID)
		require.NotEqual(t, task.StateExpired, after.State, "nothing expires because governance was silent")
		if now.State == task.StateChallenge {
			c.wait(2000)
		}
	}
	t.Fatal("the task did not end")
}
