package dispute_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
)

// Whole tasks with disputes are played in the golden scripts of ledger/task; here the panel alone is looked at.

const taskID = "00000000000000000000000000000001"

func hash(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

// court is a task in its challenge window with one solver, and the stake of validators.
type court struct {
	keeper     dispute.Keeper
	kv         *ledgertest.KV
	opened     []ledger.Hash
	validators []ledger.Natn // of accounts 10, 11, …
	locked     int
	lost       []ledger.Account
	fraud      bool
	workMS     int64
}

func newCourt(validators ...ledger.Natn) *court {
	c := &court{kv: ledgertest.NewKV(), validators: validators, opened: []ledger.Hash{hash(0), hash(1), hash(2)}}
	c.keeper = dispute.New(dispute.Ports{Tasks: c, Stakes: c})
	return c
}

func (c *court) Subject(ledger.KV, string, ledger.Account, ledger.Account, uint32) (dispute.Subject, bool) {
	return dispute.Subject{Open: true, Deadline: 1000, Candidate: true, Fraud: c.fraud, Member: true, Intervals: 4, Steps: 3}, true
}

func (c *court) Opening(ledger.KV, string, ledger.Account, uint32) []ledger.Hash { return c.opened }

func (c *court) ProveFraud(_ *ledger.Context, _ ledger.KV, _ string, solver, _ ledger.Account, _, _ string) (ledger.Natn, error) {
	c.fraud = true
	c.lost = append(c.lost, solver)
	return 1, nil
}

func (c *court) Active(_ *ledger.Context, _ ledger.KV, a ledger.Account, _ ledger.Role) bool {
	return a != ledgertest.Account(9)
}

func (c *court) Holders(_ *ledger.Context, _ ledger.KV, _ ledger.Role, fn func(ledger.Account, ledger.Natn) bool) {
	for i, stake := range c.validators {
		if !fn(ledgertest.Account(10+i), stake) {
			return
		}
	}
}

func (c *court) Lock(*ledger.Context, ledger.KV, ledger.Account, ledger.Role, string, ledger.Natn) error {
	c.locked++
	return nil
}

func (c *court) Unlock(*ledger.Context, ledger.KV, ledger.Account, ledger.Role, string) { c.locked-- }

func (c *court) SlashLocked(_ *ledger.Context, _ ledger.KV, _ string, p dispute.Penalty) ledger.Natn {
	c.lost = append(c.lost, p.Account)
	return p.Amount
}

func (c *court) context(sender int) *ledger.Context {
	ctx := ledgertest.Context(ledgertest.Account(sender))
	ctx.WorkMS = c.workMS
	return ctx
}

// Account 1 is the solver, account 2 the challenger: its step 1 differs.
func (c *court) challenge(t *testing.T, challenger int) {
	t.Helper()
	require.NoError(t, c.keeper.Challenge(c.context(challenger), c.kv, c.message()))
}

func (c *court) message() dispute.Challenge {
	return dispute.Challenge{
		Task: taskID, Solver: ledgertest.Account(1), Interval: 0, Hashes: []ledger.Hash{hash(0), hash("one"), hash("two")},
	}
}

func (c *court) judge(judge int, h ledger.Hash) error {
	return c.keeper.Judge(c.context(judge), c.kv, dispute.Judge{
		Task: taskID, Solver: ledgertest.Account(1), Interval: 0, Step: 1, Hash: h,
	})
}

func (c *court) dispute(t *testing.T, challenger int) dispute.Dispute {
	t.Helper()
	d, ok := c.keeper.Dispute(c.kv, taskID, ledgertest.Account(1), ledgertest.Account(challenger))
	require.True(t, ok)
	return d
}

func TestExactlyHalfOfThePanelIsNoMajority(t *testing.T) {
	c := newCourt(10, 10)
	c.challenge(t, 2)
	require.NoError(t, c.judge(10, hash("one")))
	require.Equal(t, dispute.Judging, c.dispute(t, 2).Status)
	require.True(t, c.keeper.Pending(c.kv, taskID))
	require.NoError(t, c.judge(11, hash("one")))
	require.Equal(t, dispute.Proven, c.dispute(t, 2).Status)
	require.False(t, c.keeper.Pending(c.kv, taskID))
	require.Equal(t, []ledger.Account{ledgertest.Account(1)}, c.lost)
	require.Zero(t, c.locked)
}

func TestStakeDecidesNotHeads(t *testing.T) {
	c := newCourt(10, 10, 100)
	c.challenge(t, 2)
	require.NoError(t, c.judge(10, hash("one")))
	require.NoError(t, c.judge(11, hash("one")))
	require.NoError(t, c.judge(12, hash(1)))
	require.Equal(t, dispute.Dismissed, c.dispute(t, 2).Status)
	require.Equal(t, []ledger.Account{ledgertest.Account(2)}, c.lost)
}

func TestBitsThatAreNeitherSidesProveTheFraud(t *testing.T) {
	c := newCourt(10)
	c.challenge(t, 2)
	require.NoError(t, c.judge(10, hash("third")))
	require.Equal(t, dispute.Proven, c.dispute(t, 2).Status)
}

func TestOneJudgementSettlesEveryDisputeAboutTheStep(t *testing.T) {
	c := newCourt(10)
	c.challenge(t, 2)
	c.challenge(t, 3)
	require.NoError(t, c.judge(10, hash("one")))
	require.Equal(t, dispute.Proven, c.dispute(t, 2).Status)
	require.Equal(t, dispute.Proven, c.dispute(t, 3).Status)
	require.Len(t, c.lost, 1, "the bond is taken once")
	require.Equal(t, "proven", c.keeper.Challenger(c.kv, taskID, ledgertest.Account(1), ledgertest.Account(3)))
}

func TestPartiesDoNotJudge(t *testing.T) {
	c := newCourt(10, 10)
	c.challenge(t, 10)
	require.Len(t, c.dispute(t, 10).Panel, 1)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.judge(10, hash("one"))))
	require.NoError(t, c.judge(11, hash("one")))
}

