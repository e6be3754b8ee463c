package dispute_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
)

// Whole tasks with disputes are played in the golden scripts of ledger/task; here the judging alone is looked at.

const taskID = "00000000000000000000000000000001"

// The cast: numbers of ledgertest accounts.
const (
	accused    = 1  // the solver; its step 1 is disputed
	challenger = 2  // and 3: coordinators
	poor       = 9  // has no stake
	judges     = 10 // and on: validators
	fresh      = 30 // and on: coordinators without a part in the task
	aggregator = 50
)

func hash(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

func model(name string) dispute.Model {
	return dispute.Model{Manifest: ledger.ManifestCID([]byte(name)), Root: hash(name), Size: 1, Parameters: 1}
}

// court is a task in its challenge window with one solver, and the stakes of those who may judge.
type court struct {
	keeper     dispute.Keeper
	kv         *ledgertest.KV
	opened     []ledger.Hash
	validators []ledger.Natn // of accounts judges, judges+1, …
	others     []ledger.Natn // of coordinators fresh, fresh+1, …
	insiders   []ledger.Account
	locks      map[string]ledger.Natn
	lost       []ledger.Account
	paid       map[ledger.Account]ledger.Natn
	power      map[ledger.Account]ledger.Natn
	total      ledger.Natn
	subject    dispute.Subject
	published  dispute.Published
	replaced   []dispute.Model
	scores     []uint16
	events     []ledger.EventData
	workMS     int64
	height     int64
}

func newCourt(validators ...ledger.Natn) *court {
	c := &court{
		kv: ledgertest.NewKV(), validators: validators, opened: []ledger.Hash{hash(0), hash(1), hash(2)},
		locks: map[string]ledger.Natn{}, paid: map[ledger.Account]ledger.Natn{}, power: map[ledger.Account]ledger.Natn{},
		subject: dispute.Subject{
			Open: true, Deadline: 1000, Candidate: true, Judged: true, Score: 100, Member: true, Intervals: 4, Steps: 3,
		},
		published: dispute.Published{Open: true, Deadline: 1000, Aggregator: ledgertest.Account(aggregator), Model: model("published")},
	}
	c.keeper = dispute.New(dispute.Ports{Tasks: c, Stakes: c, Bank: c, Governance: c})
	return c
}

func (c *court) Subject(ledger.KV, string, ledger.Account, ledger.Account, uint32) (dispute.Subject, bool) {
	return c.subject, true
}

func (c *court) Published(ledger.KV, string) (dispute.Published, bool) { return c.published, true }

func (c *court) Insiders(ledger.KV, string) []ledger.Account {
	return append([]ledger.Account(nil), c.insiders...)
}

func (c *court) Opening(ledger.KV, string, ledger.Account, uint32) []ledger.Hash { return c.opened }

func (c *court) ProveFraud(_ *ledger.Context, _ ledger.KV, _ string, solver, _ ledger.Account, _, _ string) (ledger.Natn, error) {
	c.subject.Fraud = true
	c.lost = append(c.lost, solver)
	return 1000, nil
}

func (c *court) ReplaceAggregate(
	_ *ledger.Context, _ ledger.KV, _ string, right dispute.Model, _ ledger.Account, _, _ string,
) (ledger.Natn, error) {
	c.replaced = append(c.replaced, right)
	c.lost = append(c.lost, c.published.Aggregator)
	return 1000, nil
}

func (c *court) ReplaceScore(_ *ledger.Context, _ ledger.KV, _ string, _ ledger.Account, score uint16, _ string) error {
	c.scores = append(c.scores, score)
	c.subject.Score = score
	return nil
}

func (c *court) Active(_ *ledger.Context, _ ledger.KV, a ledger.Account, _ ledger.Role) bool {
	return a != ledgertest.Account(poor)
}

func (c *court) Holders(_ *ledger.Context, _ ledger.KV, role ledger.Role, fn func(ledger.Account, ledger.Natn) bool) {
	stakes, from := c.validators, judges
	if role == ledger.RoleCoordinator {
		stakes, from = c.others, fresh
	}
	for i, stake := range stakes {
		if !fn(ledgertest.Account(from+i), stake) {
			return
		}
	}
}

func (c *court) Lock(_ *ledger.Context, _ ledger.KV, a ledger.Account, _ ledger.Role, purpose string, amount ledger.Natn) error {
	c.locks[string(a)+purpose] = amount
	return nil
}

func (c *court) Unlock(_ *ledger.Context, _ ledger.KV, a ledger.Account, _ ledger.Role, purpose string) {
	delete(c.locks, string(a)+purpose)
}

func (c *court) Slash(_ *ledger.Context, _ ledger.KV, p dispute.Penalty) ledger.Natn {
	c.lost = append(c.lost, p.Account)
	return p.Amount
}

func (c *court) SlashLocked(_ *ledger.Context, _ ledger.KV, purpose string, p dispute.Penalty) ledger.Natn {
	held := min(p.Amount, c.locks[string(p.Account)+purpose])
	c.lost = append(c.lost, p.Account)
	return held
}

func (c *court) PayJudge(_ *ledger.Context, _ ledger.KV, judge ledger.Account, amount ledger.Natn, _ string) error {
	c.paid[judge] += amount
	return nil
}

func (c *court) PowerAt(_ ledger.KV, a ledger.Account, _ int64) ledger.Natn { return c.power[a] }

func (c *court) TotalAt(ledger.KV, int64) ledger.Natn { return c.total }

func (c *court) context(sender int) *ledger.Context {
	ctx := ledgertest.Context(ledgertest.Account(sender))
	ctx.WorkMS, ctx.Height, ctx.Hash = c.workMS, c.height, hash("block", c.height)
	return ctx
}

// block ends a block and begins the next.
func (c *court) block(t *testing.T) {
	t.Helper()
	ctx := c.context(0)
	require.NoError(t, c.keeper.End(ctx, c.kv))
	c.events = append(c.events, ctx.Emitted()...)
	c.height++
	ctx = c.context(0)
	require.NoError(t, c.keeper.Begin(ctx, c.kv))
	c.events = append(c.events, ctx.Emitted()...)
}

// challenge disputes interval 0 with another step 1 than the solver's.
func (c *court) challenge(t *testing.T, who int) {
	t.Helper()
	require.NoError(t, c.keeper.Challenge(c.context(who), c.kv, c.message()))
}

func (c *court) message() dispute.Challenge {
	return dispute.Challenge{
		Task: taskID, Solver: ledgertest.Account(accused), Interval: 0, Hashes: []ledger.Hash{hash(0), hash("one"), hash("two")},
	}
}

func step() dispute.Question {
	return dispute.Question{Solver: ledgertest.Account(accused), Interval: 0, Step: 1}
}

func state(h ledger.Hash) dispute.Finding { return dispute.Finding{State: h} }

func (c *court) seal(who int, q dispute.Question, f dispute.Finding) error {
	doc, err := dispute.JudgementCID(taskID, q, f)
	if err != nil {
		return err
	}
	return c.keeper.Commit(c.context(who), c.kv, dispute.Commit{Task: taskID, Question: q, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, ledgertest.Network, taskID, string(ledgertest.Account(who)), doc, hash("salt", who))})
}

