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

var (
	carl = ledgertest.Account(4)
	dora = ledgertest.Account(5)
	rule = ledger.DevnetParams().Services
)

func TestMalformedServiceMessagesAreInvalid(t *testing.T) {
	good := order(1)
	require.NoError(t, good.Validate())
	good.Input = cid
	require.NoError(t, good.Validate(), "a manifest may be the input")
	spoil := func(fn func(*project.Order)) ledger.Msg { m := order(1); fn(&m); return m }
	tiers := func(tiers ...project.Tier) ledger.Msg { return project.SetPrice{Project: id, Price: 1, Tiers: tiers} }
	require.NoError(t, tiers(project.Tier{Hold: 1, PerMille: 1}, project.Tier{Hold: 2, PerMille: 999}).Validate())
	many := make([]project.Tier, 9)
	for i := range many {
		many[i] = project.Tier{Hold: uint64(i + 1), PerMille: uint64(i + 1)}
	}
	for name, m := range map[string]ledger.Msg{
		"mature nobody":     project.Mature{Project: "x"},
		"deploy nobody":     project.Deploy{Project: "x"},
		"pause nobody":      project.Pause{Project: "x"},
		"resume nobody":     project.Resume{Project: "x"},
		"withdraw nothing":  project.Withdraw{Project: "x"},
		"endless price":     project.SetPrice{Project: id, Price: math.MaxUint64},
		"too many tiers":    tiers(many...),
		"free for nothing":  tiers(project.Tier{Hold: 0, PerMille: 1}),
		"no discount":       tiers(project.Tier{Hold: 1}),
		"everything off":    tiers(project.Tier{Hold: 1, PerMille: 1000}),
		"falling discounts": tiers(project.Tier{Hold: 1, PerMille: 5}, project.Tier{Hold: 2, PerMille: 4}),
		"falling holdings":  tiers(project.Tier{Hold: 2, PerMille: 4}, project.Tier{Hold: 2, PerMille: 5}),
		"no units":          spoil(func(m *project.Order) { m.Units = 0 }),
		"no price":          spoil(func(m *project.Order) { m.MaxPrice = 0 }),
		"no input":          spoil(func(m *project.Order) { m.Input = "" }),
		"long text":         spoil(func(m *project.Order) { m.Text = strings.Repeat("x", 4097) }),
		"bad text":          spoil(func(m *project.Order) { m.Text = "\xff" }),
		"no project":        spoil(func(m *project.Order) { m.Project = "x" }),
		"no output":         project.Deliver{Order: id},
		"no order":          project.Deliver{Order: "x", Output: cid},
		"reject nothing":    project.Reject{Order: "x", Reason: "x"},
		"no reason":         project.Reject{Order: id},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
}

func TestAProjectIsDeployedByItsOwnerAfterItMatured(t *testing.T) {
	w := newWorld(t)
	w.models.servers = []ledger.Account{carl}
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Mature{Project: id}), "still in funding")
	w.must(ann, project.Fund{Project: id, Amount: 101 * atn})
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Mature{Project: id}), "no model")
	w.must(owner, project.PublishModel{Project: id, Manifest: cid, Root: ledger.Hash{1}, Size: 10, Parameters: 2})
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Deploy{Project: id}), "not matured")
	require.Equal(t, ledger.CodeRefused, w.run(ann, project.Mature{Project: id}))
	require.Equal(t, ledger.CodeNotFound, w.run(owner, project.Mature{Project: none}))
	w.must(owner, project.Mature{Project: id})
	require.Equal(t, project.Maturing, w.get().State)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Reserve(w.ctx(owner), w.kv, id, atn)), "no new tasks")
	require.Equal(t, ledger.CodeRefused, w.run(ann, project.Fund{Project: id, Amount: 2 * atn}))
	require.Equal(t, ledger.CodeEarly, w.run(owner, project.Deploy{Project: id}))
	w.workMS += rule.MatureMS
	require.Equal(t, ledger.CodeNotFound, w.run(owner, project.Deploy{Project: id, Version: 1}), "no such version")
	require.Equal(t, ledger.CodeRefused, w.run(ann, project.Deploy{Project: id}))
	w.models.missing = true
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Deploy{Project: id}), "nobody could read it")
	w.models.missing = false
	_, serving := w.Serving(w.kv, id)
	require.False(t, serving)
	w.must(owner, project.Deploy{Project: id})
	require.Equal(t, project.Deployed, w.get().State)
	v, serving := w.Serving(w.kv, id)
	require.True(t, serving)
	require.Equal(t, cid, v.Manifest)
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Deploy{Project: id}), "duplicate deployment")
	require.NoError(t, w.Reserve(w.ctx(owner), w.kv, id, atn), "tasks go on improving it")
	next := ledger.ManifestCID([]byte("next"))
	_, err := w.Publish(w.ctx(owner), w.kv, id, "task", project.Model{Manifest: next, Root: ledger.Hash{2}, Size: 1, Parameters: 1})
	require.NoError(t, err)
	_, err = w.Publish(w.ctx(owner), w.kv, id, "task", project.Model{Manifest: cid, Root: ledger.Hash{1}, Size: 10, Parameters: 2})
	require.NoError(t, err)
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Deploy{Project: id, Version: 2}), "the same model again")
	w.must(owner, project.Deploy{Project: id, Version: 1})
	v, _ = w.Serving(w.kv, id)
	require.Equal(t, next, v.Manifest)
	_, serving = w.Serving(w.kv, none)
	require.False(t, serving)
}

