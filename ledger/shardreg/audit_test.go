package shardreg_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
)

// audited is a world in which ann holds two columns of a file of several stripes and chunks.
func audited(tb testing.TB) (*world, file) {
	tb.Helper()
	w, f := newWorld(tb), cut(tb, 2<<20+5000, 1, 2)
	w.join(ann, 1<<30)
	w.must(bob, f.register())
	w.must(ann, f.announce(0, 2))
	return w, f
}

func TestARightAnswerRaisesReputation(t *testing.T) {
	w, f := audited(t)
	places := map[string]bool{}
	for i := range 30 {
		a := w.asked(ann)
		require.Contains(t, []uint16{0, 2}, a.Column, "only what it announced")
		places[fmt.Sprint(a.Column, a.Stripe, a.Chunk)] = true
		w.must(ann, f.answer(t, a))
		require.Equal(t, uint16(500+10*(i+1)), w.provider(ann).Reputation)
		closed, _ := last[shardreg.AuditClosed](w)
		require.Equal(t, shardreg.AuditClosed{
			Audit: a.ID, Provider: ann, Manifest: f.cid, Root: f.Root, Passed: true, Before: uint16(500 + 10*i), Reputation: uint16(510 + 10*i),
		}, closed)
		require.Equal(t, ledger.CodeNotFound, w.send(ann, f.answer(t, a)), "an audit is answered once")
	}
	require.Greater(t, len(places), 20, "other chunks are asked for every time")
}

func TestAWrongAnswerCostsAtOnce(t *testing.T) {
	for name, spoil := range map[string]func(m *shardreg.AnswerAudit){
		"another chunk":     func(m *shardreg.AnswerAudit) { m.Chunk = bytes.Repeat([]byte{7}, len(m.Chunk)) },
		"a flipped bit":     func(m *shardreg.AnswerAudit) { m.Chunk[0] ^= 1 },
		"a short chunk":     func(m *shardreg.AnswerAudit) { m.Chunk = m.Chunk[:1] },
		"no tree":           func(m *shardreg.AnswerAudit) { m.Tree = nil },
		"a forged tree":     func(m *shardreg.AnswerAudit) { m.Tree[0][0] ^= 1 },
		"a forged block":    func(m *shardreg.AnswerAudit) { m.Block[0][0] ^= 1 },
		"no path to column": func(m *shardreg.AnswerAudit) { m.Block = nil },
		"a forged column":   func(m *shardreg.AnswerAudit) { m.Column[0][0] ^= 1 },
		"no path to root":   func(m *shardreg.AnswerAudit) { m.Column = nil },
	} {
		w, f := audited(t)
		a := w.asked(ann)
		for a.Stripe == 2 && a.Chunk == 4 || a.Stripe == 2 && a.Column == 0 { // a whole block has a tree in every case
			w.must(ann, f.answer(t, a))
			a = w.asked(ann)
		}
		before := w.provider(ann).Reputation
		m := f.answer(t, a)
		m.Chunk = bytes.Clone(m.Chunk)
		spoil(&m)
		w.must(ann, m)
		p := w.provider(ann)
		require.Equal(t, before-50, p.Reputation, name)
		require.Equal(t, shardreg.FindingCorrupt, p.Quarantine, name)
		require.Equal(t, uint64(1), p.Failed, name)
		told, ok := last[shardreg.Quarantined](w)
		require.True(t, ok, name)
		require.NotEmpty(t, told.Warning, name)
	}
}

func TestNobodyAnswersForAnother(t *testing.T) {
	w, f := audited(t)
	a := w.asked(ann)
	w.join(bob, 1<<30)
	m := f.answer(t, a)
	require.Equal(t, ledger.CodeRefused, w.send(bob, m))
	m.Chunk = []byte("rubbish")
	require.Equal(t, ledger.CodeRefused, w.send(bob, m), "nor harms it")
	require.Equal(t, uint16(500), w.provider(ann).Reputation)
	m.Audit = ledger.TaskID("test", ann, 1)
	require.Equal(t, ledger.CodeNotFound, w.send(ann, m))
}

