package merkle_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/merkle"
)

func leaves(n int) [][32]byte {
	out := make([][32]byte, n)
	for i := range out {
		out[i] = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
	}
	return out
}

func TestRootsMatchTheCertificateTransparencyVectors(t *testing.T) {
	data := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var list [][]byte
	for n, want := range roots {
		if n > 0 {
			raw, err := hex.DecodeString(data[n-1])
			require.NoError(t, err)
			list = append(list, raw)
		}
		root := merkle.Root(list)
		require.Equal(t, want, hex.EncodeToString(root[:]), "%d leaves", n)
	}
}

func TestEveryPathVerifiesAndNothingElseDoes(t *testing.T) {
	for n := 1; n <= 33; n++ {
		list := leaves(n)
		root := merkle.RootHashes(list)
		for i := range list {
			path := merkle.Path(list, i)
			require.True(t, merkle.Verify(root, list[i], i, n, path), "leaf %d of %d", i, n)
			require.False(t, merkle.Verify(root, list[(i+1)%n], i, n, path) && n > 1, "another leaf")
			for j := range n {
				if j != i {
					require.False(t, merkle.Verify(root, list[i], j, n, path), "leaf %d as %d of %d", i, j, n)
				}
			}
			for k := range path {
				bad := append([][32]byte(nil), path...)
				bad[k][0] ^= 1
				require.False(t, merkle.Verify(root, list[i], i, n, bad))
				require.False(t, merkle.Verify(root, list[i], i, n, path[:k]))
			}
			require.False(t, merkle.Verify(root, list[i], i, n, append(path, [32]byte{})))
		}
	}
}

func TestOutOfRangeIndexesAreRefused(t *testing.T) {
	list := leaves(5)
	root := merkle.RootHashes(list)
	require.Nil(t, merkle.Path(list, -1))
	require.Nil(t, merkle.Path(list, 5))
	require.Nil(t, merkle.Path(nil, 0))
	path := merkle.Path(list, 4)
	require.False(t, merkle.Verify(root, list[4], -1, 5, path))
	require.False(t, merkle.Verify(root, list[4], 5, 5, path))
	require.False(t, merkle.Verify(root, list[4], 0, 0, nil))
	require.False(t, merkle.Verify(root, list[4], 4, 5, make([][32]byte, 65)))
}

func TestRootHashesEqualsRootOverTheSameBytes(t *testing.T) {
	for n := range 20 {
		list := leaves(n)
		raw := make([][]byte, n)
		for i := range list {
			raw[i] = list[i][:]
		}
		require.Equal(t, merkle.Root(raw), merkle.RootHashes(list))
	}
}

func FuzzVerifyAcceptsOnlyTheTruth(f *testing.F) {
	f.Add(uint8(7), uint8(3), uint8(3), []byte{})
	f.Add(uint8(1), uint8(0), uint8(0), []byte{1})
	f.Fuzz(func(t *testing.T, size, at, claimed uint8, noise []byte) {
		n := int(size)%40 + 1
		list := leaves(n)
		i := int(at) % n
		path := merkle.Path(list, i)
		changed := int(claimed)%n != i
		for j, b := range noise {
			if len(path) == 0 {
				break
			}
			path[j%len(path)][j%32] ^= b
		}
		for j, want := range merkle.Path(list, i) {
			changed = changed || path[j] != want
		}
		require.Equal(t, !changed, merkle.Verify(merkle.RootHashes(list), list[i], int(claimed)%n, n, path))
	})
}