func TestPanelOfNobodyVoids(t *testing.T) {
	c := newCourt()
	c.challenge(t, 2)
	require.Equal(t, dispute.Void, c.dispute(t, 2).Status)
	require.True(t, c.keeper.Void(c.kv, taskID, ledgertest.Account(1)))
	require.Empty(t, c.lost)
	require.Zero(t, c.locked)
}

func TestSilentPanelVoidsAtItsDeadlineAndNotBefore(t *testing.T) {
	c := newCourt(10)
	c.challenge(t, 2)
	deadline := c.dispute(t, 2).Deadline
	c.workMS = deadline - 1
	require.NoError(t, c.keeper.End(c.context(2), c.kv))
	require.Equal(t, dispute.Judging, c.dispute(t, 2).Status)
	c.workMS = deadline
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(c.judge(10, hash(1))))
	require.NoError(t, c.keeper.End(c.context(2), c.kv))
	require.Equal(t, dispute.Void, c.dispute(t, 2).Status)
	require.Equal(t, "void", c.keeper.Challenger(c.kv, taskID, ledgertest.Account(1), ledgertest.Account(2)))
}

func TestUnopenedIntervalProvesTheFraudAtItsDeadline(t *testing.T) {
	c := newCourt(10)
	steps := c.opened
	c.opened = nil
	c.challenge(t, 2)
	require.True(t, c.keeper.Demanded(c.kv, taskID, ledgertest.Account(1), 0))
	require.False(t, c.keeper.Demanded(c.kv, taskID, ledgertest.Account(1), 1))
	c.challenge(t, 3)
	require.NoError(t, c.keeper.Opened(c.context(1), c.kv, taskID, ledgertest.Account(1), 1, steps))
	require.Equal(t, dispute.Awaiting, c.dispute(t, 2).Status)
	c.workMS = c.dispute(t, 2).Deadline
	require.NoError(t, c.keeper.End(c.context(1), c.kv))
	require.Equal(t, dispute.Proven, c.dispute(t, 2).Status)
	require.Equal(t, dispute.Proven, c.dispute(t, 3).Status)
	require.Len(t, c.lost, 1)
}

func TestOpenedIntervalGoesToThePanelOrDismisses(t *testing.T) {
	c := newCourt(10)
	steps := c.opened
	c.opened = nil
	c.challenge(t, 2)
	m := c.message()
	m.Hashes = steps
	require.NoError(t, c.keeper.Challenge(c.context(3), c.kv, m))
	require.NoError(t, c.keeper.Opened(c.context(1), c.kv, taskID, ledgertest.Account(1), 0, steps))
	require.Equal(t, dispute.Judging, c.dispute(t, 2).Status)
	require.Equal(t, uint32(1), c.dispute(t, 2).Step)
	require.Equal(t, dispute.Dismissed, c.dispute(t, 3).Status)
	require.Equal(t, []ledger.Account{ledgertest.Account(3)}, c.lost)
}

func TestChallengeOutOfPlaceIsRefused(t *testing.T) {
	c := newCourt(10)
	m := c.message()
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.keeper.Challenge(c.context(1), c.kv, m)), "its own solution")
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(c.keeper.Challenge(c.context(9), c.kv, m)), "no stake")
	m.Interval = 4
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.keeper.Challenge(c.context(2), c.kv, m)), "no such interval")
	m = c.message()
	m.Hashes = m.Hashes[:2]
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.keeper.Challenge(c.context(2), c.kv, m)), "a step short")
	m.Hashes = c.opened
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.keeper.Challenge(c.context(2), c.kv, m)), "the same steps")
	c.workMS = 1000
	require.Equal(t, ledger.CodeLate, ledger.CodeOf(c.keeper.Challenge(c.context(2), c.kv, c.message())), "late")
	require.Zero(t, c.locked)
	require.Empty(t, c.keeper.Disputes(c.kv, taskID))
}
