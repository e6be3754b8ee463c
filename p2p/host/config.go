package host

import (
	"errors"
	"fmt"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	"github.com/pbnjay/memory"
)

const (
	mib = 1 << 20
	// MaxMemory caps what libp2p may hold, whatever the machine has.
	MaxMemory = 256 * mib
	minMemory = 64 * mib
	// bytesPerConn is what one connection may cost at worst with its buffers, the ratio of [ScaleLimits].
	bytesPerConn = mib / 2
)

// Config says where a host listens, what it tells others and how much it may use.
type Config struct {
	// Listen holds port numbers ("4001", "0" for any free one) and multiaddrs ("/ip4/127.0.0.1/tcp/4001",
	// "/ip4/0.0.0.0/udp/4001/quic-v1"). A port number means TCP and QUIC on all IPv4 interfaces. Addresses with port 0
	// share one free number if there is one.
	Listen []string
	// Announce holds further multiaddrs that others can reach this host by, such as a forwarded port.
	Announce []string
	// AnnounceLoopback tells others the loopback addresses too: swarms on one machine need it. A host that listens on
	// loopback alone announces it in any case.
	AnnounceLoopback bool
	// NAT turns on port mapping by UPnP and NAT-PMP, reachability checks, hole punching and the use of relays.
	NAT bool
	// Version ends the user agent "autonet/<version>".
	Version string
	// Limits bound the resources.
	Limits Limits
}

// Limits bound what the host spends on others.
type Limits struct {
	// Memory in bytes for connections and streams, at most MaxMemory.
	Memory int64
	// Conns is the number of connections at one time, ConnsPerPeer of them with one peer, ConnsPerIP from one public
	// address.
	Conns, ConnsPerPeer, ConnsPerIP int
	// Streams is the number of streams at one time, StreamsPerPeer of them with one peer.
	Streams, StreamsPerPeer int
	// LowWater and HighWater steer the connection manager: above HighWater it closes the least useful connections
	// down to LowWater.
	LowWater, HighWater int
	// Grace is how long a new connection is safe from that.
	Grace time.Duration
}

// ScaleLimits derives limits from the memory in bytes that libp2p may use, which is first clamped to 64 to 256 MiB.
func ScaleLimits(mem uint64) Limits {
	mem = min(max(mem, minMemory), MaxMemory)
	conns := int(mem / bytesPerConn)
	return Limits{
		Memory:         int64(mem),
		Conns:          conns,
		ConnsPerPeer:   8,
		ConnsPerIP:     32,
		Streams:        16 * conns,
		StreamsPerPeer: 512,
		LowWater:       conns / 4,
		HighWater:      conns * 3 / 8,
		Grace:          20 * time.Second,
	}
}

// DefaultConfig listens on port 4001 with limits scaled to a sixteenth of this machine's memory.
func DefaultConfig() Config {
	return Config{
		Listen:  []string{"4001"},
		NAT:     true,
		Version: "dev",
		Limits:  ScaleLimits(memory.TotalMemory() / 16),
	}
}

// Validate reports every field that cannot work.
func (c Config) Validate() error {
	var errs []error
	if len(c.Listen) == 0 {
		errs = append(errs, errors.New("listen: no address; give a port or a multiaddr"))
	}
	if _, err := expandListen(c.Listen); err != nil {
		errs = append(errs, err)
	}
	for _, s := range c.Announce {
		if _, err := ma.NewMultiaddr(s); err != nil {
			errs = append(errs, fmt.Errorf("announce: %q is no multiaddr such as /ip4/203.0.113.7/tcp/4001: %w", s, err))
		}
	}
	if c.Version == "" || len(c.Version) > 64 {
		errs = append(errs, errors.New("version: give 1 to 64 characters"))
	}
	return errors.Join(append(errs, c.Limits.validate()...)...)
}

func (l Limits) validate() []error {
	var errs []error
	check := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New("limits: "+text))
		}
	}
	check(l.Memory >= 16*mib && l.Memory <= MaxMemory, "memory must be 16 to 256 MiB")
	check(l.Conns >= 8, "conns must be at least 8")
	check(l.ConnsPerPeer >= 2, "conns per peer must be at least 2, for two peers that dial each other at once")
	check(l.ConnsPerIP >= l.ConnsPerPeer, "conns per IP must be at least conns per peer")
	check(l.StreamsPerPeer >= 32, "streams per peer must be at least 32")
	check(l.Streams >= l.StreamsPerPeer, "streams must be at least streams per peer")
	check(l.LowWater >= 1 && l.LowWater <= l.HighWater, "low water must be between 1 and high water")
	check(l.HighWater < l.Conns, "high water must be below conns")
	check(l.Grace >= 0, "grace must not be negative")
	return errs
}
