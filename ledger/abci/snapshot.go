package abci

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cosmos/iavl"

	"autonet/internal/atomicfile"
	"autonet/ledger"
)

// Format and bounds of snapshots. A snapshot is the stream of the tree's nodes, cut into chunks wherever it may be, each
// compressed by itself.
const (
	snapshotFormat = 1
	chunkBytes     = 1 << 20               // of the stream in one chunk
	maxChunkBytes  = chunkBytes + 16<<10   // of a compressed chunk: what does not compress grows a little
	maxChunks      = 1 << 14               // of a snapshot, which makes 16 GiB
	maxMetaBytes   = maxChunks*32 + 1<<10  // of what a snapshot says of itself
	keptSnapshots  = 2                     // the older ones are removed
	exportCache    = 2_000                 // nodes that the tree behind a snapshot keeps in memory
	metaFile       = "meta"                // beside a snapshot's chunks
	partialPrefix  = "partial-"            // of the folder of a snapshot that is being taken
	snapshotDomain = "autonet/snapshot/1/" // before what a snapshot's hash is of
)

// snapshotMeta is what a snapshot says of itself. Its hash binds all of it, and through it every byte of every chunk.
type snapshotMeta struct {
	Network string      `cbor:"network"`
	Height  int64       `cbor:"height"`
	Format  uint32      `cbor:"format"`
	AppHash ledger.Hash `cbor:"app"`    // of the state; a joiner believes a verified header instead
	Nodes   uint64      `cbor:"nodes"`  // of the tree
	Chunks  []byte      `cbor:"chunks"` // SHA-256 of each, in order
}

func (m snapshotMeta) count() int { return len(m.Chunks) / sha256.Size }

func (m snapshotMeta) chunkHash(index int) []byte {
	return m.Chunks[index*sha256.Size : (index+1)*sha256.Size]
}

var errSnapshot = errors.New("not a snapshot of this network")

// decodeMeta reads what a stranger says of a snapshot.
func decodeMeta(raw []byte) (m snapshotMeta, err error) {
	if len(raw) > maxMetaBytes {
		return m, fmt.Errorf("%d bytes exceed %d: %w", len(raw), maxMetaBytes, errSnapshot)
	}
	if err := ledger.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%w: %w", errSnapshot, err)
	}
	switch {
	case m.Height < 1, m.Format != snapshotFormat, m.Nodes == 0:
		return m, fmt.Errorf("height %d, format %d, %d nodes: %w", m.Height, m.Format, m.Nodes, errSnapshot)
	case len(m.Chunks)%sha256.Size != 0, m.count() < 1, m.count() > maxChunks:
		return m, fmt.Errorf("%d bytes of chunk hashes: %w", len(m.Chunks), errSnapshot)
	}
	return m, nil
}

func hashMeta(raw []byte) ledger.Hash { return sha256.Sum256(append([]byte(snapshotDomain), raw...)) }

// savedSnapshot is a whole snapshot on this node's disk.
type savedSnapshot struct {
	meta snapshotMeta
	raw  []byte // of the meta
	hash ledger.Hash
	dir  string
}

// snapshots are those on disk. Its methods are safe for concurrent use.
type snapshots struct {
	dir string

	mu   sync.Mutex
	list []savedSnapshot // newest first
}

// openSnapshots lists what is there and removes what was not finished.
func openSnapshots(dir string) (*snapshots, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of snapshots: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	s := &snapshots{dir: dir}
	for _, entry := range entries {
		at := filepath.Join(dir, entry.Name())
		raw, err := os.ReadFile(filepath.Join(at, metaFile))
		if err == nil {
			if meta, err := decodeMeta(raw); err == nil && strconv.FormatInt(meta.Height, 10) == entry.Name() {
				s.list = append(s.list, savedSnapshot{meta: meta, raw: raw, hash: hashMeta(raw), dir: at})
				continue
			}
		}
		if err := os.RemoveAll(at); err != nil {
			return nil, fmt.Errorf("remove an unfinished snapshot: %w", err)
		}
	}
	slices.SortFunc(s.list, func(a, b savedSnapshot) int { return int(b.meta.Height - a.meta.Height) })
	return s, nil
}

// all lists the snapshots, newest first.
func (s *snapshots) all() []savedSnapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// oldest is the height of the oldest snapshot, 0 without one.
func (s *snapshots) oldest() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return 0
	}
	return s.list[len(s.list)-1].meta.Height
}

// chunk reads one chunk; nil if there is no such chunk or the disk has spoiled it.
func (s *snapshots) chunk(height int64, index int) []byte {
	for _, snap := range s.all() {
		if snap.meta.Height != height || index < 0 || index >= snap.meta.count() {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(snap.dir, strconv.Itoa(index)))
		if sum := sha256.Sum256(raw); err != nil || !bytes.Equal(sum[:], snap.meta.chunkHash(index)) {
			return nil
		}
		return raw
	}
	return nil
}

