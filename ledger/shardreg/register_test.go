package shardreg_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
)

// forged are registrations of a file that are not true.
func (f file) forged() map[string]shardreg.Register {
	spoil := func(fn func(*shardreg.Register)) shardreg.Register { m := f.register(); fn(&m); return m }
	return map[string]shardreg.Register{
		"root":   spoil(func(m *shardreg.Register) { m.Root[0] ^= 1 }),
		"size":   spoil(func(m *shardreg.Register) { m.Size++ }),
		"data":   spoil(func(m *shardreg.Register) { m.Data-- }),
		"parity": spoil(func(m *shardreg.Register) { m.Parity++ }),
	}
}

// as announces columns under a registration, whatever they are of.
func as(m shardreg.Register, columns ...uint16) shardreg.Announce {
	return shardreg.Announce{Manifest: m.Manifest, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Columns: columns}
}

func TestAFalseRegistrationKeepsNobodyOut(t *testing.T) {
	f := cut(t, 99, 10, 4)
	for name, lie := range f.forged() {
		w := newWorld(t)
		liar := ledgertest.Account(3)
		w.join(ann, 1000)
		require.Equal(t, ledger.CodeNotFound, w.send(ann, f.announce(0)), name)
		w.must(liar, lie)
		require.Equal(t, ledger.CodeRefused, w.send(ann, f.announce(0)), "%s: nothing true is registered", name)
		w.must(bob, f.register())
		first, _ := w.manifest(f.cid)
		require.Equal(t, liar, first.Publisher, "%s: nobody knows better yet", name)
		exact, ok := w.Manifest(w.ctx(""), w.kv, f.cid, f.Root)
		require.True(t, ok, name)
		require.Equal(t, ledger.Hash(f.Root), exact.Root, name)
		w.must(ann, f.announce(0, 1))
		true1, _ := w.manifest(f.cid)
		require.Equal(t, bob, true1.Publisher, "%s: the one with announced columns", name)
		require.Equal(t, 2, w.available(f.cid).Live, name)
		w.must(ann, f.answer(t, w.asked(ann)))
		require.Equal(t, uint16(510), w.provider(ann).Reputation, "%s: audits climb to the true root", name)
		w.must(liar, shardreg.Unregister{Manifest: f.cid})
		require.Equal(t, ledger.CodeRefused, w.send(bob, shardreg.Unregister{Manifest: f.cid}), "%s: somebody holds it", name)
		require.Equal(t, 2, w.available(f.cid).Live, name)
	}
}

func TestTheOneThatMostProvidersHoldIsMeant(t *testing.T) {
	w, f := newWorld(t), cut(t, 99, 10, 4)
	carl, dora, lie := ledgertest.Account(3), ledgertest.Account(4), f.forged()["parity"]
	for _, a := range []ledger.Account{ann, carl, dora} {
		w.join(a, 1<<20)
	}
	w.must(bob, lie)
	w.must(ann, f.register())
	w.must(ann, as(lie, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14))
	require.True(t, w.Available(w.ctx(""), w.kv, f.cid, f.Root), "the true root in a false shape, and nobody else yet")
	w.must(carl, f.announce(0))
	require.True(t, w.Available(w.ctx(""), w.kv, f.cid, f.Root), "one each: the older")
	w.must(dora, f.announce(1))
	require.False(t, w.Available(w.ctx(""), w.kv, f.cid, f.Root), "columns are not counted, providers are")
	require.False(t, w.Available(w.ctx(""), w.kv, f.cid, ledger.Hash{9}), "another root")
	var serving, holding []ledger.Account
	w.Servers(w.ctx(""), w.kv, f.cid, f.Root, func(a ledger.Account) bool { serving = append(serving, a); return true })
	w.Holders(w.ctx(""), w.kv, f.cid, f.Root, func(h shardreg.Holding) bool { holding = append(holding, h.Provider); return true })
	require.ElementsMatch(t, []ledger.Account{carl, dora}, serving)
	require.ElementsMatch(t, serving, holding)
	w.stakes[carl], w.stakes[dora] = false, false
	require.True(t, w.Available(w.ctx(""), w.kv, f.cid, f.Root), "only those that are counted on speak")
	var all []string
	w.Registrations(w.kv, f.cid, func(m shardreg.Manifest) bool { all = append(all, m.Ref()); return true })
	require.Len(t, all, 2)
}

