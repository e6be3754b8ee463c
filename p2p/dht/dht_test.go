package dht_test

import (
	"context"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/multiformats/go-multihash"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/dht"
	"autonet/p2p/p2ptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCID(t *testing.T, text string) cid.Cid {
	t.Helper()
	mh, err := multihash.Sum([]byte(text), multihash.SHA2_256, -1)
	require.NoError(t, err)
	return cid.NewCidV1(cid.Raw, mh)
}

// start runs a routing table until the test or the returned function ends it.
func start(t *testing.T, cfg dht.Config) (libhost.Host, *dht.DHT, func()) {
	t.Helper()
	h := p2ptest.Host(t)
	d, err := dht.New(h, cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return h, d, stop
}

func TestProvidersAreFoundThroughOthers(t *testing.T) {
	hub, hubDHT, _ := start(t, dht.DefaultConfig())
	a, aDHT, _ := start(t, dht.DefaultConfig())
	b, bDHT, _ := start(t, dht.DefaultConfig())
	p2ptest.Connect(t, a, hub)
	p2ptest.Connect(t, b, hub)
	for _, d := range []*dht.DHT{aDHT, bDHT} {
		require.Eventually(t, func() bool { return d.Size() > 0 }, 20*time.Second, 10*time.Millisecond)
	}
	require.NoError(t, hubDHT.Bootstrap(t.Context()))
	c := newCID(t, "model")
	require.NoError(t, aDHT.Provide(t.Context(), c))
	found, err := bDHT.FindProviders(t.Context(), c, 4)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, a.ID(), found[0].ID)
	require.NotEmpty(t, found[0].Addrs)

	own, err := aDHT.FindProviders(t.Context(), c, 4)
	require.NoError(t, err)
	require.Empty(t, own, "a host is not its own provider")

	info, err := bDHT.FindPeer(t.Context(), a.ID())
	require.NoError(t, err)
	require.NotEmpty(t, info.Addrs)
}

func TestUnknownThingsAreNotFound(t *testing.T) {
	_, d, _ := start(t, dht.DefaultConfig())
	require.ErrorIs(t, d.Provide(t.Context(), newCID(t, "x")), dht.ErrNoPeers)
	found, err := d.FindProviders(t.Context(), newCID(t, "x"), 1)
	require.NoError(t, err)
	require.Empty(t, found)
	_, err = d.FindPeer(t.Context(), p2ptest.Host(t).ID())
	require.ErrorIs(t, err, dht.ErrNotFound)
	_, err = d.FindProviders(t.Context(), newCID(t, "x"), 0)
	require.Error(t, err)
}

func TestPrivateAddressesAreDroppedWhenForbidden(t *testing.T) {
	strict := dht.DefaultConfig()
	strict.AllowPrivate = false
	hub, hubDHT, _ := start(t, strict)
	a, _, _ := start(t, dht.DefaultConfig())
	p2ptest.Connect(t, a, hub)
	time.Sleep(300 * time.Millisecond)
	require.Zero(t, hubDHT.Size(), "a loopback peer does not enter the table")
}

func TestCallsWaitForRunAndFailAfterIt(t *testing.T) {
	d, err := dht.New(p2ptest.Host(t), dht.DefaultConfig())
	require.NoError(t, err)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, d.Provide(short, newCID(t, "x")), context.DeadlineExceeded)
	require.Zero(t, d.Size())

	_, running, stop := start(t, dht.DefaultConfig())
	require.ErrorIs(t, running.Bootstrap(t.Context()), dht.ErrNoPeers)
	stop()
	_, err = running.FindProviders(t.Context(), newCID(t, "x"), 1)
	require.ErrorIs(t, err, dht.ErrStopped)
	require.Error(t, running.Run(t.Context()))
}

func TestTheProtocolIsOurOwn(t *testing.T) {
	h, d, _ := start(t, dht.DefaultConfig())
	require.ErrorIs(t, d.Bootstrap(t.Context()), dht.ErrNoPeers)
	var kad []string
	for _, p := range h.Mux().Protocols() {
		if len(p) > 8 && p[:8] == "/autonet" {
			kad = append(kad, string(p))
		}
	}
	require.Equal(t, []string{"/autonet/kad/1.0.0"}, kad)
}

func TestConfigIsChecked(t *testing.T) {
	cfg := dht.DefaultConfig()
	cfg.RecordAge, cfg.QueryTimeout = 0, 0
	_, err := dht.New(p2ptest.Host(t), cfg)
	require.ErrorContains(t, err, "record age")
	require.ErrorContains(t, err, "query timeout")
}
