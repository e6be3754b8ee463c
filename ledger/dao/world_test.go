package dao_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dao"
	"autonet/ledger/ledgertest"
)

const atn = ledger.ATN

var (
	ann = ledgertest.Account(1)
	bob = ledgertest.Account(2)
	eve = ledgertest.Account(3)
	dan = ledgertest.Account(4)
)

// ports are everything the module needs, played by the test.
type ports struct {
	treasury     ledger.Natn
	granted      map[ledger.Account]ledger.Natn
	set          []ledger.Account
	power        []int64
	reconsidered int
	judging      map[string]string // matter to text
	done         bool
	proceed      bool
}

func (p *ports) Balance(ledger.KV) ledger.Natn { return p.treasury }

func (p *ports) Grant(_ *ledger.Context, _ ledger.KV, to ledger.Account, amount ledger.Natn, _ string) error {
	if amount > p.treasury {
		return ledger.Refuse(ledger.CodeFunds, "the treasury holds %s", p.treasury)
	}
	p.treasury -= amount
	p.granted[to] += amount
	return nil
}

func (p *ports) Validators(_ ledger.KV, fn func(ledger.Account, int64) bool) {
	for i, account := range p.set {
		if !fn(account, p.power[i]) {
			return
		}
	}
}

func (p *ports) Reconsider(ledger.KV) { p.reconsidered++ }

func (p *ports) Judge(_ *ledger.Context, _ ledger.KV, matter, text string) { p.judging[matter] = text }

func (p *ports) Judged(ledger.KV, string) (done, proceed bool, reason string) {
	return p.done, p.proceed, "the evaluators oppose it"
}

// world is a chain of governance alone. Accounts 1 to 4 have 4000, 3000, 2000 and 1000 ATN bonded.
type world struct {
	dao.Keeper
	*ports
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
		ports: &ports{treasury: 100_000 * atn, granted: map[ledger.Account]ledger.Natn{}, judging: map[string]string{}},
		t:     t, kv: ledgertest.NewKV(), params: ledger.DefaultParams(), timeMS: 1_700_000_000_000,
	}
	w.set, w.power = []ledger.Account{ann, bob, eve}, []int64{100, 100, 100}
	w.Keeper = dao.New(dao.Ports{Treasury: w.ports, Validators: w.ports, Evaluators: w.ports})
	ctx := w.ctx("")
	w.Genesis(ctx, w.kv)
	for i, account := range []ledger.Account{ann, bob, eve, dan} {
		w.StakeChanged(ctx, w.kv, account, 0, ledger.Natn(4-i)*1000*atn)
	}
	require.NoError(t, ctx.Faulted())
	w.block(0)
	return w
}

func (w *world) ctx(sender ledger.Account) *ledger.Context {
	return &ledger.Context{
		Network: "test", Height: w.height, TimeMS: w.timeMS, Params: w.params, Sender: sender, Nonce: w.nonce,
		Protocol: w.Protocol(w.kv).Version,
	}
}

// done keeps what a step left behind.
func (w *world) finish(ctx *ledger.Context) {
	w.t.Helper()
	require.NoError(w.t, ctx.Faulted())
	w.params = ctx.Params
	w.events = append(w.events, ctx.Emitted()...)
}

// block lets time pass and begins the next block.
func (w *world) block(afterMS int64) {
	w.t.Helper()
	w.height++
	w.timeMS += afterMS
	ctx := w.ctx("")
	require.NoError(w.t, w.Begin(ctx, w.kv))
	w.finish(ctx)
}

// try runs a message and asserts that a refused one leaves nothing.
func (w *world) try(sender ledger.Account, m ledger.Msg) error {
	w.t.Helper()
	if err := m.Validate(); err != nil {
		return err
	}
	ctx := w.ctx(sender)
	before := w.kv.Dump()
	var err error
	switch m := m.(type) {
	case dao.Delegate:
		err = w.Delegate(ctx, w.kv, m)
	case dao.Propose:
		err = w.Propose(ctx, w.kv, m)
	case dao.Vote:
		err = w.Vote(ctx, w.kv, m)
	case dao.Signal:
		err = w.Signal(ctx, w.kv, m)
	}
	w.nonce++
	if err != nil {
		require.Equal(w.t, before, w.kv.Dump(), "a refused message writes nothing")
		return err
	}
	w.finish(ctx)
	w.Signed(ctx, w.kv, sender)
	return nil
}

func (w *world) must(sender ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.NoError(w.t, w.try(sender, m))
}

func (w *world) refused(code ledger.Code, sender ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.Equal(w.t, code, ledger.CodeOf(w.try(sender, m)))
}

func (w *world) stake(account ledger.Account, now ledger.Natn) {
	w.t.Helper()
	ctx := w.ctx(account)
	s, _ := w.Standing(w.kv, account)
	w.StakeChanged(ctx, w.kv, account, s.Own, now)
	w.finish(ctx)
}

// propose makes a proposal and returns its ID.
func (w *world) propose(sender ledger.Account, m dao.Propose) string {
	w.t.Helper()
	id := dao.ProposalID("test", sender, w.nonce)
	w.must(sender, m)
	return id
}

func (w *world) state(id string) dao.Proposal {
	w.t.Helper()
	p, ok := w.Proposal(w.kv, id)
	require.True(w.t, ok)
	return p
}

// carry lets a proposal come to its vote, has everybody vote yes and lets it come to its end.
func (w *world) carry(id string, voters ...ledger.Account) dao.Proposal {
	w.t.Helper()
	g := w.params.Governance
	w.block(g.DelayMS)
	for _, voter := range voters {
		w.must(voter, dao.Vote{Proposal: id, Choice: dao.Yes})
	}
	w.block(g.VoteMS)
	w.block(g.TimelockMS)
	return w.state(id)
}

func change(name string, value int64) dao.Propose {
	return dao.Propose{Title: "A change", Text: ledger.DocCID([]byte("why")), Changes: []ledger.Change{{Name: name, Value: value}}}
}

func grant(to ledger.Account, amount ledger.Natn) dao.Propose {
	return dao.Propose{Title: "A grant", Text: ledger.DocCID([]byte("why")), Grant: dao.Grant{To: to, Amount: amount}}
}

func upgrade(version uint64, height int64) dao.Propose {
	return dao.Propose{Title: "An upgrade", Text: ledger.DocCID([]byte("why")), Upgrade: dao.Upgrade{Version: version, Height: height}}
}
