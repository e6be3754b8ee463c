package exchange_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	bstore "github.com/ipfs/boxo/blockstore"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
	"autonet/shards/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/ipfs/go-log/v2/writer.(*MirrorWriter).logRoutine"),
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

type node struct {
	host  host.Host
	store *store.Store
	ex    *exchange.Exchange
	stop  func()
}

func quick() exchange.Config {
	cfg := exchange.DefaultConfig()
	cfg.Bitswap = false
	cfg.BlockTimeout, cfg.DialTimeout, cfg.BitswapTimeout = 1500*time.Millisecond, 5*time.Second, 5*time.Second
	return cfg
}

func newHost(tb testing.TB) host.Host {
	tb.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableRelay(), libp2p.ResourceManager(&network.NullResourceManager{}))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = h.Close() })
	return h
}

func newNode(tb testing.TB, cfg exchange.Config) *node {
	tb.Helper()
	h := newHost(tb)
	st, err := store.Open(tb.TempDir(), store.Options{})
	require.NoError(tb, err)
	ex, err := exchange.New(h, st, cfg)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = ex.Run(ctx) })
	n := &node{host: h, store: st, ex: ex}
	n.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		require.NoError(tb, st.Close())
	})
	tb.Cleanup(n.stop)
	require.Eventually(tb, func() bool {
		return slices.Contains(h.Mux().Protocols(), exchange.Protocol)
	}, 5*time.Second, time.Millisecond)
	return n
}

func connect(tb testing.TB, a, b host.Host) {
	tb.Helper()
	require.NoError(tb, a.Connect(tb.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}))
}

func block(i, size int) store.Block {
	data := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(i), byte(size), byte(size >> 8)})
	_, _ = r.Read(data)
	return store.Block{CID: manifest.BLAKE3.CID(cid.Raw, manifest.BLAKE3.Sum(data)), Data: data}
}

func want(list ...store.Block) []exchange.Want {
	out := make([]exchange.Want, len(list))
	for i, b := range list {
		out[i] = exchange.Want{CID: b.CID, Size: len(b.Data)}
	}
	return out
}

func cids(list []store.Block) []cid.Cid {
	out := make([]cid.Cid, len(list))
	for i, b := range list {
		out[i] = b.CID
	}
	return out
}

