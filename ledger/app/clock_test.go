package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/task"
)

// workKinds are the messages that need a lease: whatever trains, verifies, aggregates, judges or infers.
func workKinds() map[string]bool {
	return map[string]bool{
		"task/claim": true, "task/checkpoint": true, "task/commit": true, "task/reveal-truth": true, "task/reveal": true,
		"task/open-steps": true, "task/aggregate": true, "rewards/commit-vote": true, "rewards/reveal-vote": true,
	}
}

// workModules are those some of whose other messages are work, as they state themselves.
func workModules() map[string]bool {
	return map[string]bool{"dispute": true, "project": true, "forcederror": true}
}

func module(kind string) string {
	for i := range kind {
		if kind[i] == '/' {
			return kind[:i]
		}
	}
	return kind
}

// TestOnlyWorkNeedsALease knocks with a message of every kind there is. What the kind has to say does not matter: a lease is
// asked for before it is read.
func TestOnlyWorkNeedsALease(t *testing.T) {
	c := newChain(t)
	halted := map[string]bool{}
	for _, kind := range c.Kinds() {
		raw := sealed(t, 0, kind, []byte{0xa0}, atn)
		before := c.kv.Dump()
		scratch := ledger.NewOverlay(c.kv)
		if ledger.CodeOf(c.CheckTx(scratch, c.info(), raw)) == ledger.CodeHalted {
			halted[kind] = true
			require.Equal(t, uint64(0), c.View(scratch).Nonce(acct(citizen)))
		}
		require.Equal(t, before, c.kv.Dump())
	}
	for kind := range workKinds() {
		require.True(t, halted[kind], "%s is work", kind)
	}
	for kind := range halted {
		require.True(t, workKinds()[kind] || workModules()[module(kind)], "%s is refused during a halt: is it work?", kind)
	}
	for _, kind := range c.Kinds() {
		switch module(kind) {
		case "bank", "staking", "shardreg", "dao", "constitution", "heartbeat", "alignment":
			require.False(t, halted[kind], "%s is never halted", kind)
		}
	}
}

// patient is a network with the public one's clock: a lease of two minutes and windows of hours.
func patient(t *testing.T) (*chain, string) {
	t.Helper()
	g := genesis()
	g.Params = ledger.DefaultParams()
	c := newChainOf(t, g)
	project := c.funded()
	c.must(owner, c.proposal(project))
	id := c.view().Tasks()[0].ID
	c.must(owner, task.Open{Task: id})
	return c, id
}

func (c *chain) task(id string) task.Task {
	c.t.Helper()
	one, ok := c.view().Task(id)
	require.True(c.t, ok)
	return one
}

func (c *chain) work() int64 { return c.view().WorkClock().WorkMS }

func TestASkewedHeaderFiresNoDeadline(t *testing.T) {
	c, id := patient(t)
	require.Equal(t, task.StateOpen, c.task(id).State)
	for _, jump := range []int64{61_000, 3_600_000, 24 * 3_600_000, 30 * 24 * 3_600_000} {
		c.beat()
		before := c.work()
		c.block(jump, c.sign(citizen, bank.Send{To: acct(owner), Denom: "ATN", Amount: 1}))
		require.LessOrEqual(t, c.work()-before, int64(60_000), "a block is worth a minute at most")
		require.Equal(t, task.StateOpen, c.task(id).State, "a month ahead, and an hour's window is still open")
	}
	require.Equal(t, ledger.CodeHalted, c.send(solver, task.Claim{Task: id}).Code, "the lease ended where the header is")
	c.beat()
	require.Equal(t, ledger.CodeOK, c.send(solver, task.Claim{Task: id}).Code)
}

func TestNoDeadlineFiresWhileGovernanceIsSilent(t *testing.T) {
	c, id := patient(t)
	c.beat()
	c.must(solver, task.Claim{Task: id})
	c.block(c.view().Params().LeaseMS)
	c.block(1)
	require.False(t, c.view().LeaseLive(c.timeMS))
	before, work := c.task(id), c.work()
	for range 200 {
		c.block(6 * 3_600_000)
	}
	require.Equal(t, before, c.task(id), "fifty days of silence are no time")
	require.Equal(t, work, c.work())
	c.beat()
	c.block(5000)
	require.Equal(t, work+5000, c.work(), "work resumes where it stopped")
}

func TestDeadlinesFireOnAnIdleChain(t *testing.T) {
	g := genesis()
	g.Params.ClaimMS = 3000
	c := newChainOf(t, g)
	project := c.funded()
	c.must(owner, c.proposal(project))
	id := c.view().Tasks()[0].ID
	c.must(owner, task.Open{Task: id})
	c.beat()
	for range 5 { // empty blocks, and nobody says a word
		c.block(c.view().Params().EmptyBlockMS)
		require.Equal(t, task.StateOpen, c.task(id).State)
	}
	c.block(c.view().Params().EmptyBlockMS)
	c.block(c.view().Params().EmptyBlockMS)
	require.Equal(t, task.StateExpired, c.task(id).State, "nobody claimed, and the time is over")
	c.sound()
}
