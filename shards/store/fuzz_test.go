package store_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/store"
)

func FuzzScanRecords(f *testing.F) {
	one := store.EncodeRecord(nil, store.Record{Kind: 1, Key: [33]byte{0x1e, 1}, Data: []byte("block")})
	two := store.EncodeRecord(one, store.Record{Kind: 3, Data: store.EncodeValue("name", []byte("value"))})
	f.Add(one, 0)
	f.Add(two, 10)
	f.Add(two, 60)
	f.Add(bytes.Repeat([]byte{0xA7, 0xB1, 0x0C, 0x52}, 40), 3)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		// Sound records before and after the noise must be found whatever it is.
		first := store.Record{Kind: 1, Key: [33]byte{0x1e, 7}, Data: []byte("first")}
		last := store.Record{Kind: 2, Key: [33]byte{0x12, 9}, Data: []byte{}}
		whole := append(store.EncodeRecord(nil, first), data...)
		whole = store.EncodeRecord(whole, last)
		recs, end, _, err := store.ScanRecords(whole)
		require.NoError(t, err)
		require.Equal(t, first, recs[0])
		require.EqualValues(t, len(whole), end)
		require.Equal(t, last.Key, recs[len(recs)-1].Key)

		// A cut leaves what is whole before it.
		at = max(0, min(at, len(whole)))
		recs, end, _, err = store.ScanRecords(whole[:at])
		require.NoError(t, err)
		require.LessOrEqual(t, end, int64(at))
		require.Equal(t, at >= 57, len(recs) > 0 && recs[0].Key == first.Key)
	})
}

func FuzzDecodeValue(f *testing.F) {
	f.Add(store.EncodeValue("n", []byte("v")))
	f.Add([]byte{0, 5, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		name, value, err := store.DecodeValue(data)
		if err == nil {
			require.Equal(t, data, store.EncodeValue(name, value))
		}
	})
}