func TestSilenceIsAWarningFirst(t *testing.T) {
	w, f := audited(t)
	require.Equal(t, 2, w.available(f.cid).Live)
	w.silence(ann)
	p := w.provider(ann)
	require.Equal(t, uint16(500), p.Reputation, "a slow disk loses nothing before it was told")
	require.Equal(t, shardreg.FindingSilent, p.Quarantine)
	require.Zero(t, w.available(f.cid).Live)
	require.False(t, w.Chosen(w.ctx(""), w.kv, p))
	told, _ := last[shardreg.Quarantined](w)
	require.Contains(t, told.Warning, "no answer in time")
	w.silence(ann)
	require.Equal(t, uint16(450), w.provider(ann).Reputation, "in quarantine silence costs")
	w.must(ann, f.answer(t, w.asked(ann)))
	p = w.provider(ann)
	require.Equal(t, uint16(460), p.Reputation)
	require.Empty(t, p.Quarantine, "a passed audit ends it")
	require.Equal(t, 2, w.available(f.cid).Live)
	_, released := last[shardreg.Released](w)
	require.True(t, released)
	w.silence(ann)
	require.Equal(t, uint16(460), w.provider(ann).Reputation, "the next silence is a warning again")
	require.Equal(t, uint64(3), w.provider(ann).Missed)
}

func TestAChainThatSleptGivesTimeToAnswer(t *testing.T) {
	w, f := audited(t)
	a := w.asked(ann)
	w.block(w.params.Shards.AnswerMS * 1000)
	for range w.params.Shards.AnswerBlocks - 2 {
		w.block(1)
	}
	w.must(ann, f.answer(t, a))
	require.Equal(t, uint16(510), w.provider(ann).Reputation)
}

func TestReputationIsCappedAtBothEnds(t *testing.T) {
	w, f := audited(t)
	for range 60 {
		w.must(ann, f.answer(t, w.asked(ann)))
	}
	require.Equal(t, uint16(1000), w.provider(ann).Reputation)
	for range 25 {
		m := f.answer(t, w.asked(ann))
		m.Chunk = []byte{1}
		w.must(ann, m)
	}
	require.Zero(t, w.provider(ann).Reputation)
	w.must(ann, f.answer(t, w.asked(ann)))
	require.Equal(t, uint16(10), w.provider(ann).Reputation, "even from nothing there is a way back")
}

func TestAProviderWithoutReputationIsNotChosen(t *testing.T) {
	w, f := audited(t)
	w.params.Shards.Failed = 500
	m := f.answer(t, w.asked(ann))
	m.Chunk = []byte{1}
	w.must(ann, m)
	w.params.Shards.Passed = 0
	w.must(ann, f.answer(t, w.asked(ann)))
	p := w.provider(ann)
	require.Zero(t, p.Reputation)
	require.True(t, w.Live(w.ctx(""), w.kv, p), "what it proved it holds still counts")
	require.False(t, w.Chosen(w.ctx(""), w.kv, p))
	w.Servers(w.ctx(""), w.kv, f.cid, f.Root, func(ledger.Account) bool {
		require.Fail(t, "it is asked to serve")
		return false
	})
}

func TestWithdrawingTheAuditedColumnIsSilence(t *testing.T) {
	w, f := audited(t)
	a := w.asked(ann)
	w.must(ann, f.announce(a.Column))
	w.must(ann, f.answer(t, a))
	w.asked(ann)
	w.must(ann, shardreg.Withdraw{Manifest: f.cid})
	p := w.provider(ann)
	require.Equal(t, shardreg.FindingSilent, p.Quarantine)
	require.Empty(t, p.Audit)
	w.must(ann, f.announce(0))
	w.asked(ann)
	w.must(ann, f.announce(1))
	require.Equal(t, uint16(460), w.provider(ann).Reputation, "the second time costs")
	w.asked(ann)
	w.must(ann, shardreg.Withdraw{Manifest: f.cid})
	require.Equal(t, uint16(410), w.provider(ann).Reputation)
}

