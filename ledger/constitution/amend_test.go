package constitution_test

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/constitution"
	"autonet/ledger/ledgertest"
)

const day = 24 * 60 * 60 * 1000

func (w *world) standards(jurisdiction string) []constitution.Standard {
	var list []constitution.Standard
	w.Standards(w.kv, jurisdiction, func(s constitution.Standard) bool { list = append(list, s); return true })
	return list
}

func TestANetworkBeginsWithThePrinciplesAndTheDeclaration(t *testing.T) {
	w := newWorld(t)
	principles := constitution.Principles()
	require.Len(t, principles, 7)
	for i, p := range principles {
		require.Equal(t, "P"+string(rune('1'+i)), p.ID)
		stored, ok := ledger.Load[constitution.Principle](w.kv, ledger.Key("constitution", "p", p.ID))
		require.True(t, ok)
		require.Equal(t, p, stored)
	}
	list := w.standards(constitution.Default)
	require.Len(t, list, 30)
	seen := map[string]bool{}
	for i, s := range list {
		require.Equal(t, uint16(i+1), s.Number)
		require.Equal(t, uint32(1), s.Version)
		require.NotEmpty(t, s.Title)
		require.True(t, strings.HasSuffix(s.Text, "."), s.Text)
		require.LessOrEqual(t, len(s.Text), constitution.MaxText)
		require.False(t, seen[s.Title], s.Title)
		seen[s.Title] = true
	}
	require.Equal(t, "Privacy", list[11].Title)
	require.Equal(t, "Education", list[25].Title)
}

func TestWhatCannotBeAmended(t *testing.T) {
	spoil := func(fn func(*constitution.Amend)) constitution.Amend { m := standard("udhr", 31); fn(&m); return m }
	for name, v := range map[string]struct {
		from ledger.Account
		msg  constitution.Amend
		code ledger.Code
	}{
		"nothing":           {ann, spoil(func(m *constitution.Amend) { m.Standards = nil }), ledger.CodeInvalid},
		"no title":          {ann, spoil(func(m *constitution.Amend) { m.Title = "" }), ledger.CodeInvalid},
		"no reasons":        {ann, spoil(func(m *constitution.Amend) { m.Text = "" }), ledger.CodeInvalid},
		"a principle":       {ann, standard("P1", 1), ledger.CodeInvalid},
		"odd jurisdiction":  {ann, standard("a/b", 1), ledger.CodeInvalid},
		"long jurisdiction": {ann, standard(strings.Repeat("a", 33), 1), ledger.CodeInvalid},
		"number zero":       {ann, standard("udhr", 0), ledger.CodeInvalid},
		"number too high":   {ann, standard("udhr", 65), ledger.CodeInvalid},
		"twice":             {ann, standard("udhr", 31, 31), ledger.CodeInvalid},
		"a gap":             {ann, standard("udhr", 32), ledger.CodeRefused},
		"a gap at birth":    {ann, standard("eu", 2), ledger.CodeRefused},
		"two jurisdictions": {ann, spoil(func(m *constitution.Amend) {
			m.Standards = append(m.Standards, constitution.StandardChange{Jurisdiction: "eu", Number: 40, Title: "x", Text: "x"})
		}), ledger.CodeInvalid},
		"no words":          {ann, spoil(func(m *constitution.Amend) { m.Standards[0].Text = "" }), ledger.CodeInvalid},
		"too many words":    {ann, spoil(func(m *constitution.Amend) { m.Standards[0].Text = strings.Repeat("x", 1025) }), ledger.CodeInvalid},
		"unknown parameter": {ann, spoil(func(m *constitution.Amend) { m.Changes = []ledger.Change{{Name: "supply", Value: 1}} }), ledger.CodeInvalid},
		"out of bounds":     {ann, lease(1), ledger.CodeRefused},
		"too little power":  {ledgertest.Account(9), lease(90_000), ledger.CodeFunds},
	} {
		w := newWorld(t)
		err := w.try(v.from, v.msg)
		require.Equal(t, v.code, ledger.CodeOf(err), "%s: %v", name, err)
	}
}

