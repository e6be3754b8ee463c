package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/ledger/abci"
)

// stateProtocol carries the requests of those who join the ledger late: one request and its answer on each stream.
const stateProtocol protocol.ID = "/autonet/state/1"

const (
	stateAtOnce  = 8 // streams served at the same time
	stateTimeout = 20 * time.Second
)

// errLongAnswer says that a member sent more than any answer has.
var errLongAnswer = errors.New("an answer that is too long")

// serveState answers those who join late, a few at a time; the others are told to try elsewhere.
func (n *Node) serveState() {
	slots := make(chan struct{}, stateAtOnce)
	n.host.SetStreamHandler(stateProtocol, func(s network.Stream) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			_ = s.Reset() // the asker sees it
			return
		}
		if err := n.answerState(s); err != nil {
			_ = s.Reset() // the asker sees it
			n.log.Debug("a joiner was not answered", slog.String("peer", s.Conn().RemotePeer().String()), slog.Any("error", err))
		}
	})
}

func (n *Node) answerState(s network.Stream) error {
	if err := s.SetDeadline(time.Now().Add(stateTimeout)); err != nil {
		return err
	}
	request, err := io.ReadAll(io.LimitReader(s, abci.MaxSyncRequest+1))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	answer, err := n.engine.Answer(ctx, request)
	if err != nil {
		return err
	}
	if _, err := s.Write(answer); err != nil {
		return err
	}
	return s.Close()
}

// stateSource asks the connected members of the network for what a joiner of the ledger needs.
type stateSource struct {
	host   host.Host
	member protocol.ID
}

// Peers implements abci.SyncSource.
func (l stateSource) Peers() []string {
	var out []string
	for _, p := range l.host.Network().Peers() {
		known, err := l.host.Peerstore().SupportsProtocols(p, l.member, stateProtocol)
		if err == nil && len(known) == 2 {
			out = append(out, p.String())
		}
	}
	slices.Sort(out)
	return out
}

// Ask implements abci.SyncSource.
func (l stateSource) Ask(ctx context.Context, name string, request []byte) ([]byte, error) {
	p, err := peer.Decode(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	s, err := l.host.NewStream(ctx, p, stateProtocol)
	if err != nil {
		return nil, err
	}
	defer s.Reset() //nolint:errcheck // read to its end or abandoned
	if err := s.SetDeadline(time.Now().Add(stateTimeout)); err != nil {
		return nil, err
	}
	if _, err := s.Write(request); err != nil {
		return nil, err
	}
	if err := s.CloseWrite(); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(s, abci.MaxSyncAnswer+1))
	if err == nil && len(answer) > abci.MaxSyncAnswer {
		err = errLongAnswer
	}
	return answer, err
}
