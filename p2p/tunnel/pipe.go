package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	bufferSize = 64 << 10
	// acceptPause is the wait after a failed accept, such as one for want of file descriptors.
	acceptPause = 100 * time.Millisecond
)

// accept turns the connections of one endpoint into streams until the listener is closed.
func (t *Tunnel) accept(ctx context.Context, wg *sync.WaitGroup, p peer.ID, l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			wg.Go(func() { t.outbound(ctx, p, c) })
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(acceptPause):
		}
	}
}

// outbound carries one local connection to p.
func (t *Tunnel) outbound(ctx context.Context, p peer.ID, local net.Conn) {
	if !t.take(&t.out, p) {
		t.refuse(local)
		return
	}
	defer t.give(&t.out, p)
	octx, cancel := context.WithTimeout(ctx, openTimeout)
	s, err := t.host.NewStream(octx, p, t.proto)
	cancel()
	if err != nil {
		t.refuse(local)
		return
	}
	t.join(ctx, local, s)
}

// inbound carries one stream of a peer to the local service.
func (t *Tunnel) inbound(ctx context.Context, s network.Stream) {
	p := s.Conn().RemotePeer()
	if t.allow != nil && !t.allow(p) || !t.take(&t.in, p) {
		t.refused.Add(1)
		_ = s.Reset()
		return
	}
	defer t.give(&t.in, p)
	addr := t.target()
	if addr == "" {
		t.refused.Add(1)
		_ = s.Reset()
		return
	}
	local, err := (&net.Dialer{Timeout: targetTimeout}).DialContext(ctx, "tcp", addr)
	if err != nil {
		t.refused.Add(1)
		_ = s.Reset()
		return
	}
	t.join(ctx, local, s)
}

func (t *Tunnel) refuse(local net.Conn) {
	t.refused.Add(1)
	abort(local)
}

// join copies both ways until both directions have ended, one has failed, or ctx ends. The end of one direction is
// passed on as a half-close, a failure as a reset of both.
func (t *Tunnel) join(ctx context.Context, local net.Conn, s network.Stream) {
	t.opened.Add(1)
	kill := sync.OnceFunc(func() {
		_ = s.Reset()
		abort(local)
	})
	defer context.AfterFunc(ctx, kill)()
	var wg sync.WaitGroup
	var failed atomic.Bool
	wg.Go(func() {
		if !transfer(s, local, &t.bytesOut) {
			failed.Store(true)
			kill()
		}
	})
	if !transfer(local, s, &t.bytesIn) {
		failed.Store(true)
		kill()
	}
	wg.Wait()
	if !failed.Load() {
		_ = s.Close()
		_ = local.Close()
	}
}

// transfer copies until the source ends and closes the writing side of the destination; false means a failure.
func transfer(dst, src io.ReadWriter, count *atomic.Uint64) bool {
	if _, err := io.CopyBuffer(&counted{dst, count}, plainReader{src}, make([]byte, bufferSize)); err != nil {
		return false
	}
	half, ok := dst.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// plainReader and counted hide WriterTo and ReaderFrom, so that our buffer is used and bytes count as they pass.
type plainReader struct{ io.Reader }

type counted struct {
	w io.Writer
	n *atomic.Uint64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n.Add(uint64(max(0, n)))
	return n, err
}

// abort closes a local connection so that its peer sees a reset, not an orderly end.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
