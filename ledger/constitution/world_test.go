package constitution_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/constitution"
	"autonet/ledger/ledgertest"
)

const atn = ledger.ATN

var (
	ann = ledgertest.Account(1)
	bob = ledgertest.Account(2)
	eve = ledgertest.Account(3)
	dan = ledgertest.Account(4)
)

// books are the power and stakes of the test: power does not change, so that every height has the same.
type books struct {
	power   map[ledger.Account]ledger.Natn
	weight  map[ledger.Account]ledger.Natn
	signed  map[ledger.Account]int64
	noticed map[ledger.Account]bool
	asleep  map[ledger.Account]bool
	history []map[ledger.Account]bool // who is asleep at the end of each height
	failing error
}

func (b *books) Power(_ ledger.KV, account ledger.Account) ledger.Natn { return b.power[account] }

func (b *books) PowerAt(_ ledger.KV, account ledger.Account, _ int64) ledger.Natn {
	return b.power[account]
}

func (b *books) TotalAt(ledger.KV, int64) ledger.Natn {
	sum := ledger.Natn(0)
	for _, power := range b.power {
		sum += power
	}
	return sum
}

func (b *books) AsleepAt(_ ledger.KV, height int64) ledger.Natn {
	sum := ledger.Natn(0)
	for account := range b.history[height] {
		sum += b.power[account]
	}
	return sum
}

func (b *books) Dormant(ctx *ledger.Context, _ ledger.KV, account ledger.Account) bool {
	return ctx.TimeMS-b.signed[account] >= ctx.Params.Governance.DormantMS
}

func (b *books) Notice(_ *ledger.Context, _ ledger.KV, account ledger.Account) {
	b.noticed[account] = true
}

func (b *books) Rest(_ *ledger.Context, _ ledger.KV, account ledger.Account) {
	b.asleep[account] = true
}

func (b *books) Weight(_ *ledger.Context, _ ledger.KV, account ledger.Account) ledger.Natn {
	return b.weight[account]
}

func (b *books) Change(ctx *ledger.Context, _ ledger.KV, changes []ledger.Change, _ string) (uint64, error) {
	if b.failing != nil {
		return 0, b.failing
	}
	changed, err := ctx.Params.With(changes)
	if err != nil {
		return 0, err
	}
	ctx.Params = changed
	return 2, nil
}

// world is a chain of the constitution alone. Ann, bob, eve and dan have 60, 30, 6 and 4 % of 100 000 ATN.
type world struct {
	constitution.Keeper
	*books
	t      *testing.T
	kv     *ledgertest.KV
	params ledger.Params
	height int64
	timeMS int64
	nonce  uint64
	events []ledger.EventData
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		books: &books{
			power:   map[ledger.Account]ledger.Natn{ann: 60_000 * atn, bob: 30_000 * atn, eve: 6000 * atn, dan: 4000 * atn},
			weight:  map[ledger.Account]ledger.Natn{ann: 500 * atn, bob: 500 * atn, eve: 500 * atn, dan: 1000 * atn},
			signed:  map[ledger.Account]int64{},
			noticed: map[ledger.Account]bool{},
			asleep:  map[ledger.Account]bool{},
		},
		t: t, kv: ledgertest.NewKV(), params: ledger.DefaultParams(), timeMS: 1_700_000_000_000,
	}
	for account := range w.power {
		w.signed[account] = w.timeMS
	}
	w.Keeper = constitution.New(constitution.Ports{Power: w.books, Rules: w.books, Stakes: w.books})
	w.Genesis(w.ctx(""), w.kv)
	w.block(0)
	return w
}

func (w *world) ctx(sender ledger.Account) *ledger.Context {
	return &ledger.Context{Network: "test", Height: w.height, TimeMS: w.timeMS, Params: w.params, Sender: sender, Nonce: w.nonce}
}

// block ends a height, lets time pass and begins the next.
func (w *world) block(afterMS int64) {
	w.t.Helper()
	closed := map[ledger.Account]bool{}
	for account, asleep := range w.asleep {
		if asleep {
			closed[account] = true
		}
	}
	w.history = append(w.history, closed)
	w.height++
	w.timeMS += afterMS
	ctx := w.ctx("")
	require.NoError(w.t, w.Begin(ctx, w.kv))
	require.NoError(w.t, ctx.Faulted())
	w.params = ctx.Params
	w.events = append(w.events, ctx.Emitted()...)
}

