package ledger_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

type sample struct {
	A uint64   `cbor:"a"`
	B []byte   `cbor:"b"`
	C []string `cbor:"c"`
}

func TestDecodingAcceptsOnlyWhatEncodingProduces(t *testing.T) {
	good, err := ledger.Marshal(sample{A: 1, B: []byte{2}, C: []string{"x"}})
	require.NoError(t, err)
	var s sample
	require.NoError(t, ledger.Unmarshal(good, &s))
	for name, text := range map[string]string{
		"empty":             "",
		"trailing bytes":    hex.EncodeToString(good) + "00",
		"truncated":         hex.EncodeToString(good[:len(good)-1]),
		"unknown key":       "a461610161624102616381617861640a",
		"missing key":       "a261610161624102",
		"repeated key":      "a4616101616101616241026163816178",
		"keys out of order": "a3616241026161016163816178",
		"longer integer":    "a361611801616241026163816178",
		"indefinite map":    "bf6161016162410261638161 78ff",
		"indefinite bytes":  "a361610161625f4102ff6163816178",
		"tagged":            "a36161c101616241026163816178",
		"other case":        "a3614101616241026163816178",
		"float":             "a36161f93c00616241026163816178",
		"negative":          "a3616120616241026163816178",
		"wrong type":        "a3616141016162410261638161 78",
		"invalid UTF-8":     "a3616101616241026163816 1ff",
		"huge array":        "a361610161624102616 39affffffff",
		"deep nesting":      "8181818181818181818181818181818101",
	} {
		raw, _ := hex.DecodeString(text)
		var s sample
		require.ErrorIs(t, ledger.Unmarshal(raw, &s), ledger.ErrEncoding, name)
	}
}

func TestStoredRecordsComeBack(t *testing.T) {
	kv := ledgertest.NewKV()
	key := ledger.Key("m", "x")
	_, ok := ledger.Load[sample](kv, key)
	require.False(t, ok)
	ledger.Save(kv, key, sample{A: 5})
	got, ok := ledger.Load[sample](kv, key)
	require.True(t, ok)
	require.Equal(t, uint64(5), got.A)
	kv.Set(key, []byte{0xff})
	require.Panics(t, func() { ledger.Load[sample](kv, key) }, "a broken store stops the node")
}
