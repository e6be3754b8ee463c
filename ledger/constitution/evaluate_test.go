package constitution_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/constitution"
	"autonet/ledger/ledgertest"
)

type entries = []constitution.Entry

func entry(article string, stance constitution.Stance) constitution.Entry {
	return constitution.Entry{Article: article, Stance: stance}
}

func TestWhatEvaluatorsFindDecidesWhetherItProceeds(t *testing.T) {
	support, oppose := entry("udhr/12", constitution.Support), entry("udhr/12", constitution.Oppose)
	for name, v := range map[string]struct {
		verdicts map[ledger.Account]entries
		proceed  bool
	}{
		"nobody reveals":                 {nil, false},
		"too few":                        {map[ledger.Account]entries{ann: {support}, bob: {support}}, false},
		"nothing is concerned":           {map[ledger.Account]entries{ann: nil, bob: nil, eve: nil}, true},
		"said to be irrelevant":          {map[ledger.Account]entries{ann: {entry("P1", constitution.Irrelevant)}, bob: nil, eve: nil}, true},
		"all support":                    {map[ledger.Account]entries{ann: {support}, bob: {support}, eve: {support}}, true},
		"all oppose":                     {map[ledger.Account]entries{ann: {oppose}, bob: {oppose}, eve: {oppose}}, false},
		"exactly two thirds":             {map[ledger.Account]entries{ann: {support}, bob: {support}, eve: {oppose}}, true},
		"weight decides":                 {map[ledger.Account]entries{ann: {support}, bob: {support}, dan: {oppose}}, false},
		"a third of the weight is alone": {map[ledger.Account]entries{ann: {oppose}, bob: nil, eve: nil}, true},
		"one right against another": {map[ledger.Account]entries{
			ann: {entry("P3", constitution.Support), oppose}, bob: {entry("P3", constitution.Support), oppose}, eve: {entry("P3", constitution.Support)},
		}, false},
	} {
		w := newWorld(t)
		id := w.amend(ann, lease(90_000))
		w.judged(id, v.verdicts)
		m, ok := w.Matter(w.kv, id)
		require.True(t, ok)
		require.Equal(t, constitution.PhaseDone, m.Phase)
		require.Equal(t, v.proceed, m.Proceed, "%s: %s", name, m.Reason)
		require.Equal(t, !v.proceed, m.Reason != "", name)
		if v.proceed {
			require.Equal(t, constitution.StateSigning, w.state(id).State, name)
		} else {
			require.Equal(t, constitution.StateRejected, w.state(id).State, name)
			require.Equal(t, m.Reason, w.state(id).Reason)
		}
	}
}

func TestVerdictsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	id := w.amend(ann, lease(90_000))
	doc := verdict(id, ann, entry("P1", constitution.Support))
	promise := commitment(id, ann, doc)
	w.refused(ledger.CodeInvalid, ann, constitution.CommitVerdict{Matter: id})
	w.refused(ledger.CodeNotFound, ann, constitution.CommitVerdict{Matter: constitution.AmendmentID("test", bob, 99), Commitment: promise.Commitment})
	w.refused(ledger.CodeRefused, ledgertest.Account(9), promise)
	w.refused(ledger.CodeEarly, ann, reveal(id, doc))
	w.must(ann, promise)
	w.refused(ledger.CodeRefused, ann, promise)
	w.must(bob, promise) // a copy: it binds ann
	w.must(eve, commitment(id, eve, doc))
	foreign := verdict(id, dan, entry("eu/1", constitution.Support))
	w.must(dan, commitment(id, dan, foreign))
	w.block(w.params.Governance.VerdictCommitMS)
	w.refused(ledger.CodeLate, ledgertest.Account(9), promise)
	w.refused(ledger.CodeNotFound, ann, reveal(constitution.AmendmentID("test", bob, 99), verdict(constitution.AmendmentID("test", bob, 99), ann)))
	w.refused(ledger.CodeInvalid, ann, reveal(constitution.AmendmentID("test", bob, 99), doc))
	w.refused(ledger.CodeInvalid, ann, reveal(id, nil))
	w.refused(ledger.CodeRefused, ledgertest.Account(9), reveal(id, doc))
	w.refused(ledger.CodeRefused, bob, reveal(id, doc))
	w.refused(ledger.CodeRefused, eve, reveal(id, doc))
	w.refused(ledger.CodeRefused, dan, reveal(id, foreign))
	w.must(ann, reveal(id, doc))
	w.refused(ledger.CodeRefused, ann, reveal(id, doc))
	w.block(w.params.Governance.VerdictRevealMS)
	w.refused(ledger.CodeLate, eve, reveal(id, doc))
}

