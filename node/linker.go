package node

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"autonet/ledger/abci"
	"autonet/p2p/tunnel"
)

// cometProtocol carries the ledger engine's own connections through this host.
const cometProtocol protocol.ID = "/autonet/comet/1"

// linkEvery is how often the connected peers are looked through again, in case an event was missed.
const linkEvery = 5 * time.Second

// linker lets the ledger engine dial every connected member of the network through the tunnel. Of two nodes the one
// with the smaller peer ID dials, so that they meet once.
type linker struct {
	host   host.Host
	tunnel *tunnel.Tunnel
	engine *abci.Engine
	member protocol.ID
	log    *slog.Logger
}

// Run links until ctx ends.
func (l *linker) Run(ctx context.Context) error {
	sub, err := l.host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated),
	}, eventbus.BufSize(256))
	if err != nil {
		return err
	}
	defer func() { _ = sub.Close() }() // nobody listens any more
	tick := time.NewTicker(linkEvery)
	defer tick.Stop()
	for {
		l.linkAll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-sub.Out():
		case <-tick.C:
		}
	}
}

func (l *linker) linkAll(ctx context.Context) {
	for _, p := range l.host.Network().Peers() {
		if l.host.Network().Connectedness(p) != network.Connected || l.host.ID() >= p || !l.isMember(p) {
			continue
		}
		if err := l.link(ctx, p); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "ledger not linked to a peer", slog.String("peer", p.String()), slog.Any("error", err))
		}
	}
}

func (l *linker) link(ctx context.Context, p peer.ID) error {
	pub, err := p.ExtractPublicKey()
	if err != nil {
		return err
	}
	raw, err := pub.Raw()
	if err != nil {
		return err
	}
	addr, err := l.tunnel.Endpoint(p) //nolint:contextcheck // it binds a port and returns
	if err != nil {
		return err
	}
	return l.engine.DialPeer(ctx, abci.NodeIDOf(ed25519.PublicKey(raw)), addr)
}

// isMember reports whether a peer serves the genesis of this very network and carries ledger connections.
func (l *linker) isMember(p peer.ID) bool {
	known, err := l.host.Peerstore().SupportsProtocols(p, l.member, cometProtocol)
	return err == nil && len(known) == 2
}
