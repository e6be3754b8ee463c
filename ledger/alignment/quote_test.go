package alignment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
)

const atn = ledger.ATN

func TestThePriceFollowsTheTextsStance(t *testing.T) {
	w := rich(t)
	q := w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Text: good})
	require.Equal(t, alignment.RowSubsidy, q.Row)
	require.Positive(t, q.Subsidy)
	require.Equal(t, "udhr", q.Community)
	require.Empty(t, q.Limited)

	q = w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Text: bad})
	require.Equal(t, alignment.RowPremium, q.Row)
	require.Positive(t, q.Premium)

	q = w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Text: neutral})
	require.False(t, q.Laden)
	require.Equal(t, alignment.RowBase, q.Row)
	require.Equal(t, 100*atn, q.Pay)
	require.Zero(t, q.PerMille())

	require.Equal(t, 100*atn, w.quote(alignment.Query{Base: 100 * atn, Units: 1000}).Pay, "what says nothing pays the base price")
}

func TestTheUsersOwnValuesCount(t *testing.T) {
	w := rich(t)
	require.NoError(t, w.SetValues(w.ctx(bob), w.kv, alignment.SetValues{Text: "Stop refugees, deny them asylum and let children hunger."}))
	q := w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Text: good})
	require.Less(t, q.UserToOwn, uint16(32767))
	require.Less(t, q.TaskToUser, uint16(32767))
	require.Equal(t, alignment.RowPremium, q.Row, "who works against himself and his community gets no subsidy")
	require.NoError(t, w.SetValues(w.ctx(bob), w.kv, alignment.SetValues{}))
	q = w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Text: good})
	require.Equal(t, uint16(alignment.One), q.UserToOwn)
	require.Equal(t, q.TaskToOwn, q.TaskToUser)
}

func TestAScoreAloneIsNeverSubsidised(t *testing.T) {
	w := rich(t)
	for _, score := range []uint16{0, 20000, 32767, 40000, 52429, 65535} {
		q := w.quote(alignment.Query{Base: 100 * atn, Units: 1000, Score: &score})
		require.Zero(t, q.Subsidy)
		require.Equal(t, score < 32768, q.Premium > 0)
		if q.Row == alignment.RowSubsidy {
			require.NotEmpty(t, q.Limited)
		}
	}
}

func TestEveryLimitOfASubsidy(t *testing.T) {
	query := alignment.Query{Base: 100 * atn, Units: 100, Text: good}
	for name, c := range map[string]struct {
		change func(w *world, q *alignment.Query)
		most   ledger.Natn
		says   string
	}{
		"an immature project": {func(w *world, _ *alignment.Query) { w.maturity = 100 }, 10 * atn, ""},
		"a price over the median counts as the median": {
			func(_ *world, q *alignment.Query) { q.Units = 10 }, 9 * atn, "the price is above the median",
		},
		"what could come back to the buyer": {
			func(w *world, _ *alignment.Query) { w.recoup = 850 }, 15 * atn, "more could come back to a buyer who sells to himself",
		},
		"everything could come back": {
			func(w *world, _ *alignment.Query) { w.recoup = 1000 }, 0, "more could come back to a buyer who sells to himself",
		},
		"a project's share": {
			func(_ *world, q *alignment.Query) { q.Base, q.Units = 100_000*atn, 100_000 }, 20_000 * atn, "the pool's share for this project is spent",
		},
	} {
		w, q := rich(t), query
		free := w.quote(q)
		require.Positive(t, free.Subsidy, name)
		c.change(w, &q)
		got := w.quote(q)
		require.LessOrEqual(t, got.Subsidy, c.most, name)
		require.Equal(t, c.says, got.Limited, name)
	}

	w := newWorld(t)
	w.endow(2_000_000 * atn)
	require.Equal(t, "no median price is known yet", w.quote(query).Limited)
	w = newWorld(t)
	w.sell(proj, 100*atn, 100)
	w.nextEpoch()
	require.Zero(t, w.quote(query).Subsidy, "an empty pool pays nothing")
}

func TestTheMedianNeedsEnoughSellersAndGivesEachProjectOneVoice(t *testing.T) {
	w := newWorld(t)
	w.params.Pricing.MedianProjects = 2
	for range 5 {
		w.sell(proj, 100*atn, 1)
	}
	w.nextEpoch()
	require.Zero(t, w.Pool(w.kv).Median, "one seller makes no market")
	w.sell(proj, 100*atn, 1)
	w.sell(proj, 50*atn, 1)
	w.sell(proj, 80*atn, 1)
	w.sell(next, 10*atn, 1)
	require.Equal(t, uint32(2), w.Pool(w.kv).Sellers)
	w.nextEpoch()
	require.Equal(t, uint64(10*atn)*1000, w.Pool(w.kv).Median, "the lower median of 10 and 50")
	w.nextEpoch()
	require.Equal(t, uint64(10*atn)*1000, w.Pool(w.kv).Median, "it stands until there is a new one")
}

func TestSharesOfTheEpochAndTheProjectHoldAndComeBackWithTheNext(t *testing.T) {
	w := rich(t)
	opening := w.Pool(w.kv).Opening
	q := w.quote(alignment.Query{Base: 15_000 * atn, Units: 15_000, Text: good})
	require.NoError(t, w.place(q))
	w.sound()
	second := w.quote(alignment.Query{Base: 15_000 * atn, Units: 15_000, Text: good})
	require.Equal(t, opening/100-q.Subsidy, second.Subsidy, "one per cent for one project")
	stale := q
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.place(stale)), "a price of before is not booked twice")
	w.finish(q, false)
	w.sound()
	require.Equal(t, second, w.quote(alignment.Query{Base: 15_000 * atn, Units: 15_000, Text: good}), "a share that was booked stays used")
	w.nextEpoch()
	require.Equal(t, q.Subsidy, w.quote(alignment.Query{Base: 15_000 * atn, Units: 15_000, Text: good}).Subsidy)
}

