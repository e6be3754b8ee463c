package exchange_test

import (
	"bytes"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/stretchr/testify/require"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
)

func FuzzDecodeRequest(f *testing.F) {
	x, y := block(1, 1), block(2, 2)
	for op := range uint8(3) {
		data, err := exchange.EncodeRequest(op, []cid.Cid{x.CID, y.CID})
		require.NoError(f, err)
		f.Add(data[4:])
	}
	f.Add([]byte{0xa2, 1, 1, 2, 0x9a, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		op, list, err := exchange.DecodeRequest(data)
		if err != nil {
			return
		}
		require.NotEmpty(t, list)
		require.LessOrEqual(t, len(list), exchange.MaxCIDs)
		again, err := exchange.EncodeRequest(op, list)
		require.NoError(t, err)
		op2, list2, err := exchange.DecodeRequest(again[4:])
		require.NoError(t, err)
		require.Equal(t, op, op2)
		require.Equal(t, list, list2)
	})
}

func FuzzReadBlock(f *testing.F) {
	f.Add(append(word(3), 1, 2, 3), 3)
	f.Add(append(word(3), 1, 2), -1)
	f.Add([]byte{255, 255, 255, 255}, 0)
	f.Add([]byte{255, 255, 255, 254}, 0)
	f.Add(word(1<<30), -1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		got, found, err := exchange.ReadBlock(bytes.NewReader(data), size)
		if err != nil || !found {
			require.Empty(t, got)
			return
		}
		require.True(t, len(got) <= manifest.MaxBlock && (size < 0 || len(got) == size))
		require.Equal(t, data[4:4+len(got)], got)
	})
}
