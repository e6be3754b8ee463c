package node

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"slices"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/node/api/types"
	"autonet/shards/manifest"
	"autonet/shards/pin"
	"autonet/shards/store"
)

type shardBackend struct{ n *Node }

// Pin implements api.ShardBackend.
func (b shardBackend) Pin(ctx context.Context, r io.Reader, size int64, o types.PinOptions) (types.Shard, error) {
	opts := pin.PinOptions{K: int(o.Data), M: int(o.Parity), Hold: o.Hold}
	switch o.Hash {
	case "", "blake3":
	case "sha256", "sha2-256":
		opts.Hash = manifest.SHA256
	default:
		return types.Shard{}, types.NewError(types.CodeUsage, "pin", "unknown hash "+o.Hash, "choose blake3 or sha256")
	}
	info, err := b.n.pins.Pin(ctx, r, size, opts)
	if err != nil {
		return types.Shard{}, shardError("pin", err)
	}
	out := shardOf(info)
	if o.Name != "" {
		out.Name = o.Name
		if err := b.n.journal.Put(nameKey(out.CID), o.Name); err != nil {
			return out, err
		}
	}
	return out, nil
}

// nameKey is the journal's record of the name under which a file was pinned.
func nameKey(cid string) string { return cid + ".name" }

// named adds the name to a file that has one.
func (b shardBackend) named(s types.Shard) types.Shard {
	if err := b.n.journal.Get(nameKey(s.CID), &s.Name); err != nil {
		s.Name = "" // never named, or lost: it is for people only
	}
	return s
}

// Get implements api.ShardBackend.
func (b shardBackend) Get(ctx context.Context, text string, w io.Writer) (types.GetStats, error) {
	c, err := parseCID(text)
	if err != nil {
		return types.GetStats{}, err
	}
	st, err := b.n.pins.Get(ctx, c, w, pin.GetOptions{})
	out := types.GetStats{Bytes: st.Bytes, Holders: st.Holders, Rebuilt: st.Rebuilt, Corrupt: texts(st.Corrupt)}
	if err != nil {
		return out, shardError("get "+text, err)
	}
	return out, nil
}

// List implements api.ShardBackend.
func (b shardBackend) List(ctx context.Context) ([]types.Shard, error) {
	infos, err := b.n.pins.List(ctx)
	if err != nil {
		return nil, shardError("list", err)
	}
	out := []types.Shard{}
	for _, i := range infos {
		out = append(out, b.named(shardOf(i)))
	}
	return out, nil
}

// Stat implements api.ShardBackend.
func (b shardBackend) Stat(ctx context.Context, text string) (types.Shard, error) {
	c, err := parseCID(text)
	if err != nil {
		return types.Shard{}, err
	}
	info, err := b.n.pins.Stat(ctx, c)
	if err != nil {
		return types.Shard{}, shardError("stat "+text, err)
	}
	return b.named(shardOf(info)), nil
}

// Unpin implements api.ShardBackend.
func (b shardBackend) Unpin(ctx context.Context, text string) (types.Unpinned, error) {
	c, err := parseCID(text)
	if err != nil {
		return types.Unpinned{}, err
	}
	before := b.n.store.Usage().Bytes
	if err := b.n.pins.Unpin(ctx, c); err != nil {
		return types.Unpinned{}, shardError("unpin "+text, err)
	}
	if err := b.n.journal.Delete(nameKey(text)); err != nil {
		return types.Unpinned{}, err
	}
	return types.Unpinned{CID: text, FreedBytes: before - min(before, b.n.store.Usage().Bytes)}, nil
}

func parseCID(text string) (cid.Cid, error) {
	c, err := cid.Decode(text)
	if err != nil {
		return c, types.NewError(types.CodeUsage, text+" is no CID", err.Error(), "copy the CID that `autonet shard pin` printed")
	}
	return c, nil
}

func shardOf(i pin.Info) types.Shard {
	out := types.Shard{
		CID: i.CID.String(), Root: hex.EncodeToString(i.Root[:]), Size: i.Size, Data: i.K, Parity: i.M, BlockSize: i.BlockSize, Stripes: i.Stripes,
		Providers: i.Providers, MayFail: i.MayFail, Complete: i.Complete, Pinned: i.Mine, Columns: []types.Column{},
	}
	for _, c := range i.Columns {
		col := types.Column{Index: c.Index, Confirmed: c.Confirmed, Error: c.Reason}
		if c.Holder != "" {
			col.Holder = c.Holder.String()
		}
		out.Columns = append(out.Columns, col)
	}
	slices.SortFunc(out.Columns, func(a, b types.Column) int { return a.Index - b.Index })
	return out
}

func texts(ids []peer.ID) []string {
	var out []string
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

// shardError says what a failed shard call means and what to do about it.
func shardError(what string, err error) error {
	switch {
	case errors.Is(err, pin.ErrNotFound), errors.Is(err, pin.ErrNotPinned):
		return types.NewError(types.CodeNotFound, what, err.Error(), "check the CID, and that a node which holds it is connected: autonet peers")
	case errors.Is(err, pin.ErrUnavailable):
		return types.NewError(types.CodeFailed, what, err.Error(), "wait until more of its holders are back, or repair it while enough columns live")
	case errors.Is(err, pin.ErrSize):
		return types.NewError(types.CodeFailed, what, err.Error(), "send the file again; nothing was kept")
	case errors.Is(err, pin.ErrTooLarge):
		return types.NewError(types.CodeTooLarge, what, err.Error(), "")
	case errors.Is(err, store.ErrFull):
		return types.NewError(types.CodeFailed, what, err.Error(), "free disk space, unpin something, or raise shards.capacity_mib; nothing was half-written")
	default:
		return err
	}
}
