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
	"autonet/shards/audit"
	"autonet/shards/manifest"
	"autonet/shards/pin"
	"autonet/shards/store"
)

// files is the shard service, and the blocks it keeps, as roles use it.
type files struct {
	pins  *pin.Service
	store *store.Store
}

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

// Held implements roles.Files.
func (f files) Held(ctx context.Context, text string) (roles.Held, error) {
	c, err := cid.Decode(text)
	if err != nil {
		return roles.Held{}, fmt.Errorf("%q is no CID: %w", text, err)
	}
	info, err := f.pins.Stat(ctx, c)
	if errors.Is(err, pin.ErrNotPinned) || errors.Is(err, pin.ErrNotFound) {
		return roles.Held{}, nil
	}
	if err != nil || len(info.Held) == 0 {
		return roles.Held{}, err
	}
	m, err := f.manifest(c)
	if err != nil {
		return roles.Held{}, err
	}
	out := roles.Held{
		Root: m.Root, Size: m.Size, Data: uint8(m.K), Parity: uint8(m.M), Auditable: m.Hash == manifest.BLAKE3,
	}
	for _, i := range info.Held {
		out.Columns = append(out.Columns, uint16(i))
	}
	return out, nil
}

// manifest reads the manifest of a file held here.
func (f files) manifest(c cid.Cid) (*manifest.Manifest, error) {
	encoded, err := f.store.Get(c)
	if err != nil {
		return nil, fmt.Errorf("read the manifest %s: %w", c, err)
	}
	return manifest.Decode(encoded)
}

// Prove implements roles.Files.
func (f files) Prove(_ context.Context, text string, at audit.Place) (audit.Proof, error) {
	c, err := cid.Decode(text)
	if err != nil {
		return audit.Proof{}, fmt.Errorf("%q is no CID: %w", text, err)
	}
	m, err := f.manifest(c)
	if err != nil {
		return audit.Proof{}, err
	}
	if at.Column < 0 || at.Column >= m.Shards() || at.Stripe < 0 || at.Stripe >= m.Stripes() {
		return audit.Proof{}, audit.ErrPlace
	}
	block, err := f.store.Get(m.Block(at.Stripe, at.Column))
	if err != nil {
		return audit.Proof{}, fmt.Errorf("read block %d of column %d of %s: %w", at.Stripe, at.Column, c, err)
	}
	return audit.Prove(m, block, at)
}

// providers lists the registered providers with room left, for the placement of columns.
func (n *Node) providers(context.Context) ([]pin.Provider, error) {
	var out []pin.Provider
	err := n.engine.View(func(v app.View) error {
		for _, p := range v.Providers() {
			id, err := peer.Decode(string(p.Account))
			if err != nil || !v.Chosen(p.Account) {
				continue
			}
			out = append(out, pin.Provider{ID: id, Free: p.Capacity - min(p.Used, p.Capacity), Reputation: p.Reputation})
		}
		return nil
	})
	return out, err
}