func TestStakeThatLeavesTakesItsWeightAlong(t *testing.T) {
	w := newWorld(t)
	id := w.amend(ann, lease(90_000))
	doc, gone := verdict(id, dan), verdict(id, ann)
	w.must(dan, commitment(id, dan, doc))
	w.must(ann, commitment(id, ann, gone))
	w.weight[dan], w.weight[ann] = 600*atn, 0
	w.block(w.params.Governance.VerdictCommitMS)
	w.weight[dan] = 600 * atn
	w.must(dan, reveal(id, doc))
	w.refused(ledger.CodeRefused, ann, reveal(id, gone))
	m, _ := w.Matter(w.kv, id)
	require.Equal(t, 600*atn, m.Weight)
	var all []constitution.Evaluation
	w.Evaluations(w.kv, id, func(_ ledger.Account, e constitution.Evaluation) bool { all = append(all, e); return true })
	require.Len(t, all, 2)
}

func TestAMatterOfAnotherModuleIsJudgedTheSameWay(t *testing.T) {
	w := newWorld(t)
	id := constitution.AmendmentID("test", bob, 1234)
	w.Judge(w.ctx(bob), w.kv, id, ledger.DocCID([]byte("why")))
	done, _, _ := w.Judged(w.kv, id)
	require.False(t, done)
	w.judged(id, map[ledger.Account]entries{ann: nil, bob: nil, eve: nil})
	done, proceed, _ := w.Judged(w.kv, id)
	require.True(t, done)
	require.True(t, proceed)
}

func TestVerdictDocumentsAreChecked(t *testing.T) {
	id := constitution.AmendmentID("test", bob, 1)
	good := constitution.Verdict{
		Matter: id, Account: ann, Reasons: ledger.DocCID([]byte("x")),
		Entries: entries{entry("P1", constitution.Support), entry("P7", constitution.Oppose), entry("udhr/12", constitution.Irrelevant)},
	}
	doc, err := good.Encode()
	require.NoError(t, err)
	back, err := constitution.DecodeVerdict(doc)
	require.NoError(t, err)
	require.Equal(t, good, back)
	for name, spoil := range map[string]func(*constitution.Verdict){
		"matter":      func(v *constitution.Verdict) { v.Matter = "x" },
		"account":     func(v *constitution.Verdict) { v.Account = "x" },
		"reasons":     func(v *constitution.Verdict) { v.Reasons = "x" },
		"stance":      func(v *constitution.Verdict) { v.Entries[0].Stance = "maybe" },
		"principle 0": func(v *constitution.Verdict) { v.Entries[0].Article = "P0" },
		"principle 8": func(v *constitution.Verdict) { v.Entries[1].Article = "P8" },
		"number":      func(v *constitution.Verdict) { v.Entries[2].Article = "udhr/012" },
		"order":       func(v *constitution.Verdict) { v.Entries[0], v.Entries[1] = v.Entries[1], v.Entries[0] },
		"many":        func(v *constitution.Verdict) { v.Entries = make(entries, 200) },
	} {
		v := good
		v.Entries = append(entries(nil), good.Entries...)
		spoil(&v)
		_, err := v.Encode()
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err), name)
		raw, err := ledger.Marshal(v)
		require.NoError(t, err)
		_, err = constitution.DecodeVerdict(raw)
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err), name)
	}
}

func FuzzDecodeVerdict(f *testing.F) {
	id := constitution.AmendmentID("test", bob, 1)
	f.Add(verdict(id, ann, entry("P1", constitution.Support), entry("udhr/30", constitution.Oppose)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := constitution.DecodeVerdict(doc)
		if err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			return
		}
		again, err := v.Encode()
		require.NoError(t, err)
		require.Equal(t, doc, again)
	})
}

func TestEvaluationsUnderWayCostABlockNothing(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.Judge(w.ctx(bob), w.kv, constitution.AmendmentID("test", bob, uint64(i)), ledger.DocCID([]byte("why")))
	}
	before := w.kv.Dump()
	w.block(w.params.Governance.VerdictCommitMS - 1)
	require.Equal(t, before, w.kv.Dump())
	concluded := func() int {
		count := 0
		for _, e := range w.events {
			if _, ok := e.(constitution.Concluded); ok {
				count++
			}
		}
		return count
	}
	w.block(w.params.Governance.VerdictRevealMS + 1)
	require.Equal(t, 256, concluded(), "a block moves so many at most")
	w.block(1000)
	require.Equal(t, 300, concluded())
}