func TestAmendmentsOnTheirWayAreBounded(t *testing.T) {
	w := newWorld(t)
	w.must(ann, lease(90_000))
	w.refused(ledger.CodeRefused, ann, lease(90_000))
	for i := range constitution.MaxOpen - 1 {
		account := ledgertest.Account(100 + i)
		w.power[account] = 1000 * atn
		w.must(account, lease(90_000))
	}
	late := ledgertest.Account(99)
	w.power[late] = 1000 * atn
	w.refused(ledger.CodeRefused, late, lease(90_000))
	w.power[ledgertest.Account(100)] = 999 * atn
	w.block(1000)
	w.must(late, lease(90_000))
	w.must(bob, lease(90_000))
	displaced := 0
	w.Amendments(w.kv, func(a constitution.Amendment) bool {
		if strings.HasPrefix(a.Reason, "displaced") {
			displaced++
		}
		return true
	})
	require.Equal(t, 1, displaced, "more power finds a place")
}

func TestAnAmendmentNeeds95PercentOfAllPower(t *testing.T) {
	for name, v := range map[string]struct {
		yes     []ledger.Account
		carried bool
	}{
		"nobody":     {nil, false},
		"90 percent": {[]ledger.Account{ann, bob}, false},
		"94 percent": {[]ledger.Account{ann, bob, dan}, false},
		"96 percent": {[]ledger.Account{ann, bob, eve}, true},
		"everybody":  {[]ledger.Account{ann, bob, eve, dan}, true},
	} {
		w := newWorld(t)
		id := w.amend(ann, lease(90_000))
		w.refused(ledger.CodeEarly, bob, constitution.Sign{Amendment: id, Support: true})
		w.proceeds(id)
		for _, account := range v.yes {
			w.must(account, constitution.Sign{Amendment: id, Support: true})
		}
		w.block(1000)
		if !v.carried {
			require.Equal(t, constitution.StateSigning, w.state(id).State, name)
			w.block(w.params.Governance.AmendMS)
			a := w.state(id)
			require.Equal(t, constitution.StateRejected, a.State, name)
			require.NotEmpty(t, a.Reason)
			require.Equal(t, int64(120_000), w.params.LeaseMS)
			continue
		}
		require.Equal(t, constitution.StateTimelock, w.state(id).State, name)
		w.refused(ledger.CodeLate, dan, constitution.Sign{Amendment: id})
		w.block(w.params.Governance.TimelockMS - 1)
		require.Equal(t, int64(120_000), w.params.LeaseMS)
		w.block(1)
		require.Equal(t, constitution.StateExecuted, w.state(id).State, name)
		require.Equal(t, int64(90_000), w.params.LeaseMS, "entrenched parameters are the constitution's to change")
	}
}

func TestSignaturesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	id := w.amend(ann, lease(90_000))
	w.proceeds(id)
	w.refused(ledger.CodeInvalid, ann, constitution.Sign{Amendment: "x"})
	w.refused(ledger.CodeNotFound, ann, constitution.Sign{Amendment: constitution.AmendmentID("test", ann, 99)})
	w.refused(ledger.CodeRefused, ledgertest.Account(9), constitution.Sign{Amendment: id, Support: true})
	w.must(eve, constitution.Sign{Amendment: id})
	w.refused(ledger.CodeRefused, eve, constitution.Sign{Amendment: id, Support: true})
	require.Equal(t, 6000*atn, w.state(id).No)
	w.timeMS += w.params.Governance.AmendMS
	w.refused(ledger.CodeLate, bob, constitution.Sign{Amendment: id, Support: true})
}

