package pin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/exchange"
	"autonet/shards/store"
)

// Bounds of what announcements may fill.
const (
	hintFiles   = 8192
	hintHolders = 64
)

// Service pins and reads files. It is safe for concurrent use.
type Service struct {
	host  host.Host
	store *store.Store
	ex    *exchange.Exchange
	cfg   Config
	ports Ports

	// mu guards pins, refs and every removal from the store.
	mu   sync.Mutex
	pins map[cid.Cid]*record
	refs map[ref]int

	// hintMu guards hints and again.
	hintMu sync.Mutex
	hints  *lru.Cache[cid.Cid, map[peer.ID][]uint16]
	again  map[cid.Cid]struct{}

	queue chan cid.Cid
	holds chan struct{}

	// streamMu guards what Run closes at its end.
	streamMu sync.Mutex
	streams  map[network.Stream]struct{}
	running  bool
	handlers sync.WaitGroup

	pinned, got, held, corrupt, offline, timedOut, dropped atomic.Uint64
}

// New makes a service over a host, a store that nothing else writes to, and an
// exchange. It reads the store's records and starts nothing: pins and reads
// work at once; others are served, and announcements made, while Run runs.
func New(h host.Host, st *store.Store, ex *exchange.Exchange, cfg Config, ports Ports) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if h == nil || st == nil || ex == nil {
		return nil, errors.New("pin: needs a host, a store and an exchange")
	}
	hints, err := lru.New[cid.Cid, map[peer.ID][]uint16](hintFiles)
	if err != nil {
		return nil, fmt.Errorf("pin: make the cache of hints: %w", err)
	}
	s := &Service{
		host: h, store: st, ex: ex, cfg: cfg, ports: ports,
		pins: map[cid.Cid]*record{}, refs: map[ref]int{}, hints: hints, again: map[cid.Cid]struct{}{},
		queue: make(chan cid.Cid, cfg.Queue), holds: make(chan struct{}, cfg.Holds),
		streams: map[network.Stream]struct{}{},
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if err := s.sweep(); err != nil {
		return nil, fmt.Errorf("pin: remove left-over blocks: %w", err)
	}
	return s, nil
}

// Run serves other nodes and announces until the context ends, then closes
// every stream and waits for their handlers.
func (s *Service) Run(ctx context.Context) error {
	s.streamMu.Lock()
	s.running = true
	s.streamMu.Unlock()
	s.host.SetStreamHandler(Protocol, func(st network.Stream) { s.handle(ctx, st) })
	var workers sync.WaitGroup
	const providers = 4
	for range providers {
		workers.Go(func() { s.publish(ctx) })
	}
	tick, soon := time.NewTicker(s.cfg.Reprovide), time.NewTicker(s.cfg.Retry)
	defer tick.Stop()
	defer soon.Stop()
	s.publishAll()
	for {
		select {
		case <-tick.C:
			s.publishAll()
		case <-soon.C:
			s.retry()
		case <-ctx.Done():
			s.host.RemoveStreamHandler(Protocol)
			s.streamMu.Lock()
			s.running = false
			for st := range s.streams {
				_ = st.Reset() // given up either way
			}
			s.streamMu.Unlock()
			workers.Wait()
			s.handlers.Wait()
			return nil
		}
	}
}

// HandleAnnouncement remembers what a holder says it has. from is the verified
// signer. What does not make sense is ignored: a hint is only where to ask.
func (s *Service) HandleAnnouncement(from peer.ID, a Announcement) {
	c, err := ParseAnnouncement(a)
	if err != nil || from == s.host.ID() {
		return
	}
	s.hint(c, from, a.Columns)
}

// ParseAnnouncement checks an announcement and returns the manifest's CID. An
// announcement it refuses can never become valid.
func ParseAnnouncement(a Announcement) (cid.Cid, error) {
	const longest = 128
	if len(a.Manifest) > longest {
		return cid.Undef, fmt.Errorf("pin: an announced CID of %d characters", len(a.Manifest))
	}
	c, err := cid.Decode(a.Manifest)
	if err != nil {
		return cid.Undef, fmt.Errorf("pin: the announced CID: %w", err)
	}
	if !isManifest(c) || c.String() != a.Manifest {
		return cid.Undef, fmt.Errorf("pin: announced %q names no manifest", a.Manifest)
	}
	if err := checkColumns(a.Columns); err != nil {
		return cid.Undef, err
	}
	return c, nil
}

func (s *Service) hint(c cid.Cid, p peer.ID, columns []uint16) {
	s.hintMu.Lock()
	defer s.hintMu.Unlock()
	peers, ok := s.hints.Get(c)
	if !ok {
		peers = map[peer.ID][]uint16{}
		s.hints.Add(c, peers)
	}
	if _, known := peers[p]; !known && len(peers) >= hintHolders {
		return
	}
	peers[p] = columns
}

// hinted are the holders known from records and announcements.
func (s *Service) hinted(c cid.Cid) map[peer.ID][]uint16 {
	out := map[peer.ID][]uint16{}
	if r, ok := s.lookup(c); ok {
		out = peerColumns(r.Holders)
	}
	s.hintMu.Lock()
	defer s.hintMu.Unlock()
	if peers, ok := s.hints.Get(c); ok {
		maps.Copy(out, peers)
	}
	delete(out, s.host.ID())
	return out
}

// Counters says how much was done.
func (s *Service) Counters() Counters {
	x := s.ex.Counters()
	return Counters{
		Sent: x.Sent, Received: x.Received,
		Pins: s.pinned.Load(), Gets: s.got.Load(), Holds: s.held.Load(),
		Corrupt: s.corrupt.Load(), Offline: s.offline.Load(), TimedOut: s.timedOut.Load(),
		Dropped: s.dropped.Load(),
	}
}
