package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

// layersAgree compares the written-out decoders with the codec on any bytes.
func layersAgree(t *testing.T, raw []byte) {
	t.Helper()
	var wantTx ledger.Tx
	good := ledger.Unmarshal(raw, &wantTx) == nil && wantTx.Key != nil && wantTx.Sig != nil && wantTx.Body != nil
	tx, ok := ledger.DecodeTxLayer(raw)
	require.Equal(t, good, ok, "%x as a transaction", raw)
	if ok {
		require.Equal(t, wantTx, tx)
	}
	var wantBody ledger.Body
	good = ledger.Unmarshal(raw, &wantBody) == nil
	body, ok := ledger.DecodeBodyLayer(raw)
	require.Equal(t, good, ok, "%x as a body", raw)
	if ok {
		require.Equal(t, wantBody, body)
	}
}

func bodyWith(tb testing.TB, msg []byte) []byte {
	tb.Helper()
	raw := []byte("\xa5\x63fee\x01\x63msg")
	raw = append(raw, msg...)
	return append(raw, "\x64kind\x63a/b\x65nonce\x18\x20\x67network\x63net"...)
}

func TestBothDecodersOfATransactionAcceptTheSame(t *testing.T) {
	signed, err := ledger.SignTx(ledgertest.Key(1), "net", 700, note{Text: "x"})
	require.NoError(t, err)
	tx, _, err := ledger.DecodeTx(signed)
	require.NoError(t, err)
	for _, raw := range [][]byte{signed, tx.Body} {
		for i := range raw {
			layersAgree(t, raw[:i])
			for _, flip := range []byte{1, 0x20, 0x40, 0x80, 0xff} {
				changed := append([]byte(nil), raw...)
				changed[i] ^= flip
				layersAgree(t, changed)
			}
		}
		layersAgree(t, append(slices.Clip(raw), 0))
	}
	for _, msg := range []string{
		"\xf6", "\xf5", "\xf7", "\xe0", "\xf8\x18", "\xf8\x20", "\xf8\xff", "\xf9\x7e\x00", "\xfa\x00\x00\x00\x00", "\xfb", "\xff",
		"\x18\x01", "\x19\x00\x01", "\x20", "\x38\x01", "\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "\x1c", "\x5f\xff", "\x9f\xff", "\xbf\xff",
		"\xc0\x01", "\xc1\x18\x20", "\x61\xff", "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
		"\xa1\x01\x02", "\xa2\x01\x02\x01\x02", "\xa1\x01", "\x58\x01\x00", "\x82\x01", "\xfa\x7f\xc0\x00\x00",
		strings.Repeat("\x81", 7) + "\x01", strings.Repeat("\x81", 8) + "\x01", strings.Repeat("\xa1\x01", 7) + "\x01",
		"\x99\x40\x00" + strings.Repeat("\x00", 16384), "\x99\x40\x01" + strings.Repeat("\x00", 16385),
	} {
		layersAgree(t, bodyWith(t, []byte(msg)))
	}
	for _, head := range []string{
		"\x00", "\x17", "\x18\x17", "\x18\x18", "\x19\x00\xff", "\x19\x01\x00", "\x1a\x00\x00\xff\xff",
		"\x1a\x00\x01\x00\x00", "\x1b\x00\x00\x00\x00\xff\xff\xff\xff", "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", "\x20", "\xf6",
	} {
		layersAgree(t, []byte("\xa5\x63fee"+head+"\x63msg\x01\x64kind\x63a/b\x65nonce\x01\x67network\x63net"))
		layersAgree(t, []byte("\xa5\x63fee\x01\x63msg\x01\x64kind\x63a/b\x65nonce"+head+"\x67network\x63net"))
	}
}

func FuzzTxLayers(f *testing.F) {
	raw, err := ledger.SignTx(ledgertest.Key(1), "net", 0, note{Text: "x"})
	require.NoError(f, err)
	f.Add(raw)
	nested, err := cbor.Marshal(map[string]any{"a": []any{1, -2, "x", []byte{1}, true, nil}})
	require.NoError(f, err)
	f.Add(bodyWith(f, nested))
	f.Fuzz(layersAgree)
}
