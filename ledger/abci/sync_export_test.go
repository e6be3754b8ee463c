package abci

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	comet "github.com/cometbft/cometbft/abci/types"
	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
)

// What travels between a joiner and those it asks.
type (
	SyncRequest  = syncRequest
	SyncAnswer   = syncAnswer
	SnapshotMeta = snapshotMeta
)

// Respoil changes an answer.
func Respoil(raw []byte, change func(*SyncAnswer)) []byte {
	var a SyncAnswer
	if err := ledger.Unmarshal(raw, &a); err != nil {
		panic(err)
	}
	change(&a)
	out, err := ledger.Marshal(a)
	if err != nil {
		panic(err)
	}
	return out
}

// SpoilChunk changes a bit of a chunk.
func (a *syncAnswer) SpoilChunk() {
	if len(a.Chunk) > 0 {
		a.Chunk[len(a.Chunk)/2] ^= 1
	}
}

// SpoilMeta changes what snapshots say of themselves.
func (a *syncAnswer) SpoilMeta(change func(*SnapshotMeta)) {
	for i, raw := range a.Metas {
		m, err := decodeMeta(raw)
		if err != nil {
			panic(err)
		}
		change(&m)
		if a.Metas[i], err = ledger.Marshal(m); err != nil {
			panic(err)
		}
	}
}

func (a *syncAnswer) changeLight(change func(*types.LightBlock)) {
	if len(a.Light) == 0 {
		return
	}
	b, err := decodeLight(a.Light)
	if err != nil {
		panic(err)
	}
	change(b)
	pb, err := b.ToProto()
	if err != nil {
		panic(err)
	}
	if a.Light, err = pb.Marshal(); err != nil {
		panic(err)
	}
}

// SpoilLight changes a header under its signatures.
func (a *syncAnswer) SpoilLight() {
	a.changeLight(func(b *types.LightBlock) {
		b.AppHash[0] ^= 1
		b.Commit.BlockID.Hash = b.Hash()
	})
}

// ForgeLight changes a header and signs it with the only validator's key.
func (a *syncAnswer) ForgeLight(network string, seed []byte) {
	a.changeLight(func(b *types.LightBlock) {
		b.AppHash[0] ^= 1
		b.Commit.BlockID.Hash = b.Hash()
		for i := range b.Commit.Signatures {
			vote := b.Commit.GetVote(int32(i)).ToProto()
			key := cometkey.PrivKey(ed25519.NewKeyFromSeed(seed))
			sig, err := key.Sign(types.VoteSignBytes(network, vote))
			if err != nil {
				panic(err)
			}
			b.Commit.Signatures[i].Signature = sig
		}
	})
}

// Snapshots are the heights of the whole snapshots in a node's folder, in no order.
func (e *Engine) Snapshots() (heights []int64) {
	entries, err := os.ReadDir(filepath.Join(e.cfg.Dir, "snapshots"))
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		if height, err := strconv.ParseInt(entry.Name(), 10, 64); err == nil {
			heights = append(heights, height)
		}
	}
	return heights
}

// RestoreBytes offers a snapshot of one chunk to an empty state and says what became of it.
func RestoreBytes(dir string, meta, chunk []byte) (restored bool, err error) {
	b, err := OpenBench(dir, "test-1")
	if err != nil {
		return false, err
	}
	defer func() { _ = b.Close() }()
	m, err := decodeMeta(meta)
	if err != nil {
		return false, nil
	}
	hash := hashMeta(meta)
	ctx := context.Background()
	offered, err := b.chain.OfferSnapshot(ctx, &comet.RequestOfferSnapshot{
		Snapshot: &comet.Snapshot{Height: uint64(m.Height), Format: m.Format, Chunks: uint32(m.count()), Hash: hash[:], Metadata: meta},
		AppHash:  m.AppHash[:],
	})
	if err != nil || offered.Result != comet.ResponseOfferSnapshot_ACCEPT {
		return false, err
	}
	applied, err := b.chain.ApplySnapshotChunk(ctx, &comet.RequestApplySnapshotChunk{Chunk: chunk})
	if err != nil {
		return false, err
	}
	return applied.Result == comet.ResponseApplySnapshotChunk_ACCEPT && b.Height() == m.Height, nil
}

// SnapshotOf takes the snapshot of a state with so many leaves.
func SnapshotOf(dir string, leaves uint64) (meta, chunk []byte, err error) {
	b, err := OpenBench(dir, "test-1")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = b.Close() }()
	overlay := ledger.NewOverlay(emptyKV{})
	for i := range leaves {
		overlay.Set([]byte{'k', byte(i)}, []byte{byte(i)})
	}
	hash, err := b.stores.state.apply(overlay)
	if err != nil {
		return nil, nil, err
	}
	if _, err := b.stores.state.save(); err != nil {
		return nil, nil, err
	}
	into, err := openSnapshots(filepath.Join(dir, "snapshots"))
	if err != nil {
		return nil, nil, err
	}
	b.stores.snapshots = into
	p := newPhotographer(1, "test-1", b.stores, slog.New(slog.DiscardHandler))
	defer p.stop()
	if err := p.take(1, hash); err != nil {
		return nil, nil, err
	}
	return into.all()[0].raw, into.chunk(1, 0), nil
}

// RestoreStream feeds the nodes of a snapshot that nothing vouches for to an empty state.
func RestoreStream(dir string, stream []byte) {
	s, err := openState(dir)
	if err != nil {
		panic(err)
	}
	defer func() { _ = s.close() }()
	r, err := s.restore(snapshotMeta{Height: 5, Nodes: 1 << 20}, ledger.Hash{})
	if err != nil {
		panic(err)
	}
	defer r.into.Close()
	_ = guarded("restore", func() error { return r.feed(stream) })
}

// DecodeSync reads bytes as all that strangers send.
func DecodeSync(raw []byte) {
	_, _ = decodeSyncRequest(raw)
	_, _ = decodeSyncAnswer(raw)
	_, _ = decodeMeta(raw)
	_, _ = decodeLight(raw)
	_, _ = unpack(raw)
}

// ForgetEvents makes the event log in a node's folder say that it ends at a height.
func ForgetEvents(dir string, height int64) error {
	log, err := openEvents(filepath.Join(dir, "events"))
	if err != nil {
		return err
	}
	return errors.Join(log.db.SetSync([]byte{keyHeight}, encodeHeight(height)), log.close())
}
