package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// portTries bounds the search for one port number that is free for every address asked with port 0.
const portTries = 32

// PortInUseError says that another program holds a port this host was told to listen on.
type PortInUseError struct {
	Addr string // the multiaddr asked for
	Port int
}

func (e *PortInUseError) Error() string {
	return fmt.Sprintf("cannot listen on %s: port %d is in use by another program; stop that program, "+
		"or set another port in the listen setting (0 picks a free one)", e.Addr, e.Port)
}

// expandListen turns the entries of Config.Listen into multiaddrs of TCP or QUIC.
func expandListen(entries []string) ([]ma.Multiaddr, error) {
	var out []ma.Multiaddr
	for _, s := range entries {
		if port, err := strconv.ParseUint(s, 10, 16); err == nil {
			out = append(out, portAddrs(port)...)
			continue
		}
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("listen: %q is neither a port nor a multiaddr such as /ip4/0.0.0.0/tcp/4001: %w", s, err)
		}
		if _, _, err := netAddr(a); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func portAddrs(port uint64) []ma.Multiaddr {
	return []ma.Multiaddr{
		ma.StringCast(fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", port)),
		ma.StringCast(fmt.Sprintf("/ip4/0.0.0.0/udp/%d/quic-v1", port)),
	}
}

// netAddr returns the network ("tcp" or "udp") and the host:port of a listening multiaddr.
func netAddr(a ma.Multiaddr) (network, hostport string, err error) {
	network, hostport, err = manet.DialArgs(a)
	_, udpErr := a.ValueForProtocol(ma.P_UDP)
	isUDP := udpErr == nil
	want := 2
	if isUDP {
		want = 3
	}
	_, quicErr := a.ValueForProtocol(ma.P_QUIC_V1)
	if err != nil || len(a) != want || isUDP != (quicErr == nil) {
		return "", "", fmt.Errorf("listen: %s is neither /ip4/…/tcp/PORT nor /ip4/…/udp/PORT/quic-v1", a)
	}
	return network, hostport, nil
}

// reserve finds the concrete addresses to listen on and checks that they are free now. Port 0 becomes one free number
// for all such addresses, or stays 0 where no common number was found. picked tells whether a number was chosen here.
func reserve(ctx context.Context, addrs []ma.Multiaddr) (out []ma.Multiaddr, picked bool, err error) {
	var open []int
	out = append(out, addrs...)
	for i, a := range addrs {
		if portOf(a) == 0 {
			open = append(open, i)
			continue
		}
		if _, err := probe(ctx, a); err != nil {
			return nil, false, err
		}
	}
	if len(open) == 0 {
		return out, false, nil
	}
	for range portTries {
		port, err := probe(ctx, out[open[0]])
		if err != nil {
			return nil, false, err
		}
		if same, ok := withPort(ctx, addrs, open, port); ok {
			for j, i := range open {
				out[i] = same[j]
			}
			return out, true, nil
		}
	}
	return out, false, nil
}

func withPort(ctx context.Context, addrs []ma.Multiaddr, open []int, port int) ([]ma.Multiaddr, bool) {
	same := make([]ma.Multiaddr, 0, len(open))
	for _, i := range open {
		a := setPort(addrs[i], port)
		if _, err := probe(ctx, a); err != nil {
			return nil, false
		}
		same = append(same, a)
	}
	return same, true
}

// probe binds the address for a moment and returns the port it got.
func probe(ctx context.Context, a ma.Multiaddr) (int, error) {
	network, hostport, err := netAddr(a)
	if err != nil {
		return 0, err
	}
	var lc net.ListenConfig
	var addr net.Addr
	var closer interface{ Close() error }
	if network[:3] == "udp" {
		var c net.PacketConn
		if c, err = lc.ListenPacket(ctx, network, hostport); err == nil {
			addr, closer = c.LocalAddr(), c
		}
	} else {
		var l net.Listener
		if l, err = lc.Listen(ctx, network, hostport); err == nil {
			addr, closer = l.Addr(), l
		}
	}
	if err != nil {
		return 0, listenError(a, err)
	}
	if err := closer.Close(); err != nil {
		return 0, listenError(a, err)
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return 0, listenError(a, err)
	}
	return strconv.Atoi(port)
}

func listenError(a ma.Multiaddr, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &PortInUseError{Addr: a.String(), Port: portOf(a)}
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: not permitted; choose a port above 1023: %w", a, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine does not have that address: %w", a, err)
	}
	return fmt.Errorf("cannot listen on %s: %w", a, err)
}

func portOf(a ma.Multiaddr) int {
	for _, code := range []int{ma.P_TCP, ma.P_UDP} {
		if s, err := a.ValueForProtocol(code); err == nil {
			port, err := strconv.Atoi(s)
			if err == nil {
				return port
			}
		}
	}
	return 0
}

func setPort(a ma.Multiaddr, port int) ma.Multiaddr {
	var out ma.Multiaddr
	for _, c := range a {
		if code := c.Protocol().Code; code == ma.P_TCP || code == ma.P_UDP {
			c = ma.StringCast(fmt.Sprintf("/%s/%d", c.Protocol().Name, port))[0]
		}
		out = append(out, c)
	}
	return out
}