func TestAPremiumReachesThePoolOnDeliveryOnly(t *testing.T) {
	w := rich(t)
	before := w.Pool(w.kv).Balance
	q := w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: bad})
	require.NoError(t, w.place(q))
	require.Equal(t, before, w.Pool(w.kv).Balance)
	w.finish(q, false)
	require.Equal(t, before, w.Pool(w.kv).Balance)
	require.NoError(t, w.place(q))
	w.finish(q, true)
	require.Equal(t, before+q.Premium, w.Pool(w.kv).Balance)
	require.Equal(t, q.Premium, w.Pool(w.kv).Premiums)
	w.sound()
}

func TestQuotesOfWhatCannotBePaidAreRefused(t *testing.T) {
	w := rich(t)
	_, err := w.Quote(w.ctx(bob), w.kv, alignment.Query{User: bob, Project: proj, Base: math.MaxUint64, Units: 1, Text: bad})
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(err))
	_, err = w.Quote(w.ctx(bob), w.kv, alignment.Query{User: bob, Project: proj, Base: 1, Units: 1, Text: string(make([]byte, 5000))})
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	_, err = w.Quote(w.ctx(bob), w.kv, alignment.Query{User: bob, Project: proj, Base: 1, Units: 1, Text: "\xff"})
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	q := w.quote(alignment.Query{Base: math.MaxUint64, Units: math.MaxUint64, Text: good})
	require.LessOrEqual(t, q.Subsidy, w.Pool(w.kv).Balance)
}

// Random orders, deliveries, failures, gifts and epochs: nobody pays more than twice the base, the pool is never overdrawn,
// and its shares hold in every epoch.
func TestRandomHistoriesKeepEveryBound(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := rich(t)
		w.recoup = 300
		projects := []string{proj, next}
		texts := []string{good, bad, neutral, mixed, ""}
		var open []alignment.Quote
		spent := map[string]ledger.Natn{}
		for range 300 {
			switch rng.IntN(10) {
			case 0:
				w.nextEpoch()
				clear(spent)
			case 1:
				w.endow(ledger.Natn(rng.Uint64N(uint64(1000 * atn))))
				clear(spent)
			case 2, 3:
				if len(open) > 0 {
					i := rng.IntN(len(open))
					w.finish(open[i], rng.IntN(3) > 0)
					open = append(open[:i], open[i+1:]...)
				}
			default:
				w.maturity = rng.Uint64N(1001)
				units := 1 + rng.Uint64N(50_000)
				q := w.quote(alignment.Query{
					Project: projects[rng.IntN(2)], Base: ledger.Natn(rng.Uint64N(uint64(2*atn)) * units), Units: units, Text: texts[rng.IntN(len(texts))],
				})
				if w.place(q) != nil {
					continue
				}
				open = append(open, q)
				spent[q.Project] += q.Subsidy
				opening := w.Pool(w.kv).Opening
				require.LessOrEqual(t, spent[q.Project], opening/100)
				require.LessOrEqual(t, spent[proj]+spent[next], opening/10)
				require.Equal(t, spent[proj]+spent[next], w.Pool(w.kv).Spent)
			}
			w.sound()
		}
		for _, q := range open {
			w.finish(q, true)
		}
		w.sound()
		require.Zero(t, w.bank.Totals(w.kv).Orders)
	}
}

// A buyer who holds all of a project's tokens and is one of its n providers, each as likely to be drawn, orders from himself
// as long as the pool pays. On average he loses in every order, whatever n.
func TestNobodyGainsBySellingToHimself(t *testing.T) {
	const provider, holders = 600, 250
	for servers := uint64(1); servers <= 14; servers++ {
		w := rich(t)
		w.recoup = holders + (provider+servers-1)/servers
		start := w.bank.Balance(w.kv, bob, "ATN")
		paid, back := ledger.Natn(0), ledger.Natn(0) // back is in expectation, rounded up
		for order := range 40 {
			q := w.quote(alignment.Query{Base: 1000 * atn, Units: 1000, Text: good})
			if order == 0 && servers >= 4 {
				require.Positive(t, q.Subsidy)
			}
			require.NoError(t, w.place(q))
			require.NoError(t, w.Close(w.ctx(""), w.kv, orderOf(q), true))
			share := (uint64(q.Base)*holders + uint64(q.Base)*provider/servers) / 1000
			require.NoError(t, w.bank.Move(w.ctx(""), w.kv, bank.Orders(), bank.Balance(bob), ledger.Natn(share), "own", ""))
			require.NoError(t, w.bank.Move(w.ctx(""), w.kv, bank.Orders(), bank.Treasury(), q.Base-ledger.Natn(share), "others", ""))
			paid, back = paid+q.Pay, back+ledger.Natn(share)
			if order%10 == 9 {
				w.nextEpoch()
			}
		}
		require.LessOrEqual(t, back, paid)
		require.LessOrEqual(t, w.bank.Balance(w.kv, bob, "ATN"), start)
		w.sound()
	}
}
