package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	// DefaultStreamsPerPeer bounds the tunnelled connections with one peer, in each direction.
	DefaultStreamsPerPeer = 16
	// maxStreams bounds the tunnelled connections in all, in each direction.
	maxStreams = 1024
	// maxEndpoints bounds the loopback listeners.
	maxEndpoints = 1024
	// openTimeout bounds the opening of a stream to a peer, dialling it included.
	openTimeout = 15 * time.Second
	// targetTimeout bounds the connection to the local service.
	targetTimeout = 5 * time.Second
)

var (
	// ErrSelf says that a tunnel to this host was asked for.
	ErrSelf = errors.New("tunnel to oneself")
	// ErrStopped says that Run has returned.
	ErrStopped = errors.New("tunnel stopped")
	// ErrTooMany says that no further endpoint is allowed.
	ErrTooMany = errors.New("too many tunnel endpoints")
)

// Option changes a tunnel's limits.
type Option func(*Tunnel)

// Allow lets only peers for which ok returns true connect to the local service; it is called for each inbound stream
// and must return at once. Without it every peer may.
func Allow(ok func(peer.ID) bool) Option { return func(t *Tunnel) { t.allow = ok } }

// StreamsPerPeer sets the number of tunnelled connections with one peer, in each direction; below one means one.
func StreamsPerPeer(n int) Option { return func(t *Tunnel) { t.perPeer = max(1, n) } }

// Stats are counts since New, of payload bytes and of connections in both directions.
type Stats struct {
	BytesIn, BytesOut uint64 // from and to peers
	Opened            uint64 // connections tunnelled
	Refused           uint64 // over a limit, not allowed, or one end unreachable
}

// Tunnel is one protocol's tunnels of one host. Its methods are safe for concurrent use.
type Tunnel struct {
	host    host.Host
	proto   protocol.ID
	target  func() string
	allow   func(peer.ID) bool
	perPeer int

	bytesIn, bytesOut, opened, refused atomic.Uint64

	mu        sync.Mutex
	endpoints map[peer.ID]net.Listener
	serve     func(peer.ID, net.Listener) // set while Run runs
	started   bool
	stopped   bool
	in, out   slots
}

// New returns the tunnels of h for proto, which connect inbound streams to the TCP address that target returns at that
// moment ("" refuses them). It does nothing until [Tunnel.Run].
func New(h host.Host, proto protocol.ID, target func() string, opts ...Option) *Tunnel {
	t := &Tunnel{
		host: h, proto: proto, target: target, perPeer: DefaultStreamsPerPeer,
		endpoints: make(map[peer.ID]net.Listener),
		in:        slots{byPeer: make(map[peer.ID]int)},
		out:       slots{byPeer: make(map[peer.ID]int)},
	}
	for _, o := range opts {
		o(t)
	}
	return t
}

// Run carries connections until ctx ends, then resets what is left and waits for it. It may be called once.
func (t *Tunnel) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	if err := t.begin(ctx, &wg); err != nil {
		return err
	}
	<-ctx.Done()
	t.host.RemoveStreamHandler(t.proto)
	err := t.end()
	wg.Wait()
	return err
}

func (t *Tunnel) begin(ctx context.Context, wg *sync.WaitGroup) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.started {
		return errors.New("tunnel: Run called twice")
	}
	t.started = true
	t.serve = func(p peer.ID, l net.Listener) {
		wg.Go(func() { t.accept(ctx, wg, p, l) })
	}
	for p, l := range t.endpoints {
		t.serve(p, l)
	}
	t.host.SetStreamHandler(t.proto, func(s network.Stream) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.stopped { // wg may be waited for already
			_ = s.Reset()
			return
		}
		wg.Go(func() { t.inbound(ctx, s) })
	})
	return nil
}

func (t *Tunnel) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	var errs []error
	for p, l := range t.endpoints {
		errs = append(errs, l.Close())
		delete(t.endpoints, p)
	}
	return errors.Join(errs...)
}

// Endpoint returns the loopback address whose connections reach p's service; the same one for every call until
// [Tunnel.CloseEndpoint]. Connections wait for Run. Any program on this machine can use it.
func (t *Tunnel) Endpoint(p peer.ID) (addr string, err error) {
	if p == t.host.ID() {
		return "", ErrSelf
	}
	if err := p.Validate(); err != nil {
		return "", fmt.Errorf("tunnel endpoint: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return "", ErrStopped
	}
	if l, ok := t.endpoints[p]; ok {
		return l.Addr().String(), nil
	}
	if len(t.endpoints) >= maxEndpoints {
		return "", fmt.Errorf("%w: %d", ErrTooMany, maxEndpoints)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("open a tunnel endpoint for %s: %w", p, err)
	}
	t.endpoints[p] = l
	if t.serve != nil {
		t.serve(p, l)
	}
	return l.Addr().String(), nil
}

// CloseEndpoint closes p's loopback listener; connections through it go on. It does nothing if there is none.
func (t *Tunnel) CloseEndpoint(p peer.ID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.endpoints[p]
	if !ok {
		return nil
	}
	delete(t.endpoints, p)
	if err := l.Close(); err != nil {
		return fmt.Errorf("close the tunnel endpoint of %s: %w", p, err)
	}
	return nil
}

// Stats returns the counts of now; bytes of a connection count as they pass.
func (t *Tunnel) Stats() Stats {
	return Stats{BytesIn: t.bytesIn.Load(), BytesOut: t.bytesOut.Load(), Opened: t.opened.Load(), Refused: t.refused.Load()}
}

// slots counts the connections of one direction.
type slots struct {
	total  int
	byPeer map[peer.ID]int
}

// take reserves a connection with p; give returns it.
func (t *Tunnel) take(s *slots, p peer.ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.total >= maxStreams || s.byPeer[p] >= t.perPeer {
		return false
	}
	s.total++
	s.byPeer[p]++
	return true
}

func (t *Tunnel) give(s *slots, p peer.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.total--
	if s.byPeer[p]--; s.byPeer[p] == 0 {
		delete(s.byPeer, p)
	}
}
