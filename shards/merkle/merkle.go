package merkle

import (
	"crypto/sha256"
	"math/bits"
)

// Size is the length in bytes of a root, of a leaf hash and of every element
// of a path.
const Size = sha256.Size

const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// MaxPath is the longest path Verify accepts: enough for 2^63 leaves.
const MaxPath = 64

// Leaf is the hash of one leaf's data: SHA-256(0x00 ‖ data).
func Leaf(data []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{leafPrefix})
	h.Write(data)
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// Root is the Merkle root over leaves of any length, in their order. The root
// of no leaves is SHA-256 of nothing.
func Root(leaves [][]byte) [32]byte {
	hashes := make([][32]byte, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = Leaf(leaf)
	}
	return fold(hashes)
}

// RootHashes is Root over leaves that are hashes already. They are hashed once
// more as leaves, so that a root never equals a leaf.
func RootHashes(leaves [][32]byte) [32]byte {
	return fold(leafHashes(leaves))
}

// Path is the audit path of leaf i: the siblings from the leaf up to the root.
// It is nil when i is outside the list, and empty for a list of one.
func Path(leaves [][32]byte, i int) [][32]byte {
	if i < 0 || i >= len(leaves) {
		return nil
	}
	path := make([][32]byte, 0, bits.Len(uint(len(leaves))))
	return appendPath(path, leafHashes(leaves), i)
}

// Verify says whether leaf is the index-th of n leaves under root, as shown by
// path (RFC 9162, section 2.1.3.2). leaf is what was given to RootHashes. A
// path that is too long or too short, or an index outside [0, n), is false.
func Verify(root, leaf [32]byte, index, n int, path [][32]byte) bool {
	hash, ok := Climb(leaf, index, n, path)
	return ok && hash == root
}

// Climb is the root that path leads to from the index-th of n leaves; leaf is
// what was given to RootHashes. It is false for a path that is too long or too
// short and for an index outside [0, n).
func Climb(leaf [32]byte, index, n int, path [][32]byte) ([32]byte, bool) {
	if index < 0 || n <= 0 || index >= n || len(path) > MaxPath {
		return [32]byte{}, false
	}
	at, last := uint(index), uint(n-1)
	hash := Leaf(leaf[:])
	for _, sibling := range path {
		if last == 0 {
			return [32]byte{}, false
		}
		if at&1 == 1 || at == last {
			hash = node(sibling, hash)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			hash = node(hash, sibling)
		}
		at, last = at>>1, last>>1
	}
	return hash, last == 0
}

func leafHashes(leaves [][32]byte) [][32]byte {
	out := make([][32]byte, len(leaves))
	for i := range leaves {
		out[i] = Leaf(leaves[i][:])
	}
	return out
}

func node(left, right [32]byte) [32]byte {
	var buf [1 + 2*Size]byte
	buf[0] = nodePrefix
	copy(buf[1:], left[:])
	copy(buf[1+Size:], right[:])
	return sha256.Sum256(buf[:])
}

// split is the largest power of two smaller than n, for n > 1.
func split(n int) int {
	return 1 << (bits.Len(uint(n-1)) - 1)
}

func fold(hashes [][32]byte) [32]byte {
	switch len(hashes) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	}
	k := split(len(hashes))
	return node(fold(hashes[:k]), fold(hashes[k:]))
}

func appendPath(path, hashes [][32]byte, i int) [][32]byte {
	if len(hashes) == 1 {
		return path
	}
	k := split(len(hashes))
	if i < k {
		return append(appendPath(path, hashes[:k], i), fold(hashes[k:]))
	}
	return append(appendPath(path, hashes[k:], i-k), fold(hashes[:k]))
}