// try runs a message and asserts that a refused one leaves nothing. An accepted one wakes its sender.
func (w *world) try(sender ledger.Account, m ledger.Msg) error {
	w.t.Helper()
	if err := m.Validate(); err != nil {
		return err
	}
	ctx := w.ctx(sender)
	before := w.kv.Dump()
	var err error
	switch m := m.(type) {
	case constitution.Amend:
		err = w.Amend(ctx, w.kv, m)
	case constitution.Sign:
		err = w.Sign(ctx, w.kv, m)
	case constitution.Notice:
		err = w.Keeper.Notice(ctx, w.kv, m)
	case constitution.CommitVerdict:
		err = w.CommitVerdict(ctx, w.kv, m)
	case constitution.RevealVerdict:
		err = w.RevealVerdict(ctx, w.kv, m)
	}
	w.nonce++
	if err != nil {
		require.Equal(w.t, before, w.kv.Dump(), "a refused message writes nothing")
		return err
	}
	w.signs(ctx, sender)
	require.NoError(w.t, ctx.Faulted())
	w.events = append(w.events, ctx.Emitted()...)
	return nil
}

// signs is what any accepted transaction of an account does.
func (w *world) signs(ctx *ledger.Context, account ledger.Account) {
	w.signed[account] = w.timeMS
	if w.noticed[account] {
		w.noticed[account], w.asleep[account] = false, false
		w.Woken(ctx, w.kv, account)
	}
}

func (w *world) must(sender ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.NoError(w.t, w.try(sender, m))
}

func (w *world) refused(code ledger.Code, sender ledger.Account, m ledger.Msg) {
	w.t.Helper()
	err := w.try(sender, m)
	require.Equal(w.t, code, ledger.CodeOf(err), "%v", err)
}

func (w *world) amend(sender ledger.Account, m constitution.Amend) string {
	w.t.Helper()
	id := constitution.AmendmentID("test", sender, w.nonce)
	w.must(sender, m)
	return id
}

func (w *world) state(id string) constitution.Amendment {
	w.t.Helper()
	a, ok := w.Amendment(w.kv, id)
	require.True(w.t, ok)
	return a
}

func verdict(id string, account ledger.Account, entries ...constitution.Entry) []byte {
	v := constitution.Verdict{Matter: id, Account: account, Entries: entries, Reasons: ledger.DocCID([]byte("because"))}
	doc, err := v.Encode()
	if err != nil {
		panic(err)
	}
	return doc
}

func commitment(id string, account ledger.Account, doc []byte) constitution.CommitVerdict {
	return constitution.CommitVerdict{Matter: id, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, "test", id, string(account), ledger.DocCID(doc), ledger.Hash{7},
	)}
}

func reveal(id string, doc []byte) constitution.RevealVerdict {
	return constitution.RevealVerdict{Matter: id, Doc: doc, Salt: ledger.Hash{7}}
}

// judged has evaluators give their verdicts and lets the evaluation end.
func (w *world) judged(id string, verdicts map[ledger.Account][]constitution.Entry) {
	w.t.Helper()
	evaluators := []ledger.Account{ann, bob, eve, dan}
	for _, account := range evaluators {
		if entries, ok := verdicts[account]; ok {
			w.must(account, commitment(id, account, verdict(id, account, entries...)))
		}
	}
	w.block(w.params.Governance.VerdictCommitMS)
	for _, account := range evaluators {
		if entries, ok := verdicts[account]; ok {
			w.must(account, reveal(id, verdict(id, account, entries...)))
		}
	}
	w.block(w.params.Governance.VerdictRevealMS)
}

// proceeds has three evaluators find a matter irrelevant to every article.
func (w *world) proceeds(id string) {
	w.t.Helper()
	w.judged(id, map[ledger.Account][]constitution.Entry{ann: nil, bob: nil, eve: nil})
	require.Equal(w.t, constitution.StateSigning, w.state(id).State)
}

func lease(ms int64) constitution.Amend {
	return constitution.Amend{
		Title: "A lease", Text: ledger.DocCID([]byte("why")), Changes: []ledger.Change{{Name: "lease_ms", Value: ms}},
	}
}

func standard(jurisdiction string, numbers ...uint16) constitution.Amend {
	m := constitution.Amend{Title: "A standard", Text: ledger.DocCID([]byte("why"))}
	for _, n := range numbers {
		m.Standards = append(m.Standards, constitution.StandardChange{Jurisdiction: jurisdiction, Number: n, Title: "New", Text: "A right."})
	}
	return m
}