func TestStandardsAreAppendedAndRewrittenWithTheirPast(t *testing.T) {
	w := newWorld(t)
	m := standard("eu", 1, 2)
	for i := range 2 {
		id := w.amend(ann, m)
		w.proceeds(id)
		for _, account := range []ledger.Account{ann, bob, eve} {
			w.must(account, constitution.Sign{Amendment: id, Support: true})
		}
		w.block(1000)
		w.block(w.params.Governance.TimelockMS)
		require.Equal(t, constitution.StateExecuted, w.state(id).State)
		require.Len(t, w.standards("eu"), 2+i)
		m = standard("eu", 2, 3)
	}
	list := w.standards("eu")
	require.Equal(t, []uint32{1, 2, 1}, []uint32{list[0].Version, list[1].Version, list[2].Version})
	var past []constitution.Standard
	w.Past(w.kv, "eu", func(s constitution.Standard) bool { past = append(past, s); return true })
	require.Len(t, past, 4)
	require.Equal(t, list[0], past[0])
	require.Equal(t, list[1], past[2])
	var all []string
	w.Jurisdictions(w.kv, func(j constitution.Jurisdiction) bool { all = append(all, j.ID); return true })
	require.Equal(t, []string{"eu", "udhr"}, all)
}

func TestAnAmendmentIsCarriedOutWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	m := standard("udhr", 31)
	m.Changes = []ledger.Change{{Name: "lease_ms", Value: 90_000}}
	id := w.amend(ann, m)
	w.proceeds(id)
	for _, account := range []ledger.Account{ann, bob, eve} {
		w.must(account, constitution.Sign{Amendment: id, Support: true})
	}
	w.block(1000)
	w.failing = ledger.Refuse(ledger.CodeRefused, "no longer within bounds")
	w.block(w.params.Governance.TimelockMS)
	require.Equal(t, constitution.StateFailed, w.state(id).State)
	require.Contains(t, w.state(id).Reason, "no longer")
	require.Len(t, w.standards("udhr"), 30)
}

func TestAFaultOfTheLedgerStopsTheBlock(t *testing.T) {
	w := newWorld(t)
	id := w.amend(ann, lease(90_000))
	w.proceeds(id)
	for _, account := range []ledger.Account{ann, bob, eve} {
		w.must(account, constitution.Sign{Amendment: id, Support: true})
	}
	w.block(1000)
	w.failing = errors.New("broken")
	w.timeMS += w.params.Governance.TimelockMS
	require.ErrorContains(t, w.Begin(w.ctx(""), w.kv), "broken")
}

func TestTheProposerMustKeepItsPowerUntilItIsCarried(t *testing.T) {
	w := newWorld(t)
	id := w.amend(dan, lease(90_000))
	w.power[dan] = 999 * atn
	w.block(1000)
	require.Equal(t, constitution.StateLapsed, w.state(id).State)
}

// silent lets a year pass in which some accounts sign nothing, and gives them notice.
func (w *world) silent(accounts ...ledger.Account) {
	w.t.Helper()
	w.block(w.params.Governance.DormantMS)
	for _, account := range accounts {
		w.must(ann, constitution.Notice{Account: account})
	}
}

func TestPowerThatSignsNothingLeavesTheDenominatorAfterNotice(t *testing.T) {
	w := newWorld(t)
	w.refused(ledger.CodeEarly, ann, constitution.Notice{Account: eve})
	w.silent(eve)
	w.refused(ledger.CodeRefused, ann, constitution.Notice{Account: eve})
	id := w.amend(ann, lease(90_000))
	w.judged(id, map[ledger.Account][]constitution.Entry{ann: nil, bob: nil, dan: nil})
	for _, account := range []ledger.Account{ann, bob} {
		w.must(account, constitution.Sign{Amendment: id, Support: true})
	}
	w.block(26 * day)
	require.Equal(t, constitution.StateSigning, w.state(id).State, "90 of 100, and of 94 from the 30th day on")
	require.Zero(t, w.state(id).Asleep)
	w.block(2 * day)
	require.Equal(t, 6000*atn, w.state(id).Asleep)
	w.block(1000)
	require.Equal(t, constitution.StateTimelock, w.state(id).State, "90 of 94 are 95.7 %")
}

