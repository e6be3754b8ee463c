package project_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
)

const atn = ledger.ATN

var (
	owner = ledgertest.Account(1)
	ann   = ledgertest.Account(2)
	bob   = ledgertest.Account(3)
	id    = ledger.ProjectID(ledgertest.Network, owner, 0)
	none  = ledger.ProjectID(ledgertest.Network, owner, 9)
	cid   = ledger.ManifestCID([]byte("model"))
)

// money joins the module to a real bank the way the app does.
type money struct{ bank.Keeper }

func (m money) Fund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Balance(funder), bank.Projects(), amount, "fund", ref)
}

func (m money) Refund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Projects(), bank.Balance(funder), amount, "refund", ref)
}

func (m money) Reserve(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Projects(), bank.Escrows(), amount, "reserve", ref)
}

func (m money) Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Escrows(), bank.Projects(), amount, "return", ref)
}

func (m money) Collect(ctx *ledger.Context, kv ledger.KV, payer ledger.Account, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Balance(payer), bank.Orders(), amount, "inference", ref)
}

func (m money) Pay(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, ref string) error {
	return m.Move(ctx, kv, bank.Orders(), bank.Balance(to), amount, cause, ref)
}

func (m money) Share(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Orders(), bank.Revenues(), amount, "revenue", ref)
}

func (m money) Keep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, ref string) error {
	return m.Move(ctx, kv, bank.Orders(), bank.Treasury(), amount, cause, ref)
}

func (m money) Draw(ctx *ledger.Context, kv ledger.KV, holder ledger.Account, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Revenues(), bank.Balance(holder), amount, "revenue", ref)
}

func (m money) Sweep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, ref string) error {
	return m.Move(ctx, kv, bank.Revenues(), bank.Treasury(), amount, "rounding", ref)
}

type world struct {
	project.Keeper
	t      *testing.T
	kv     *ledgertest.KV
	bank   money
	prices *prices
	models *models
	height int64
	workMS int64
	events []ledger.EventData
}

// HoldingChanges implements bank.Holders.
func (w *world) HoldingChanges(
	ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, before, after uint64,
) {
	w.Keeper.HoldingChanges(ctx, kv, denom, holder, before, after)
}

// newWorld has ann and bob with 1000 ATN each and owner's project: goal 100 ATN, tokens at 1 ATN plus 1 nATN each.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, kv: ledgertest.NewKV(), models: &models{}, height: 10, workMS: 1_000_000}
	w.bank = money{bank.New().WithHolders(w)}
	w.prices = &prices{bank: w.bank}
	w.Keeper = project.New(project.Ports{Bank: w.bank, Till: w.bank, Tokens: w.bank, Pricing: w.prices, Shards: w.models})
	for _, account := range []ledger.Account{ann, bob, owner} {
		require.NoError(t, w.bank.Allocate(w.kv, bank.Balance(account), 1000*atn))
	}
	require.NoError(t, w.Create(ledgertest.Context(owner), w.kv, project.Create{
		Name: "digits", Goal: 100 * atn, DeadlineMS: 1000, PTBase: uint64(atn), PTSlope: 1, Model: "simplenet",
	}))
	return w
}

func (w *world) fund(from ledger.Account, amount ledger.Natn) error {
	return w.Fund(ledgertest.Context(from), w.kv, project.Fund{Project: id, Amount: amount})
}

func (w *world) get() project.Project {
	w.t.Helper()
	p, ok := w.Project(w.kv, id)
	require.True(w.t, ok)
	return p
}

func (w *world) late() *ledger.Context {
	ctx := ledgertest.Context(ann)
	ctx.WorkMS += 1000
	return ctx
}

