package manifest

import (
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"

	"autonet/shards/merkle"
)

// Bounds of a manifest.
const (
	// Version is the only version there is.
	Version = 1
	// MaxShards bounds k + m.
	MaxShards = 128
	// MaxEncoded bounds the encoded manifest, in bytes: it is a block too.
	MaxEncoded = MaxBlock
	// MaxBlocks bounds the blocks of one file, parity included, so that the
	// encoded manifest stays within MaxEncoded.
	MaxBlocks = (MaxEncoded - 256) / linkSize
)

// Errors a caller decides on.
var (
	// ErrInvalid says that a manifest contradicts itself or its bounds, or is
	// not canonically encoded. It never becomes valid.
	ErrInvalid = errors.New("manifest: invalid")
	// ErrTooLarge says that a file needs more blocks than one manifest names.
	ErrTooLarge = errors.New("manifest: the file is too large for one manifest")
)

// Manifest describes one stored file.
type Manifest struct {
	// Version is Version.
	Version int
	// Size is the length of the file in bytes.
	Size uint64
	// K and M are the data and parity blocks of a stripe.
	K, M int
	// BlockSize is min(MaxBlock, ⌈Size / K⌉).
	BlockSize int
	// Hash is the hash function of the blocks.
	Hash Hash
	// Blocks are the digests of all blocks, stripe by stripe: block j of
	// stripe s is at s·(K+M) + j, data first. An empty block has the digest of
	// no bytes.
	Blocks []Digest
	// Root is the Merkle root over the column roots, each over its blocks.
	Root Digest
}

// New makes the manifest of a file from its digests, in the order of Blocks.
func New(size uint64, k, m int, hash Hash, blocks []Digest) (*Manifest, error) {
	out := &Manifest{Version: Version, Size: size, K: k, M: m, Hash: hash, Blocks: blocks}
	if err := out.shape(); err != nil {
		return nil, err
	}
	out.BlockSize = blockSize(size, k)
	out.Root = out.root()
	if err := out.Validate(); err != nil {
		return nil, err
	}
	return out, nil
}

// Shards is the number of columns, K + M.
func (m *Manifest) Shards() int { return m.K + m.M }

// Stripes is the number of stripes; none for an empty file.
func (m *Manifest) Stripes() int { return stripes(m.Size, m.K, m.BlockSize) }

// BlockLen is the length in bytes of block column of a stripe: data blocks end
// with the file, parity blocks are whole.
func (m *Manifest) BlockLen(stripe, column int) int {
	if column >= m.K {
		return m.BlockSize
	}
	start := (uint64(stripe)*uint64(m.K) + uint64(column)) * uint64(m.BlockSize)
	if start >= m.Size {
		return 0
	}
	return int(min(m.Size-start, uint64(m.BlockSize)))
}

// StripeLen is the number of bytes of the file in a stripe.
func (m *Manifest) StripeLen(stripe int) int {
	whole := uint64(m.K) * uint64(m.BlockSize)
	return int(min(m.Size-uint64(stripe)*whole, whole))
}

// Digest is the digest of one block.
func (m *Manifest) Digest(stripe, column int) Digest {
	return m.Blocks[stripe*m.Shards()+column]
}

// Block is the raw-leaf CID of one block.
func (m *Manifest) Block(stripe, column int) cid.Cid {
	return m.Hash.CID(cid.Raw, m.Digest(stripe, column))
}

// Column is the digests of one column, one for every stripe.
func (m *Manifest) Column(column int) []Digest {
	out := make([]Digest, m.Stripes())
	for s := range out {
		out[s] = m.Digest(s, column)
	}
	return out
}

// ColumnLen is the number of bytes of one column.
func (m *Manifest) ColumnLen(column int) uint64 {
	var sum uint64
	for s := range m.Stripes() {
		sum += uint64(m.BlockLen(s, column))
	}
	return sum
}

// ColumnRoot is the Merkle root over the blocks of one column.
func (m *Manifest) ColumnRoot(column int) Digest { return merkle.RootHashes(m.Column(column)) }

// ColumnRoots are the leaves of Root.
func (m *Manifest) ColumnRoots() []Digest {
	out := make([]Digest, m.Shards())
	for j := range out {
		out[j] = m.ColumnRoot(j)
	}
	return out
}

func (m *Manifest) root() Digest { return merkle.RootHashes(m.ColumnRoots()) }

// Validate says what about the manifest contradicts the format: an error that
// is ErrInvalid, or ErrTooLarge.
func (m *Manifest) Validate() error {
	if m.Version != Version {
		return fmt.Errorf("%w: version %d, this program knows %d", ErrInvalid, m.Version, Version)
	}
	if err := m.shape(); err != nil {
		return err
	}
	if want := blockSize(m.Size, m.K); m.BlockSize != want {
		return fmt.Errorf("%w: block size %d, a file of %d bytes has %d", ErrInvalid, m.BlockSize, m.Size, want)
	}
	if want := m.Stripes() * m.Shards(); len(m.Blocks) != want {
		return fmt.Errorf("%w: %d blocks, want %d", ErrInvalid, len(m.Blocks), want)
	}
	empty := m.Hash.Sum(nil)
	for s := m.Stripes() - 1; s >= 0 && m.BlockLen(s, m.K-1) == 0; s-- {
		for j := range m.K {
			if m.BlockLen(s, j) == 0 && m.Digest(s, j) != empty {
				return fmt.Errorf("%w: block %d of stripe %d is past the end of the file and not empty", ErrInvalid, j, s)
			}
		}
	}
	if m.root() != m.Root {
		return fmt.Errorf("%w: the Merkle root is not that of the blocks", ErrInvalid)
	}
	return nil
}

// shape checks the numbers that bound everything else.
func (m *Manifest) shape() error {
	if m.K < 1 || m.M < 0 || m.K > MaxShards || m.M > MaxShards || m.K+m.M > MaxShards {
		return fmt.Errorf("%w: %d data and %d parity shards (at least 1 and 0, at most %d together)", ErrInvalid, m.K, m.M, MaxShards)
	}
	if !m.Hash.Valid() {
		return fmt.Errorf("%w: %s", ErrInvalid, m.Hash)
	}
	if limit := MaxSize(m.K, m.M); m.Size > limit {
		return fmt.Errorf("%w: %d bytes, at most %d with %d+%d shards", ErrTooLarge, m.Size, limit, m.K, m.M)
	}
	return nil
}

// MaxSize is the largest file, in bytes, that one manifest of k + m shards can
// describe: 17.8 GiB for 10 + 4.
func MaxSize(k, m int) uint64 {
	return uint64(MaxBlocks/(k+m)) * uint64(k) * MaxBlock
}

func blockSize(size uint64, k int) int {
	return int(min(MaxBlock, (size+uint64(k)-1)/uint64(k)))
}

func stripes(size uint64, k, block int) int {
	if size == 0 {
		return 0
	}
	whole := uint64(k) * uint64(block)
	return int((size + whole - 1) / whole)
}