func TestEveryProviderIsAuditedAndLargeFilesMoreOften(t *testing.T) {
	w := newWorld(t)
	large := cut(t, 1<<20, 1, 0)
	w.must(bob, large.register())
	for i := 1; i <= 3; i++ {
		w.join(ledgertest.Account(i), 1<<30)
		w.must(ledgertest.Account(i), large.announce(0))
	}
	files := map[string]file{large.cid: large}
	for i := range 40 { // many small files do not hide the large one
		small := cut(t, uint64(100+i), 1, 0)
		files[small.cid] = small
		w.must(bob, small.register())
		w.must(ann, small.announce(0))
	}
	drawn, hits := map[ledger.Account]int{}, 0
	for range 60 {
		w.round()
		var open []shardreg.Audit
		w.Audits(w.kv, func(a shardreg.Audit) bool { open = append(open, a); return true })
		for _, a := range open {
			drawn[a.Provider]++
			if a.Provider == ann && a.Manifest == large.cid {
				hits++
			}
			w.must(a.Provider, files[a.Manifest].answer(t, a))
		}
	}
	require.Equal(t, map[ledger.Account]int{ledgertest.Account(1): 60, ledgertest.Account(2): 60, ledgertest.Account(3): 60}, drawn)
	require.Greater(t, hits, 50)
}

// The numbers and sums of holdings must stay right whatever is announced and withdrawn.
func TestHoldingsStayNumberedWithoutGaps(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	w := newWorld(t)
	w.join(ann, 1<<40)
	files := make([]file, 40)
	for i := range files {
		files[i] = cut(t, uint64(1+random.Intn(3000)), 2, 2)
		w.must(bob, files[i].register())
	}
	held := map[string][]uint16{}
	for range 600 {
		f := files[random.Intn(len(files))]
		if columns, had := held[f.cid]; had && random.Intn(2) == 0 {
			if w.send(ann, shardreg.Withdraw{Manifest: f.cid}) == ledger.CodeOK {
				delete(held, f.cid)
			} else {
				require.NotEmpty(t, columns)
			}
		} else {
			columns := [][]uint16{{0}, {1, 3}, {0, 1, 2, 3}}[random.Intn(3)]
			if w.send(ann, f.announce(columns...)) == ledger.CodeOK {
				held[f.cid] = columns
			}
		}
		w.round()
		used := uint64(0)
		for _, f := range files {
			m, _ := w.manifest(f.cid)
			used += uint64(len(held[f.cid])) * m.ColumnBytes()
		}
		p := w.provider(ann)
		require.Equal(t, used, p.Used)
		require.Equal(t, uint64(len(held)), p.Manifests)
		if a, ok := w.Audit(w.kv, p.Audit); ok {
			require.True(t, slices.Contains(held[a.Manifest], a.Column))
			at := slices.IndexFunc(files, func(f file) bool { return f.cid == a.Manifest })
			w.must(ann, files[at].answer(t, a))
		}
	}
	require.NotZero(t, w.provider(ann).Passed)
}

// FuzzAnswerAudit decodes any bytes as an answer: only the true one passes.
func FuzzAnswerAudit(f *testing.F) {
	w, stored := audited(f)
	a := w.asked(ann)
	truth, err := ledger.Marshal(stored.answer(f, a))
	require.NoError(f, err)
	clean := w.kv
	f.Add([]byte{}, true)
	f.Add(truth, false)
	f.Fuzz(func(t *testing.T, raw []byte, replay bool) {
		w := *w
		w.t, w.kv, w.events = t, clean.Clone(), nil
		right := bytes.Clone(truth)
		if replay { // noise over the right answer
			for i, b := range raw {
				right[i*7%len(right)] ^= b
			}
		} else {
			right = raw
		}
		var m shardreg.AnswerAudit
		if ledger.Unmarshal(right, &m) != nil || m.Validate() != nil {
			return
		}
		before := w.provider(ann).Reputation
		if w.send(ann, m) != ledger.CodeOK {
			return
		}
		require.Equal(t, bytes.Equal(truth, right), w.provider(ann).Reputation > before)
	})
}
