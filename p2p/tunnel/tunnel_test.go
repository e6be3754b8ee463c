package tunnel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/p2ptest"
	"autonet/p2p/tunnel"
)

const proto = "/autonet/comet/1"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers each connection with fn on a loopback port until the test ends.
func serve(t *testing.T, fn func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				fn(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		wg.Wait()
	})
	return l.Addr().String()
}

func echo(c *net.TCPConn) {
	_, _ = io.Copy(c, c)
	_ = c.CloseWrite()
}

// run starts the tunnel; the returned function stops it and waits.
func run(t *testing.T, tn *tunnel.Tunnel) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tn.Run(ctx) }()
	once := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(once)
	return once
}

// pair returns a client's and a server's tunnel, the server's leading to target.
func pair(t *testing.T, listen, target string, opts ...tunnel.Option) (client, server *tunnel.Tunnel, a, b libhost.Host) {
	t.Helper()
	cfg := p2ptest.Config()
	cfg.Listen = []string{listen}
	a, b = p2ptest.Start(t, cfg, p2ptest.Key(t)), p2ptest.Start(t, cfg, p2ptest.Key(t))
	client = tunnel.New(a, proto, func() string { return "" })
	server = tunnel.New(b, proto, func() string { return target }, opts...)
	run(t, client)
	run(t, server)
	p2ptest.Connect(t, a, b)
	require.Eventually(t, func() bool {
		ps, err := a.Peerstore().SupportsProtocols(b.ID(), proto)
		return err == nil && len(ps) == 1
	}, 20*time.Second, 5*time.Millisecond)
	return client, server, a, b
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c.(*net.TCPConn)
}

// requireRefused dials and expects a reset, which may come before the dial has returned.
func requireRefused(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.ReadAll(c)
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestEightMiBGoThereAndBack(t *testing.T) {
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"} {
		t.Run(listen, func(t *testing.T) {
			client, server, _, b := pair(t, listen, serve(t, echo))
			addr, err := client.Endpoint(b.ID())
			require.NoError(t, err)
			c := dial(t, addr)
			data := make([]byte, 8<<20)
			_, err = rand.Read(data)
			require.NoError(t, err)
			begin := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() {
				_, _ = c.Write(data)
				_ = c.CloseWrite()
			})
			got, err := io.ReadAll(c)
			wg.Wait()
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, got))
			t.Logf("%.0f MB/s each way", 8.4/time.Since(begin).Seconds())
			require.EqualValues(t, len(data), server.Stats().BytesIn)
			require.EqualValues(t, len(data), client.Stats().BytesIn)
			require.EqualValues(t, 1, server.Stats().Opened)
		})
	}
}

func TestTheServiceMaySpeakFirst(t *testing.T) {
	client, _, _, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, func(c *net.TCPConn) { _, _ = io.WriteString(c, "hello") }))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	got, err := io.ReadAll(dial(t, addr))
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
}

func TestAResetIsPassedOn(t *testing.T) {
	client, _, _, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, func(c *net.TCPConn) {
		_, _ = io.ReadFull(c, make([]byte, 1))
		_ = c.SetLinger(0)
	}))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	c := dial(t, addr)
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	require.Error(t, err, "not an orderly end")
}

func TestAGonePeerBreaksItsConnections(t *testing.T) {
	client, _, a, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, echo))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	c := dial(t, addr)
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, b.Close())
	_, err = io.ReadAll(c)
	require.Error(t, err)
	require.NoError(t, a.Network().ClosePeer(b.ID()))

	// Further connections fail instead of hanging.
	requireRefused(t, addr)
	require.Positive(t, client.Stats().Refused)
}

