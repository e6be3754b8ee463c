package ledger_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
)

func TestRecordsOfNumbersHaveOneEncoding(t *testing.T) {
	type pair struct {
		_    struct{} `cbor:",toarray"`
		A, B uint64
	}
	for _, n := range []uint64{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64} {
		want, err := ledger.Marshal(pair{A: n, B: 7})
		require.NoError(t, err)
		raw := ledger.EncodeNumbers(n, 7)
		require.Equal(t, want, raw)
		var a, b uint64
		ledger.DecodeNumbers(nil, raw, &a, &b)
		require.Equal(t, [2]uint64{n, 7}, [2]uint64{a, b})
		require.Panics(t, func() { ledger.DecodeNumbers(nil, raw, &a) })
		require.Panics(t, func() { ledger.DecodeNumbers(nil, raw[:len(raw)-1], &a, &b) })
		require.Panics(t, func() { ledger.DecodeNumbers(nil, append(raw, 0), &a, &b) })
	}
}
