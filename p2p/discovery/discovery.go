package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	maxDials     = 8
	dialTimeout  = 10 * time.Second
	routeTimeout = 20 * time.Second
	saveInterval = 15 * time.Second
	// memberTag keeps members before strangers when the connection manager has to choose.
	memberTag   = "autonet-member"
	memberValue = 50
)

// Discovery keeps one host connected to its network. Its methods are safe for concurrent use.
type Discovery struct {
	host    host.Host
	routing Routing
	cfg     Config
	log     *slog.Logger
	key     cid.Cid
	table   table

	started sync.Once
	dial    signal // something may be due
	find    signal // look for members now
	tell    signal // announce ourselves now
}

// PeerStatus is what is known of a bootstrap peer.
type PeerStatus struct {
	ID        peer.ID
	Addrs     []string
	Connected bool
	Failures  int    // dials in a row that failed
	Error     string // the last of them
}

// Status says how well this host is connected.
type Status struct {
	Known     int // peers of the network we know
	Connected int // of them, connected
	Bootstrap []PeerStatus
}

// New returns a discovery that does nothing until [Discovery.Run]; routing must be running by then or soon.
func New(h host.Host, routing Routing, cfg Config) (*Discovery, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("discovery configuration: %w", err)
	}
	key, err := Rendezvous(cfg.Network)
	if err != nil {
		return nil, err
	}
	bootstrap, err := ParsePeers(cfg.Bootstrap)
	if err != nil {
		return nil, err
	}
	d := &Discovery{
		host: h, routing: routing, cfg: cfg, log: cfg.Logger, key: key,
		table: table{self: h.ID(), retryMin: cfg.RetryMin, retryMax: cfg.RetryMax, entries: make(map[peer.ID]*entry)},
		dial:  newSignal(), find: newSignal(), tell: newSignal(),
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.table.add(bootstrap, true, time.Time{})
	return d, nil
}

// Run finds and keeps peers until ctx ends, then waits for what it started and remembers the good ones. It may be
// called once.
func (d *Discovery) Run(ctx context.Context) error {
	first := false
	d.started.Do(func() { first = true })
	if !first {
		return errors.New("discovery: Run called twice")
	}
	if d.cfg.PeersFile != "" {
		known, err := load(d.cfg.PeersFile, d.cfg.Network)
		if err != nil {
			d.log.WarnContext(ctx, "remembered peers ignored", slog.String("file", d.cfg.PeersFile), slog.Any("error", err))
		}
		d.table.add(known, false, time.Now())
	}
	watch := &network.NotifyBundle{
		ConnectedF:    func(_ network.Network, c network.Conn) { d.changed(c.RemotePeer(), true) },
		DisconnectedF: func(_ network.Network, c network.Conn) { d.changed(c.RemotePeer(), false) },
	}
	d.host.Network().Notify(watch)
	defer d.host.Network().StopNotify(watch)
	var wg sync.WaitGroup
	wg.Go(func() { d.dialLoop(ctx) })
	wg.Go(func() { d.tellLoop(ctx) })
	wg.Go(func() { d.findLoop(ctx) })
	err := d.saveLoop(ctx)
	wg.Wait()
	return err
}

// AddPeers takes in multiaddrs ending in /p2p/<peer id> of members of this network and dials them soon.
func (d *Discovery) AddPeers(addrs []string) error {
	infos, err := ParsePeers(addrs)
	if err != nil {
		return fmt.Errorf("add peers: %w", err)
	}
	d.table.add(infos, false, time.Now())
	d.dial.poke()
	return nil
}

// Status returns how things stand.
func (d *Discovery) Status() Status {
	var s Status
	for _, e := range d.table.snapshot() {
		up := d.connected(e.info.ID)
		s.Known++
		if up {
			s.Connected++
		}
		if !e.pinned {
			continue
		}
		p := PeerStatus{ID: e.info.ID, Connected: up, Failures: e.failures}
		for _, a := range e.info.Addrs {
			p.Addrs = append(p.Addrs, a.String())
		}
		if e.lastErr != nil {
			p.Error = e.lastErr.Error()
		}
		s.Bootstrap = append(s.Bootstrap, p)
	}
	return s
}

func (d *Discovery) connected(p peer.ID) bool {
	return d.host.Network().Connectedness(p) == network.Connected
}

// members returns how many known peers are connected.
func (d *Discovery) members() int {
	d.table.mu.Lock()
	defer d.table.mu.Unlock()
	n := 0
	for p := range d.table.entries {
		if d.connected(p) {
			n++
		}
	}
	return n
}

