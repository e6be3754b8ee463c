package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// pickTries bounds how often New chooses another free port after losing the chosen one to somebody else.
const pickTries = 5

// New returns a listening host with the identity of key, over TCP (TLS or Noise) and QUIC. The caller closes it. A
// taken port is a [PortInUseError].
func New(cfg Config, key crypto.PrivKey) (host.Host, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("host configuration: %w", err)
	}
	if key == nil || key.Type() != crypto.Ed25519 {
		return nil, errors.New("host: the identity must be an Ed25519 key")
	}
	asked, err := expandListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		addrs, picked, err := reserve(context.Background(), asked)
		if err != nil {
			return nil, err
		}
		h, err := listen(cfg, key, addrs)
		var inUse *PortInUseError
		if picked && errors.As(err, &inUse) && try < pickTries {
			continue
		}
		return h, err
	}
}

// listen builds the host and closes it again unless every address is listened on: libp2p itself is content with one.
func listen(cfg Config, key crypto.PrivKey, addrs []ma.Multiaddr) (host.Host, error) {
	opts, err := options(cfg, key)
	if err != nil {
		return nil, err
	}
	h, err := libp2p.New(append(opts, libp2p.ListenAddrs(addrs...))...)
	if err != nil {
		for _, a := range addrs {
			if _, perr := probe(context.Background(), a); perr != nil {
				return nil, perr
			}
		}
		return nil, fmt.Errorf("start the libp2p host: %w", err)
	}
	up := h.Network().ListenAddresses()
	for _, a := range addrs {
		if portOf(a) != 0 && !slices.ContainsFunc(up, a.Equal) {
			return nil, errors.Join(&PortInUseError{Addr: a.String(), Port: portOf(a)}, h.Close())
		}
	}
	return h, nil
}

func options(cfg Config, key crypto.PrivKey) ([]libp2p.Option, error) {
	l := cfg.Limits
	rm, err := resourceManager(l)
	if err != nil {
		return nil, fmt.Errorf("resource limits: %w", err)
	}
	cm, err := connmgr.NewConnManager(l.LowWater, l.HighWater, connmgr.WithGracePeriod(l.Grace))
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	factory, err := announcer(cfg)
	if err != nil {
		return nil, err
	}
	opts := []libp2p.Option{
		libp2p.Identity(key),
		// Without port reuse two nodes cannot listen on one TCP port, and two that dial each other at the same moment
		// get two connections instead of one in simultaneous open. Hole punching is QUIC's.
		libp2p.Transport(tcp.NewTCPTransport, tcp.DisableReuseport()),
		libp2p.Transport(quic.NewTransport),
		libp2p.Security(tls.ID, tls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.DefaultMuxers,
		libp2p.ResourceManager(rm),
		libp2p.ConnectionManager(cm),
		libp2p.AddrsFactory(factory),
		libp2p.UserAgent("autonet/" + cfg.Version),
		libp2p.DisableMetrics(),
	}
	if cfg.NAT {
		return append(opts, libp2p.NATPortMap(), libp2p.EnableRelay(), libp2p.EnableHolePunching(), libp2p.EnableAutoNATv2()), nil
	}
	return append(opts, libp2p.DisableRelay()), nil
}

// announcer returns the function that chooses which addresses others are told.
func announcer(cfg Config) (func([]ma.Multiaddr) []ma.Multiaddr, error) {
	extra := make([]ma.Multiaddr, 0, len(cfg.Announce))
	for _, s := range cfg.Announce {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("announce %q: %w", s, err)
		}
		extra = append(extra, a)
	}
	return func(addrs []ma.Multiaddr) []ma.Multiaddr {
		kept := addrs
		if !cfg.AnnounceLoopback && !allLoopback(addrs) {
			kept = slices.DeleteFunc(slices.Clone(addrs), manet.IsIPLoopback)
		}
		return ma.Unique(append(slices.Clone(extra), kept...))
	}, nil
}

func allLoopback(addrs []ma.Multiaddr) bool {
	return !slices.ContainsFunc(addrs, func(a ma.Multiaddr) bool { return !manet.IsIPLoopback(a) })
}
