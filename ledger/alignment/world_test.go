package alignment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
)

var (
	ann  = ledgertest.Account(1)
	bob  = ledgertest.Account(2)
	eve  = ledgertest.Account(3)
	proj = ledger.ProjectID("test", ann, 0)
	next = ledger.ProjectID("test", ann, 1)
)

const (
	good    = "Write plain guides that help refugees find asylum and protect children from hunger"
	bad     = "Torture prisoners and spy on dissidents to silence the free press"
	neutral = "Sort a list of integers"
	mixed   = "Help children learn. Attack children."
)

// world is the module over a real bank and fakes of the rest.
type world struct {
	alignment.Keeper
	t        *testing.T
	bank     bank.Keeper
	kv       *ledgertest.KV
	params   ledger.Params
	workMS   int64
	maturity uint64
	recoup   uint64
	texts    []string
	changed  int64
	power    map[ledger.Account]ledger.Natn
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, bank: bank.New(), kv: ledgertest.NewKV(), params: ledger.DevnetParams(), workMS: 1_000_000, maturity: 1000,
		power: map[ledger.Account]ledger.Natn{},
		texts: []string{
			"Advance human rights and individual autonomy.", "Minimise suffering and harm.",
			"No one shall be subjected to torture or to cruel, inhuman or degrading treatment or punishment.",
			"Everyone has the right to seek asylum from persecution.", "Everyone has the right to education.",
			"Everyone has the right to privacy.", "Everyone has the right to freedom of opinion and of the press.",
			"Everyone has the right to health, food and housing.",
		},
	}
	w.Keeper = alignment.New(alignment.Ports{Bank: w, Constitution: w, Projects: w, Power: w})
	for _, account := range []ledger.Account{ann, bob, eve} {
		require.NoError(t, w.bank.Allocate(w.kv, bank.Balance(account), 1_000_000*ledger.ATN))
	}
	require.NoError(t, w.Genesis(w.kv))
	return w
}

func (w *world) Charge(ctx *ledger.Context, kv ledger.KV, a ledger.Account, n ledger.Natn, cause, ref string) error {
	return w.bank.Move(ctx, kv, bank.Balance(a), bank.Treasury(), n, cause, ref)
}

func (w *world) Give(ctx *ledger.Context, kv ledger.KV, a ledger.Account, n ledger.Natn, cause, ref string) error {
	return w.bank.Move(ctx, kv, bank.Balance(a), bank.Subsidies(), n, cause, ref)
}

func (w *world) Subsidise(ctx *ledger.Context, kv ledger.KV, n ledger.Natn, ref string) error {
	return w.bank.Move(ctx, kv, bank.Subsidies(), bank.Orders(), n, "subsidy", ref)
}

func (w *world) Collect(ctx *ledger.Context, kv ledger.KV, n ledger.Natn, cause, ref string) error {
	return w.bank.Move(ctx, kv, bank.Orders(), bank.Subsidies(), n, cause, ref)
}

func (w *world) Balance(kv ledger.KV, a ledger.Account) ledger.Natn {
	return ledger.Natn(w.bank.Balance(kv, a, ledger.DenomATN))
}

func (w *world) Default() string { return "udhr" }

func (w *world) Jurisdictions(_ ledger.KV, fn func(string, int64) bool) { fn("udhr", w.changed) }

func (w *world) Texts(ledger.KV, string) []string { return w.texts }

func (w *world) Maturity(*ledger.Context, ledger.KV, string) uint64 { return w.maturity }

func (w *world) Recoup(*ledger.Context, ledger.KV, string) uint64 { return w.recoup }

func (w *world) PowerAt(_ ledger.KV, a ledger.Account, _ int64) ledger.Natn { return w.power[a] }

func (w *world) TotalAt(ledger.KV, int64) ledger.Natn {
	total := ledger.Natn(0)
	for _, p := range w.power {
		total += p
	}
	return total
}

func (w *world) ctx(sender ledger.Account) *ledger.Context {
	ctx := ledgertest.Context(sender)
	ctx.Params, ctx.WorkMS = w.params, w.workMS
	return ctx
}