func TestConnectionsRunSideBySide(t *testing.T) {
	client, _, _, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, echo))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	var wg sync.WaitGroup
	errs := make(chan error, 12)
	for i := range 12 {
		c := dial(t, addr)
		wg.Go(func() {
			data := bytes.Repeat([]byte{byte(i)}, 200_000)
			var w sync.WaitGroup
			w.Go(func() {
				_, _ = c.Write(data)
				_ = c.CloseWrite()
			})
			got, err := io.ReadAll(c)
			w.Wait()
			if err == nil && !bytes.Equal(got, data) {
				err = errors.New("bytes of another connection")
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestStreamsOfOnePeerAreBounded(t *testing.T) {
	client, server, _, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, echo), tunnel.StreamsPerPeer(2))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	ping := func(c net.Conn) error {
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 1))
		return err
	}
	// A refusal's reset may come before the dial has returned, so a failed dial is one more answer.
	try := func() error {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return err
		}
		return ping(c)
	}
	first, second := dial(t, addr), dial(t, addr)
	require.NoError(t, ping(first))
	require.NoError(t, ping(second))
	require.Error(t, try())
	require.EqualValues(t, 1, server.Stats().Refused)
	require.NoError(t, first.Close())
	require.Eventually(t, func() bool { return try() == nil }, 20*time.Second, 10*time.Millisecond, "a slot is given back")
}

func TestOnlyAllowedPeersGetIn(t *testing.T) {
	var open atomic.Bool
	var seen atomic.Value
	client, server, a, b := pair(t, "/ip4/127.0.0.1/tcp/0", serve(t, echo), tunnel.Allow(func(p peer.ID) bool { seen.Store(p); return open.Load() }))
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	requireRefused(t, addr)
	require.EqualValues(t, 1, server.Stats().Refused)
	require.Equal(t, a.ID(), seen.Load())
	open.Store(true)
	c := dial(t, addr)
	require.NoError(t, c.CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestAServiceThatIsDownRefuses(t *testing.T) {
	for _, target := range []string{"", "127.0.0.1:1"} {
		client, _, _, b := pair(t, "/ip4/127.0.0.1/tcp/0", target)
		addr, err := client.Endpoint(b.ID())
		require.NoError(t, err)
		requireRefused(t, addr)
	}
}

func TestEndpointsAreOnePerPeer(t *testing.T) {
	h := p2ptest.Host(t)
	tn := tunnel.New(h, proto, func() string { return "" })
	other := p2ptest.Host(t).ID()
	addr, err := tn.Endpoint(other)
	require.NoError(t, err)
	again, err := tn.Endpoint(other)
	require.NoError(t, err)
	require.Equal(t, addr, again)
	_, err = tn.Endpoint(h.ID())
	require.ErrorIs(t, err, tunnel.ErrSelf)
	_, err = tn.Endpoint("")
	require.Error(t, err)

	stop := run(t, tn)
	requireRefused(t, addr)
	require.NoError(t, tn.CloseEndpoint(other))
	require.NoError(t, tn.CloseEndpoint(other))
	_, err = net.Dial("tcp", addr)
	require.Error(t, err)
	_, err = tn.Endpoint(other)
	require.NoError(t, err)
	require.Error(t, tn.Run(t.Context()), "Run is for once")
	stop()
	_, err = tn.Endpoint(other)
	require.ErrorIs(t, err, tunnel.ErrStopped)
}

func TestStoppingBreaksWhatIsOpen(t *testing.T) {
	target := serve(t, echo)
	a, b := p2ptest.Host(t), p2ptest.Host(t)
	client, server := tunnel.New(a, proto, func() string { return "" }), tunnel.New(b, proto, func() string { return target })
	stop := run(t, client)
	run(t, server)
	p2ptest.Connect(t, a, b)
	addr, err := client.Endpoint(b.ID())
	require.NoError(t, err)
	c := dial(t, addr)
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 1))
	require.NoError(t, err)
	begin := time.Now()
	stop()
	require.Less(t, time.Since(begin), 2*time.Second)
	_, err = io.ReadAll(c)
	require.Error(t, err)
}
