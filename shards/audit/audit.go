package audit

import (
	"errors"
	"fmt"

	"autonet/shards/manifest"
	"autonet/shards/merkle"
)

// Errors of proving.
var (
	// ErrHash says that the file's blocks are not hashed with BLAKE3.
	ErrHash = errors.New("audit: only blocks hashed with BLAKE3 can be audited by chunks")
	// ErrPlace says that the manifest has no such chunk.
	ErrPlace = errors.New("audit: there is no such chunk")
	// ErrBlock says that the block is not the one the manifest names: it is damaged.
	ErrBlock = errors.New("audit: the block is not the one its manifest names")
)

// Place names a chunk: the column, the stripe of the block in it, and the chunk of 1024 bytes in the block.
type Place struct {
	Column, Stripe, Chunk int
}

// Proof is a chunk and its way to the manifest's root. Paths run from below upwards.
type Proof struct {
	Chunk  []byte
	Tree   [][32]byte // in the block's BLAKE3 tree
	Block  [][32]byte // from the block's digest to the column's root
	Column [][32]byte // from the column's root to the file's root
}

// check says whether a manifest has a chunk at a place.
func check(m *manifest.Manifest, at Place) error {
	switch {
	case m.Hash != manifest.BLAKE3:
		return fmt.Errorf("%w: these use %s", ErrHash, m.Hash)
	case at.Column < 0 || at.Column >= m.Shards() || at.Stripe < 0 || at.Stripe >= m.Stripes():
		return fmt.Errorf("%w: column %d, stripe %d", ErrPlace, at.Column, at.Stripe)
	case at.Chunk < 0 || at.Chunk >= merkle.Chunks(m.BlockLen(at.Stripe, at.Column)):
		return fmt.Errorf("%w: chunk %d of a block of %d bytes", ErrPlace, at.Chunk, m.BlockLen(at.Stripe, at.Column))
	}
	return nil
}

// Prove makes the proof of a chunk from its block. m must be valid. Errors are ErrHash, ErrPlace and ErrBlock.
func Prove(m *manifest.Manifest, block []byte, at Place) (Proof, error) {
	if err := check(m, at); err != nil {
		return Proof{}, err
	}
	if m.Hash.Sum(block) != m.Digest(at.Stripe, at.Column) {
		return Proof{}, fmt.Errorf("%w: column %d, stripe %d", ErrBlock, at.Column, at.Stripe)
	}
	start := at.Chunk * merkle.ChunkSize
	return Proof{
		Chunk:  block[start:min(len(block), start+merkle.ChunkSize)],
		Tree:   merkle.ChunkPath(block, at.Chunk),
		Block:  merkle.Path(m.Column(at.Column), at.Stripe),
		Column: merkle.Path(m.ColumnRoots(), at.Column),
	}, nil
}

// Verify says whether a proof leads from the chunk at a place to the manifest's root.
func Verify(m *manifest.Manifest, at Place, p Proof) bool {
	if check(m, at) != nil {
		return false
	}
	digest, ok := merkle.ChunkRoot(p.Chunk, at.Chunk, m.BlockLen(at.Stripe, at.Column), p.Tree)
	if !ok {
		return false
	}
	root, ok := merkle.Climb(digest, at.Stripe, m.Stripes(), p.Block)
	return ok && merkle.Verify(m.Root, root, at.Column, m.Shards(), p.Column)
}
