package merkle

import (
	"encoding/binary"

	"lukechampine.com/blake3/guts"
)

// ChunkSize is the length in bytes of BLAKE3's chunks, but for the last one.
const ChunkSize = guts.ChunkSize

// Chunks is the number of BLAKE3 chunks of size bytes; nothing is one empty
// chunk.
func Chunks(size int) int { return max(1, (size+ChunkSize-1)/ChunkSize) }

// ChunkPath is the way of the index-th chunk of data up BLAKE3's own tree: the
// chaining values of the siblings, from the chunk up. It is nil when there is
// no such chunk, and empty for data of one chunk.
func ChunkPath(data []byte, index int) [][32]byte {
	if index < 0 || index >= Chunks(len(data)) {
		return nil
	}
	return appendChunkPath([][32]byte{}, data, 0, index)
}

// ChunkRoot is the BLAKE3-256 digest of size bytes that path leads to from
// their index-th chunk. It is false when chunk or path do not have the length
// that a chunk and a path at that place have; that the digest is the right one
// is for the caller to see.
func ChunkRoot(chunk []byte, index, size int, path [][32]byte) ([32]byte, bool) {
	n := Chunks(size)
	if size < 0 || index < 0 || index >= n || len(chunk) != min(ChunkSize, size-index*ChunkSize) || len(path) > MaxPath {
		return [32]byte{}, false
	}
	// The way down from the root: right says which turns it takes.
	var right []bool
	for at, rest := index, n; rest > 1; {
		left := split(rest)
		turn := at >= left
		if turn {
			at, rest = at-left, rest-left
		} else {
			rest = left
		}
		right = append(right, turn)
	}
	if len(path) != len(right) {
		return [32]byte{}, false
	}
	cv := chunkNode(chunk, index)
	for i, sibling := range path {
		here := words(chain(cv))
		if right[len(right)-1-i] {
			cv = guts.ParentNode(words(sibling), here, iv(), 0)
		} else {
			cv = guts.ParentNode(here, words(sibling), iv(), 0)
		}
	}
	cv.Flags |= guts.FlagRoot
	return chain(cv), true
}

func iv() *[8]uint32 {
	key := guts.IV
	return &key
}

func chunkNode(chunk []byte, index int) guts.Node {
	return guts.CompressChunk(chunk, iv(), uint64(index), 0)
}

// chain is a node's chaining value, which is the digest for a root node.
func chain(n guts.Node) [32]byte {
	var out [32]byte
	for i, w := range guts.ChainingValue(n) {
		binary.LittleEndian.PutUint32(out[4*i:], w)
	}
	return out
}

func words(b [32]byte) [8]uint32 {
	var out [8]uint32
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

// subtree is the node over data, whose first chunk is the first-th of all.
func subtree(data []byte, first int) guts.Node {
	n := Chunks(len(data))
	if n == 1 {
		return chunkNode(data, first)
	}
	left := split(n)
	return guts.ParentNode(
		words(chain(subtree(data[:left*ChunkSize], first))),
		words(chain(subtree(data[left*ChunkSize:], first+left))), iv(), 0,
	)
}

func appendChunkPath(path [][32]byte, data []byte, first, index int) [][32]byte {
	n := Chunks(len(data))
	if n == 1 {
		return path
	}
	left := split(n)
	head, tail := data[:left*ChunkSize], data[left*ChunkSize:]
	if index < left {
		return append(appendChunkPath(path, head, first, index), chain(subtree(tail, first+left)))
	}
	return append(appendChunkPath(path, tail, first+left, index-left), chain(subtree(head, first)))
}