func (w *world) sound() {
	w.t.Helper()
	require.NoError(w.t, w.bank.Check(w.kv))
	require.NoError(w.t, w.bank.Recount(w.kv))
	totals := w.bank.Totals(w.kv)
	for _, pot := range []struct {
		total ledger.Natn
		count func(ledger.KV) (ledger.Natn, error)
	}{{totals.Projects, w.Recount}, {totals.Revenues, w.RecountRevenue}, {totals.Orders, w.RecountOrders}} {
		counted, err := pot.count(w.kv)
		require.NoError(w.t, err)
		require.Equal(w.t, pot.total, counted)
	}
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	good := project.Create{Name: "n", Goal: 1, DeadlineMS: 1, PTBase: 1, Model: "m"}
	require.NoError(t, good.Validate())
	model := project.PublishModel{Project: id, Manifest: cid, Root: ledger.Hash{1}, Size: 1, Parameters: 1}
	require.NoError(t, model.Validate())
	spoil := func(fn func(*project.Create)) ledger.Msg { m := good; fn(&m); return m }
	spoilModel := func(fn func(*project.PublishModel)) ledger.Msg { m := model; fn(&m); return m }
	for name, m := range map[string]ledger.Msg{
		"no name":           spoil(func(m *project.Create) { m.Name = "" }),
		"long name":         spoil(func(m *project.Create) { m.Name = strings.Repeat("x", 65) }),
		"control character": spoil(func(m *project.Create) { m.Name = "a\x1b[31m" }),
		"bad UTF-8":         spoil(func(m *project.Create) { m.Name = "\xff" }),
		"no model":          spoil(func(m *project.Create) { m.Model = "" }),
		"no goal":           spoil(func(m *project.Create) { m.Goal = 0 }),
		"no deadline":       spoil(func(m *project.Create) { m.DeadlineMS = 0 }),
		"past deadline":     spoil(func(m *project.Create) { m.DeadlineMS = -1 }),
		"far deadline":      spoil(func(m *project.Create) { m.DeadlineMS = math.MaxInt64 }),
		"free tokens":       spoil(func(m *project.Create) { m.PTBase = 0 }),
		"endless price":     spoil(func(m *project.Create) { m.PTSlope = math.MaxUint64 }),
		"fund nothing":      project.Fund{Project: id},
		"fund nobody":       project.Fund{Project: "x", Amount: 1},
		"refund nobody":     project.Refund{Project: "x"},
		"publish nowhere":   spoilModel(func(m *project.PublishModel) { m.Project = "x" }),
		"publish a raw CID": spoilModel(func(m *project.PublishModel) { m.Manifest = ledger.DocCID([]byte("x")) }),
		"no root":           spoilModel(func(m *project.PublishModel) { m.Root = ledger.Hash{} }),
		"no size":           spoilModel(func(m *project.PublishModel) { m.Size = 0 }),
		"endless size":      spoilModel(func(m *project.PublishModel) { m.Size = math.MaxUint64 }),
		"no parameters":     spoilModel(func(m *project.PublishModel) { m.Parameters = 0 }),
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
}

func TestFundersPayExactlyTheCurve(t *testing.T) {
	for _, c := range []struct {
		base, slope, sold uint64
		amount            ledger.Natn
		tokens            uint64
		price             ledger.Natn
	}{
		{10, 0, 0, 9, 0, 0},
		{10, 0, 0, 10, 1, 10},
		{10, 0, 0, 39, 3, 30},
		{10, 1, 0, 33, 3, 33}, // 10 + 11 + 12
		{10, 1, 0, 32, 2, 21},
		{10, 1, 3, 26, 1, 13},
		{10, 1, 3, 27, 2, 27}, // 13 + 14
		{1, 0, math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64},
		{1, 1, math.MaxUint64, math.MaxUint64, 0, 0},
		{0, 1, 0, 100, 0, 0},
	} {
		tokens, price := project.Quote(c.base, c.slope, c.sold, c.amount)
		require.Equal(t, c.tokens, tokens, c)
		require.Equal(t, c.price, price, c)
	}
}

// Splitting a purchase must not change what is paid.
func TestQuotesAddUp(t *testing.T) {
	for sold := range uint64(20) {
		all, price := project.Quote(7, 3, sold, 10_000)
		first, paid := project.Quote(7, 3, sold, 4_000)
		rest, more := project.Quote(7, 3, sold+first, price-paid)
		require.Equal(t, all, first+rest)
		require.Equal(t, price, paid+more)
		_, next := project.Quote(7, 3, sold+all, 1_000_000)
		require.Greater(t, next, 10_000-price, "one more was not affordable")
	}
}

func TestFundRefusals(t *testing.T) {
	w := newWorld(t)
	before := w.kv.Dump()
	for name, c := range map[string]struct {
		ctx  *ledger.Context
		msg  project.Fund
		code ledger.Code
	}{
		"unknown project":    {ledgertest.Context(ann), project.Fund{Project: none, Amount: atn}, ledger.CodeNotFound},
		"less than a token":  {ledgertest.Context(ann), project.Fund{Project: id, Amount: atn - 1}, ledger.CodeFunds},
		"more than one has":  {ledgertest.Context(ann), project.Fund{Project: id, Amount: 2000 * atn}, ledger.CodeFunds},
		"after the deadline": {w.late(), project.Fund{Project: id, Amount: atn}, ledger.CodeLate},
	} {
		err := w.Fund(c.ctx, ledger.NewOverlay(w.kv), c.msg)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
	}
	require.Equal(t, before, w.kv.Dump())
}

func TestReachingTheGoalOpensTheBudgetAndTheTokens(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.fund(ann, 60*atn))
	ctx := ledgertest.Context(ann)
	send := bank.Send{To: bob, Denom: id, Amount: 1}
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.bank.Send(ctx, w.kv, send)), "tokens wait for the goal")
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Reserve(ledgertest.Context(owner), w.kv, id, atn)))
	require.NoError(t, w.fund(bob, 60*atn))
	require.Equal(t, project.Training, w.get().State)
	require.NoError(t, w.bank.Send(ctx, w.kv, send))
	require.NoError(t, w.BeginBlock(w.late(), w.kv))
	require.Equal(t, project.Training, w.get().State, "a goal once reached stays reached")
	require.NoError(t, w.Fund(w.late(), w.kv, project.Fund{Project: id, Amount: 2 * atn}), "funding goes on")
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Refund(ctx, w.kv, project.Refund{Project: id})))
	w.sound()
}