// changed is called by the network, which must not be held up.
func (d *Discovery) changed(p peer.ID, up bool) {
	if up == d.connected(p) { // the last of several connections, or the first
		known, pinned := d.table.changed(p, time.Now())
		if known && up {
			d.host.ConnManager().TagPeer(p, memberTag, memberValue)
		}
		if pinned && up || len(d.host.Network().Peers()) <= 1 {
			d.tell.poke()
		}
		if pinned || !up || len(d.host.Network().Peers()) <= 1 {
			d.find.poke()
		}
	}
	d.dial.poke()
}

func (d *Discovery) dialLoop(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, maxDials)
	for ctx.Err() == nil {
		now := time.Now()
		have := d.members()
		due, next := d.table.claim(now, d.cfg.MinPeers-have, cap(slots)-len(slots), d.connected)
		for _, e := range due {
			slots <- struct{}{} // free, for only this loop fills them
			wg.Go(func() {
				err := d.connect(ctx, e)
				d.table.dialled(e.info.ID, err, have >= d.cfg.MinPeers, time.Now())
				<-slots
				d.dial.poke()
			})
		}
		d.dial.wait(ctx, next.Sub(now))
	}
}

func (d *Discovery) connect(ctx context.Context, e entry) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	// The swarm has a slower memory of failures of its own; the pace is set here.
	if s, ok := d.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(e.info.ID)
	}
	if err := d.host.Connect(ctx, e.info); err != nil {
		return fmt.Errorf("dial %s: %w", e.info.ID, err)
	}
	d.host.ConnManager().TagPeer(e.info.ID, memberTag, memberValue)
	return nil
}

// tellLoop announces this host: eagerly until somebody is told, then at growing intervals, because the record lies with
// whoever was known at the time and ends with them.
func (d *Discovery) tellLoop(ctx context.Context) {
	eager := pacer{low: 50 * time.Millisecond, high: 2 * time.Second, factor: 1.5}
	calm := pacer{low: time.Second, high: 10 * time.Minute, factor: 3}
	for ctx.Err() == nil {
		p := &eager
		if d.provide(ctx) == nil {
			p = &calm
			eager.reset()
		}
		if d.tell.wait(ctx, p.next()) {
			eager.reset()
			calm.reset()
		}
	}
}

func (d *Discovery) provide(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, routeTimeout)
	defer cancel()
	return d.routing.Provide(ctx, d.key)
}

// findLoop looks for members, often while there are too few.
func (d *Discovery) findLoop(ctx context.Context) {
	few := pacer{low: 100 * time.Millisecond, high: 15 * time.Second, factor: 1.5}
	for ctx.Err() == nil {
		d.lookup(ctx)
		wait := jitter(d.cfg.Refresh)
		if d.members() < d.cfg.MinPeers {
			wait = min(wait, few.next())
		}
		if d.find.wait(ctx, wait) {
			few.reset()
		}
	}
}

func (d *Discovery) lookup(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, routeTimeout)
	defer cancel()
	err := d.routing.EachProvider(ctx, d.key, 4*d.cfg.MinPeers, func(found peer.AddrInfo) {
		if !d.cfg.AllowPrivate {
			found.Addrs = ma.FilterAddrs(found.Addrs, manet.IsPublicAddr)
		}
		if d.table.add([]peer.AddrInfo{found}, false, time.Now()) {
			d.dial.poke()
		}
	})
	if err != nil {
		d.log.DebugContext(ctx, "looking for members failed", slog.Any("error", err))
	}
}

// saveLoop remembers good peers now and then and at the end. A file that cannot be written does not stop the network.
func (d *Discovery) saveLoop(ctx context.Context) error {
	if d.cfg.PeersFile == "" {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	var last []byte
	for {
		ended := false
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		d.refreshAddrs()
		raw, err := encodePeers(d.table.snapshot(), d.cfg.Network)
		if err == nil && raw != nil && !bytes.Equal(raw, last) {
			if err = store(d.cfg.PeersFile, raw); err == nil {
				last = raw
			}
		}
		switch {
		case ended:
			return err
		case err != nil:
			d.log.WarnContext(ctx, "good peers not remembered", slog.String("file", d.cfg.PeersFile), slog.Any("error", err))
		}
	}
}

// refreshAddrs takes in the addresses connected peers have told since they were found.
func (d *Discovery) refreshAddrs() {
	now := time.Now()
	for _, e := range d.table.snapshot() {
		if d.connected(e.info.ID) {
			d.table.add([]peer.AddrInfo{d.host.Peerstore().PeerInfo(e.info.ID)}, false, now)
			d.table.seen(e.info.ID, now)
		}
	}
}
