package abci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	comet "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/iavl"

	"autonet/ledger"
)

// maxRecordBytes bounds a key or a value of the state in a snapshot.
const maxRecordBytes = 16 << 20

// appendNode encodes a node of the tree: its height; a leaf's key and value with their lengths before them; its version.
func appendNode(out []byte, node *iavl.ExportNode) []byte {
	out = append(out, byte(node.Height))
	if node.Height == 0 {
		out = binary.AppendUvarint(out, uint64(len(node.Key)))
		out = append(out, node.Key...)
		out = binary.AppendUvarint(out, uint64(len(node.Value)))
		out = append(out, node.Value...)
	}
	return binary.AppendVarint(out, node.Version)
}

// errShort says that a node goes on in the next chunk.
var errShort = errors.New("a node is cut off")

// readNode decodes the first node of in and returns its size.
func readNode(in []byte) (*iavl.ExportNode, int, error) {
	if len(in) == 0 {
		return nil, 0, errShort
	}
	if in[0] > 127 {
		return nil, 0, fmt.Errorf("a node of height %d: %w", in[0], errSnapshot)
	}
	node, at := &iavl.ExportNode{Height: int8(in[0])}, 1
	if node.Height == 0 {
		for _, field := range []*[]byte{&node.Key, &node.Value} {
			value, n, err := readField(in[at:])
			if err != nil {
				return nil, 0, err
			}
			*field = value
			at += n
		}
	}
	version, n := binary.Varint(in[at:])
	switch {
	case n == 0:
		return nil, 0, errShort
	case n < 0:
		return nil, 0, fmt.Errorf("a node's version: %w", errSnapshot)
	}
	node.Version = version
	return node, at + n, nil
}

func readField(in []byte) ([]byte, int, error) {
	size, n := binary.Uvarint(in)
	switch {
	case n == 0:
		return nil, 0, errShort
	case n < 0 || size > maxRecordBytes:
		return nil, 0, fmt.Errorf("a record of %d bytes: %w", size, errSnapshot)
	case uint64(len(in)-n) < size:
		return nil, 0, errShort
	}
	return append(make([]byte, 0, size), in[n:n+int(size)]...), n + int(size), nil
}

// restoring is a snapshot on its way into the empty state.
type restoring struct {
	meta    snapshotMeta
	appHash ledger.Hash // of a verified header
	into    *iavl.Importer
	nodes   iavl.NodeImporter
	next    int    // chunk
	count   uint64 // nodes so far
	rest    []byte // of a node that goes on in the next chunk
}

func (s *stateTree) restore(meta snapshotMeta, appHash ledger.Hash) (*restoring, error) {
	importer, err := s.tree.Import(meta.Height)
	if err != nil {
		return nil, fmt.Errorf("restore the state: %w", err)
	}
	return &restoring{meta: meta, appHash: appHash, into: importer, nodes: iavl.NewCompressImporter(importer)}, nil
}

// add takes the nodes out of the next chunk, whose hash has been compared.
func (r *restoring) add(chunk []byte) error {
	raw, err := unpack(chunk)
	if err != nil {
		return err
	}
	r.next++
	return r.feed(raw)
}

func (r *restoring) feed(raw []byte) error {
	r.rest = append(r.rest, raw...)
	in := r.rest
	for {
		node, size, err := readNode(in)
		if errors.Is(err, errShort) {
			break
		}
		if err != nil {
			return err
		}
		if r.count++; r.count > r.meta.Nodes {
			return fmt.Errorf("more than %d nodes: %w", r.meta.Nodes, errSnapshot)
		}
		if err := r.nodes.Add(node); err != nil {
			return fmt.Errorf("restore a node: %w", err)
		}
		in = in[size:]
	}
	r.rest = append(r.rest[:0], in...)
	return nil
}

// finish makes the restored tree the state, if it is the one that the header names.
func (r *restoring) finish(s *stateTree) error {
	if len(r.rest) > 0 || r.count != r.meta.Nodes {
		return fmt.Errorf("%d nodes instead of %d, %d bytes left over: %w", r.count, r.meta.Nodes, len(r.rest), errSnapshot)
	}
	if err := r.into.Commit(); err != nil {
		return fmt.Errorf("restore the state: %w", err)
	}
	if got := s.hash(); got != r.appHash {
		return fmt.Errorf("its state has the hash %s, a verified header says %s: %w", got, r.appHash, errSnapshot)
	}
	return nil
}