func TestOnlyTheOwnerPausesItsProject(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Pause{Project: id}), "in funding others' money waits")
	deployed(w, 10)
	for _, stranger := range []ledger.Account{ann, carl} {
		require.Equal(t, ledger.CodeRefused, w.run(stranger, project.Pause{Project: id}))
	}
	require.Equal(t, ledger.CodeNotFound, w.run(owner, project.Pause{Project: none}))
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Resume{Project: id}), "not paused")
	under := w.placed(ann, order(1000))
	w.must(owner, project.Pause{Project: id})
	require.Equal(t, project.Paused, w.get().State)
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Pause{Project: id}), "twice")
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)), "no new orders")
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.Reserve(w.ctx(owner), w.kv, id, atn)), "no new tasks")
	require.Equal(t, ledger.CodeRefused, w.run(ann, project.Resume{Project: id}))
	w.block(1)
	w.must(w.order(under).Provider, project.Deliver{Order: under, Output: cid})
	w.block(rule.ReviewMS)
	require.Equal(t, project.OrderSettled, w.order(under).State, "what is under way ends as it would")
	w.must(ann, project.Withdraw{Project: id})
	require.NoError(t, w.Return(w.ctx(""), w.kv, id, 0))
	w.must(owner, project.Resume{Project: id})
	require.Equal(t, project.Deployed, w.get().State)
	w.placed(ann, order(1))
}

func TestThePriceOfInference(t *testing.T) {
	tiers := []project.Tier{{Hold: 10, PerMille: 100}, {Hold: 50, PerMille: 333}}
	for name, c := range map[string]struct {
		from             ledger.Account
		units            uint64
		subsidy, premium ledger.Natn
		pay              ledger.Natn
	}{
		"nothing held":   {owner, 7, 0, 0, 70},
		"the first tier": {bob, 7, 0, 0, 63}, // 41 tokens
		"the highest":    {ann, 7, 0, 0, 47}, // 59 tokens; 23.31 off, rounded down
		"subsidised":     {owner, 7, 9, 0, 61},
		"premium":        {owner, 7, 0, 30, 100},
	} {
		w := newWorld(t)
		deployed(w, 10, tiers...)
		require.NoError(t, w.bank.Allocate(w.kv, bank.Subsidies(), 100))
		w.prices.subsidy, w.prices.premium = c.subsidy, c.premium
		_, shown, _, err := w.Quote(w.ctx(c.from), w.kv, id, c.units, "")
		require.NoError(t, err)
		before := w.balance(c.from)
		o := w.order(w.placed(c.from, order(c.units)))
		require.Equal(t, c.pay, before-w.balance(c.from), name)
		require.Equal(t, shown, o.Price, "the price shown is the price charged")
		require.Equal(t, c.pay+c.subsidy, w.bank.Totals(w.kv).Orders, name)
		w.sound()
	}
}

