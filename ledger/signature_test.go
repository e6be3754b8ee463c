package ledger_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

// edgePoints are all encodings of points of small order, canonical or not.
var edgePoints = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(tb, err)
	return raw
}

// asTheStandardLibrary holds the ledger's rule against crypto/ed25519.
func asTheStandardLibrary(tb testing.TB, key, message, sig []byte) bool {
	tb.Helper()
	want := len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, sig)
	require.Equal(tb, want, ledger.VerifySignature(key, message, sig), "key %x message %x signature %x", key, message, sig)
	require.Equal(tb, want, ledger.PrepareKey(key).Verify(message, sig), "prepared key %x message %x signature %x", key, message, sig)
	return want
}

func TestSignaturesAreAcceptedAsByTheStandardLibrary(t *testing.T) {
	raw, err := os.ReadFile("testdata/speccheck.json")
	require.NoError(t, err)
	var cases []struct {
		Message   string `json:"message"`
		Key       string `json:"pub_key"`
		Signature string `json:"signature"`
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	var accepted []bool
	for _, c := range cases {
		accepted = append(accepted, asTheStandardLibrary(t, unhex(t, c.Key), unhex(t, c.Message), unhex(t, c.Signature)))
	}
	require.Equal(t, []bool{true, true, true, true, false, false, false, false, false, false, false, true}, accepted,
		"the cases of Chalkias, Garillot and Nikolaenko, Taming the many EdDSAs")
	for _, a := range edgePoints {
		for _, r := range edgePoints {
			asTheStandardLibrary(t, unhex(t, a), []byte("Zcash"), append(unhex(t, r), make([]byte, 32)...))
		}
	}
	key := ledgertest.Key(1)
	pub, message := key[ed25519.SeedSize:], []byte("message")
	sig := ed25519.Sign(key, message)
	require.True(t, asTheStandardLibrary(t, pub, message, sig))
	for i := range sig {
		for bit := range 8 {
			sig[i] ^= 1 << bit
			require.False(t, asTheStandardLibrary(t, pub, message, sig))
			sig[i] ^= 1 << bit
		}
	}
	require.False(t, ledger.VerifySignature(nil, message, sig))
	require.False(t, ledger.VerifySignature(pub, message, sig[:63]))
	require.False(t, ledger.PrepareKey(nil).Verify(message, sig))
	require.False(t, ledger.PrepareKey(pub).Verify(message, sig[:63]))
}

func FuzzVerifySignature(f *testing.F) {
	key := ledgertest.Key(1)
	f.Add([]byte(key[ed25519.SeedSize:]), []byte("m"), ed25519.Sign(key, []byte("m")))
	for _, point := range edgePoints {
		f.Add(unhex(f, point), []byte("m"), append(unhex(f, point), make([]byte, 32)...))
	}
	f.Fuzz(func(t *testing.T, key, message, sig []byte) { asTheStandardLibrary(t, key, message, sig) })
}
