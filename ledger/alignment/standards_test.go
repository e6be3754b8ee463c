package alignment_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/stance"
	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
)

func TestStandardsAreVersionsThatOnlyTheirOwnerAddsTo(t *testing.T) {
	w := newWorld(t)
	publish := func(text string) error {
		return w.Publish(w.ctx(ann), w.kv, alignment.Publish{Name: "teachers", Text: text, MaxPrice: math.MaxUint64})
	}
	require.NoError(t, publish("Education for every child."))
	require.NoError(t, publish("Education for every child, and books."))
	c, ok := w.Community(w.kv, "teachers")
	require.True(t, ok)
	require.Equal(t, uint64(2), c.Versions)
	first, ok := w.Standards(w.kv, "teachers", 1)
	require.True(t, ok)
	require.Equal(t, "Education for every child.", first.Text)
	require.Equal(t, uint8(stance.Version), first.Heuristic)
	refused(w, eve, ledger.CodeRefused, w.Publish, alignment.Publish{Name: "teachers", Text: "x", MaxPrice: math.MaxUint64})
	refused(w, eve, ledger.CodeRefused, w.Publish, alignment.Publish{Name: "udhr", Text: "x", MaxPrice: math.MaxUint64})
	w.sound()
}

func TestOpposedStandardsCostMoreAndTheDifferenceFillsThePool(t *testing.T) {
	w := newWorld(t)
	base := w.params.Pricing.PublishBase
	price := func(name, text string) ledger.Natn {
		quoted, closeness, err := w.StandardsPrice(w.params, w.kv, text)
		require.NoError(t, err)
		require.NoError(t, w.Publish(w.ctx(ann), w.kv, alignment.Publish{Name: name, Text: text, MaxPrice: quoted}))
		s, _ := w.Standards(w.kv, name, 1)
		require.Equal(t, quoted, s.Paid, "the price shown is the price charged")
		require.Equal(t, closeness, s.Closeness)
		return s.Paid
	}
	near := price("near", "The right to education, privacy and asylum; no one shall be tortured.")
	far := price("far", "Deny education, torture prisoners, censor the press and deport refugees.")
	require.Equal(t, base, near)
	require.Equal(t, 3*base, far)
	none := price("none", "Football on Sundays")
	require.InDelta(t, float64(base*2), float64(none), float64(base)/alignment.One, "what is neither costs twice the base")
	require.Equal(t, near+far+none-3*base, w.Pool(w.kv).Balance)
	require.Equal(t, 3*base, w.bank.Totals(w.kv).Treasury)
	w.sound()
	refused(w, ann, ledger.CodeRefused, w.Publish, alignment.Publish{Name: "far", Text: "Torture prisoners.", MaxPrice: base})
	poor := w.ctx(alignment.PoolAccount())
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(w.Publish(poor, w.kv, alignment.Publish{Name: "poor", Text: "x", MaxPrice: 3 * base})))
}

func TestJoiningNeedsCloseness(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Publish(w.ctx(ann), w.kv, alignment.Publish{Name: "teachers", Text: "Education for every child.", MaxPrice: math.MaxUint64}))
	require.NoError(t, w.Publish(w.ctx(ann), w.kv, alignment.Publish{Name: "doctors", Text: "Health care for every patient.", MaxPrice: math.MaxUint64}))
	refused(w, bob, ledger.CodeNotFound, w.Join, alignment.Join{Community: "nobody"})
	refused(w, bob, ledger.CodeRefused, w.Leave, alignment.Leave{})
	require.NoError(t, w.SetValues(w.ctx(bob), w.kv, alignment.SetValues{Text: "Ban education and close the schools."}))
	refused(w, bob, ledger.CodeRefused, w.Join, alignment.Join{Community: "teachers"})
	require.NoError(t, w.SetValues(w.ctx(bob), w.kv, alignment.SetValues{Text: "Support schools and education."}))
	require.NoError(t, w.Join(w.ctx(bob), w.kv, alignment.Join{Community: "teachers"}))
	refused(w, bob, ledger.CodeRefused, w.Join, alignment.Join{Community: "teachers"})
	require.NoError(t, w.Join(w.ctx(eve), w.kv, alignment.Join{Community: "teachers"}), "who states no values has the community's")
	members := func(name string) uint64 {
		c, _ := w.Community(w.kv, name)
		return c.Members
	}
	require.Equal(t, uint64(2), members("teachers"))
	require.NoError(t, w.Join(w.ctx(bob), w.kv, alignment.Join{Community: "doctors"}))
	require.Equal(t, uint64(1), members("teachers"))
	require.Equal(t, "doctors", w.Membership(w.kv, bob))
	require.NoError(t, w.Leave(w.ctx(bob), w.kv, alignment.Leave{}))
	require.Zero(t, members("doctors"))
	require.Empty(t, w.Membership(w.kv, bob))
}