func TestASignatureBringsPowerBack(t *testing.T) {
	w := newWorld(t)
	w.silent(eve)
	w.block(w.params.Governance.NoticeMS)
	id := w.amend(ann, lease(90_000))
	w.judged(id, map[ledger.Account][]constitution.Entry{ann: nil, bob: nil, dan: nil})
	require.Equal(t, 6000*atn, w.state(id).Asleep)
	w.signs(w.ctx(eve), eve)
	require.Zero(t, w.state(id).Asleep)
	_, given := w.Given(w.kv, eve)
	require.False(t, given)
	for _, account := range []ledger.Account{ann, bob} {
		w.must(account, constitution.Sign{Amendment: id, Support: true})
	}
	w.block(1000)
	require.Equal(t, constitution.StateSigning, w.state(id).State, "90 of 100 again")
	w.must(eve, constitution.Sign{Amendment: id, Support: true})
	w.block(1000)
	require.Equal(t, constitution.StateTimelock, w.state(id).State)
}

func TestASignatureDuringTheNoticeEndsIt(t *testing.T) {
	w := newWorld(t)
	w.silent(eve)
	w.signs(w.ctx(eve), eve)
	w.block(w.params.Governance.NoticeMS)
	require.False(t, w.asleep[eve])
	count := 0
	w.Notices(w.kv, func(ledger.Account, constitution.Given) bool { count++; return true })
	require.Zero(t, count)
}

func TestTwoThirdsOfAllAreAlwaysNeeded(t *testing.T) {
	w := newWorld(t)
	w.silent(bob, eve, dan)
	w.block(w.params.Governance.NoticeMS)
	id := w.amend(ann, lease(90_000))
	w.weight = map[ledger.Account]ledger.Natn{ann: 1}
	w.params.Governance.VerdictQuorum = 1
	w.judged(id, map[ledger.Account][]constitution.Entry{ann: nil})
	w.must(ann, constitution.Sign{Amendment: id, Support: true})
	w.block(1000)
	a := w.state(id)
	require.Equal(t, 40_000*atn, a.Asleep)
	require.Equal(t, constitution.StateSigning, a.State, "all that is awake, and 60 % of all")
}

func TestNoticesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.block(w.params.Governance.DormantMS)
	w.refused(ledger.CodeInvalid, ann, constitution.Notice{Account: "x"})
	w.refused(ledger.CodeEarly, ann, constitution.Notice{Account: ann})
	w.power[dan] = 0
	w.refused(ledger.CodeRefused, ann, constitution.Notice{Account: dan})
}

// TestWhoIsAsleepIsCountedOnce plays random sleeping, waking and signing against a plain count.
func TestWhoIsAsleepIsCountedOnce(t *testing.T) {
	for seed := range int64(12) {
		rnd := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		w.params.Governance.AmendMS = 180 * day
		w.params.Governance.DormantMS, w.params.Governance.NoticeMS = 5*day, 2*day
		cast := []ledger.Account{ann, bob, eve, dan}
		var open []string
		for range 150 {
			account := cast[rnd.Intn(len(cast))]
			switch rnd.Intn(6) {
			case 0:
				w.signs(w.ctx(account), account)
			case 1, 2:
				_ = w.try(ann, constitution.Notice{Account: account})
			case 3:
				id := constitution.AmendmentID("test", account, w.nonce)
				if w.try(account, lease(90_000)) == nil {
					w.params.Governance.VerdictQuorum = 1
					w.judged(id, map[ledger.Account][]constitution.Entry{account: nil})
					open = append(open, id)
				}
			case 4:
				if len(open) > 0 {
					_ = w.try(account, constitution.Sign{Amendment: open[rnd.Intn(len(open))], Support: rnd.Intn(4) > 0})
				}
			default:
				w.block(int64(rnd.Intn(3)) * day)
			}
			for _, id := range open {
				a := w.state(id)
				if a.State != constitution.StateSigning {
					continue
				}
				signed := map[ledger.Account]bool{}
				w.Signatures(w.kv, id, func(account ledger.Account, _ constitution.Signature) bool { signed[account] = true; return true })
				want := ledger.Natn(0)
				for _, account := range cast {
					if w.asleep[account] && !signed[account] {
						want += w.power[account]
					}
				}
				require.Equal(t, want, a.Asleep, "seed %d", seed)
			}
		}
	}
}
