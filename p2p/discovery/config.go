package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"
)

// Config sets whom to look for and how hard.
type Config struct {
	// Network is the network id, [a-z0-9-]{1,48}.
	Network string
	// Bootstrap holds multiaddrs that end in /p2p/<peer id>. They are kept connected whenever reachable. This host's own
	// address may be among them and is passed over.
	Bootstrap []string
	// MinPeers is how many members of the network to stay connected to, if there are so many.
	MinPeers int
	// PeersFile is where good peers are remembered; "" remembers none. Its folder must exist.
	PeersFile string
	// AllowPrivate dials private and loopback addresses learnt from others. Bootstrap peers are always dialled.
	AllowPrivate bool
	// RetryMin and RetryMax bound the wait before a bootstrap peer is dialled again; it grows in between.
	RetryMin, RetryMax time.Duration
	// Refresh is how often to look for members while there are enough.
	Refresh time.Duration
	// Logger is told of what a person may have to act on; nil discards it.
	Logger *slog.Logger
}

// DefaultConfig is for the named network without bootstrap peers and without a file.
func DefaultConfig(network string) Config {
	return Config{
		Network: network, MinPeers: 16, AllowPrivate: true,
		RetryMin: 100 * time.Millisecond, RetryMax: 5 * time.Second, Refresh: 2 * time.Minute,
	}
}

// Validate reports every field that cannot work.
func (c Config) Validate() error {
	var errs []error
	if !regexp.MustCompile(`^[a-z0-9-]{1,48}$`).MatchString(c.Network) {
		errs = append(errs, fmt.Errorf("network %q must be 1 to 48 characters of a-z, 0-9 and '-'", c.Network))
	}
	if _, err := ParsePeers(c.Bootstrap); err != nil {
		errs = append(errs, fmt.Errorf("bootstrap: %w", err))
	}
	if c.MinPeers < 1 || c.MinPeers > maxKnown/4 {
		errs = append(errs, fmt.Errorf("min peers must be 1 to %d", maxKnown/4))
	}
	if c.RetryMin < time.Millisecond || c.RetryMax < c.RetryMin {
		errs = append(errs, errors.New("retry times must be at least 1 ms and in order"))
	}
	if c.Refresh < time.Second {
		errs = append(errs, errors.New("refresh must be at least a second"))
	}
	return errors.Join(errs...)
}

// ParsePeers turns multiaddrs ending in /p2p/<peer id> into one entry for each peer, in order of appearance.
func ParsePeers(addrs []string) ([]peer.AddrInfo, error) {
	var out []peer.AddrInfo
	at := make(map[peer.ID]int)
	for _, s := range addrs {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no multiaddr such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…: %w", s, err)
		}
		info, err := peer.AddrInfoFromP2pAddr(a)
		if err != nil || len(info.Addrs) == 0 {
			return nil, fmt.Errorf("%q must have an address and end in /p2p/<peer id>", s)
		}
		if i, ok := at[info.ID]; ok {
			out[i].Addrs = append(out[i].Addrs, info.Addrs...)
			continue
		}
		at[info.ID] = len(out)
		out = append(out, *info)
	}
	return out, nil
}

// Rendezvous returns the CID under which the members of a network announce themselves.
func Rendezvous(network string) (cid.Cid, error) {
	mh, err := multihash.Sum([]byte("autonet/rendezvous/v1/"+network), multihash.SHA2_256, -1)
	if err != nil {
		return cid.Undef, fmt.Errorf("hash the rendezvous of %s: %w", network, err)
	}
	return cid.NewCidV1(cid.Raw, mh), nil
}

// Routing is the part of the routing table used here. Both methods may block until it runs and must end with their
// context; they are called from different goroutines.
type Routing interface {
	// Provide announces this host under c; an error means that nobody may have been told.
	Provide(ctx context.Context, c cid.Cid) error
	// EachProvider calls fn with up to limit other hosts announced under c, each as it is found; an error means that
	// there may be more.
	EachProvider(ctx context.Context, c cid.Cid, limit int, fn func(peer.AddrInfo)) error
}
