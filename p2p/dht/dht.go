package dht

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	kaddht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p-kad-dht/records"
	kbucket "github.com/libp2p/go-libp2p-kbucket"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Prefix begins the protocol ID of the routing table, "/autonet/kad/1.0.0".
const Prefix = "/autonet"

var (
	// ErrNoPeers says that no peer of the routing table is known yet, so that a record could go nowhere. The record is
	// kept here; provide again once connected.
	ErrNoPeers = errors.New("no routing peers yet")
	// ErrStopped says that Run has returned.
	ErrStopped = errors.New("routing table stopped")
	// ErrNotFound says that nobody reachable knows the peer.
	ErrNotFound = errors.New("peer not found")
)

// Config sets the part a node plays in the routing table.
type Config struct {
	// Server answers others' lookups and keeps records for them. Nodes behind a NAT should be clients.
	Server bool
	// AllowPrivate accepts private and loopback addresses in records: local networks and swarms on one machine.
	AllowPrivate bool
	// RecordAge is how long a provider record is kept, at least a minute. Providers must provide again before.
	RecordAge time.Duration
	// QueryTimeout bounds one lookup whose context has no earlier deadline, at least 100 ms.
	QueryTimeout time.Duration
}

// DefaultConfig is a server for private and public networks that keeps records for 24 hours.
func DefaultConfig() Config {
	return Config{Server: true, AllowPrivate: true, RecordAge: 24 * time.Hour, QueryTimeout: 30 * time.Second}
}

// Validate reports every field that cannot work.
func (c Config) Validate() error {
	var errs []error
	if c.RecordAge < time.Minute {
		errs = append(errs, errors.New("record age must be at least a minute"))
	}
	if c.QueryTimeout < 100*time.Millisecond {
		errs = append(errs, errors.New("query timeout must be at least 100 ms"))
	}
	return errors.Join(errs...)
}

// DHT is the routing table of one node. Its methods are safe for concurrent use.
type DHT struct {
	host host.Host
	cfg  Config

	start sync.Once
	kad   *kaddht.IpfsDHT // set before ready is closed
	ready chan struct{}
	// stopping ends calls under way, stopped refuses new ones.
	stopping, stopped chan struct{}
}

// New returns a routing table over h that does nothing until [DHT.Run].
func New(h host.Host, cfg Config) (*DHT, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("routing table configuration: %w", err)
	}
	return &DHT{host: h, cfg: cfg, ready: make(chan struct{}), stopping: make(chan struct{}), stopped: make(chan struct{})}, nil
}

// Run keeps the routing table until ctx ends; it may be called once.
func (d *DHT) Run(ctx context.Context) error {
	first := false
	d.start.Do(func() { first = true })
	if !first {
		return errors.New("routing table: Run called twice")
	}
	defer close(d.stopped)
	kad, err := kaddht.New(d.host, d.options()...)
	if err != nil {
		return fmt.Errorf("start the routing table: %w", err)
	}
	d.kad = kad
	close(d.ready)
	<-ctx.Done()
	close(d.stopping)
	if err := kad.Close(); err != nil {
		return fmt.Errorf("stop the routing table: %w", err)
	}
	return nil
}

func (d *DHT) options() []kaddht.Option {
	mode := kaddht.ModeClient
	if d.cfg.Server {
		mode = kaddht.ModeServer
	}
	opts := []kaddht.Option{
		kaddht.ProtocolPrefix(Prefix),
		kaddht.Mode(mode),
		kaddht.DisableValues(),
		kaddht.ProviderManagerOpts(records.ProvideValidity(d.cfg.RecordAge), records.ProviderAddrTTL(d.cfg.RecordAge)),
	}
	if !d.cfg.AllowPrivate {
		opts = append(opts,
			kaddht.QueryFilter(kaddht.PublicQueryFilter),
			kaddht.RoutingTableFilter(kaddht.PublicRoutingTableFilter),
			kaddht.AddressFilter(func(addrs []ma.Multiaddr) []ma.Multiaddr {
				return ma.FilterAddrs(addrs, manet.IsPublicAddr)
			}))
	}
	return opts
}

