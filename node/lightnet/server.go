package lightnet

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/ledger/abci"
	"autonet/ledger/proof"
)

// Bounds of serving.
const (
	maxStreams     = 64
	maxPeerStreams = 8
	peerRate       = 64  // requests per second of one peer, over time
	peerBurst      = 512 // requests at once
	maxPeers       = 4096
	proveWithin    = 10 * time.Second
)

// Ledger is what the server needs of a full node's ledger.
type Ledger interface {
	LightBlock(height int64) ([]byte, error)
	ProveWhat(ctx context.Context, words []string, height int64) (proof.Proof, error)
}

// Server answers requests from a ledger.
type Server struct {
	host    host.Host
	network string
	ledger  Ledger
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	streams int
	peers   map[peer.ID]*account
	closed  bool
	done    sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // of the server's life, which streams end with
}

// account counts what a peer asks for.
type account struct {
	streams int
	tokens  float64
	at      time.Time
}

// Serve answers every peer's requests about the network's ledger until [Server.Close].
func Serve(h host.Host, networkName string, l Ledger, log *slog.Logger) *Server {
	s := &Server{host: h, network: networkName, ledger: l, log: log, now: time.Now, peers: map[peer.ID]*account{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	h.SetStreamHandler(Protocol, s.handle)
	return s
}

// Close takes no more requests and waits for those being answered.
func (s *Server) Close() error {
	s.host.RemoveStreamHandler(Protocol)
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.done.Wait()
	return nil
}

func (s *Server) handle(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	if !s.admit(from) {
		_ = answer(stream, sayBusy, nil) // best effort
		return
	}
	defer s.dismiss(from)
	if err := s.serve(stream); err != nil {
		s.log.Debug("request for headers or proofs not answered", slog.String("peer", from.String()), slog.Any("error", err))
		_ = stream.Reset() // the peer sees that there is no answer
	}
}

// admit counts a stream in, if its peer keeps to the bounds.
func (s *Server) admit(p peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.streams >= maxStreams {
		return false
	}
	now := s.now()
	a := s.peers[p]
	if a == nil {
		if len(s.peers) >= maxPeers {
			s.forget(now)
		}
		if len(s.peers) >= maxPeers {
			return false
		}
		a = &account{tokens: peerBurst, at: now}
		s.peers[p] = a
	}
	a.tokens = min(peerBurst, a.tokens+now.Sub(a.at).Seconds()*peerRate)
	a.at = now
	if a.streams >= maxPeerStreams || a.tokens < 1 {
		return false
	}
	a.tokens--
	a.streams++
	s.streams++
	s.done.Add(1)
	return true
}

// forget drops the accounts of peers that have asked for nothing for as long as it takes to be in full credit again.
func (s *Server) forget(now time.Time) {
	for p, a := range s.peers {
		if a.streams == 0 && now.Sub(a.at).Seconds()*peerRate >= peerBurst {
			delete(s.peers, p)
		}
	}
}

func (s *Server) dismiss(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[p].streams--
	s.streams--
	s.done.Done()
}

func (s *Server) serve(stream network.Stream) error {
	r, err := readRequest(stream)
	if err != nil {
		return err
	}
	if r.Network != s.network {
		return answer(stream, sayRefuse, []byte("this node is of network "+s.network))
	}
	ctx, cancel := context.WithTimeout(s.ctx, proveWithin)
	defer cancel()
	body, err := s.find(ctx, r)
	switch {
	case errors.Is(err, abci.ErrNoBlock):
		return answer(stream, sayNone, nil)
	case err != nil:
		return answer(stream, sayRefuse, []byte(err.Error()))
	case len(body) > maxAnswer:
		return answer(stream, sayRefuse, []byte("the answer would be too large"))
	}
	return answer(stream, sayHere, body)
}

func (s *Server) find(ctx context.Context, r request) ([]byte, error) {
	if r.Op == opBlock {
		return s.ledger.LightBlock(r.Height)
	}
	p, err := s.ledger.ProveWhat(ctx, r.What, r.Height)
	if err != nil {
		return nil, err
	}
	return p.Encode()
}
