package ledger_test

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

func TestAccountIsTheLibp2pPeerID(t *testing.T) {
	for i := range 20 {
		key := ledgertest.Key(i)
		priv, err := crypto.UnmarshalEd25519PrivateKey(key)
		require.NoError(t, err)
		id, err := peer.IDFromPrivateKey(priv)
		require.NoError(t, err)
		account := ledgertest.Account(i)
		require.Equal(t, id.String(), string(account))
		parsed, err := ledger.ParseAccount(id.String())
		require.NoError(t, err)
		pub, err := parsed.Key()
		require.NoError(t, err)
		require.Equal(t, key.Public(), pub)
	}
}

func TestAccountRefusesWhatIsNotACanonicalPeerID(t *testing.T) {
	good := string(ledgertest.Account(1))
	for name, text := range map[string]string{
		"empty":           "",
		"too long":        strings.Repeat("1", 65),
		"not base58":      strings.Replace(good, "1", "0", 1),
		"truncated":       good[:len(good)-1],
		"extended":        good + "1",
		"leading one":     "1" + good,
		"another key":     "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
		"surrounded":      " " + good,
		"unprintable":     good[:10] + "\x00" + good[11:],
		"multibase":       "z" + good,
		"CID of the peer": "k51qzi5uqu5dj0tbafg4e5dk2kdwzkgcuv0q5ipgz3d6f6ozjcmu0l1wk6stwo",
	} {
		_, err := ledger.ParseAccount(text)
		require.ErrorIs(t, err, ledger.ErrAccount, name)
	}
	require.Empty(t, ledger.AccountFromKey(ed25519.PublicKey("short")))
}

func FuzzParseAccount(f *testing.F) {
	f.Add(string(ledgertest.Account(1)))
	f.Add("")
	f.Add("12D3KooW")
	f.Fuzz(func(t *testing.T, text string) {
		account, err := ledger.ParseAccount(text)
		if err != nil {
			require.Empty(t, account)
			return
		}
		key, err := account.Key()
		require.NoError(t, err)
		require.Equal(t, text, string(ledger.AccountFromKey(key)))
	})
}

func TestAmountsReadAsWholeTokens(t *testing.T) {
	for amount, text := range map[ledger.Natn]string{
		0:                                 "0 ATN",
		1:                                 "0.000000001 ATN",
		ledger.ATN:                        "1 ATN",
		12*ledger.ATN + 500_000_000:       "12.5 ATN",
		ledger.Natn(18446744073709551615): "18446744073.709551615 ATN",
	} {
		require.Equal(t, text, amount.String())
	}
}

func TestHashTravelsAsHexInJSONAndBytesInCBOR(t *testing.T) {
	h := ledger.Hash{1, 2, 0xff}
	raw, err := json.Marshal(h)
	require.NoError(t, err)
	require.Equal(t, `"`+h.String()+`"`, string(raw))
	var back ledger.Hash
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, h, back)
	bin, err := ledger.Marshal(h)
	require.NoError(t, err)
	require.Equal(t, append([]byte{0x58, 32}, h[:]...), bin)
	parsed, err := ledger.ParseHash(h.String())
	require.NoError(t, err)
	require.Equal(t, h, parsed)
	for _, bad := range []string{"", "00", strings.Repeat("g", 64), strings.Repeat("0", 65)} {
		_, err := ledger.ParseHash(bad)
		require.ErrorIs(t, err, ledger.ErrHash)
	}
}

func TestIdentifiersDependOnEveryPart(t *testing.T) {
	base := ledger.TaskID("net", ledgertest.Account(1), 7)
	require.True(t, ledger.ValidID(base))
	seen := []string{
		base,
		ledger.TaskID("net2", ledgertest.Account(1), 7),
		ledger.TaskID("net", ledgertest.Account(2), 7),
		ledger.TaskID("net", ledgertest.Account(1), 8),
		ledger.ProjectID("net", ledgertest.Account(1), 7),
	}
	for i := range seen {
		for j := range i {
			require.NotEqual(t, seen[i], seen[j])
		}
	}
	for _, bad := range []string{"", base[1:], base + "0", strings.ToUpper(base[:31]) + "G", base[:31] + "/"} {
		require.False(t, ledger.ValidID(bad), bad)
	}
}

func TestPartsOfAHashDoNotRunTogether(t *testing.T) {
	require.NotEqual(t, ledger.HashParts([]byte("ab"), []byte("c")), ledger.HashParts([]byte("a"), []byte("bc")))
	require.NotEqual(t, ledger.HashParts([]byte("a")), ledger.HashParts([]byte("a"), nil))
}
