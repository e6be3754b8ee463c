package discovery_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/crypto"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/dht"
	"autonet/p2p/discovery"
	"autonet/p2p/host"
	"autonet/p2p/p2ptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a host with its routing table and discovery.
type node struct {
	host libhost.Host
	disc *discovery.Discovery
	stop func()
}

func (n *node) addr() string { return fmt.Sprintf("%s/p2p/%s", n.host.Addrs()[0], n.host.ID()) }

func (n *node) peers() int { return len(n.host.Network().Peers()) }

type settings struct {
	listen string
	key    crypto.PrivKey
	change func(*discovery.Config)
}

func start(t *testing.T, s settings, bootstrap ...string) *node {
	t.Helper()
	cfg := p2ptest.Config()
	if s.listen != "" {
		cfg.Listen = []string{s.listen}
	}
	if s.key == nil {
		s.key = p2ptest.Key(t)
	}
	h, err := host.New(cfg, s.key)
	require.NoError(t, err)
	d, err := dht.New(h, dht.DefaultConfig())
	require.NoError(t, err)
	dcfg := discovery.DefaultConfig("devnet")
	dcfg.Bootstrap = bootstrap
	if s.change != nil {
		s.change(&dcfg)
	}
	disc, err := discovery.New(h, d, dcfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- d.Run(ctx) }()
	go func() { done <- disc.Run(ctx) }()
	stopped := false
	n := &node{host: h, disc: disc, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		require.NoError(t, h.Close())
	}}
	t.Cleanup(n.stop)
	return n
}

// patience is for machines that do much else; what is waited for takes a fraction of a second on an idle one.
const patience = 30 * time.Second

func requireMesh(t *testing.T, nodes []*node) {
	t.Helper()
	begin := time.Now()
	require.Eventually(t, func() bool {
		for _, n := range nodes {
			if n.peers() < min(len(nodes)-1, discovery.DefaultConfig("devnet").MinPeers) {
				return false
			}
		}
		return true
	}, patience, 20*time.Millisecond)
	t.Logf("%d nodes meshed in %s", len(nodes), time.Since(begin).Round(time.Millisecond))
}

func TestTwelveNodesMeshThroughOneBootstrap(t *testing.T) {
	nodes := []*node{start(t, settings{})}
	for range 11 {
		nodes = append(nodes, start(t, settings{}, nodes[0].addr()))
	}
	requireMesh(t, nodes)
	s := nodes[3].disc.Status()
	require.GreaterOrEqual(t, s.Connected, 1)
	require.Len(t, s.Bootstrap, 1)
	require.True(t, s.Bootstrap[0].Connected)
	require.Empty(t, s.Bootstrap[0].Error)
}

func TestALateAndRestartedBootstrapIsFound(t *testing.T) {
	key := p2ptest.Key(t)
	// Learn a free port and this key's id, then give both up.
	first := p2ptest.Start(t, p2ptest.Config(), key)
	listen := first.Addrs()[0].String()
	addr := fmt.Sprintf("%s/p2p/%s", listen, first.ID())
	require.NoError(t, first.Close())

	others := []*node{start(t, settings{}, addr), start(t, settings{}, addr), start(t, settings{}, addr)}
	time.Sleep(500 * time.Millisecond)
	status := others[0].disc.Status().Bootstrap[0]
	require.False(t, status.Connected)
	require.Positive(t, status.Failures)
	require.NotEmpty(t, status.Error)

	late := start(t, settings{listen: listen, key: key})
	requireMesh(t, append(others, late))

	late.stop()
	require.Eventually(t, func() bool { return others[0].peers() == 2 }, patience, 10*time.Millisecond)
	again := start(t, settings{listen: listen, key: key})
	requireMesh(t, append(others, again))

	newcomer := start(t, settings{}, addr)
	requireMesh(t, append(others, again, newcomer))
}

func TestNetworksDoNotMix(t *testing.T) {
	hub := start(t, settings{})
	other := func(c *discovery.Config) { c.Network = "othernet" }
	a, b := start(t, settings{}, hub.addr()), start(t, settings{}, hub.addr())
	x := start(t, settings{change: other}, hub.addr())
	requireMesh(t, []*node{hub, a, b})
	time.Sleep(time.Second)
	// The routing table is common to all networks and connects hosts for its own ends; membership is not.
	require.Equal(t, 1, x.disc.Status().Known, "only the bootstrap peer it was told of")
	require.Equal(t, 2, a.disc.Status().Known)
}

