package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/node/invite"
)

const (
	maxGenesisBytes = 8 << 20
	genesisTimeout  = 15 * time.Second
)

// ErrNoMember says that no address of an invitation led to a member of its network.
var ErrNoMember = errors.New("no member of the network answers at the invitation's addresses")

// genesisProtocol carries a network's genesis file to newcomers. It also marks a peer as a member of that network.
func genesisProtocol(network string) protocol.ID {
	return protocol.ID("/autonet/genesis/1/" + network)
}

// serveGenesis hands the file at path to whoever asks: it is public.
func serveGenesis(h host.Host, netName, path string) {
	h.SetStreamHandler(genesisProtocol(netName), func(s network.Stream) {
		if err := sendFile(s, path); err != nil {
			_ = s.Reset() // the reader sees the hash fail otherwise
		}
	})
}

func sendFile(s network.Stream, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := s.SetDeadline(time.Now().Add(genesisTimeout)); err != nil {
		return err
	}
	if _, err := s.Write(raw); err != nil {
		return err
	}
	return s.Close()
}

// fetchGenesis asks the members an invitation names, one after the other, and checks what they send against its hash.
func fetchGenesis(ctx context.Context, h host.Host, inv invite.Invite) ([]byte, error) {
	var errs []error
	for _, addr := range inv.Addresses {
		raw, err := fetchGenesisFrom(ctx, h, inv, addr)
		if err == nil {
			return raw, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", addr, err))
	}
	return nil, fmt.Errorf("%w: %w", ErrNoMember, errors.Join(errs...))
}

func fetchGenesisFrom(ctx context.Context, h host.Host, inv invite.Invite, addr string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, genesisTimeout)
	defer cancel()
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return nil, err
	}
	if err := h.Connect(ctx, *info); err != nil {
		return nil, err
	}
	s, err := h.NewStream(ctx, info.ID, genesisProtocol(inv.Network))
	if err != nil {
		return nil, fmt.Errorf("it is not a member of network %s: %w", inv.Network, err)
	}
	defer s.Reset() //nolint:errcheck // read to its end or abandoned
	if err := s.SetDeadline(time.Now().Add(genesisTimeout)); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(s, maxGenesisBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxGenesisBytes || sha256.Sum256(raw) != inv.GenesisHash {
		return nil, errors.New("it sent another genesis than the invitation's")
	}
	return raw, nil
}