// use waits for Run and bounds ctx by the query timeout and the life of the table.
func (d *DHT) use(ctx context.Context) (*kaddht.IpfsDHT, context.Context, context.CancelFunc, error) {
	select {
	case <-d.stopped: // wins over ready, which stays closed
		return nil, nil, nil, ErrStopped
	default:
	}
	select {
	case <-d.ready:
	case <-d.stopped:
		return nil, nil, nil, ErrStopped
	case <-ctx.Done():
		return nil, nil, nil, fmt.Errorf("routing table is not running: %w", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.QueryTimeout)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-d.stopping:
			cancel()
		case <-ctx.Done():
		}
	})
	return d.kad, ctx, func() { cancel(); wg.Wait() }, nil
}

// Bootstrap refreshes the routing table from the connected peers and waits for the end of it. Without any
// it fails with [ErrNoPeers].
func (d *DHT) Bootstrap(ctx context.Context) error {
	kad, ctx, cancel, err := d.use(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	select {
	case err := <-kad.RefreshRoutingTable():
		if err != nil && kad.RoutingTable().Size() == 0 {
			return fmt.Errorf("refresh the routing table: %w", ErrNoPeers)
		}
		if err != nil {
			return fmt.Errorf("refresh the routing table: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("refresh the routing table: %w", ctx.Err())
	}
}

// Size returns the number of peers in the routing table, 0 before Run.
func (d *DHT) Size() int {
	select {
	case <-d.ready:
		return d.kad.RoutingTable().Size()
	default:
		return 0
	}
}

// Provide tells the network that this host holds c. Records end after their age; [ErrNoPeers] means nobody was told.
func (d *DHT) Provide(ctx context.Context, c cid.Cid) error {
	kad, ctx, cancel, err := d.use(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = kad.Provide(ctx, c, true)
	switch {
	case errors.Is(err, kbucket.ErrLookupFailure):
		return fmt.Errorf("provide %s: %w", c, ErrNoPeers)
	case err != nil:
		return fmt.Errorf("provide %s: %w", c, err)
	}
	return nil
}

// FindProviders returns up to limit peers that say they hold c, this host excepted. Fewer, or none, is no error unless
// the lookup was cut short before it found any.
func (d *DHT) FindProviders(ctx context.Context, c cid.Cid, limit int) ([]peer.AddrInfo, error) {
	var out []peer.AddrInfo
	err := d.EachProvider(ctx, c, limit, func(info peer.AddrInfo) { out = append(out, info) })
	if err != nil && len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// EachProvider calls fn, which must not block, with each provider as it is found; otherwise it is FindProviders. An
// error means that the lookup was cut short.
func (d *DHT) EachProvider(ctx context.Context, c cid.Cid, limit int, fn func(peer.AddrInfo)) error {
	if limit < 1 || !c.Defined() {
		return fmt.Errorf("find providers of %s: needs a CID and a limit above zero", c)
	}
	kad, ctx, cancel, err := d.use(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	found := 0
	for info := range kad.FindProvidersAsync(ctx, c, limit+1) { // one more, in case we are among them
		if info.ID == d.host.ID() || found == limit {
			continue
		}
		found++
		fn(info)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("find providers of %s: %w", c, err)
	}
	return nil
}

// FindPeer returns the addresses of p, from here or from the network, or [ErrNotFound].
func (d *DHT) FindPeer(ctx context.Context, p peer.ID) (peer.AddrInfo, error) {
	kad, ctx, cancel, err := d.use(ctx)
	if err != nil {
		return peer.AddrInfo{}, err
	}
	defer cancel()
	info, err := kad.FindPeer(ctx, p)
	if err != nil {
		return peer.AddrInfo{}, fmt.Errorf("%w: %s: %w", ErrNotFound, p, err)
	}
	return info, nil
}