// endow gives the pool an amount by way of its account and begins a new epoch with it.
func (w *world) endow(amount ledger.Natn) {
	w.t.Helper()
	require.NoError(w.t, w.bank.Allocate(w.kv, bank.Balance(alignment.PoolAccount()), amount))
	w.nextEpoch()
}

func (w *world) nextEpoch() {
	w.t.Helper()
	w.workMS += w.params.EpochMS
	require.NoError(w.t, w.End(w.ctx(""), w.kv))
	w.sound()
}

// sell has a project deliver one order at a price, so that the epoch has one.
func (w *world) sell(project string, base ledger.Natn, units uint64) {
	w.t.Helper()
	require.NoError(w.t, w.Close(w.ctx(""), w.kv, alignment.Order{Project: project, Base: base, Units: units}, true))
}

// rich is a world whose pool is full and whose median price is 1 ATN a unit.
func rich(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.sell(proj, 1000*ledger.ATN, 1000)
	w.endow(2_000_000 * ledger.ATN)
	return w
}

func (w *world) quote(q alignment.Query) alignment.Quote {
	w.t.Helper()
	if q.User == "" {
		q.User = bob
	}
	if q.Project == "" {
		q.Project = proj
	}
	before := w.kv.Dump()
	quote, err := w.Quote(w.ctx(q.User), w.kv, q)
	require.NoError(w.t, err)
	require.Equal(w.t, before, w.kv.Dump(), "a quote changes nothing")
	require.Equal(w.t, quote.Base+quote.Premium, quote.Pay+quote.Subsidy)
	require.LessOrEqual(w.t, quote.Pay, 2*quote.Base)
	return quote
}

func orderOf(q alignment.Quote) alignment.Order {
	return alignment.Order{
		User: q.User, Project: q.Project, Base: q.Base, Units: q.Units, Pay: q.Pay, Subsidy: q.Subsidy, Premium: q.Premium,
		Alignment: q.PerMille(), Laden: q.Laden,
	}
}

// place pays and books a quoted order, as project does.
func (w *world) place(q alignment.Quote) error {
	ctx, state := w.ctx(q.User), ledger.NewOverlay(w.kv)
	if err := w.bank.Move(ctx, state, bank.Balance(q.User), bank.Orders(), q.Pay, "order", ""); err != nil {
		return err
	}
	if err := w.Book(ctx, state, orderOf(q)); err != nil {
		return err
	}
	state.Flush()
	return nil
}

// finish closes an order and pays its price out: to the parties, or back to the buyer.
func (w *world) finish(q alignment.Quote, delivered bool) {
	w.t.Helper()
	ctx := w.ctx("")
	require.NoError(w.t, w.Close(ctx, w.kv, orderOf(q), delivered))
	if delivered {
		require.NoError(w.t, w.bank.Move(ctx, w.kv, bank.Orders(), bank.Balance(ann), q.Base, "delivered", ""))
		return
	}
	require.NoError(w.t, w.bank.Move(ctx, w.kv, bank.Orders(), bank.Balance(q.User), q.Pay, "refund", ""))
}

// sound compares the books with the money.
func (w *world) sound() {
	w.t.Helper()
	require.NoError(w.t, w.bank.Check(w.kv))
	books, err := w.Recount(w.kv)
	require.NoError(w.t, err)
	require.Equal(w.t, w.bank.Totals(w.kv).Subsidies, books)
	worth := ledger.Natn(0)
	w.kv.Iterate(nil, func(key, value []byte) bool {
		worth += alignment.Worth(key, value)
		return true
	})
	require.Equal(w.t, books, worth)
}

// refused runs a message and requires that it is refused with a code and leaves nothing.
func refused[M ledger.Msg](
	w *world, sender ledger.Account, code ledger.Code, handle func(*ledger.Context, ledger.KV, M) error, m M,
) {
	w.t.Helper()
	ctx, state := w.ctx(sender), ledger.NewOverlay(w.kv)
	err := handle(ctx, state, m)
	require.Error(w.t, err)
	require.Equal(w.t, code, ledger.CodeOf(err), err.Error())
	state.Changes(func(key, _, _ []byte) { require.Fail(w.t, "a refused message wrote", string(key)) })
	require.Empty(w.t, ctx.Emitted())
}
