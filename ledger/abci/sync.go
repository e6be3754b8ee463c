package abci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	comet "github.com/cometbft/cometbft/abci/types"

	"autonet/internal/atomicfile"
	"autonet/ledger"
)

const (
	defaultSyncWait = 10 * time.Second
	syncSettle      = time.Second            // after the first member is met, for others to be met too
	syncPoll        = 100 * time.Millisecond // between two looks for members
	syncAttempts    = 32                     // snapshots tried, of one member no more than it keeps
	chunksAtOnce    = 4                      // asked for at the same time
	syncMarker      = "syncing"              // exists while the stores are being filled from a snapshot
)

// errNoSnapshot says that nobody offers a snapshot that can be used.
var errNoSnapshot = errors.New("no snapshot is to be had")

// offer is a snapshot and the members that have it.
type offer struct {
	meta  snapshotMeta
	raw   []byte
	hash  ledger.Hash
	peers []string
}

// joiner fills the empty stores of a node with a recent state that members serve and headers prove.
type joiner struct {
	cfg     Config
	from    genesis
	stores  *stores
	chain   *chain
	sources *sources
	trust   *trust
	logger  *slog.Logger
}

// sync brings an empty node to a recent state, if members offer one. Without it the node replays all blocks, which is
// slower and ends the same: only a conflict of headers is an error that stops it.
func (e *Engine) sync(ctx context.Context, s *stores, from genesis, pub []byte) error {
	if e.cfg.Sync == nil || !s.empty() || (e.cfg.TrustedHeight == 0 && from.founder(pub)) {
		return nil
	}
	marker := filepath.Join(e.cfg.Dir, syncMarker)
	if err := atomicfile.Write(marker, []byte("unfinished\n"), keyFileMode); err != nil {
		return fmt.Errorf("join the ledger: %w", err)
	}
	j := &joiner{cfg: e.cfg, from: from, stores: s, sources: newSources(e.cfg.Sync), logger: e.cfg.Logger}
	j.trust = newTrust(from, e.cfg, j.sources, e.now)
	j.chain = newChain(e.rules, from.doc.ChainID, s.state, s.log, e.cfg.MempoolTxs, func(err error) error { return err })
	err := guarded("join the ledger", func() error { return j.run(ctx) })
	switch {
	case err == nil:
		return removeSynced(marker)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrConflict):
		return err
	}
	e.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "the state is replayed from the first block, as no snapshot could be used",
		slog.Any("error", err))
	if err := s.state.clear(); err != nil {
		return err
	}
	return removeSynced(marker)
}

// founder reports whether a consensus key is among those that begin the network: it has nobody to take a state from.
func (g genesis) founder(pub []byte) bool {
	for _, v := range g.doc.Validators {
		if string(v.PubKey.Bytes()) == string(pub) {
			return true
		}
	}
	return false
}

// empty reports whether nothing has been done with the stores.
func (s *stores) empty() bool {
	last, err := s.states.Load()
	return err == nil && last.LastBlockHeight == 0 && s.blocks.Height() == 0 && s.state.version() == 0
}

// discardUnfinished removes what a node left behind that stopped while it filled its stores from a snapshot.
func discardUnfinished(dir string) error {
	marker := filepath.Join(dir, syncMarker)
	if _, err := os.Stat(marker); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, part := range []string{"app", "events", filepath.Join("comet", "data")} {
		if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
			return fmt.Errorf("discard an unfinished state: %w", err)
		}
	}
	return removeSynced(marker)
}

func removeSynced(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (j *joiner) run(ctx context.Context) error {
	offers, err := j.discover(ctx)
	if err != nil {
		return err
	}
	errs := []error{errNoSnapshot}
	failed, tried := make(map[string]int), 0 // by member
	for _, o := range offers {
		if tried == syncAttempts {
			break
		}
		if !slices.ContainsFunc(o.peers, func(peer string) bool { return failed[peer] < keptSnapshots }) {
			continue // who offers it has had its chances: else a few could name so many that no real one is tried
		}
		tried++
		err := j.take(ctx, o)
		if err == nil || errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return err
		}
		j.logger.LogAttrs(ctx, slog.LevelInfo, "snapshot not used", slog.Int64("height", o.meta.Height), slog.Any("error", err))
		for _, peer := range o.peers {
			failed[peer]++
		}
		errs = append(errs, fmt.Errorf("the snapshot of height %d: %w", o.meta.Height, err))
	}
	return errors.Join(errs...)
}

// discover asks all members for their snapshots, until those that are there have answered.
func (j *joiner) discover(ctx context.Context) ([]*offer, error) {
	found, answered := make(map[ledger.Hash]*offer), make(map[string]bool)
	began := time.Now()
	var met time.Time
	for time.Since(began) < cmp.Or(j.cfg.SyncWait, defaultSyncWait) {
		waiting := false
		for _, peer := range j.sources.all() {
			if answered[peer] {
				continue
			}
			waiting = true
			out, err := j.sources.ask(ctx, peer, syncRequest{Ask: askSnapshots})
			if err != nil {
				continue
			}
			answered[peer] = true
			for _, raw := range out.Metas {
				j.note(found, peer, raw)
			}
		}
		if met.IsZero() && len(answered) > 0 {
			met = time.Now()
		}
		if !met.IsZero() && !waiting && time.Since(met) >= syncSettle {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(syncPoll):
		}
	}
	offers := make([]*offer, 0, len(found))
	for _, o := range found {
		offers = append(offers, o)
	}
	slices.SortFunc(offers, func(a, b *offer) int {
		return cmp.Or(cmp.Compare(b.meta.Height, a.meta.Height), cmp.Compare(len(b.peers), len(a.peers)),
			slices.Compare(a.hash[:], b.hash[:]))
	})
	return offers, nil
}