// take writes the snapshot of a saved state and removes the oldest ones. It ends early with ctx.
func (s *snapshots) take(ctx context.Context, tree *iavl.ImmutableTree, meta snapshotMeta) (err error) {
	partial := filepath.Join(s.dir, partialPrefix+strconv.FormatInt(meta.Height, 10))
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	out := &chunker{dir: partial}
	if meta.Nodes, err = exportTree(ctx, tree, out); err != nil {
		return err
	}
	if err := out.flush(); err != nil {
		return err
	}
	meta.Format, meta.Chunks = snapshotFormat, out.hashes
	raw, err := ledger.Marshal(meta)
	if err != nil {
		return err
	}
	if _, err := decodeMeta(raw); err != nil {
		return fmt.Errorf("the state is too large: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(partial, metaFile), raw, keyFileMode); err != nil {
		return err
	}
	whole := filepath.Join(s.dir, strconv.FormatInt(meta.Height, 10))
	if err := os.RemoveAll(whole); err != nil {
		return err
	}
	if err := os.Rename(partial, whole); err != nil {
		return err
	}
	return s.add(savedSnapshot{meta: meta, raw: raw, hash: hashMeta(raw), dir: whole})
}

func (s *snapshots) add(snap savedSnapshot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(o savedSnapshot) bool { return o.meta.Height == snap.meta.Height })
	s.list = slices.Insert(s.list, 0, snap)
	var errs []error
	for len(s.list) > keptSnapshots {
		last := s.list[len(s.list)-1]
		s.list = s.list[:len(s.list)-1]
		errs = append(errs, os.RemoveAll(last.dir))
	}
	return errors.Join(errs...)
}

// exportTree writes the nodes of a tree, children before their parents, and returns their number. The keys of inner nodes
// are left out: the tree's hash does not cover them, and a reader derives them from the leaves.
func exportTree(ctx context.Context, tree *iavl.ImmutableTree, out io.Writer) (nodes uint64, err error) {
	exporter, err := tree.Export()
	if err != nil {
		return 0, fmt.Errorf("export the state: %w", err)
	}
	defer exporter.Close()
	compact := iavl.NewCompressExporter(exporter)
	var record []byte
	for ; ; nodes++ {
		if ctx.Err() != nil {
			return nodes, ctx.Err()
		}
		node, err := compact.Next()
		if errors.Is(err, iavl.ErrorExportDone) {
			break
		}
		if err != nil {
			return nodes, fmt.Errorf("export the state: %w", err)
		}
		record = appendNode(record[:0], node)
		if _, err := out.Write(record); err != nil {
			return nodes, err
		}
	}
	// A store that fails ends the export without an error.
	if want := 2*tree.Size() - 1; int64(nodes) != want {
		return nodes, fmt.Errorf("export the state: %d nodes instead of %d", nodes, want)
	}
	return nodes, nil
}

// chunker cuts a stream into chunks.
type chunker struct {
	dir    string
	buf    []byte
	hashes []byte
}

// Write implements io.Writer.
func (c *chunker) Write(p []byte) (int, error) {
	c.buf = append(c.buf, p...)
	for len(c.buf) >= chunkBytes {
		if err := c.cut(chunkBytes); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// flush writes the last chunk.
func (c *chunker) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	return c.cut(len(c.buf))
}

func (c *chunker) cut(size int) error {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(c.buf[:size]); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	index := len(c.hashes) / sha256.Size
	if index == maxChunks {
		return fmt.Errorf("more than %d chunks: %w", maxChunks, errSnapshot)
	}
	if err := writeSynced(filepath.Join(c.dir, strconv.Itoa(index)), packed.Bytes()); err != nil {
		return fmt.Errorf("write a chunk: %w", err)
	}
	sum := sha256.Sum256(packed.Bytes())
	c.hashes = append(c.hashes, sum[:]...)
	c.buf = append(c.buf[:0], c.buf[size:]...)
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, keyFileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// unpack returns the part of the stream in a chunk.
func unpack(chunk []byte) ([]byte, error) {
	r := flate.NewReader(bytes.NewReader(chunk))
	raw, err := io.ReadAll(io.LimitReader(r, chunkBytes+1))
	if err != nil {
		return nil, fmt.Errorf("decompress a chunk: %w", err)
	}
	if len(raw) == 0 || len(raw) > chunkBytes {
		return nil, fmt.Errorf("a chunk of %d bytes: %w", len(raw), errSnapshot)
	}
	return raw, nil
}

// photographer takes snapshots beside the making of blocks, one at a time.
type photographer struct {
	every   int64 // blocks
	network string
	state   *stateTree
	into    *snapshots
	logger  *slog.Logger

	ctx  context.Context //nolint:containedctx // the life of what runs beside the blocks
	end  context.CancelFunc
	busy atomic.Bool
	work sync.WaitGroup
}

func newPhotographer(every int64, network string, s *stores, logger *slog.Logger) *photographer {
	p := &photographer{every: every, network: network, state: s.state, into: s.snapshots, logger: logger}
	p.ctx, p.end = context.WithCancel(context.Background())
	return p
}

// committed is told of every new state. It never waits.
func (p *photographer) committed(height int64, appHash ledger.Hash) {
	if p.every <= 0 || height%p.every != 0 || p.ctx.Err() != nil || !p.busy.CompareAndSwap(false, true) {
		return
	}
	release := p.state.hold(height)
	p.work.Go(func() {
		defer p.busy.Store(false)
		defer release()
		if err := p.take(height, appHash); err != nil && p.ctx.Err() == nil {
			p.logger.LogAttrs(p.ctx, slog.LevelWarn, "no snapshot was taken; joiners use the one before",
				slog.Int64("height", height), slog.Any("error", err))
		}
	})
}

func (p *photographer) take(height int64, appHash ledger.Hash) error {
	return guarded("take a snapshot", func() error {
		tree := newTree(p.state.db, exportCache)
		at, err := tree.GetImmutable(height)
		if err != nil {
			return err
		}
		err = p.into.take(p.ctx, at, snapshotMeta{Network: p.network, Height: height, AppHash: appHash})
		return errors.Join(err, tree.Close())
	})
}

// stop waits for the snapshot that is being taken to end early.
func (p *photographer) stop() {
	p.end()
	p.work.Wait()
}
