package project_test

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
)

// prices quotes what a test says: a subsidy or a premium on the base.
type prices struct {
	bank             money
	subsidy, premium ledger.Natn
	wrong            bool
	refusal          error
}

// Quote implements project.Pricing.
func (p *prices) Quote(_ *ledger.Context, _ ledger.KV, q project.PriceQuery) (project.Price, error) {
	price := project.Price{
		Payer: q.Payer, Project: q.Project, Base: q.Base, Units: q.Units, Pay: q.Base + p.premium - p.subsidy,
		Subsidy: p.subsidy, Premium: p.premium,
	}
	if p.wrong {
		price.Pay++
	}
	return price, p.refusal
}

// Book implements project.Pricing.
func (p *prices) Book(ctx *ledger.Context, kv ledger.KV, price project.Price) error {
	return p.bank.Move(ctx, kv, bank.Subsidies(), bank.Orders(), price.Subsidy, "subsidy", "")
}

// Close implements project.Pricing.
func (p *prices) Close(ctx *ledger.Context, kv ledger.KV, price project.Price, delivered bool) error {
	back := price.Subsidy
	if delivered {
		back = price.Premium
	}
	return p.bank.Move(ctx, kv, bank.Orders(), bank.Subsidies(), back, "pool", "")
}

// models says who serves every model.
type models struct {
	servers []ledger.Account
	missing bool
}

// Available implements project.Shards.
func (m *models) Available(*ledger.Context, ledger.KV, string, ledger.Hash) bool { return !m.missing }

// Servers implements project.Shards.
func (m *models) Servers(_ *ledger.Context, _ ledger.KV, _ string, _ ledger.Hash, fn func(account ledger.Account) bool) {
	for _, account := range slices.Sorted(slices.Values(m.servers)) {
		if !fn(account) {
			return
		}
	}
}

func (w *world) ctx(sender ledger.Account) *ledger.Context {
	ctx := ledgertest.Context(sender)
	ctx.Height, ctx.WorkMS, ctx.TimeMS = w.height, w.workMS, 1_700_000_000_000+w.workMS
	ctx.Hash = sha256.Sum256([]byte(fmt.Sprint("block", w.height)))
	ctx.Nonce = uint64(len(w.events)) + 100
	return ctx
}

// run executes a message as the app does: a refusal changes nothing.
func (w *world) run(from ledger.Account, m ledger.Msg) ledger.Code {
	w.t.Helper()
	require.NoError(w.t, m.Validate())
	ctx, state := w.ctx(from), ledger.NewOverlay(w.kv)
	var err error
	switch m := m.(type) {
	case project.Fund:
		err = w.Fund(ctx, state, m)
	case project.PublishModel:
		err = w.PublishModel(ctx, state, m)
	case project.Mature:
		err = w.Mature(ctx, state, m)
	case project.Deploy:
		err = w.Deploy(ctx, state, m)
	case project.Pause:
		err = w.Pause(ctx, state, m)
	case project.Resume:
		err = w.Resume(ctx, state, m)
	case project.SetPrice:
		err = w.SetPrice(ctx, state, m)
	case project.Order:
		err = w.PlaceOrder(ctx, state, m)
	case project.Deliver:
		err = w.Deliver(ctx, state, m)
	case project.Reject:
		err = w.Reject(ctx, state, m)
	case project.Withdraw:
		err = w.Withdraw(ctx, state, m)
	case bank.Send:
		err = w.bank.Send(ctx, state, m)
	case bank.Burn:
		err = w.bank.Burn(ctx, state, m)
	default:
		w.t.Fatalf("no rule for %s", m.Kind())
	}
	require.NoError(w.t, ctx.Faulted())
	if err != nil {
		return ledger.CodeOf(err)
	}
	w.events = append(w.events, ctx.Emitted()...)
	state.Flush()
	return ledger.CodeOK
}

func (w *world) must(from ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.Equal(w.t, ledger.CodeOK, w.run(from, m), m.Kind())
}

// block begins the next block, ms of work later.
func (w *world) block(ms int64) {
	w.t.Helper()
	w.height++
	w.workMS += ms
	ctx := w.ctx("")
	require.NoError(w.t, w.BeginBlock(ctx, w.kv))
	require.NoError(w.t, ctx.Faulted())
	w.events = append(w.events, ctx.Emitted()...)
	w.sound()
}

// deployed has a project that sells inference at a price, with carl and dora to serve it, and whose tokens ann and bob
// hold: 59 and 41.
func deployed(w *world, price ledger.Natn, tiers ...project.Tier) {
	w.t.Helper()
	w.models.servers = []ledger.Account{carl, dora}
	w.must(ann, project.Fund{Project: id, Amount: 60 * atn})
	w.must(bob, project.Fund{Project: id, Amount: 42 * atn})
	w.must(owner, project.PublishModel{Project: id, Manifest: cid, Root: ledger.Hash{1}, Size: 10, Parameters: 2})
	w.must(owner, project.Mature{Project: id})
	w.workMS += ledger.DevnetParams().Services.MatureMS
	w.must(owner, project.Deploy{Project: id})
	w.must(owner, project.SetPrice{Project: id, Price: price, Tiers: tiers})
}

func order(units uint64) project.Order {
	return project.Order{Project: id, Input: ledger.DocCID([]byte("input")), Units: units, MaxPrice: 1000 * atn}
}

// placed places an order and returns its ID.
func (w *world) placed(from ledger.Account, m project.Order) string {
	w.t.Helper()
	orderID := project.OrderID(ledgertest.Network, from, w.ctx(from).Nonce)
	w.must(from, m)
	return orderID
}

func (w *world) order(orderID string) project.OrderRecord {
	w.t.Helper()
	o, ok := w.Order(w.kv, orderID)
	require.True(w.t, ok)
	return o
}

// closed returns how an order ended.
func (w *world) closed(orderID string) project.OrderClosed {
	w.t.Helper()
	for _, data := range w.events {
		if e, ok := data.(project.OrderClosed); ok && e.Order == orderID {
			return e
		}
	}
	w.t.Fatalf("order %s has not ended", orderID)
	return project.OrderClosed{}
}

func (w *world) balance(account ledger.Account) ledger.Natn {
	return ledger.Natn(w.bank.Balance(w.kv, account, "ATN"))
}