// ListSnapshots implements the serving of state: what this node has and its blocks already prove.
func (c *chain) ListSnapshots(context.Context, *comet.RequestListSnapshots) (*comet.ResponseListSnapshots, error) {
	now, _ := c.snapshot()
	res := &comet.ResponseListSnapshots{}
	if c.photos == nil {
		return res, nil
	}
	for _, s := range c.photos.into.all() {
		if s.meta.Height+2 > now.height { // a joiner needs the two headers after it
			continue
		}
		res.Snapshots = append(res.Snapshots, &comet.Snapshot{
			Height: uint64(s.meta.Height), Format: s.meta.Format, Chunks: uint32(s.meta.count()), Hash: s.hash[:], Metadata: s.raw,
		})
	}
	return res, nil
}

// LoadSnapshotChunk implements the serving of state. No chunk is an empty answer.
func (c *chain) LoadSnapshotChunk(
	_ context.Context, req *comet.RequestLoadSnapshotChunk,
) (*comet.ResponseLoadSnapshotChunk, error) {
	res := &comet.ResponseLoadSnapshotChunk{}
	if c.photos != nil && req.Format == snapshotFormat && req.Chunk < maxChunks {
		res.Chunk = c.photos.into.chunk(int64(req.Height), int(req.Chunk))
	}
	return res, nil
}

// OfferSnapshot implements the restoring of state: req.AppHash comes from a verified header, all else from a stranger.
func (c *chain) OfferSnapshot(
	_ context.Context, req *comet.RequestOfferSnapshot,
) (*comet.ResponseOfferSnapshot, error) {
	answer := func(r comet.ResponseOfferSnapshot_Result) (*comet.ResponseOfferSnapshot, error) {
		return &comet.ResponseOfferSnapshot{Result: r}, nil
	}
	if c.state.version() != 0 || len(req.AppHash) != sha256.Size {
		return answer(comet.ResponseOfferSnapshot_ABORT)
	}
	if req.Snapshot == nil || req.Snapshot.Format != snapshotFormat {
		return answer(comet.ResponseOfferSnapshot_REJECT_FORMAT)
	}
	meta, err := decodeMeta(req.Snapshot.Metadata)
	if err != nil {
		return answer(comet.ResponseOfferSnapshot_REJECT_SENDER)
	}
	hash := hashMeta(req.Snapshot.Metadata)
	if !bytes.Equal(hash[:], req.Snapshot.Hash) || meta.Network != c.network ||
		uint64(meta.Height) != req.Snapshot.Height || uint32(meta.count()) != req.Snapshot.Chunks {
		return answer(comet.ResponseOfferSnapshot_REJECT_SENDER)
	}
	if meta.AppHash != toHash(req.AppHash) {
		return answer(comet.ResponseOfferSnapshot_REJECT)
	}
	err = guarded("restore the state", func() error {
		if err := c.state.clear(); err != nil {
			return err
		}
		c.restoring, err = c.state.restore(meta, meta.AppHash)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer(comet.ResponseOfferSnapshot_ACCEPT)
}

// ApplySnapshotChunk implements the restoring of state: chunks come in order. A chunk that is not the announced one is
// asked for again and its sender never again; a snapshot whose chunks do not make the state that the header names is
// given up.
func (c *chain) ApplySnapshotChunk(
	_ context.Context, req *comet.RequestApplySnapshotChunk,
) (*comet.ResponseApplySnapshotChunk, error) {
	r := c.restoring
	if r == nil || int(req.Index) != r.next || r.next >= r.meta.count() {
		return &comet.ResponseApplySnapshotChunk{Result: comet.ResponseApplySnapshotChunk_ABORT}, nil
	}
	if sum := sha256.Sum256(req.Chunk); len(req.Chunk) > maxChunkBytes || !bytes.Equal(sum[:], r.meta.chunkHash(r.next)) {
		return &comet.ResponseApplySnapshotChunk{
			Result: comet.ResponseApplySnapshotChunk_RETRY, RefetchChunks: []uint32{req.Index}, RejectSenders: []string{req.Sender},
		}, nil
	}
	err := guarded("restore the state", func() error {
		if err := r.add(req.Chunk); err != nil {
			return err
		}
		if r.next == r.meta.count() {
			return r.finish(c.state)
		}
		return nil
	})
	if err != nil {
		c.restoring = nil
		r.into.Close()
		return &comet.ResponseApplySnapshotChunk{Result: comet.ResponseApplySnapshotChunk_REJECT_SNAPSHOT}, c.state.clear()
	}
	if r.next == r.meta.count() {
		c.restoring = nil
	}
	return &comet.ResponseApplySnapshotChunk{Result: comet.ResponseApplySnapshotChunk_ACCEPT}, nil
}
