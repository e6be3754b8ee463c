package node_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node"
	"autonet/shards/audit"
	"autonet/shards/manifest"
	"autonet/shards/store"
)

func TestWhatIsStoredHereCanBeShown(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Options{Quota: 1 << 24})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	blocks := [][]byte{bytes.Repeat([]byte{1}, 5000), bytes.Repeat([]byte{2}, 5000), bytes.Repeat([]byte{3}, 5000)}
	var digests []manifest.Digest
	for _, b := range blocks {
		digests = append(digests, manifest.BLAKE3.Sum(b))
	}
	m, err := manifest.New(10_000, 2, 1, manifest.BLAKE3, digests)
	require.NoError(t, err)
	encoded, err := m.Encode()
	require.NoError(t, err)
	require.NoError(t, s.Put(
		store.Block{CID: m.CID(), Data: encoded}, store.Block{CID: m.Block(0, 0), Data: blocks[0]}, store.Block{CID: m.Block(0, 2), Data: blocks[2]},
	))
	files := node.FilesOver(s)
	for _, column := range []int{0, 2} {
		at := audit.Place{Column: column, Chunk: 4}
		proof, err := files.Prove(t.Context(), m.CID().String(), at)
		require.NoError(t, err)
		require.True(t, audit.Verify(m, at, proof))
	}
	_, err = files.Prove(t.Context(), m.CID().String(), audit.Place{Column: 1})
	require.Error(t, err, "this column is elsewhere")
	_, err = files.Prove(t.Context(), m.CID().String(), audit.Place{Column: 3})
	require.ErrorIs(t, err, audit.ErrPlace)
	_, err = files.Prove(t.Context(), "rubbish", audit.Place{})
	require.Error(t, err)
}