func TestColumnsMoveToAnotherRegistration(t *testing.T) {
	w, f := newWorld(t), cut(t, 99, 10, 4) // columns of 10 bytes
	lie := f.forged()["data"]              // of 11
	w.join(ann, 33)
	w.must(bob, lie)
	w.must(ledgertest.Account(3), f.register())
	w.must(ann, as(lie, 0, 1, 2))
	require.Equal(t, uint64(33), w.provider(ann).Used)
	require.Equal(t, ledger.CodeFunds, w.send(ann, f.announce(0, 1, 2, 3)))
	w.asked(ann)
	w.must(ann, f.announce(0, 1, 2))
	p := w.provider(ann)
	require.Equal(t, uint64(30), p.Used)
	require.Equal(t, uint64(1), p.Manifests)
	require.Equal(t, shardreg.FindingSilent, p.Quarantine, "the audit of what was announced before is not dodged")
	gone, _ := last[shardreg.Withdrawn](w)
	require.Equal(t, lie.Root, gone.Root)
	require.Equal(t, uint64(0), gone.Used)
	w.must(bob, shardreg.Unregister{Manifest: f.cid})
	w.must(ann, f.answer(t, w.asked(ann)))
	w.must(ann, shardreg.Withdraw{Manifest: f.cid})
	require.Zero(t, w.provider(ann).Used)
}

// What providers use must be what they announced, whatever is registered, announced, moved and withdrawn.
func TestUseIsExactOverManyRegistrations(t *testing.T) {
	random := rand.New(rand.NewSource(5))
	w := newWorld(t)
	w.params.Shards.AuditsPerRound = 0
	files := []file{cut(t, 99, 10, 4), cut(t, 3000, 2, 1)}
	accounts := []ledger.Account{ledgertest.Account(1), ledgertest.Account(2), ledgertest.Account(3)}
	for _, a := range accounts {
		w.join(a, 20_000)
	}
	done := map[ledger.Code]int{}
	for range 3000 {
		f, from := files[random.Intn(2)], accounts[random.Intn(3)]
		one := []shardreg.Register{f.register(), f.forged()["root"], f.forged()["size"], f.forged()["data"]}[random.Intn(4)]
		if one.Data == 0 {
			continue
		}
		columns := [][]uint16{{0}, {1, 2}, {0, 1, 2}}[random.Intn(3)]
		m := []ledger.Msg{
			one, as(one, columns...), as(one, columns...), shardreg.Withdraw{Manifest: f.cid}, shardreg.Unregister{Manifest: f.cid},
		}[random.Intn(5)]
		done[w.send(from, m)]++
		if random.Intn(20) == 0 {
			w.round()
		}
		used, held, of := map[ledger.Account]uint64{}, map[ledger.Account]uint64{}, map[string]shardreg.Manifest{}
		w.Manifests(w.kv, func(m shardreg.Manifest) bool { of[m.CID+m.Ref()] = m; return true })
		for _, f := range files {
			w.Holdings(w.kv, f.cid, func(h shardreg.Holding) bool {
				m, registered := of[f.cid+h.Ref]
				require.True(t, registered, "what is held stays registered")
				used[h.Provider] += uint64(len(h.Columns)) * m.ColumnBytes()
				held[h.Provider]++
				return true
			})
		}
		for _, a := range accounts {
			p := w.provider(a)
			require.Equal(t, used[a], p.Used)
			require.Equal(t, held[a], p.Manifests)
			require.LessOrEqual(t, p.Used, p.Capacity)
		}
	}
	require.Greater(t, done[ledger.CodeOK], 500)
	require.NotZero(t, done[ledger.CodeRefused])
}