func TestGoodPeersAreRememberedWithoutABootstrap(t *testing.T) {
	file := filepath.Join(t.TempDir(), "peers.json")
	remember := func(c *discovery.Config) { c.PeersFile = file }
	hub := start(t, settings{})
	a := start(t, settings{change: remember}, hub.addr())
	requireMesh(t, []*node{hub, a})
	a.stop()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(raw), hub.host.ID().String())

	again := start(t, settings{change: remember})
	require.Eventually(t, func() bool { return again.peers() == 1 }, patience, 10*time.Millisecond)
}

func TestADamagedPeersFileIsPassedOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "peers.json")
	hub := start(t, settings{})
	for _, text := range []string{"", "{", `{"version":1,"network":"devnet","peers":["/ip4/1.2.3.4"]}`, `{"version":9}`, "null", "[]"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		n := start(t, settings{change: func(c *discovery.Config) { c.PeersFile = file }}, hub.addr())
		require.Eventually(t, func() bool { return n.peers() >= 1 }, patience, 10*time.Millisecond)
		n.stop()
	}
}

func TestAddedPeersAreDialled(t *testing.T) {
	a, b := start(t, settings{}), start(t, settings{})
	require.NoError(t, a.disc.AddPeers([]string{b.addr()}))
	require.Eventually(t, func() bool { return a.peers() == 1 }, patience, 10*time.Millisecond)
	require.Error(t, a.disc.AddPeers([]string{"/ip4/127.0.0.1/tcp/1"}))
}

func TestNobodyDialsItself(t *testing.T) {
	key := p2ptest.Key(t)
	first := p2ptest.Start(t, p2ptest.Config(), key)
	listen := first.Addrs()[0].String()
	addr := fmt.Sprintf("%s/p2p/%s", listen, first.ID())
	require.NoError(t, first.Close())
	n := start(t, settings{listen: listen, key: key}, addr)
	require.NoError(t, n.disc.AddPeers([]string{addr}))
	require.Zero(t, n.disc.Status().Known)
}

func TestNoMorePeersThanAskedAreDialled(t *testing.T) {
	few := func(c *discovery.Config) { c.MinPeers = 2 }
	hub := start(t, settings{change: few})
	var nodes []*node
	for range 6 {
		nodes = append(nodes, start(t, settings{change: few}, hub.addr()))
	}
	for _, n := range nodes {
		require.Eventually(t, func() bool { return n.disc.Status().Connected >= 2 }, patience, 10*time.Millisecond)
	}
}

// fixedRouting finds the same peers whatever is asked.
type fixedRouting []peer.AddrInfo

func (fixedRouting) Provide(context.Context, cid.Cid) error { return nil }

func (r fixedRouting) EachProvider(_ context.Context, _ cid.Cid, _ int, fn func(peer.AddrInfo)) error {
	for _, info := range r {
		fn(info)
	}
	return nil
}

func TestPrivateAddressesOfOthersAreDialledOnlyWhenAllowed(t *testing.T) {
	target := p2ptest.Host(t)
	found := fixedRouting{{ID: target.ID(), Addrs: target.Addrs()}}
	for _, allow := range []bool{true, false} {
		h := p2ptest.Host(t)
		cfg := discovery.DefaultConfig("devnet")
		cfg.AllowPrivate = allow
		d, err := discovery.New(h, found, cfg)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		if allow {
			require.Eventually(t, func() bool { return d.Status().Connected == 1 }, patience, 5*time.Millisecond)
		} else {
			time.Sleep(200 * time.Millisecond)
			require.Zero(t, d.Status().Known)
		}
		cancel()
		require.NoError(t, <-done)
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	h := p2ptest.Host(t)
	for want, change := range map[string]func(*discovery.Config){
		"network":                   func(c *discovery.Config) { c.Network = "My Net" },
		"bootstrap":                 func(c *discovery.Config) { c.Bootstrap = []string{"localhost:4001"} },
		"must have an address":      func(c *discovery.Config) { c.Bootstrap = []string{"/ip4/127.0.0.1/tcp/4001"} },
		"min peers":                 func(c *discovery.Config) { c.MinPeers = 0 },
		"retry":                     func(c *discovery.Config) { c.RetryMax = 0 },
		"refresh must be at least ": func(c *discovery.Config) { c.Refresh = 0 },
	} {
		cfg := discovery.DefaultConfig("devnet")
		change(&cfg)
		_, err := discovery.New(h, nil, cfg)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParsePeers(f *testing.F) {
	f.Add("/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN")
	f.Add("/dns4/example.org/tcp/4001")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		infos, err := discovery.ParsePeers([]string{s, s})
		if err != nil {
			return
		}
		require.Len(t, infos, 1)
		require.NotEmpty(t, infos[0].Addrs)
		require.NoError(t, infos[0].ID.Validate())
	})
}
