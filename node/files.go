package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/ledger/app"
	"autonet/node/roles"
	"autonet/shards/pin"
)

// files is the shard service as roles use it.
type files struct{ pins *pin.Service }

// errIncomplete says that a file was stored, but not all its columns landed.
var errIncomplete = errors.New("not every column of the file landed")

// Pin implements roles.Files.
func (f files) Pin(ctx context.Context, data []byte) (roles.Pinned, error) {
	info, err := f.pins.Pin(ctx, bytes.NewReader(data), int64(len(data)), pin.PinOptions{})
	if err != nil {
		return roles.Pinned{}, err
	}
	if !info.Complete {
		return roles.Pinned{}, fmt.Errorf("%w: %s", errIncomplete, missing(info))
	}
	return roles.Pinned{
		CID: info.CID.String(), Root: info.Root, Size: uint64(info.Size),
		Data: uint8(info.K), Parity: uint8(info.M), Providers: info.Providers,
	}, nil
}

func missing(info pin.Info) string {
	var out bytes.Buffer
	for _, c := range info.Columns {
		if !c.Confirmed {
			fmt.Fprintf(&out, "column %d: %s; ", c.Index, c.Reason)
		}
	}
	return out.String()
}

// Fetch implements roles.Files.
func (f files) Fetch(ctx context.Context, text string, limit int64) ([]byte, error) {
	c, err := cid.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no CID: %w", text, err)
	}
	return f.pins.GetBytes(ctx, c, limit)
}

// Columns implements roles.Files.
func (f files) Columns(ctx context.Context, text string) ([]uint16, error) {
	c, err := cid.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no CID: %w", text, err)
	}
	info, err := f.pins.Stat(ctx, c)
	if errors.Is(err, pin.ErrNotPinned) || errors.Is(err, pin.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]uint16, 0, len(info.Held))
	for _, i := range info.Held {
		out = append(out, uint16(i))
	}
	return out, nil
}

// providers lists the registered providers with room left, for the placement of columns.
func (n *Node) providers(context.Context) ([]pin.Provider, error) {
	var out []pin.Provider
	err := n.engine.View(func(v app.View) error {
		for _, p := range v.Providers() {
			id, err := peer.Decode(string(p.Account))
			if err != nil || !p.Active {
				continue
			}
			out = append(out, pin.Provider{ID: id, Free: p.Capacity - min(p.Used, p.Capacity), Reputation: p.Reputation})
		}
		return nil
	})
	return out, err
}
