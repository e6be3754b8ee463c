package abci

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

const (
	dialTick  = 100 * time.Millisecond
	dialFirst = 300 * time.Millisecond // wait after a first failure
	dialMost  = 5 * time.Second
	dialAtOne = 16 // dials at a time
)

// ErrPeer reports a peer that cannot be dialled: a malformed identifier or address, or this node itself.
var ErrPeer = errors.New("not a peer")

// dialer keeps the node connected. CometBFT has a list of persistent peers of its own, fixed at its start and tied to
// one address each.
type dialer struct {
	self string

	mu      sync.Mutex
	targets map[p2p.ID]*target
}

type target struct {
	addr    *p2p.NetAddress
	wait    time.Duration // after the last failure; 0: none
	due     time.Time
	dialing bool
}

func newDialer(self string) *dialer {
	return &dialer{self: self, targets: make(map[p2p.ID]*target)}
}

func (d *dialer) add(nodeID, addr string) error {
	if nodeID == d.self {
		return fmt.Errorf("dial %s: %w: it is this node", nodeID, ErrPeer)
	}
	if host, _, err := net.SplitHostPort(addr); err != nil || net.ParseIP(host) == nil {
		return fmt.Errorf("dial %s: %w: %q is not an IP address and a port", nodeID, ErrPeer, addr)
	}
	at, err := p2p.NewNetAddressString(p2p.IDAddressString(p2p.ID(nodeID), addr))
	if err != nil {
		return fmt.Errorf("dial %s: %w: %w", nodeID, ErrPeer, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.targets[at.ID]
	if !ok {
		if len(d.targets) >= maxPeers {
			return fmt.Errorf("dial %s: %w: %d peers are cared for already", nodeID, ErrPeer, maxPeers)
		}
		d.targets[at.ID] = &target{addr: at}
		return nil
	}
	if !known.addr.Equals(at) {
		known.addr, known.wait, known.due = at, 0, time.Time{}
	}
	return nil
}

func (d *dialer) drop(nodeID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.targets, p2p.ID(nodeID))
}

// run dials until ctx ends and waits for the dials on their way.
func (d *dialer) run(ctx context.Context, sw p2p.Switcher, logger *slog.Logger) {
	var dials sync.WaitGroup
	defer dials.Wait()
	slots := make(chan struct{}, dialAtOne)
	tick := time.NewTicker(dialTick)
	defer tick.Stop()
	for {
		for _, id := range d.dueNow(time.Now(), sw) {
			select {
			case slots <- struct{}{}:
			default:
				d.done(id, nil)
				continue
			}
			dials.Go(func() {
				defer func() { <-slots }()
				d.dial(ctx, id, sw, logger)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// dueNow marks and returns the peers to dial now. Of two nodes that know each other the one with the smaller
// identifier goes first: two connections at once would each be refused by one end.
func (d *dialer) dueNow(now time.Time, sw p2p.Switcher) []p2p.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	var due []p2p.ID
	for id, t := range d.targets {
		switch {
		case t.dialing:
		case sw.Peers().Has(id):
			t.wait, t.due = 0, time.Time{}
		case t.due.IsZero() && d.self > string(id):
			t.due = now.Add(dialFirst + jitter(dialFirst))
		case !now.Before(t.due):
			t.dialing = true
			due = append(due, id)
		}
	}
	return due
}

func (d *dialer) dial(ctx context.Context, id p2p.ID, sw p2p.Switcher, logger *slog.Logger) {
	d.mu.Lock()
	t, ok := d.targets[id]
	var addr *p2p.NetAddress
	if ok {
		addr = t.addr
	}
	d.mu.Unlock()
	if !ok || ctx.Err() != nil {
		return
	}
	err := guarded("dial a peer", func() error { return sw.DialPeerWithAddress(addr) })
	d.done(id, err)
	if err != nil {
		logger.LogAttrs(ctx, slog.LevelDebug, "peer not reached", slog.String("node", string(id)),
			slog.String("addr", addr.DialString()), slog.String("error", err.Error()))
	}
}

func (d *dialer) done(id p2p.ID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.targets[id]
	if !ok {
		return
	}
	t.dialing = false
	if err != nil {
		t.wait = min(max(2*t.wait, dialFirst), dialMost)
		t.due = time.Now().Add(t.wait + jitter(t.wait))
	}
}

// jitter keeps nodes from dialling each other in step.
func jitter(most time.Duration) time.Duration {
	return rand.N(most) //nolint:gosec // no secret
}