func (c *court) show(who int, q dispute.Question, f dispute.Finding) error {
	return c.keeper.Reveal(c.context(who), c.kv, dispute.Reveal{Task: taskID, Question: q, Finding: f, Salt: hash("salt", who)})
}

// judged lets accounts seal and show what they found, the panel having been called in this block.
func (c *court) judged(t *testing.T, q dispute.Question, found map[int]dispute.Finding) {
	t.Helper()
	c.block(t)
	for who, f := range found {
		require.NoError(t, c.seal(who, q, f))
	}
	c.block(t)
	for who, f := range found {
		require.NoError(t, c.show(who, q, f))
	}
	c.block(t)
}

func (c *court) dispute(t *testing.T, who int) dispute.Dispute {
	t.Helper()
	d, ok := c.keeper.Dispute(c.kv, taskID, ledgertest.Account(accused), ledgertest.Account(who))
	require.True(t, ok)
	return d
}

func (c *court) panel(t *testing.T, q dispute.Question) dispute.Panel {
	t.Helper()
	p, ok := c.keeper.Panel(c.kv, taskID, q)
	require.True(t, ok)
	return p
}

func refusedWith(t *testing.T, code ledger.Code, err error) {
	t.Helper()
	require.Equal(t, code, ledger.CodeOf(err), "%v", err)
}

func accounts(numbers ...int) []ledger.Account {
	var out []ledger.Account
	for _, n := range numbers {
		out = append(out, ledgertest.Account(n))
	}
	return out
}
