// Package p2ptest makes hosts on loopback for tests. It must not be used outside of tests.
package p2ptest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/host"
)

// Key returns a new Ed25519 key.
func Key(t testing.TB) crypto.PrivKey {
	t.Helper()
	priv, _, err := crypto.GenerateEd25519Key(rand.Reader)
	require.NoError(t, err)
	return priv
}

// Config listens on a free TCP port of loopback, with small limits and nothing that looks beyond this machine.
func Config() host.Config {
	cfg := host.DefaultConfig()
	cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	cfg.AnnounceLoopback = true
	cfg.NAT = false
	cfg.Version = "test"
	cfg.Limits.Grace = time.Second
	return cfg
}

// Host returns a host with a new identity that is closed when the test ends.
func Host(t testing.TB) libhost.Host {
	t.Helper()
	h, _ := HostWithKey(t)
	return h
}

// HostWithKey returns a host and its identity.
func HostWithKey(t testing.TB) (libhost.Host, crypto.PrivKey) {
	t.Helper()
	key := Key(t)
	return Start(t, Config(), key), key
}

// Start returns a host of the given configuration that is closed when the test ends.
func Start(t testing.TB, cfg host.Config, key crypto.PrivKey) libhost.Host {
	t.Helper()
	h, err := host.New(cfg, key)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

// Connect dials b from a.
func Connect(t testing.TB, a, b libhost.Host) {
	t.Helper()
	require.NoError(t, a.Connect(t.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}))
}

// LeakOptions name goroutines of libraries that have no owner we could wait for.
func LeakOptions() []goleak.Option {
	return nil
}
