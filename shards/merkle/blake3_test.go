package merkle_test

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
	"lukechampine.com/blake3"

	"autonet/shards/merkle"
)

func noise(seed int64, size int) []byte {
	data := make([]byte, size)
	rand.New(rand.NewSource(seed)).Read(data)
	return data
}

func chunkOf(data []byte, i int) []byte {
	return data[i*merkle.ChunkSize : min(len(data), (i+1)*merkle.ChunkSize)]
}

func TestEveryChunkLeadsToTheBLAKE3Digest(t *testing.T) {
	sizes := []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 3073, 5 * 1024, 8 * 1024, 17*1024 + 5, 100_000}
	random := rand.New(rand.NewSource(1))
	for range 20 {
		sizes = append(sizes, random.Intn(40_000))
	}
	for _, size := range sizes {
		data := noise(int64(size), size)
		want := blake3.Sum256(data)
		n := merkle.Chunks(size)
		for i := range n {
			path := merkle.ChunkPath(data, i)
			require.NotNil(t, path)
			got, ok := merkle.ChunkRoot(chunkOf(data, i), i, size, path)
			require.True(t, ok, "chunk %d of %d bytes", i, size)
			require.Equal(t, want, got, "chunk %d of %d bytes", i, size)
		}
		require.Nil(t, merkle.ChunkPath(data, -1))
		require.Nil(t, merkle.ChunkPath(data, n))
	}
}

func TestAWholeBlockHasPathsOfTen(t *testing.T) {
	data := noise(7, 1<<20)
	want := blake3.Sum256(data)
	for _, i := range []int{0, 1, 511, 512, 777, 1023} {
		path := merkle.ChunkPath(data, i)
		require.Len(t, path, 10)
		got, ok := merkle.ChunkRoot(chunkOf(data, i), i, len(data), path)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
}

func TestAChunkOutOfPlaceLeadsElsewhere(t *testing.T) {
	const size = 9*1024 + 100
	data := noise(3, size)
	want := blake3.Sum256(data)
	for i := range merkle.Chunks(size) {
		path, chunk := merkle.ChunkPath(data, i), chunkOf(data, i)
		for j := range merkle.Chunks(size) {
			if got, ok := merkle.ChunkRoot(chunk, j, size, path); j != i && ok {
				require.NotEqual(t, want, got, "chunk %d as %d", i, j)
			}
		}
		changed := bytes.Clone(chunk)
		changed[len(chunk)/2] ^= 1
		got, ok := merkle.ChunkRoot(changed, i, size, path)
		require.True(t, ok)
		require.NotEqual(t, want, got)
		for k := range path {
			bad := append([][32]byte(nil), path...)
			bad[k][5] ^= 1
			got, _ = merkle.ChunkRoot(chunk, i, size, bad)
			require.NotEqual(t, want, got)
			_, ok = merkle.ChunkRoot(chunk, i, size, path[:k])
			require.False(t, ok, "too short")
		}
		_, ok = merkle.ChunkRoot(chunk, i, size, append(path, [32]byte{}))
		require.False(t, ok, "too long")
		_, ok = merkle.ChunkRoot(chunk[:len(chunk)-1], i, size, path)
		require.False(t, ok, "a part of the chunk")
	}
	_, ok := merkle.ChunkRoot(nil, 0, -1, nil)
	require.False(t, ok)
	_, ok = merkle.ChunkRoot(nil, -1, 0, nil)
	require.False(t, ok)
}

func FuzzChunkRoot(f *testing.F) {
	f.Add([]byte("chunk"), 0, 5, []byte{})
	f.Add(make([]byte, 1024), 1, 4096, make([]byte, 64))
	f.Add(make([]byte, 10), 1<<20, 1<<40, make([]byte, 32*20))
	f.Fuzz(func(t *testing.T, chunk []byte, index, size int, raw []byte) {
		if len(raw) > 32*70 {
			return
		}
		var path [][32]byte
		for ; len(raw) >= 32; raw = raw[32:] {
			path = append(path, [32]byte(raw))
		}
		digest, ok := merkle.ChunkRoot(chunk, index, size, path)
		if !ok {
			return
		}
		require.LessOrEqual(t, len(chunk), merkle.ChunkSize)
		if len(path) == 0 {
			require.Equal(t, blake3.Sum256(chunk), digest)
		}
	})
}

func TestClimbGivesTheRootOrNothing(t *testing.T) {
	list := leaves(6)
	root, ok := merkle.Climb(list[4], 4, 6, merkle.Path(list, 4))
	require.True(t, ok)
	require.Equal(t, merkle.RootHashes(list), root)
	_, ok = merkle.Climb(list[4], 6, 6, merkle.Path(list, 4))
	require.False(t, ok)
	_, ok = merkle.Climb(list[4], 4, 6, merkle.Path(list, 4)[:1])
	require.False(t, ok)
}