func TestOrdersThatAreRefusedCostNothing(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)), "in funding")
	deployed(w, 10)
	for name, c := range map[string]struct {
		set  func(*project.Order)
		code ledger.Code
	}{
		"unknown project": {func(m *project.Order) { m.Project = none }, ledger.CodeNotFound},
		"too many units":  {func(m *project.Order) { m.Units = rule.MaxUnits + 1 }, ledger.CodeRefused},
		"dearer":          {func(m *project.Order) { m.MaxPrice = 9 }, ledger.CodeRefused},
		"unpayable":       {func(m *project.Order) { m.Units, m.MaxPrice = rule.MaxUnits, math.MaxUint64 }, ledger.CodeFunds},
	} {
		m := order(1)
		c.set(&m)
		before := w.kv.Dump()
		require.Equal(t, c.code, w.run(ann, m), name)
		require.Equal(t, before, w.kv.Dump())
	}
	require.Equal(t, ledger.CodeRefused, w.run(ann, project.SetPrice{Project: id, Price: 1}), "not the owner")
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.SetPrice{Project: id, Price: 1, Tiers: []project.Tier{{Hold: 1, PerMille: rule.MaxDiscountPerMille + 1}}}))
	w.must(owner, project.SetPrice{Project: id, Price: 1_000_000 * atn})
	require.Equal(t, ledger.CodeFunds, w.run(ann, order(rule.MaxUnits)), "beyond 64 bits")
	w.must(owner, project.SetPrice{Project: id})
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)), "not for sale")
	w.must(owner, project.SetPrice{Project: id, Price: 10})
	w.models.servers = []ledger.Account{ann}
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)), "nobody sells to himself")
	w.models.servers, w.models.missing = []ledger.Account{carl}, true
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)), "the model cannot be read")
	w.models.missing = false
	w.prices.refusal = ledger.Refuse(ledger.CodeRefused, "no price")
	require.Equal(t, ledger.CodeRefused, w.run(ann, order(1)))
	w.prices.refusal, w.prices.wrong = nil, true
	require.Equal(t, ledger.CodeInternal, w.run(ann, order(1)), "a price that does not add up is a fault")
	w.prices.wrong, w.prices.subsidy = false, 5
	require.Equal(t, ledger.CodeFunds, w.run(ann, order(1)), "the pool is empty")
}

func TestADeliveredOrderIsSplitAndTheRestIsTheTreasurys(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	w.prices.premium = 500
	orderID := w.placed(owner, order(999))
	require.Equal(t, project.OrderWaiting, w.order(orderID).State)
	require.Equal(t, ledger.CodeRefused, w.run(carl, project.Deliver{Order: orderID, Output: cid}), "nobody is drawn yet")
	w.block(1)
	o := w.order(orderID)
	require.Equal(t, project.OrderAssigned, o.State)
	require.Contains(t, []ledger.Account{carl, dora}, o.Provider)
	other := carl
	if o.Provider == carl {
		other = dora
	}
	deliver := project.Deliver{Order: orderID, Output: ledger.DocCID([]byte("output"))}
	require.Equal(t, ledger.CodeRefused, w.run(other, deliver), "not drawn")
	require.Equal(t, ledger.CodeNotFound, w.run(other, project.Deliver{Order: none, Output: cid}))
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Reject{Order: orderID, Reason: "no"}), "nothing to reject")
	w.must(o.Provider, deliver)
	require.Equal(t, ledger.CodeRefused, w.run(o.Provider, deliver), "once")
	require.Zero(t, w.balance(o.Provider))
	w.block(rule.ReviewMS)
	require.Equal(t, ledger.Natn(599), w.balance(o.Provider), "⌊999 × 0.6⌋")
	totals := w.bank.Totals(w.kv)
	require.Equal(t, ledger.Natn(249), totals.Revenues, "⌊999 × 0.25⌋")
	require.Equal(t, ledger.Natn(151), totals.Treasury)
	require.Equal(t, ledger.Natn(500), totals.Subsidies, "the premium")
	require.Zero(t, totals.Orders)
	require.Equal(t, project.OrderSettled, w.order(orderID).State)
	require.Equal(t, ledger.Natn(999), w.get().Revenue)
	require.Equal(t, ledger.CodeRefused, w.run(owner, project.Reject{Order: orderID, Reason: "no"}), "too late")
}

