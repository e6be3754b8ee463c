package shardreg_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
)

func TestMalformedMessagesAreInvalid(t *testing.T) {
	f := cut(t, 99, 10, 4)
	require.NoError(t, f.register().Validate())
	require.NoError(t, f.announce(0, 13).Validate())
	id := ledger.TaskID("test", ann, 0)
	good := shardreg.AnswerAudit{Audit: id, Chunk: []byte{1}}
	require.NoError(t, good.Validate())
	spoil := func(fn func(*shardreg.Register)) ledger.Msg { m := f.register(); fn(&m); return m }
	wrong := func(fn func(*shardreg.AnswerAudit)) ledger.Msg { m := good; fn(&m); return m }
	many := make([]uint16, 257)
	for i := range many {
		many[i] = uint16(i)
	}
	for name, m := range map[string]ledger.Msg{
		"no capacity":       shardreg.RegisterProvider{},
		"endless capacity":  shardreg.RegisterProvider{Capacity: math.MaxUint64},
		"not a manifest":    spoil(func(m *shardreg.Register) { m.Manifest = ledger.DocCID([]byte("x")) }),
		"no root":           spoil(func(m *shardreg.Register) { m.Root = ledger.Hash{} }),
		"no size":           spoil(func(m *shardreg.Register) { m.Size = 0 }),
		"endless size":      spoil(func(m *shardreg.Register) { m.Size = math.MaxUint64 }),
		"no data":           spoil(func(m *shardreg.Register) { m.Data = 0 }),
		"beyond the field":  spoil(func(m *shardreg.Register) { m.Data, m.Parity = 200, 57 }),
		"no strategy":       spoil(func(m *shardreg.Register) { m.Strategy = "" }),
		"announce nowhere":  shardreg.Announce{Root: f.Root, Columns: []uint16{1}},
		"announce nothing":  f.announce(),
		"announce no root":  shardreg.Announce{Manifest: f.cid, Size: 1, Data: 1, Columns: []uint16{1}},
		"announce no shape": shardreg.Announce{Manifest: f.cid, Root: f.Root, Columns: []uint16{1}},
		"repeated column":   f.announce(1, 1),
		"descending column": f.announce(2, 1),
		"too many columns":  f.announce(many...),
		"withdraw nothing":  shardreg.Withdraw{},
		"unregister none":   shardreg.Unregister{Manifest: "x"},
		"no audit":          wrong(func(m *shardreg.AnswerAudit) { m.Audit = "x" }),
		"no chunk":          wrong(func(m *shardreg.AnswerAudit) { m.Chunk = nil }),
		"large chunk":       wrong(func(m *shardreg.AnswerAudit) { m.Chunk = make([]byte, 1025) }),
		"tall tree":         wrong(func(m *shardreg.AnswerAudit) { m.Tree = make([]ledger.Hash, 11) }),
		"long path":         wrong(func(m *shardreg.AnswerAudit) { m.Block = make([]ledger.Hash, 31) }),
		"wide path":         wrong(func(m *shardreg.AnswerAudit) { m.Column = make([]ledger.Hash, 9) }),
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
}

func TestProvidersNeedStakeAndCapacity(t *testing.T) {
	f := cut(t, 99, 10, 4) // columns of 10 bytes
	for name, c := range map[string]struct {
		staked   bool
		holding  bool
		capacity uint64
		code     ledger.Code
	}{
		"enough stake":           {true, false, 1000, ledger.CodeOK},
		"too little stake":       {false, false, 1000, ledger.CodeRefused},
		"zero capacity":          {true, false, 0, ledger.CodeInvalid},
		"more capacity":          {true, true, 2000, ledger.CodeOK},
		"just what is used":      {true, true, 20, ledger.CodeOK},
		"less than what is used": {true, true, 19, ledger.CodeRefused},
		"stake gone":             {false, true, 2000, ledger.CodeRefused},
	} {
		w := newWorld(t)
		w.must(bob, f.register())
		if c.holding {
			w.join(ann, 1000)
			w.must(ann, f.announce(0, 1))
		}
		w.stakes[ann] = c.staked
		require.Equal(t, c.code, w.send(ann, shardreg.RegisterProvider{Capacity: c.capacity}), name)
		if c.code == ledger.CodeOK {
			p := w.provider(ann)
			require.Equal(t, c.capacity, p.Capacity, name)
			require.Equal(t, uint16(500), p.Reputation, name)
		}
	}
}

func TestAProviderThatLeavesIsNotChosenAndKeepsItsReputation(t *testing.T) {
	w, f, g := newWorld(t), cut(t, 99, 10, 4), cut(t, 98, 10, 4)
	require.Equal(t, ledger.CodeNotFound, w.send(ann, shardreg.Deregister{}))
	w.join(ann, 1000)
	w.must(bob, f.register())
	w.must(bob, g.register())
	w.must(ann, f.announce(0, 1))
	w.must(ann, g.announce(3))
	w.silence(ann)
	w.silence(ann)
	require.Equal(t, uint16(450), w.provider(ann).Reputation)
	w.asked(ann)
	w.must(ann, shardreg.Deregister{})
	p := w.provider(ann)
	require.True(t, p.Left)
	require.Equal(t, uint16(400), p.Reputation, "nobody leaves an open audit behind")
	require.Zero(t, p.Used)
	require.Zero(t, p.Manifests)
	require.False(t, w.Chosen(w.ctx(""), w.kv, p))
	require.Zero(t, w.available(f.cid).Announced)
	require.Equal(t, ledger.CodeRefused, w.send(ann, shardreg.Deregister{}), "twice")
	require.Equal(t, ledger.CodeNotFound, w.send(ann, f.announce(0)))
	for range 10 {
		w.round()
	}
	require.Empty(t, w.provider(ann).Audit)
	w.must(ann, shardreg.RegisterProvider{Capacity: 1000})
	p = w.provider(ann)
	require.Equal(t, uint16(400), p.Reputation, "coming back is no new beginning")
	require.Equal(t, shardreg.FindingSilent, p.Quarantine)
	require.True(t, w.Chosen(w.ctx(""), w.kv, p), "with nothing to be audited it is given something")
	w.must(ann, f.announce(3))
	require.False(t, w.Chosen(w.ctx(""), w.kv, w.provider(ann)))
	require.Zero(t, w.available(f.cid).Live)
	w.must(ann, f.answer(t, w.asked(ann)))
	require.Equal(t, 1, w.available(f.cid).Live)
}

func TestLeavingWithManyFilesTakesSeveralMessages(t *testing.T) {
	w := newWorld(t)
	w.join(ann, 1<<30)
	for i := range 300 {
		cid := ledger.ManifestCID([]byte{byte(i), byte(i >> 8)})
		w.must(bob, shardreg.Register{Manifest: cid, Root: ledger.Hash{1}, Size: 9, Data: 1, Strategy: shardreg.Replica})
		w.must(ann, shardreg.Announce{Manifest: cid, Root: ledger.Hash{1}, Size: 9, Data: 1, Columns: []uint16{0}})
	}
	w.must(ann, shardreg.Deregister{})
	left, _ := last[shardreg.ProviderLeft](w)
	require.Equal(t, uint64(44), left.Remaining)
	require.True(t, w.provider(ann).Left)
	w.must(ann, shardreg.Deregister{})
	require.Zero(t, w.provider(ann).Used)
}

func TestAModelIsRegisteredOnceAndNeverChanges(t *testing.T) {
	w, f := newWorld(t), cut(t, 99, 10, 4)
	w.must(bob, f.register())
	again := f.register()
	require.Equal(t, ledger.CodeRefused, w.send(bob, again), "duplicate")
	require.Equal(t, ledger.CodeRefused, w.send(ann, again), "duplicate by another")
	again.Root = ledger.Hash{2}
	require.Equal(t, ledger.CodeRefused, w.send(bob, again), "the publisher says one thing about a file")
	for _, strategy := range []string{shardreg.LayerWise, shardreg.TensorParallel, shardreg.Replica} {
		m := cut(t, 50+uint64(len(strategy)), 10, 4).register()
		m.Strategy = strategy
		w.must(bob, m)
		stored, _ := w.manifest(m.Manifest)
		require.Equal(t, strategy, stored.Strategy)
	}
	m := f.register()
	m.Data = 0
	require.Equal(t, ledger.CodeInvalid, w.send(bob, m), "zero data shards")
	stored, ok := w.manifest(f.cid)
	require.True(t, ok)
	require.Equal(t, ledger.Hash(f.Root), stored.Root)
	require.Equal(t, bob, stored.Publisher)
	require.Equal(t, 14, stored.Columns())
	require.Equal(t, uint64(10), stored.ColumnBytes())
}

func TestOnlyAnUnusedModelIsUnregisteredByItsPublisher(t *testing.T) {
	w, f, g := newWorld(t), cut(t, 99, 10, 4), cut(t, 98, 10, 4)
	w.join(ann, 1000)
	w.must(bob, f.register())
	w.must(bob, g.register())
	w.must(ann, f.announce(0))
	require.Equal(t, ledger.CodeNotFound, w.send(bob, shardreg.Unregister{Manifest: none}))
	require.Equal(t, ledger.CodeRefused, w.send(ann, shardreg.Unregister{Manifest: f.cid}), "not its publisher")
	require.Equal(t, ledger.CodeRefused, w.send(bob, shardreg.Unregister{Manifest: f.cid}), "somebody holds it")
	w.must(ann, shardreg.Withdraw{Manifest: f.cid})
	w.must(bob, shardreg.Unregister{Manifest: f.cid})
	_, known := w.manifest(f.cid)
	require.False(t, known)
	w.must(ann, g.announce(1))
	require.Equal(t, g.cid, w.asked(ann).Manifest, "rounds go on over the rest")
	w.must(bob, f.register())
}

func TestAnnouncements(t *testing.T) {
	f := cut(t, 99, 10, 4) // columns of 10 bytes
	carl := ledgertest.Account(3)
	lie := f.announce(2)
	lie.Root = ledger.Hash{9}
	unknown := f.announce(2)
	unknown.Manifest = none
	for name, c := range map[string]struct {
		from ledger.Account
		msg  shardreg.Announce
		code ledger.Code
	}{
		"another provider":   {bob, f.announce(0), ledger.CodeOK},
		"other columns":      {ann, f.announce(5, 6), ledger.CodeOK},
		"wrong hash":         {bob, lie, ledger.CodeRefused},
		"over capacity":      {bob, f.announce(0, 1), ledger.CodeFunds},
		"duplicate":          {ann, f.announce(0, 1), ledger.CodeRefused},
		"unknown model":      {ann, unknown, ledger.CodeNotFound},
		"index out of range": {ann, f.announce(14), ledger.CodeRefused},
		"not a provider":     {carl, f.announce(0), ledger.CodeNotFound},
	} {
		w := newWorld(t)
		w.join(ann, 1000)
		w.join(bob, 19)
		w.must(carl, f.register())
		w.must(ann, f.announce(0, 1))
		require.Equal(t, c.code, w.send(c.from, c.msg), name)
		w.stakes[c.from] = false
		require.NotEqual(t, ledger.CodeOK, w.send(c.from, f.announce(7)), "%s: stake gone", name)
	}
}

func TestAnAnnouncementReplacesTheEarlierOne(t *testing.T) {
	w, f := newWorld(t), cut(t, 99, 10, 4)
	w.join(ann, 1000)
	w.must(bob, f.register())
	w.must(ann, f.announce(0, 1, 2))
	require.Equal(t, uint64(30), w.provider(ann).Used)
	w.must(ann, f.announce(5))
	require.Equal(t, uint64(10), w.provider(ann).Used)
	var seen []shardreg.Holding
	w.Holdings(w.kv, f.cid, func(h shardreg.Holding) bool { seen = append(seen, h); return true })
	require.Equal(t, []shardreg.Holding{{Manifest: f.cid, Ref: shardreg.Ref(f.Root, f.Size, 10, 4), Provider: ann, Columns: []uint16{5}}}, seen)
}

func TestWithdrawal(t *testing.T) {
	w, f := newWorld(t), cut(t, 99, 10, 4)
	w.join(ann, 1000)
	w.join(bob, 1000)
	w.must(bob, f.register())
	w.must(ann, f.announce(0, 1))
	require.Equal(t, ledger.CodeNotFound, w.send(bob, shardreg.Withdraw{Manifest: f.cid}), "what others announced stays")
	require.Equal(t, ledger.CodeNotFound, w.send(ann, shardreg.Withdraw{Manifest: none}))
	w.must(bob, f.announce(1, 2))
	require.Equal(t, 3, w.available(f.cid).Live)
	w.stakes[ann] = false
	w.must(ann, shardreg.Withdraw{Manifest: f.cid})
	require.Zero(t, w.provider(ann).Used, "withdrawing needs no stake")
	require.Equal(t, 2, w.available(f.cid).Live, "the other holder's columns stay")
	require.Equal(t, ledger.CodeNotFound, w.send(ann, shardreg.Withdraw{Manifest: f.cid}), "twice")
}

func TestTheLayoutIsTheManifests(t *testing.T) {
	for _, c := range []struct {
		size uint64
		k, m int
	}{{1, 1, 0}, {1, 10, 4}, {9, 10, 4}, {99, 10, 4}, {1 << 20, 1, 3}, {3<<20 + 5, 2, 1}, {10<<20 + 1, 3, 2}} {
		f := cut(t, c.size, c.k, c.m)
		m := shardreg.Manifest{Size: c.size, Data: uint8(c.k), Parity: uint8(c.m)}
		require.Equal(t, uint64(f.BlockSize), m.BlockBytes())
		require.Equal(t, uint64(f.Stripes()), m.Stripes())
		for column := range f.Shards() {
			require.Equal(t, f.ColumnLen(column), m.ColumnLen(uint16(column)), "%v column %d", c, column)
			require.LessOrEqual(t, f.ColumnLen(column), m.ColumnBytes())
			for s := range f.Stripes() {
				require.Equal(t, uint64(f.BlockLen(s, column)), m.BlockLen(uint64(s), uint16(column)))
			}
		}
	}
}

func TestGenesisProvidersAreChecked(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.GenesisProvider(w.kv, bob, 5))
	require.Error(t, w.GenesisProvider(w.kv, bob, 0))
	var all []ledger.Account
	w.Providers(w.kv, func(p shardreg.Provider) bool { all = append(all, p.Account); return true })
	require.True(t, slices.Equal(all, []ledger.Account{bob}))
}

func TestARegisterWithoutModelsWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.join(ann, 1000)
	before := w.kv.Dump()
	w.round()
	require.Equal(t, before, w.kv.Dump())
}