// note takes down who offers which snapshot.
func (j *joiner) note(found map[ledger.Hash]*offer, peer string, raw []byte) {
	meta, err := decodeMeta(raw)
	if err != nil || meta.Network != j.from.doc.ChainID {
		j.sources.strike(peer)
		return
	}
	if meta.Height <= j.cfg.TrustedHeight {
		return
	}
	hash := hashMeta(raw)
	if found[hash] == nil {
		found[hash] = &offer{meta: meta, raw: raw, hash: hash}
	}
	found[hash].peers = append(found[hash].peers, peer)
}

// take fills the stores from one snapshot.
func (j *joiner) take(ctx context.Context, o *offer) error {
	height := uint64(o.meta.Height)
	appHash, err := j.trust.AppHash(ctx, height)
	if err != nil {
		return err
	}
	state, err := j.trust.State(ctx, height)
	if err != nil {
		return err
	}
	commit, err := j.trust.Commit(ctx, height)
	if err != nil {
		return err
	}
	if err := j.restore(ctx, o, appHash); err != nil {
		return err
	}
	if err := j.stores.log.begin(o.meta.Height + 1); err != nil {
		return err
	}
	if err := j.stores.states.Bootstrap(state); err != nil {
		return fmt.Errorf("take up the state of consensus: %w", err)
	}
	if err := j.stores.blocks.SaveSeenCommit(state.LastBlockHeight, commit); err != nil {
		return fmt.Errorf("take up the state of consensus: %w", err)
	}
	j.logger.LogAttrs(ctx, slog.LevelInfo, "the state was taken from a snapshot", slog.Int64("height", o.meta.Height),
		slog.Uint64("nodes", o.meta.Nodes), slog.Int("chunks", o.meta.count()))
	return nil
}

func (j *joiner) restore(ctx context.Context, o *offer, appHash []byte) error {
	res, err := j.chain.OfferSnapshot(ctx, &comet.RequestOfferSnapshot{
		Snapshot: &comet.Snapshot{
			Height: uint64(o.meta.Height), Format: o.meta.Format, Chunks: uint32(o.meta.count()), Hash: o.hash[:], Metadata: o.raw,
		},
		AppHash: appHash,
	})
	if err != nil {
		return err
	}
	if res.Result != comet.ResponseOfferSnapshot_ACCEPT {
		for _, peer := range o.peers {
			j.sources.strike(peer) // it names another state than the header does
		}
		return fmt.Errorf("offered and answered with %s: %w", res.Result, errSnapshot)
	}
	for first := 0; first < o.meta.count(); first += chunksAtOnce {
		chunks := make([]fetched, min(chunksAtOnce, o.meta.count()-first))
		var all sync.WaitGroup
		for i := range chunks {
			all.Go(func() { chunks[i] = j.fetch(ctx, o, first+i) })
		}
		all.Wait()
		for i, chunk := range chunks {
			if err := j.apply(ctx, o, first+i, chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetched is a chunk and who sent it.
type fetched struct {
	raw  []byte
	peer string
	err  error
}

// fetch asks those who have a snapshot for one of its chunks, in turn.
func (j *joiner) fetch(ctx context.Context, o *offer, index int) fetched {
	turn := j.sources.next()
	usable := j.sources.all()
	err := errNoSnapshot
	for i := range o.peers {
		peer := o.peers[(turn+i)%len(o.peers)]
		if !slices.Contains(usable, peer) {
			continue
		}
		var out syncAnswer
		out, err = j.sources.ask(ctx, peer, syncRequest{Ask: askChunk, Height: o.meta.Height, Chunk: uint32(index)})
		if err == nil && len(out.Chunk) > 0 {
			return fetched{raw: out.Chunk, peer: peer}
		}
	}
	return fetched{err: fmt.Errorf("nobody sends chunk %d: %w", index, err)}
}

// apply hands one chunk to the state, asking for it again from others as long as it is not the right one.
func (j *joiner) apply(ctx context.Context, o *offer, index int, chunk fetched) error {
	for {
		if chunk.err != nil {
			return chunk.err
		}
		res, err := j.chain.ApplySnapshotChunk(ctx, &comet.RequestApplySnapshotChunk{
			Index: uint32(index), Chunk: chunk.raw, Sender: chunk.peer,
		})
		if err != nil {
			return err
		}
		switch res.Result {
		case comet.ResponseApplySnapshotChunk_ACCEPT:
			return nil
		case comet.ResponseApplySnapshotChunk_RETRY:
			for _, peer := range res.RejectSenders {
				j.sources.strike(peer)
			}
			chunk = j.fetch(ctx, o, index)
		default:
			for _, peer := range o.peers {
				j.sources.strike(peer)
			}
			return fmt.Errorf("chunk %d: %s: %w", index, res.Result, errSnapshot)
		}
	}
}