// villain answers every request on the shard protocol as answer says.
func villain(t *testing.T, answer func(s network.Stream)) host.Host {
	t.Helper()
	h := newHost(t)
	h.SetStreamHandler(exchange.Protocol, func(s network.Stream) {
		defer func() { _ = s.Reset() }()
		var head [4]byte
		if _, err := io.ReadFull(s, head[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, s, int64(binary.BigEndian.Uint32(head[:]))); err != nil {
			return
		}
		answer(s)
	})
	return h
}

func word(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func TestBlocksComeVerifiedAndMissingOnesAreNamed(t *testing.T) {
	a, b := newNode(t, quick()), newNode(t, quick())
	connect(t, a.host, b.host)
	have := []store.Block{block(1, 0), block(2, 100), block(3, 1<<20)}
	require.NoError(t, b.store.Put(have...))
	all := []store.Block{have[0], block(9, 50), have[1], have[2]}
	got := map[int][]byte{}
	for range 3 { // the second and third use the kept stream
		missing, err := a.ex.Get(t.Context(), b.host.ID(), want(all...), func(i int, data []byte) error {
			got[i] = data
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []int{1}, missing)
		require.Len(t, got, 3)
		require.Equal(t, have[2].Data, got[3])
	}
	has, err := a.ex.Have(t.Context(), b.host.ID(), cids(all))
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true, true}, has)
	require.EqualValues(t, 3*(100+1<<20), b.ex.Counters().Sent)
	require.Equal(t, b.ex.Counters().Sent, a.ex.Counters().Received)
}

func TestWhatIsWrongWithAHolderIsToldApart(t *testing.T) {
	good := block(1, 1000)
	for name, v := range map[string]struct {
		kind   exchange.Kind
		answer func(s network.Stream)
	}{
		"other bytes": {exchange.Corrupt, func(s network.Stream) { _, _ = s.Write(append(word(1000), make([]byte, 1000)...)); _ = s.CloseWrite() }},
		"another length": {exchange.Corrupt, func(s network.Stream) {
			_, _ = s.Write(append(word(999), good.Data[:999]...))
			_ = s.CloseWrite()
		}},
		"a huge length": {exchange.Corrupt, func(s network.Stream) { _, _ = s.Write(word(manifest.MaxBlock + 1)); _ = s.CloseWrite() }},
		"a truncated block": {exchange.Offline, func(s network.Stream) {
			_, _ = s.Write(append(word(1000), good.Data[:500]...))
			_ = s.CloseWrite()
			time.Sleep(50 * time.Millisecond)
		}},
		"nothing": {exchange.Offline, func(s network.Stream) { _ = s.CloseWrite(); time.Sleep(50 * time.Millisecond) }},
		"silence": {exchange.TimedOut, func(s network.Stream) { _, _ = io.Copy(io.Discard, s) }},
		"busy": {exchange.Busy, func(s network.Stream) {
			_, _ = s.Write([]byte{0xff, 0xff, 0xff, 0xfe})
			_ = s.CloseWrite()
			time.Sleep(50 * time.Millisecond)
		}},
		"a trickle":  {exchange.TimedOut, func(s network.Stream) { trickle(s, append(word(1000), good.Data...)) }},
		"many bytes": {exchange.Corrupt, func(s network.Stream) { _, _ = s.Write(append(word(1001), make([]byte, 4000)...)); _ = s.CloseWrite() }},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := newNode(t, quick()), villain(t, v.answer)
			connect(t, a.host, b)
			start := time.Now()
			_, err := a.ex.Get(t.Context(), b.ID(), want(good), func(int, []byte) error {
				t.Error("something unsound was handed on")
				return nil
			})
			var f exchange.Finding
			require.ErrorAs(t, err, &f)
			require.Equal(t, v.kind, f.Kind, "%v", err)
			require.Equal(t, b.ID(), f.Peer)
			require.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

// trickle writes one byte every 20 ms.
func trickle(s network.Stream, data []byte) {
	for i := range data {
		if _, err := s.Write(data[i : i+1]); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAnUnreachableHolderIsOffline(t *testing.T) {
	a := newNode(t, quick())
	ghost := newHost(t)
	addrs := ghost.Addrs()
	require.NoError(t, ghost.Close())
	a.host.Peerstore().AddAddrs(ghost.ID(), addrs, time.Hour)
	_, err := a.ex.Have(t.Context(), ghost.ID(), []cid.Cid{block(1, 1).CID})
	var f exchange.Finding
	require.ErrorAs(t, err, &f)
	require.Equal(t, exchange.Offline, f.Kind)
}

func TestFetchGoesRoundBadHolders(t *testing.T) {
	a, b, c := newNode(t, quick()), newNode(t, quick()), newNode(t, quick())
	bad := villain(t, func(s network.Stream) { _, _ = s.Write(append(word(64), make([]byte, 64)...)); _ = s.CloseWrite() })
	slow := villain(t, func(s network.Stream) { _, _ = io.Copy(io.Discard, s) })
	for _, h := range []host.Host{b.host, c.host, bad, slow} {
		connect(t, a.host, h)
	}
	var all []store.Block
	for i := range 60 {
		all = append(all, block(i, 64))
	}
	require.NoError(t, b.store.Put(all[:40]...))
	require.NoError(t, c.store.Put(all[30:]...))
	got := map[cid.Cid]int{}
	err := a.ex.Fetch(t.Context(), []peer.ID{bad.ID(), slow.ID(), b.host.ID(), c.host.ID()}, cids(all), func(c cid.Cid, _ []byte) error {
		got[c]++
		return nil
	})
	require.NoError(t, err)
	require.Len(t, got, 60)
	for _, n := range got {
		require.Equal(t, 1, n)
	}
}

func TestFetchSaysWhatNobodyHad(t *testing.T) {
	a, b := newNode(t, quick()), newNode(t, quick())
	connect(t, a.host, b.host)
	x, y := block(1, 10), block(2, 20)
	require.NoError(t, b.store.Put(x))
	err := a.ex.Fetch(t.Context(), []peer.ID{b.host.ID()}, cids([]store.Block{x, y}), func(cid.Cid, []byte) error { return nil })
	var f *exchange.FetchError
	require.ErrorAs(t, err, &f)
	require.ErrorIs(t, err, exchange.ErrIncomplete)
	require.Equal(t, []cid.Cid{y.CID}, f.Missing)

	stop := errors.New("stop")
	err = a.ex.Fetch(t.Context(), []peer.ID{b.host.ID()}, []cid.Cid{x.CID}, func(cid.Cid, []byte) error { return stop })
	require.ErrorIs(t, err, stop)
}

func TestACancelledFetchEndsAtOnce(t *testing.T) {
	a := newNode(t, quick())
	silent := villain(t, func(s network.Stream) { _, _ = io.Copy(io.Discard, s) })
	connect(t, a.host, silent)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := a.ex.Fetch(ctx, []peer.ID{silent.ID()}, []cid.Cid{block(1, 10).CID}, func(cid.Cid, []byte) error { return nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), time.Second)
}

func TestARestartedHolderIsAskedAfresh(t *testing.T) {
	cfg := quick()
	cfg.IdleTimeout = 100 * time.Millisecond
	a, b := newNode(t, quick()), newNode(t, cfg)
	connect(t, a.host, b.host)
	x := block(1, 10)
	require.NoError(t, b.store.Put(x))
	for range 2 {
		has, err := a.ex.Have(t.Context(), b.host.ID(), []cid.Cid{x.CID})
		require.NoError(t, err)
		require.True(t, has[0])
		time.Sleep(200 * time.Millisecond) // the holder closes the idle stream
	}
}

func TestAStockBitswapNodeCanComeInAndBeAsked(t *testing.T) {
	cfg := quick()
	cfg.Bitswap = true
	a := newNode(t, cfg)
	h := newHost(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	theirs := bstore.NewBlockstore(dssync.MutexWrap(datastore.NewMapDatastore()))
	stock := bitswap.New(ctx, bsnet.NewFromIpfsHost(h), nil, theirs)
	defer func() { require.NoError(t, stock.Close()) }()
	connect(t, h, a.host)

	ours := block(1, 1<<20)
	require.NoError(t, a.store.Put(ours))
	wait, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	got, err := stock.GetBlock(wait, ours.CID)
	require.NoError(t, err)
	require.Equal(t, ours.Data, got.RawData())

	other := block(2, 5000)
	b, err := blocks.NewBlockWithCid(other.Data, other.CID)
	require.NoError(t, err)
	require.NoError(t, theirs.Put(ctx, b))
	var data []byte
	require.NoError(t, a.ex.Fetch(t.Context(), nil, []cid.Cid{other.CID}, func(_ cid.Cid, d []byte) error {
		data = d
		return nil
	}))
	require.Equal(t, other.Data, data)
}

func TestConfigurationsOutOfBoundsAreRefused(t *testing.T) {
	for _, spoil := range []func(*exchange.Config){
		func(c *exchange.Config) { c.BlockTimeout = 0 },
		func(c *exchange.Config) { c.MaxStreams = 0 },
		func(c *exchange.Config) { c.Logger = nil },
	} {
		cfg := exchange.DefaultConfig()
		spoil(&cfg)
		require.Error(t, cfg.Validate())
	}
	_, err := exchange.New(nil, nil, exchange.DefaultConfig())
	require.Error(t, err)
}

func BenchmarkGet(b *testing.B) {
	x, y := newNode(b, quick()), newNode(b, quick())
	connect(b, x.host, y.host)
	var all []store.Block
	for i := range 16 {
		all = append(all, block(i, 1<<20))
	}
	require.NoError(b, y.store.Put(all...))
	b.SetBytes(16 << 20)
	for b.Loop() {
		_, err := x.ex.Get(b.Context(), y.host.ID(), want(all...), func(int, []byte) error { return nil })
		require.NoError(b, err)
	}
}
