package pin_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
	"autonet/shards/pin"
	"autonet/shards/store"
)

// load reads the manifest of a pinned file from some node.
func (w *swarm) load(info pin.Info) *manifest.Manifest {
	w.t.Helper()
	for _, n := range w.nodes {
		if data, err := n.store.Get(info.CID); err == nil {
			m, err := manifest.Decode(data)
			require.NoError(w.t, err)
			return m
		}
	}
	require.Fail(w.t, "nobody has the manifest")
	return nil
}

// lose takes columns away from their holders and returns how to bring them back.
func (w *swarm) lose(info pin.Info, m *manifest.Manifest, columns []int) (restore func()) {
	w.t.Helper()
	var back []func()
	for _, j := range columns {
		st := w.byID(info.Columns[j].Holder).store
		for s := range m.Stripes() {
			data, err := st.Get(m.Block(s, j))
			if errors.Is(err, store.ErrNotFound) {
				continue // empty blocks are not stored
			}
			require.NoError(w.t, err)
			b := store.Block{CID: m.Block(s, j), Data: data}
			require.NoError(w.t, st.Remove(b.CID))
			back = append(back, func() { require.NoError(w.t, st.Put(b)) })
		}
	}
	return func() {
		for _, f := range back {
			f()
		}
	}
}

func TestAnyFourColumnsMayBeLostAndNoFive(t *testing.T) {
	w := newSwarm(t, 15)
	for _, size := range []int{30_000, 11 << 20} {
		data := noise(size)
		info := w.pin(w.nodes[0], data, pin.PinOptions{})
		require.Equal(t, 14, info.Providers)
		require.Equal(t, 4, info.MayFail)
		m := w.load(info)
		r := rand.New(rand.NewPCG(1, 2))
		rounds := 12
		if size > 1<<20 {
			rounds = 2
		}
		for range rounds {
			lost := r.Perm(14)[:4]
			restore := w.lose(info, m, lost)
			st := w.get(w.nodes[0], info.CID, data)
			data := 0
			for _, j := range lost {
				for s := range m.Stripes() {
					if j < 10 && m.BlockLen(s, j) > 0 {
						data++
					}
				}
			}
			require.Equal(t, data, st.Rebuilt, "lost %v", lost)
			restore()
		}
		lost := []int{0, 2, 5, 11, 13}
		restore := w.lose(info, m, lost)
		var out bytes.Buffer
		st, err := w.nodes[0].svc.Get(t.Context(), info.CID, &out, pin.GetOptions{})
		require.ErrorIs(t, err, pin.ErrUnavailable)
		var lack *pin.UnavailableError
		require.ErrorAs(t, err, &lack)
		require.Equal(t, lost, lack.Missing)
		require.Equal(t, 9, lack.Have)
		require.Equal(t, 10, lack.Need)
		require.Zero(t, out.Len())
		require.Zero(t, st.Bytes)
		stat, err := w.nodes[0].svc.Stat(t.Context(), info.CID)
		require.NoError(t, err)
		require.False(t, stat.Complete)
		for _, j := range lost {
			require.False(t, stat.Columns[j].Confirmed)
			require.NotEmpty(t, stat.Columns[j].Reason)
		}
		restore()
		w.get(w.nodes[0], info.CID, data)
	}
}