func TestStandardsThatOnlyServeTheirAuthorBringNoSubsidy(t *testing.T) {
	w := rich(t)
	vector, err := stance.Embed(good)
	require.NoError(t, err)
	for name, m := range map[string]alignment.Publish{
		"opposed to the network": {Name: "a", Text: "Torture prisoners and censor the press."},
		"about nothing of it":    {Name: "b", Text: "Marbles, kites, marbles and kites."},
		"unreadable":             {Name: "c", CID: ledger.DocCID([]byte(good)), Vector: vector.Bytes()},
	} {
		m.MaxPrice = math.MaxUint64
		require.NoError(t, m.Validate())
		require.NoError(t, w.Publish(w.ctx(eve), w.kv, m))
		require.NoError(t, w.Join(w.ctx(eve), w.kv, alignment.Join{Community: m.Name}))
		text := m.Text
		if text == "" {
			text = good
		}
		q := w.quote(alignment.Query{User: eve, Base: 100 * atn, Units: 100, Text: text})
		require.Equal(t, m.Name, q.Community)
		require.Equal(t, alignment.RowSubsidy, q.Row, name)
		require.Zero(t, q.Subsidy, name)
		require.Contains(t, q.Limited, "community")
	}
}

func TestAChangedJurisdictionIsReadAnew(t *testing.T) {
	w := rich(t)
	before := w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: good})
	w.texts = []string{"Refugees shall be deported; asylum is denied."}
	require.Equal(t, before, w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: good}), "nothing changed on the ledger yet")
	w.changed++
	require.NoError(t, w.End(w.ctx(""), w.kv))
	require.Less(t, w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: good}).TaskToOwn, before.TaskToOwn)
	w.changed++
	w.texts = []string{strings.Repeat("x", stance.MaxTextBytes+1)}
	require.Error(t, w.End(w.ctx(""), w.kv))
}

func TestWhatIsSentToThePoolsAccountIsThePools(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, alignment.PoolAccount().Validate())
	require.NoError(t, w.bank.Move(w.ctx(ann), w.kv, bank.Balance(ann), bank.Balance(alignment.PoolAccount()), 7, "send", ""))
	ctx := w.ctx("")
	require.NoError(t, w.End(ctx, w.kv))
	require.Equal(t, ledger.Natn(7), w.Pool(w.kv).Balance)
	require.Contains(t, ctx.Emitted(), ledger.EventData(alignment.Endowed{Amount: 7}))
	w.sound()
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	long := strings.Repeat("x", stance.MaxTextBytes+1)
	cid := ledger.DocCID([]byte("x"))
	for name, m := range map[string]ledger.Msg{
		"no name":            alignment.Publish{Text: "x"},
		"odd name":           alignment.Publish{Name: "A/b", Text: "x"},
		"nothing":            alignment.Publish{Name: "a"},
		"text and CID":       alignment.Publish{Name: "a", Text: "x", CID: cid},
		"CID without vector": alignment.Publish{Name: "a", CID: cid},
		"odd CID":            alignment.Publish{Name: "a", CID: "x", Vector: stance.Vector{}.Bytes()},
		"odd vector":         alignment.Publish{Name: "a", CID: cid, Vector: []byte{1}},
		"long text":          alignment.Publish{Name: "a", Text: long},
		"no text at all":     alignment.Ask{},
		"long question":      alignment.Ask{Text: long},
		"odd community":      alignment.Ask{Text: "x", Community: "a b"},
		"not UTF-8":          alignment.SetValues{Text: "\xff"},
		"long values":        alignment.SetValues{Text: long},
		"join nothing":       alignment.Join{},
		"no round":           alignment.CommitScore{Commitment: ledger.Hash{1}},
		"no commitment":      alignment.CommitScore{Round: proj},
		"odd round":          alignment.RevealScore{Round: "x"},
		"odd reasons":        alignment.RevealScore{Round: proj, Reasons: "x"},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	for _, m := range []ledger.Msg{
		alignment.Publish{Name: "a", Text: "x"},
		alignment.SetValues{},
		alignment.Leave{},
		alignment.Join{Community: "a"},
		alignment.Publish{Name: "a", CID: cid, Vector: stance.Vector{}.Bytes()},
		alignment.Ask{Text: "x"},
		alignment.CommitScore{Round: proj, Commitment: ledger.Hash{1}},
		alignment.RevealScore{Round: proj, Reasons: cid},
	} {
		require.NoError(t, m.Validate(), m.Kind())
	}
}
