package pin_test

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/shards/exchange"
	"autonet/shards/pin"
	"autonet/shards/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/ipfs/go-log/v2/writer.(*MirrorWriter).logRoutine"),
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// node is one participant of a swarm on this machine.
type node struct {
	pin.Provider
	host  host.Host
	store *store.Store
	ex    *exchange.Exchange
	svc   *pin.Service
	stop  func()
}

// swarm is a set of connected nodes and the ports they share.
type swarm struct {
	t     testing.TB
	nodes []*node

	mu         sync.Mutex
	providers  []pin.Provider
	said       []pin.Announcement
	provided   map[cid.Cid][]peer.ID
	deaf       bool // announcements reach nobody
	accept     func(from peer.ID) error
	bitswap    bool
	provideErr error
	patience   time.Duration // how long nodes wait for each other
}

func (w *swarm) Provide(c cid.Cid, p peer.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.provideErr == nil {
		w.provided[c] = append(w.provided[c], p)
	}
	return w.provideErr
}

// routing is the shared stand-in for the DHT, as one node sees it.
type routing struct {
	w    *swarm
	self peer.ID
}

func (r routing) Provide(_ context.Context, c cid.Cid) error {
	return r.w.Provide(c, r.self)
}

func (r routing) FindProviders(_ context.Context, c cid.Cid, limit int) ([]peer.AddrInfo, error) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	var out []peer.AddrInfo
	for _, p := range r.w.provided[c] {
		for _, n := range r.w.nodes {
			if n.host.ID() == p && len(out) < limit {
				out = append(out, peer.AddrInfo{ID: p, Addrs: n.host.Addrs()})
			}
		}
	}
	return out, nil
}

func configs(patience time.Duration) (exchange.Config, pin.Config) {
	x, p := exchange.DefaultConfig(), pin.DefaultConfig()
	x.Bitswap = false
	x.BlockTimeout, x.DialTimeout = patience, patience
	p.StallTimeout, p.FindTimeout = patience, 2*patience
	p.Retry = 50 * time.Millisecond
	return x, p
}

// newSwarm makes n connected nodes; the first has no stake in holding, the
// others are providers.
func newSwarm(tb testing.TB, n int) *swarm {
	tb.Helper()
	return newImpatient(tb, n, 0)
}

// newImpatient is newSwarm of nodes that give each other little time.
func newImpatient(tb testing.TB, n int, patience time.Duration) *swarm {
	tb.Helper()
	w := &swarm{t: tb, provided: map[cid.Cid][]peer.ID{}, patience: patience}
	for i := range n {
		h := newHost(tb)
		w.start(h, tb.TempDir(), store.Options{})
		if i > 0 {
			w.providers = append(w.providers, w.nodes[i].Provider)
		}
	}
	w.connectAll()
	return w
}

func newHost(tb testing.TB) host.Host {
	tb.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableRelay(), libp2p.ResourceManager(&network.NullResourceManager{}))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = h.Close() })
	return h
}

func (w *swarm) start(h host.Host, dir string, opt store.Options) *node {
	w.t.Helper()
	st, err := store.Open(dir, opt)
	require.NoError(w.t, err)
	xc, pc := configs(cmp.Or(w.patience, 15*time.Second))
	xc.Bitswap = w.bitswap
	ex, err := exchange.New(h, st, xc)
	require.NoError(w.t, err)
	ports := pin.Ports{
		Providers: func(context.Context) ([]pin.Provider, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return append([]pin.Provider(nil), w.providers...), nil
		},
		Routing:  routing{w, h.ID()},
		Announce: func(_ context.Context, a pin.Announcement) error { w.announce(h.ID(), a); return nil },
		Accept: func(_ context.Context, from peer.ID, _ cid.Cid, _ uint64) error {
			if w.accept != nil {
				return w.accept(from)
			}
			return nil
		},
	}
	svc, err := pin.New(h, st, ex, pc, ports)
	require.NoError(w.t, err)
	n := &node{Provider: pin.Provider{ID: h.ID(), Free: 1 << 40, Reputation: 500}, host: h, store: st, ex: ex, svc: svc}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = ex.Run(ctx) })
	wg.Go(func() { _ = svc.Run(ctx) })
	n.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		require.NoError(w.t, st.Close())
	})
	w.t.Cleanup(n.stop)
	w.mu.Lock()
	w.nodes = append(w.nodes, n)
	w.mu.Unlock()
	require.Eventually(w.t, func() bool {
		return len(h.Mux().Protocols()) > 0 && handles(h, pin.Protocol) && handles(h, exchange.Protocol)
	}, time.Second, time.Millisecond)
	return n
}

func handles[P ~string](h host.Host, want P) bool {
	for _, p := range h.Mux().Protocols() {
		if string(p) == string(want) {
			return true
		}
	}
	return false
}

func (w *swarm) connectAll() {
	w.t.Helper()
	for i, a := range w.nodes {
		for _, b := range w.nodes[:i] {
			connect(w.t, a.host, b.host)
		}
	}
}

func connect(tb testing.TB, a, b host.Host) {
	tb.Helper()
	require.NoError(tb, a.Connect(tb.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}))
}

func (w *swarm) announce(from peer.ID, a pin.Announcement) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, a)
	if w.deaf {
		return
	}
	for _, n := range w.nodes {
		n.svc.HandleAnnouncement(from, a)
	}
}

// silence keeps announcements from everybody.
func (w *swarm) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = true
}

// kill takes a node off the network, as a crash would.
func (n *node) kill() {
	n.stop()
	_ = n.host.Close()
}

func (w *swarm) byID(p peer.ID) *node {
	for _, n := range w.nodes {
		if n.host.ID() == p {
			return n
		}
	}
	return nil
}

func noise(n int) []byte {
	out := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	_, _ = r.Read(out)
	return out
}

func (w *swarm) pin(n *node, data []byte, opt pin.PinOptions) pin.Info {
	w.t.Helper()
	info, err := n.svc.Pin(w.t.Context(), bytes.NewReader(data), int64(len(data)), opt)
	require.NoError(w.t, err)
	return info
}

func (w *swarm) get(n *node, c cid.Cid, want []byte) pin.Stats {
	w.t.Helper()
	var buf bytes.Buffer
	st, err := n.svc.Get(w.t.Context(), c, &buf, pin.GetOptions{})
	require.NoError(w.t, err)
	require.True(w.t, bytes.Equal(want, buf.Bytes()))
	require.EqualValues(w.t, len(want), st.Bytes)
	return st
}
