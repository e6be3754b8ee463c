package host_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/host"
	"autonet/p2p/p2ptest"
)

// A search for gateways listens for five seconds, whatever becomes of the host that asked for it.
func TestMain(m *testing.M) {
	const nat = "github.com/libp2p/go-libp2p/p2p/net/nat/internal/nat."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(nat+"discoverNATs"),
		goleak.IgnoreAnyFunction(nat+"discoverNATs.func1"),
		goleak.IgnoreAnyFunction(nat+"discoverUPNP_GenIGDev"),
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/nat.DiscoverNAT"),
	)
}

func portOf(t *testing.T, a ma.Multiaddr, code int) string {
	t.Helper()
	s, err := a.ValueForProtocol(code)
	require.NoError(t, err)
	return s
}

func TestPortZeroGivesTCPAndQUICOneNumber(t *testing.T) {
	cfg := p2ptest.Config()
	cfg.Listen = []string{"0"}
	h := p2ptest.Start(t, cfg, p2ptest.Key(t))
	up := h.Network().ListenAddresses()
	require.Len(t, up, 2)
	ports := map[string]bool{}
	for _, a := range up {
		code := ma.P_TCP
		if strings.Contains(a.String(), "/udp/") {
			code = ma.P_UDP
		}
		ports[portOf(t, a, code)] = true
	}
	require.Len(t, ports, 1)
	require.NotContains(t, ports, "0")
}

func TestTakenPortIsNamed(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			var taken string
			if network == "tcp" {
				l, err := net.Listen("tcp", "0.0.0.0:0")
				require.NoError(t, err)
				defer func() { require.NoError(t, l.Close()) }()
				_, taken, err = net.SplitHostPort(l.Addr().String())
				require.NoError(t, err)
			} else {
				c, err := net.ListenPacket("udp4", "0.0.0.0:0")
				require.NoError(t, err)
				defer func() { require.NoError(t, c.Close()) }()
				_, taken, err = net.SplitHostPort(c.LocalAddr().String())
				require.NoError(t, err)
			}
			cfg := p2ptest.Config()
			cfg.Listen = []string{taken}
			_, err := host.New(cfg, p2ptest.Key(t))
			var inUse *host.PortInUseError
			require.ErrorAs(t, err, &inUse)
			require.Equal(t, taken, fmt.Sprint(inUse.Port))
			require.Contains(t, err.Error(), taken)
			require.Contains(t, err.Error(), "set another port")
		})
	}
}

func TestTwoHostsCannotShareAPort(t *testing.T) {
	first := p2ptest.Host(t)
	cfg := p2ptest.Config()
	cfg.Listen = []string{first.Addrs()[0].String()}
	_, err := host.New(cfg, p2ptest.Key(t))
	var inUse *host.PortInUseError
	require.ErrorAs(t, err, &inUse)
}

func TestHostsTalkOverEachTransport(t *testing.T) {
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"} {
		t.Run(listen, func(t *testing.T) {
			cfg := p2ptest.Config()
			cfg.Listen = []string{listen}
			a, b := p2ptest.Start(t, cfg, p2ptest.Key(t)), p2ptest.Start(t, cfg, p2ptest.Key(t))
			b.SetStreamHandler("/echo/1", func(s network.Stream) {
				defer func() { _ = s.Close() }()
				_, _ = io.Copy(s, s)
			})
			p2ptest.Connect(t, a, b)
			require.Equal(t, "hello", echo(t, a, b.ID(), "hello"))
			agent, err := a.Peerstore().Get(b.ID(), "AgentVersion")
			require.NoError(t, err)
			require.Equal(t, "autonet/test", agent)
		})
	}
}

func echo(t *testing.T, h libhost.Host, p peer.ID, text string) string {
	t.Helper()
	s, err := h.NewStream(t.Context(), p, "/echo/1")
	require.NoError(t, err)
	_, err = io.WriteString(s, text)
	require.NoError(t, err)
	require.NoError(t, s.CloseWrite())
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	return string(got)
}

