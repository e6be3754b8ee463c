package audit_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/audit"
	"autonet/shards/manifest"
)

// stored cuts a file of random blocks: what they hold does not matter to audits.
func stored(t *testing.T, size uint64, k, m int, hash manifest.Hash) (*manifest.Manifest, [][]byte) {
	t.Helper()
	random := rand.New(rand.NewSource(int64(size)))
	shape := &manifest.Manifest{Size: size, K: k, M: m, BlockSize: int(min(manifest.MaxBlock, (size+uint64(k)-1)/uint64(k)))}
	var blocks [][]byte
	var digests []manifest.Digest
	for s := range shape.Stripes() {
		for c := range k + m {
			block := make([]byte, shape.BlockLen(s, c))
			random.Read(block)
			blocks = append(blocks, block)
			digests = append(digests, hash.Sum(block))
		}
	}
	out, err := manifest.New(size, k, m, hash, digests)
	require.NoError(t, err)
	return out, blocks
}

func TestEveryChunkOfAStoredFileCanBeShown(t *testing.T) {
	for _, shape := range []struct {
		size uint64
		k, m int
	}{{1, 1, 0}, {1, 10, 4}, {99, 10, 4}, {5000, 2, 1}, {1<<20 + 1, 1, 1}, {30_001, 10, 4}} {
		m, blocks := stored(t, shape.size, shape.k, shape.m, manifest.BLAKE3)
		for s := range m.Stripes() {
			for c := range m.Shards() {
				block := blocks[s*m.Shards()+c]
				last := max(0, len(block)-1) / 1024
				for _, chunk := range []int{0, last / 2, last} {
					at := audit.Place{Column: c, Stripe: s, Chunk: chunk}
					proof, err := audit.Prove(m, block, at)
					require.NoError(t, err)
					require.True(t, audit.Verify(m, at, proof), "%v of %v", at, shape)
					at.Column = (c + 1) % m.Shards()
					require.False(t, audit.Verify(m, at, proof) && m.Shards() > 1 && len(block) > 0, "another column")
				}
			}
		}
	}
}

func TestWhatCannotBeShownIsSaid(t *testing.T) {
	m, blocks := stored(t, 5000, 2, 1, manifest.BLAKE3)
	for name, at := range map[string]audit.Place{
		"column":          {Column: 3},
		"negative column": {Column: -1},
		"stripe":          {Stripe: 1},
		"negative stripe": {Stripe: -1},
		"chunk":           {Chunk: 3},
		"negative chunk":  {Chunk: -1},
	} {
		_, err := audit.Prove(m, blocks[0], at)
		require.ErrorIs(t, err, audit.ErrPlace, name)
		require.False(t, audit.Verify(m, at, audit.Proof{}), name)
	}
	blocks[0][7] ^= 1
	_, err := audit.Prove(m, blocks[0], audit.Place{})
	require.ErrorIs(t, err, audit.ErrBlock, "a damaged block is found before the ledger finds it")
	sha, raw := stored(t, 5000, 2, 1, manifest.SHA256)
	_, err = audit.Prove(sha, raw[0], audit.Place{})
	require.ErrorIs(t, err, audit.ErrHash)
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("chunk"), uint8(1), []byte{1})
	f.Fuzz(func(t *testing.T, chunk []byte, column uint8, path []byte) {
		m, _ := stored(t, 5000, 2, 1, manifest.BLAKE3)
		var hashes [][32]byte
		for ; len(path) >= 32; path = path[32:] {
			hashes = append(hashes, [32]byte(path))
		}
		require.False(t, audit.Verify(m, audit.Place{Column: int(column)}, audit.Proof{Chunk: chunk, Tree: hashes, Block: hashes, Column: hashes}))
	})
}