func TestDeadHoldersAreReportedOffline(t *testing.T) {
	w := newSwarm(t, 15)
	data := noise(20_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	var dead []peer.ID
	for _, j := range []int{1, 4, 9, 12} {
		dead = append(dead, info.Columns[j].Holder)
		w.byID(info.Columns[j].Holder).kill()
	}
	st := w.get(w.nodes[0], info.CID, data)
	require.Equal(t, 3, st.Rebuilt)
	require.Empty(t, st.Corrupt)
	require.Empty(t, st.TimedOut)
	require.NotEmpty(t, st.Offline)
	for _, p := range st.Offline {
		require.Contains(t, dead, p)
	}
}

// misbehave replaces how a node serves blocks.
func misbehave(n *node, fn func(s network.Stream, m []byte)) {
	n.host.SetStreamHandler(exchange.Protocol, func(s network.Stream) {
		defer func() { _ = s.Reset() }()
		body, err := pin.ReadFrame(s, 1<<20)
		if err != nil {
			return
		}
		fn(s, body)
	})
	for _, c := range n.host.Network().Conns() {
		for _, s := range c.GetStreams() {
			if s.Protocol() == exchange.Protocol {
				_ = s.Reset() // streams kept from before
			}
		}
	}
}

func TestBadHoldersAreToldApartAndGoneRound(t *testing.T) {
	w := newImpatient(t, 15, 3*time.Second)
	data := noise(50_000) // blocks of 5000 bytes
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	corrupt, short, silent, cut := w.byID(info.Columns[0].Holder), w.byID(info.Columns[1].Holder), w.byID(info.Columns[2].Holder), w.byID(info.Columns[3].Holder)
	misbehave(corrupt, func(s network.Stream, _ []byte) {
		_, _ = s.Write(append([]byte{0, 0, 0x13, 0x88}, make([]byte, 5000)...))
		_ = s.CloseWrite()
		time.Sleep(100 * time.Millisecond)
	})
	misbehave(short, func(s network.Stream, _ []byte) {
		_, _ = s.Write(append([]byte{0, 0, 0, 5}, 1, 2, 3, 4, 5))
		_ = s.CloseWrite()
		time.Sleep(100 * time.Millisecond)
	})
	misbehave(silent, func(s network.Stream, _ []byte) { _, _ = io.Copy(io.Discard, s) })
	misbehave(cut, func(s network.Stream, _ []byte) {
		_, _ = s.Write([]byte{0, 0, 0x13, 0x88, 1, 2})
		_ = s.CloseWrite()
		time.Sleep(100 * time.Millisecond)
	})
	st := w.get(w.nodes[0], info.CID, data)
	bad := []peer.ID{corrupt.ID, short.ID}
	slices.Sort(bad)
	require.Equal(t, bad, st.Corrupt)
	require.Equal(t, []peer.ID{silent.ID}, st.TimedOut)
	require.Equal(t, []peer.ID{cut.ID}, st.Offline)
	require.Equal(t, 4, st.Rebuilt)
	require.Len(t, st.Findings, 4)
	c := w.nodes[0].svc.Counters()
	require.Equal(t, []uint64{2, 1, 1}, []uint64{c.Corrupt, c.TimedOut, c.Offline})
}

func TestAHolderMayDieInTheMiddleOfARead(t *testing.T) {
	w := newSwarm(t, 15)
	data := noise(31 << 20)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	var once sync.Once
	var out bytes.Buffer
	st, err := w.nodes[0].svc.Get(t.Context(), info.CID, &out, pin.GetOptions{Progress: func(int64) {
		once.Do(func() {
			for _, j := range []int{0, 3, 7, 8} {
				w.byID(info.Columns[j].Holder).kill()
			}
		})
	}})
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, out.Bytes()))
	require.Positive(t, st.Rebuilt)
	require.Empty(t, st.Corrupt)
}

func TestDamageOnTheOwnDiskIsGoneRound(t *testing.T) {
	w := newSwarm(t, 15)
	data := noise(20_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{Hold: true})
	m := w.load(info)
	require.NoError(t, w.nodes[0].store.Remove(m.Block(0, 2), m.Block(0, 5)))
	st := w.get(w.nodes[0], info.CID, data)
	require.Equal(t, 10, st.Local, "parity kept here replaces what is gone")
	require.Equal(t, 2, st.Rebuilt)
}

func TestParityThatDoesNotBelongIsNeverReturnedAsData(t *testing.T) {
	w := newSwarm(t, 1)
	n := w.nodes[0]
	blocks := [][]byte{[]byte("data"), []byte("more"), []byte("evil")}
	var digests []manifest.Digest
	for _, b := range blocks {
		digests = append(digests, manifest.BLAKE3.Sum(b))
	}
	m, err := manifest.New(8, 2, 1, manifest.BLAKE3, digests)
	require.NoError(t, err)
	encoded, err := m.Encode()
	require.NoError(t, err)
	require.NoError(t, n.store.Put(store.Block{CID: m.CID(), Data: encoded},
		store.Block{CID: m.Block(0, 0), Data: blocks[0]}, store.Block{CID: m.Block(0, 2), Data: blocks[2]}))
	var out bytes.Buffer
	_, err = n.svc.Get(t.Context(), m.CID(), &out, pin.GetOptions{})
	require.ErrorIs(t, err, manifest.ErrMismatch)
	require.Zero(t, out.Len())
}

