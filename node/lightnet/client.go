package lightnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/ledger"
	"autonet/ledger/light"
)

// errNone says that the peer has no such thing.
var errNone = fmt.Errorf("the peer: %w", light.ErrNoHeader)

// errBusy says that the peer has too much to do just now.
var errBusy = fmt.Errorf("busy: %w", ErrRefused)

// busyWait is the pause before a busy peer is asked again.
const busyWait = 500 * time.Millisecond

// askWithin bounds one request when the caller sets no bound.
const askWithin = 30 * time.Second

// Client asks peers.
type Client struct {
	host    host.Host
	network string
	members []protocol.ID
}

// NewClient makes a client for the peers of a network: those that speak [Protocol] and the protocols by which members are
// known.
func NewClient(h host.Host, networkName string, members ...protocol.ID) *Client {
	return &Client{host: h, network: networkName, members: append([]protocol.ID{Protocol}, members...)}
}

// IDs lists the connected peers that can be asked, those with the shortest round trip first.
func (c *Client) IDs() []peer.ID {
	var ids []peer.ID
	for _, p := range c.host.Network().Peers() {
		if c.host.Network().Connectedness(p) != network.Connected {
			continue
		}
		known, err := c.host.Peerstore().SupportsProtocols(p, c.members...)
		if err == nil && len(known) == len(c.members) {
			ids = append(ids, p)
		}
	}
	store := c.host.Peerstore()
	slices.SortFunc(ids, func(a, b peer.ID) int {
		return cmp.Or(cmp.Compare(store.LatencyEWMA(a), store.LatencyEWMA(b)), cmp.Compare(a, b))
	})
	return ids
}

// Peers is IDs as text.
func (c *Client) Peers() []string {
	var names []string
	for _, p := range c.IDs() {
		names = append(names, p.String())
	}
	return names
}

// Sources are the peers as a light client asks them.
func (c *Client) Sources() []light.Source {
	var sources []light.Source
	for _, p := range c.IDs() {
		sources = append(sources, From{c, p})
	}
	return sources
}

// From is one peer as a source of headers and proofs.
type From struct {
	client *Client
	peer   peer.ID
}

// From returns a peer as a source.
func (c *Client) From(p peer.ID) From { return From{c, p} }

// Name implements light.Source.
func (f From) Name() string { return f.peer.String() }

// LightBlock implements light.Source.
func (f From) LightBlock(ctx context.Context, height int64) ([]byte, error) {
	return f.client.send(ctx, f.peer, request{Network: f.client.network, Op: opBlock, Height: height, What: []string{}})
}

// Proof implements light.Source.
func (f From) Proof(ctx context.Context, words []string, height int64) ([]byte, error) {
	return f.client.send(ctx, f.peer, request{Network: f.client.network, Op: opProof, Height: height, What: words})
}

func (c *Client) send(ctx context.Context, p peer.ID, r request) ([]byte, error) {
	raw, err := ledger.Marshal(r)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxRequest {
		return nil, fmt.Errorf("a request of %d bytes: %w", len(raw), ErrRequest)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	for {
		body, err := c.once(ctx, p, raw)
		if !errors.Is(err, errBusy) {
			return body, err
		}
		select {
		case <-time.After(busyWait):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// once sends a request and reads its answer.
func (c *Client) once(ctx context.Context, p peer.ID, raw []byte) (body []byte, err error) {
	s, err := c.host.NewStream(network.WithNoDial(ctx, "ask"), p, Protocol)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", p, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	defer func() {
		if err != nil {
			err = errors.Join(err, ctx.Err())
			_ = s.Reset() // nothing more to say
		}
	}()
	if _, err := s.Write(raw); err != nil {
		return nil, err
	}
	if err := s.CloseWrite(); err != nil {
		return nil, err
	}
	answered, err := io.ReadAll(io.LimitReader(s, maxAnswer+2))
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return decodeAnswer(answered)
}
