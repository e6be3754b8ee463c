package abci

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	comet "github.com/cometbft/cometbft/abci/types"
	ics23 "github.com/cosmos/ics23/go"

	"autonet/ledger"
	"autonet/ledger/app"
)

// crowd are the rules of ledger/app over a state that grows by itself.
type crowd struct {
	rules
	grow func(kv ledger.KV, height int64)
}

func (c crowd) run(kv ledger.KV, at block, txs [][]byte) (outcome, error) {
	c.grow(kv, at.height)
	return c.rules.run(kv, at, txs)
}

// OpenCrowd opens a ledger without consensus. grow writes into its state before every block, which no message can.
func OpenCrowd(dir, network string, grow func(kv ledger.KV, height int64)) (*Bench, error) {
	b, err := OpenBench(dir, network)
	if err != nil {
		return nil, err
	}
	b.chain = newChain(crowd{rules{app.New()}, grow}, network, b.stores.state, b.stores.log, 10_000, func(err error) error {
		b.Fault = err
		return err
	})
	if b.stores.snapshots, err = openSnapshots(filepath.Join(dir, "snapshots")); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// InitWith plays InitChain.
func (b *Bench) InitWith(at time.Time, genesis []byte) error {
	_, err := b.chain.InitChain(context.Background(), &comet.RequestInitChain{Time: at, AppStateBytes: genesis})
	return err
}

// StateBytes is what the state takes on disk.
func (b *Bench) StateBytes() (int64, error) { return sizeOf(filepath.Join(b.dir, "app")) }

func sizeOf(dir string) (sum int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the store removes files beside this
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

// Prove returns the value at a key of the last state and the path that shows it.
func (b *Bench) Prove(key []byte) (value, path []byte, err error) {
	tree, err := b.stores.state.views.GetImmutable(b.Height())
	if err != nil {
		return nil, nil, err
	}
	return provePath(tree, key)
}

// Proven checks a path as a verifier of proofs does.
func (b *Bench) Proven(key, value, path []byte) bool {
	root := b.stores.state.hash()
	var p ics23.CommitmentProof
	return p.Unmarshal(path) == nil && ics23.VerifyMembership(ics23.IavlSpec, root[:], &p, key, value)
}

// Photograph takes a snapshot of the last state and returns its bytes on disk.
func (b *Bench) Photograph() (int64, error) {
	p := newPhotographer(1, b.chain.network, b.stores, slog.New(slog.DiscardHandler))
	defer p.stop()
	if err := p.take(b.Height(), b.stores.state.hash()); err != nil {
		return 0, err
	}
	return sizeOf(b.stores.snapshots.all()[0].dir)
}

// RestoreFrom restores the newest snapshot of another ledger into this empty one.
func (b *Bench) RestoreFrom(from *Bench) error {
	snap, ctx := from.stores.snapshots.all()[0], context.Background()
	offered, err := b.chain.OfferSnapshot(ctx, &comet.RequestOfferSnapshot{
		Snapshot: &comet.Snapshot{
			Height: uint64(snap.meta.Height), Format: snap.meta.Format, Chunks: uint32(snap.meta.count()), Hash: snap.hash[:], Metadata: snap.raw,
		},
		AppHash: snap.meta.AppHash[:],
	})
	if err != nil || offered.Result != comet.ResponseOfferSnapshot_ACCEPT {
		return errors.Join(err, errSnapshot)
	}
	for i := range snap.meta.count() {
		chunk := from.stores.snapshots.chunk(snap.meta.Height, i)
		applied, err := b.chain.ApplySnapshotChunk(ctx, &comet.RequestApplySnapshotChunk{Index: uint32(i), Chunk: chunk})
		if err != nil || applied.Result != comet.ResponseApplySnapshotChunk_ACCEPT {
			return errors.Join(err, errSnapshot)
		}
	}
	mine, theirs := b.stores.state.hash(), from.stores.state.hash()
	if !bytes.Equal(mine[:], theirs[:]) {
		return errSnapshot
	}
	return os.RemoveAll(snap.dir)
}
