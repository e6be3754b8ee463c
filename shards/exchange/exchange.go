package exchange

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/shards/store"
)

// Protocol is the stream protocol between our own nodes.
const Protocol protocol.ID = "/autonet/shard/1"

// Config bounds an exchange.
type Config struct {
	// DialTimeout bounds reaching a peer and opening a stream to it.
	DialTimeout time.Duration
	// BlockTimeout bounds the whole of one block, waiting for it included.
	BlockTimeout time.Duration
	// IdleTimeout is how long a stream is kept without a request.
	IdleTimeout time.Duration
	// MaxStreams and MaxPeerStreams bound the streams served at once, in all
	// and for one peer. Beyond them the answer is "busy".
	MaxStreams, MaxPeerStreams int
	// KeepStreams is how many idle streams to one peer are kept for reuse.
	KeepStreams int
	// Bitswap serves stock IPFS nodes and asks them where holders fail.
	Bitswap bool
	// BitswapTimeout bounds such a question as a whole.
	BitswapTimeout time.Duration
	Logger         *slog.Logger
}

// DefaultConfig is what a node uses.
func DefaultConfig() Config {
	return Config{
		DialTimeout: 5 * time.Second, BlockTimeout: 15 * time.Second, IdleTimeout: 60 * time.Second,
		MaxStreams: 512, MaxPeerStreams: 64, KeepStreams: 4,
		Bitswap: true, BitswapTimeout: 10 * time.Second, Logger: slog.New(slog.DiscardHandler),
	}
}

// Validate says which field is out of bounds.
func (c Config) Validate() error {
	switch {
	case c.DialTimeout <= 0 || c.BlockTimeout <= 0 || c.IdleTimeout <= 0 || c.BitswapTimeout <= 0:
		return errors.New("exchange: timeouts must be positive")
	case c.MaxStreams < 1 || c.MaxPeerStreams < 1 || c.KeepStreams < 0:
		return errors.New("exchange: there must be streams")
	case c.Logger == nil:
		return errors.New("exchange: no logger")
	}
	return nil
}

// Counters are totals since the exchange was made.
type Counters struct {
	// Sent and Received are bytes of blocks.
	Sent, Received uint64
	// Served and Asked are blocks.
	Served, Asked uint64
}

// Exchange serves and fetches blocks. It is safe for concurrent use.
type Exchange struct {
	host  host.Host
	store *store.Store
	cfg   Config

	sent, received, served, asked atomic.Uint64

	mu      sync.Mutex
	serving map[peer.ID]map[network.Stream]struct{}
	streams int
	idle    map[peer.ID][]idleStream
	closed  bool
	door    *bitswap.Bitswap

	handlers sync.WaitGroup
}

// New makes an exchange over a host and a store. It starts nothing: it can
// fetch at once, and serves while Run runs.
func New(h host.Host, st *store.Store, cfg Config) (*Exchange, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if h == nil || st == nil {
		return nil, errors.New("exchange: needs a host and a store")
	}
	return &Exchange{
		host: h, store: st, cfg: cfg,
		serving: map[peer.ID]map[network.Stream]struct{}{}, idle: map[peer.ID][]idleStream{},
	}, nil
}

// Run serves until the context ends, then closes every stream and waits for
// their handlers.
func (e *Exchange) Run(ctx context.Context) error {
	if e.cfg.Bitswap {
		stop := e.openDoor(ctx)
		defer stop()
	}
	e.host.SetStreamHandler(Protocol, e.handle)
	tick := time.NewTicker(e.cfg.IdleTimeout / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.host.RemoveStreamHandler(Protocol)
			e.shut()
			e.handlers.Wait()
			return nil
		case now := <-tick.C:
			e.reap(now)
		}
	}
}

// shut refuses new streams and closes all there are.
func (e *Exchange) shut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, streams := range e.serving {
		for s := range streams {
			_ = s.Reset() // the stream is given up either way
		}
	}
	for p, list := range e.idle {
		for _, s := range list {
			_ = s.Reset()
		}
		delete(e.idle, p)
	}
}

// Counters says how much went through.
func (e *Exchange) Counters() Counters {
	return Counters{Sent: e.sent.Load(), Received: e.received.Load(), Served: e.served.Load(), Asked: e.asked.Load()}
}

// Self is the peer ID of this node.
func (e *Exchange) Self() peer.ID { return e.host.ID() }