func TestStreamsPerPeerAreBounded(t *testing.T) {
	cfg := p2ptest.Config()
	cfg.Limits.StreamsPerPeer = 32
	a, b := p2ptest.Start(t, p2ptest.Config(), p2ptest.Key(t)), p2ptest.Start(t, cfg, p2ptest.Key(t))
	hold := make(chan struct{})
	defer close(hold)
	var handled atomic.Int32
	b.SetStreamHandler("/hold/1", func(s network.Stream) {
		handled.Add(1)
		<-hold
		_ = s.Reset()
	})
	p2ptest.Connect(t, a, b)
	var open []network.Stream
	defer func() {
		for _, s := range open {
			_ = s.Reset()
		}
	}()
	for range 64 {
		s, err := a.NewStream(t.Context(), b.ID(), "/hold/1")
		if err != nil {
			continue
		}
		_, _ = s.Write([]byte("x"))
		open = append(open, s)
	}
	// One protocol has half of a peer's streams, and three quarters of those may be inbound.
	const share = 32 / 2 * 3 / 4
	require.Eventually(t, func() bool { return handled.Load() == share }, 20*time.Second, 5*time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	require.EqualValues(t, share, handled.Load())
}

func TestLoopbackIsAnnouncedOnlyWhenAsked(t *testing.T) {
	cfg := p2ptest.Config()
	cfg.Listen = []string{"0"}
	cfg.Announce = []string{"/ip4/203.0.113.7/tcp/4001"}
	hasLoopback := func(h libhost.Host) bool {
		for _, a := range h.Addrs() {
			if strings.HasPrefix(a.String(), "/ip4/127.") {
				return true
			}
		}
		return false
	}
	loud := p2ptest.Start(t, cfg, p2ptest.Key(t))
	require.True(t, hasLoopback(loud))
	require.Contains(t, fmt.Sprint(loud.Addrs()), "203.0.113.7")
	cfg.AnnounceLoopback = false
	require.False(t, hasLoopback(p2ptest.Start(t, cfg, p2ptest.Key(t))))
}

func TestNATTraversalStartsAndStops(t *testing.T) {
	cfg := p2ptest.Config()
	cfg.Listen = []string{"0"}
	cfg.NAT = true
	a, b := p2ptest.Start(t, cfg, p2ptest.Key(t)), p2ptest.Start(t, cfg, p2ptest.Key(t))
	p2ptest.Connect(t, a, b)
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for name, change := range map[string]func(*host.Config){
		"listen: no address":  func(c *host.Config) { c.Listen = nil },
		"neither a port":      func(c *host.Config) { c.Listen = []string{"70000"} },
		"neither /ip4":        func(c *host.Config) { c.Listen = []string{"/ip4/0.0.0.0/udp/4001"} },
		"announce":            func(c *host.Config) { c.Announce = []string{"example.org"} },
		"version":             func(c *host.Config) { c.Version = "" },
		"memory must be":      func(c *host.Config) { c.Limits.Memory = 1 << 30 },
		"high water":          func(c *host.Config) { c.Limits.HighWater = c.Limits.Conns },
		"streams per peer":    func(c *host.Config) { c.Limits.StreamsPerPeer = 1 },
		"conns per peer must": func(c *host.Config) { c.Limits.ConnsPerPeer = 1 },
	} {
		cfg := p2ptest.Config()
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), name)
		_, err := host.New(cfg, p2ptest.Key(t))
		require.Error(t, err)
	}
	require.NoError(t, host.DefaultConfig().Validate())
}

func TestLimitsScaleWithMemoryWithinBounds(t *testing.T) {
	for _, mem := range []uint64{0, 1 << 20, 100 << 20, 1 << 40} {
		cfg := host.DefaultConfig()
		cfg.Limits = host.ScaleLimits(mem)
		require.NoError(t, cfg.Validate())
		require.LessOrEqual(t, cfg.Limits.Memory, int64(host.MaxMemory))
	}
	require.Less(t, host.ScaleLimits(0).Conns, host.ScaleLimits(1<<40).Conns)
}

func TestNewNeedsAnEd25519Identity(t *testing.T) {
	key, _, err := crypto.GenerateKeyPair(crypto.Secp256k1, 0)
	require.NoError(t, err)
	_, err = host.New(p2ptest.Config(), key)
	require.Error(t, err)
	_, err = host.New(p2ptest.Config(), nil)
	require.Error(t, err)
}
