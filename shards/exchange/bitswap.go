package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"

	"autonet/shards/manifest"
	"autonet/shards/store"
)

// openDoor starts bitswap with the standard protocol IDs, so that stock IPFS
// nodes can come in, and returns how to stop it.
func (e *Exchange) openDoor(ctx context.Context) (stop func()) {
	door := bitswap.New(ctx, bsnet.NewFromIpfsHost(e.host), nil, blockstore{e.store},
		bitswap.MaxCidSize(maxCID), bitswap.WithoutDuplicatedBlockStats())
	e.mu.Lock()
	e.door = door
	e.mu.Unlock()
	return func() {
		e.mu.Lock()
		e.door = nil
		e.mu.Unlock()
		_ = door.Close() // it always returns nil
	}
}

// fetchBitswap asks the connected peers for blocks over bitswap. fn gets each
// verified block from one goroutine. What did not come in time is not an
// error: the caller counts. An error is what fn returned, or the context's.
func (e *Exchange) fetchBitswap(ctx context.Context, cids []cid.Cid, fn func(c cid.Cid, data []byte) error) error {
	e.mu.Lock()
	door := e.door
	e.mu.Unlock()
	if door == nil || len(cids) == 0 {
		return nil
	}
	inner, cancel := context.WithTimeout(ctx, e.cfg.BitswapTimeout)
	defer cancel()
	out, err := door.GetBlocks(inner, cids)
	if err != nil {
		return ctx.Err()
	}
	for b := range out {
		if err := manifest.Verify(b.Cid(), b.RawData()); err != nil {
			continue
		}
		e.received.Add(uint64(len(b.RawData())))
		if err := fn(b.Cid(), b.RawData()); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// blockstore shows the store to bitswap, for reading only.
type blockstore struct{ store *store.Store }

var errReadOnly = errors.New("exchange: bitswap may only read")

func notFound(c cid.Cid, err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, manifest.ErrUnsupported) {
		return ipld.ErrNotFound{Cid: c}
	}
	return err
}

// DeleteBlock refuses.
func (b blockstore) DeleteBlock(context.Context, cid.Cid) error { return errReadOnly }

// Has says whether the store has the block.
func (b blockstore) Has(_ context.Context, c cid.Cid) (bool, error) { return b.store.Has(c), nil }

// Get reads a block.
func (b blockstore) Get(_ context.Context, c cid.Cid) (blocks.Block, error) {
	data, err := b.store.Get(c)
	if err != nil {
		return nil, notFound(c, err)
	}
	block, err := blocks.NewBlockWithCid(data, c)
	if err != nil {
		return nil, fmt.Errorf("exchange: block %s: %w", c, err)
	}
	return block, nil
}

// GetSize is the length of a block.
func (b blockstore) GetSize(_ context.Context, c cid.Cid) (int, error) {
	n, err := b.store.Size(c)
	if err != nil {
		return -1, notFound(c, err)
	}
	return n, nil
}

// Put refuses.
func (b blockstore) Put(context.Context, blocks.Block) error { return errReadOnly }

// PutMany refuses.
func (b blockstore) PutMany(context.Context, []blocks.Block) error { return errReadOnly }

// AllKeysChan lists every block.
func (b blockstore) AllKeysChan(ctx context.Context) (<-chan cid.Cid, error) {
	out := make(chan cid.Cid)
	go func() {
		defer close(out)
		b.store.Blocks(func(c cid.Cid) bool {
			select {
			case out <- c:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return out, nil
}