func TestAMissedGoalRefundsEveryFunderExactly(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.fund(ann, 30*atn))
	require.NoError(t, w.fund(bob, 20*atn))
	require.NoError(t, w.fund(ann, 10*atn))
	early := ledgertest.Context(ann)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Refund(early, ledger.NewOverlay(w.kv), project.Refund{Project: id})))
	require.NoError(t, w.BeginBlock(early, w.kv))
	require.Equal(t, project.Funding, w.get().State)
	require.NoError(t, w.BeginBlock(w.late(), w.kv))
	require.Equal(t, project.Failed, w.get().State)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.fund(ann, 10*atn)))
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Reserve(ledgertest.Context(owner), w.kv, id, atn)))
	for _, funder := range []ledger.Account{ann, bob} {
		require.NoError(t, w.Refund(ledgertest.Context(funder), w.kv, project.Refund{Project: id}))
		require.Equal(t, uint64(1000*atn), w.bank.Balance(w.kv, funder, "ATN"))
		require.Zero(t, w.bank.Balance(w.kv, funder, id))
		again := w.Refund(ledgertest.Context(funder), w.kv, project.Refund{Project: id})
		require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(again), "never twice")
	}
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(w.Refund(ledgertest.Context(owner), w.kv, project.Refund{Project: id})))
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(w.Refund(early, w.kv, project.Refund{Project: none})))
	p := w.get()
	require.Zero(t, p.Budget)
	require.Zero(t, p.Sold)
	w.sound()
}

func TestOnlyTheOwnerSpendsTheBudget(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.fund(ann, 101*atn))
	budget := w.get().Budget
	reserve := func(from ledger.Account, project string, amount ledger.Natn) ledger.Code {
		return ledger.CodeOf(w.Reserve(ledgertest.Context(from), ledger.NewOverlay(w.kv), project, amount))
	}
	require.Equal(t, ledger.CodeRefused, reserve(bob, id, atn))
	require.Equal(t, ledger.CodeNotFound, reserve(owner, none, atn))
	require.Equal(t, ledger.CodeFunds, reserve(owner, id, budget+1))
	require.NoError(t, w.Reserve(ledgertest.Context(owner), w.kv, id, budget))
	require.Zero(t, w.get().Budget)
	require.Equal(t, budget, w.bank.Totals(w.kv).Escrows)
	require.NoError(t, w.Return(ledgertest.Context(""), w.kv, id, 5))
	require.Equal(t, ledger.Natn(5), w.get().Budget)
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(w.Return(ledgertest.Context(""), w.kv, none, 5)))
	require.Error(t, w.Return(ledgertest.Context(""), ledger.NewOverlay(w.kv), id, budget), "more than was taken is not there")
	w.sound()
}

func TestVersionsAreNumberedAndNeverChange(t *testing.T) {
	w := newWorld(t)
	m := project.PublishModel{Project: id, Manifest: cid, Root: ledger.Hash{1}, Size: 10, Parameters: 2}
	publish := func(from ledger.Account, m project.PublishModel) ledger.Code {
		return ledger.CodeOf(w.PublishModel(ledgertest.Context(from), w.kv, m))
	}
	require.Equal(t, ledger.CodeRefused, publish(ann, m))
	unknown := m
	unknown.Project = none
	require.Equal(t, ledger.CodeNotFound, publish(owner, unknown))
	require.Equal(t, ledger.CodeOK, publish(owner, m))
	require.Equal(t, ledger.CodeRefused, publish(owner, m), "version 0 is published once")
	next := ledger.ManifestCID([]byte("next"))
	n, err := w.Publish(ledgertest.Context(bob), w.kv, id, "task", project.Model{Manifest: next, Root: ledger.Hash{2}, Size: 1, Parameters: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(1), n)
	_, err = w.Publish(ledgertest.Context(bob), w.kv, none, "task", project.Model{Manifest: next, Root: ledger.Hash{2}, Size: 1, Parameters: 1})
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(err))
	_, err = w.Publish(ledgertest.Context(bob), w.kv, id, "task", project.Model{Manifest: "x"})
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	var seen []string
	w.Versions(w.kv, id, func(v project.Version) bool {
		require.Equal(t, uint64(len(seen)), v.Version)
		seen = append(seen, v.Manifest)
		return true
	})
	require.Equal(t, []string{cid, next}, seen)
	require.Equal(t, next, w.get().Latest)
	v, ok := w.Version(w.kv, id, 1)
	require.True(t, ok)
	require.Equal(t, bob, v.Publisher)
	require.NoError(t, w.BeginBlock(w.late(), w.kv))
	require.Equal(t, ledger.CodeRefused, publish(owner, m))
}

func TestAnIDIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	err := w.Create(ledgertest.Context(owner), w.kv, project.Create{Name: "x", Goal: 1, DeadlineMS: 1, PTBase: 1, Model: "m"})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err))
	count := 0
	w.Projects(w.kv, func(p project.Project) bool {
		require.Equal(t, "digits", p.Name)
		count++
		return true
	})
	require.Equal(t, 1, count)
}
