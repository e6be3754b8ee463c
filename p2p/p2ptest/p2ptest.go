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

	"autonet/p2p/host"
)

// Key returns a new Ed25519 key.
func Key(tb testing.TB) crypto.PrivKey {
	tb.Helper()
	priv, _, err := crypto.GenerateEd25519Key(rand.Reader)
	require.NoError(tb, err)
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
func Host(tb testing.TB) libhost.Host {
	tb.Helper()
	h, _ := HostWithKey(tb)
	return h
}

// HostWithKey returns a host and its identity.
func HostWithKey(tb testing.TB) (libhost.Host, crypto.PrivKey) {
	tb.Helper()
	key := Key(tb)
	return Start(tb, Config(), key), key
}

// Start returns a host of the given configuration that is closed when the test ends.
func Start(tb testing.TB, cfg host.Config, key crypto.PrivKey) libhost.Host {
	tb.Helper()
	h, err := host.New(cfg, key)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, h.Close()) })
	return h
}

// Connect dials b from a.
func Connect(tb testing.TB, a, b libhost.Host) {
	tb.Helper()
	require.NoError(tb, a.Connect(tb.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}))
}