func TestARejectionPaysNobodyThatDidNotEarnItAndGivesNothingForFree(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	before := w.balance(owner)
	orderID := w.placed(owner, order(1000))
	w.block(1)
	provider := w.order(orderID).Provider
	w.must(provider, project.Deliver{Order: orderID, Output: cid})
	reject := project.Reject{Order: orderID, Reason: "not an answer"}
	require.Equal(t, ledger.CodeRefused, w.run(ann, reject), "only who paid")
	require.Equal(t, ledger.CodeNotFound, w.run(owner, project.Reject{Order: none, Reason: "x"}))
	w.must(owner, reject)
	require.Zero(t, w.balance(provider))
	require.Equal(t, before-1000, w.balance(owner))
	totals := w.bank.Totals(w.kv)
	require.Equal(t, ledger.Natn(250), totals.Revenues)
	require.Equal(t, ledger.Natn(750), totals.Treasury)
	require.Equal(t, "rejected: not an answer", w.closed(orderID).Cause)
	w.block(rule.ReviewMS)
	require.Equal(t, project.OrderRejected, w.order(orderID).State)

	late := w.placed(owner, order(1000))
	w.block(1)
	w.must(w.order(late).Provider, project.Deliver{Order: late, Output: cid})
	w.workMS += rule.ReviewMS
	require.Equal(t, ledger.CodeLate, w.run(owner, project.Reject{Order: late, Reason: "x"}))
}

func TestAMissedDeliveryIsDrawnOnceMoreThenRefundedInFull(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	require.NoError(t, w.bank.Allocate(w.kv, bank.Subsidies(), 100))
	w.prices.subsidy = 100
	before := w.balance(owner)
	orderID := w.placed(owner, order(1000))
	w.block(1)
	first := w.order(orderID).Provider
	w.workMS += rule.DeliverMS
	require.Equal(t, ledger.CodeLate, w.run(first, project.Deliver{Order: orderID, Output: cid}))
	w.block(0)
	second := w.order(orderID)
	require.Equal(t, project.OrderAssigned, second.State, "drawn again with this block's hash")
	require.NotEqual(t, first, second.Provider)
	require.Equal(t, ledger.CodeRefused, w.run(first, project.Deliver{Order: orderID, Output: cid}))
	w.block(rule.DeliverMS)
	require.Equal(t, project.OrderRefunded, w.order(orderID).State)
	require.Equal(t, before, w.balance(owner))
	require.Equal(t, ledger.Natn(100), w.bank.Totals(w.kv).Subsidies)
	require.Equal(t, "two providers did not deliver", w.closed(orderID).Cause)

	w.prices.subsidy = 0
	orderID = w.placed(owner, order(1000))
	w.models.servers = nil
	w.block(1)
	require.Equal(t, project.OrderRefunded, w.order(orderID).State, "nobody is left to draw")
	require.Equal(t, before, w.balance(owner))
	w.models.servers = []ledger.Account{carl}
	orderID = w.placed(owner, order(1000))
	w.block(1)
	w.block(rule.DeliverMS)
	require.Equal(t, "no provider is left", w.closed(orderID).Cause, "who missed it is not drawn again")
}

func TestEveryServerIsDrawnAlike(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	w.models.servers = []ledger.Account{carl, dora, bob}
	drawn := map[ledger.Account]int{}
	for range 120 {
		orderID := w.placed(bob, order(1))
		w.block(1)
		drawn[w.order(orderID).Provider]++
	}
	require.Len(t, drawn, 2, "the buyer is never drawn")
	require.Greater(t, drawn[carl], 40)
	require.Greater(t, drawn[dora], 40)
	count := 0
	w.Orders(w.kv, func(project.OrderRecord) bool { count++; return true })
	require.Equal(t, 120, count)
}