// ask speaks the pin protocol by hand and returns the last answer.
func (w *swarm) ask(n *node, from *node, r pin.Request) pin.Answer {
	w.t.Helper()
	s, err := from.host.NewStream(w.t.Context(), n.ID, pin.Protocol)
	require.NoError(w.t, err)
	defer func() { _ = s.Reset() }()
	require.NoError(w.t, s.SetDeadline(time.Now().Add(10*time.Second)))
	require.NoError(w.t, pin.WriteFrame(s, r))
	for {
		body, err := pin.ReadFrame(s, pin.MaxAnswer)
		require.NoError(w.t, err)
		a, err := pin.DecodeAnswer(body)
		require.NoError(w.t, err)
		if a.Code != pin.AnswerProgress {
			return a
		}
	}
}

func TestAProviderStoresNothingUnsound(t *testing.T) {
	w := newSwarm(t, 2)
	evil, n := w.nodes[0], w.nodes[1]
	data := noise(100)
	m, err := manifest.New(100, 1, 0, manifest.BLAKE3, []manifest.Digest{manifest.BLAKE3.Sum(data)})
	require.NoError(t, err)
	encoded, err := m.Encode()
	require.NoError(t, err)
	good := pin.Request{Op: pin.OpHold, CID: m.CID().Bytes(), Columns: []uint16{0}, Manifest: encoded}

	a := w.ask(n, evil, good)
	require.EqualValues(t, pin.AnswerFailed, a.Code, "the asker does not have the blocks")
	require.Contains(t, a.Text, "missing")

	other := good
	other.Manifest = bytes.Clone(encoded)
	other.Manifest[len(encoded)-1] ^= 1
	require.EqualValues(t, pin.AnswerRefused, w.ask(n, evil, other).Code, "not the manifest its CID names")

	beyond := good
	beyond.Columns = []uint16{1}
	require.EqualValues(t, pin.AnswerRefused, w.ask(n, evil, beyond).Code, "no such column")

	garbage := []byte{0xa0}
	bogus := pin.Request{Op: pin.OpHold, CID: manifest.CIDOf(garbage).Bytes(), Columns: []uint16{0}, Manifest: garbage}
	require.EqualValues(t, pin.AnswerRefused, w.ask(n, evil, bogus).Code, "not a manifest")

	misbehave(evil, func(s network.Stream, _ []byte) {
		_, _ = s.Write(append([]byte{0, 0, 0, 100}, make([]byte, 100)...))
		_ = s.CloseWrite()
		time.Sleep(100 * time.Millisecond)
	})
	a = w.ask(n, evil, good)
	require.EqualValues(t, pin.AnswerFailed, a.Code)
	require.Contains(t, a.Text, "corrupt")
	require.Zero(t, n.store.Usage().Blocks)
	require.Zero(t, n.store.Usage().Values)

	w.accept = func(peer.ID) error { return io.ErrNoProgress }
	require.EqualValues(t, pin.AnswerRefused, w.ask(n, evil, good).Code)
}

func TestOnlyWhoAskedForItMayReleaseIt(t *testing.T) {
	w := newSwarm(t, 3)
	w.providers = w.providers[:1]
	data := noise(1000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{Hold: true})
	w.ask(w.nodes[1], w.nodes[2], pin.Request{Op: 2, CID: info.CID.Bytes()})
	stat, err := w.nodes[1].svc.List(t.Context())
	require.NoError(t, err)
	require.Len(t, stat, 1)
	require.Len(t, stat[0].Held, 14)
	w.ask(w.nodes[1], w.nodes[0], pin.Request{Op: 2, CID: info.CID.Bytes()})
	stat, err = w.nodes[1].svc.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, stat)
}
