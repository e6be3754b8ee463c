package ledger_test

import (
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/stretchr/testify/require"
	"lukechampine.com/blake3"

	"autonet/ledger"
)

func TestDocumentCIDIsWhatIPFSReads(t *testing.T) {
	doc := []byte("a document")
	text := ledger.DocCID(doc)
	c, err := cid.Decode(text)
	require.NoError(t, err)
	require.Equal(t, text, c.String())
	require.Equal(t, uint64(cid.Raw), c.Type())
	digest := blake3.Sum256(doc)
	require.Equal(t, digest[:], []byte(c.Hash()[2:]))
	require.NoError(t, ledger.CheckCID(text, ledger.CodecRaw))
	require.ErrorIs(t, ledger.CheckCID(text, ledger.CodecDagCBOR), ledger.ErrCID)

	manifest := ledger.ManifestCID(doc)
	m, err := cid.Decode(manifest)
	require.NoError(t, err)
	require.Equal(t, uint64(cid.DagCBOR), m.Type())
	require.NoError(t, ledger.CheckCID(manifest, ledger.CodecDagCBOR))
}

func TestOtherSpellingsOfACIDAreRefused(t *testing.T) {
	good := ledger.DocCID([]byte("x"))
	for name, text := range map[string]string{
		"empty":       "",
		"upper case":  strings.ToUpper(good),
		"short":       good[:len(good)-1],
		"long":        good + "a",
		"CIDv0":       "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
		"odd bits":    good[:len(good)-1] + "7",
		"not base32":  good[:20] + "1" + good[21:],
		"wrong hash":  "bafybwidjvvocqopjm6xbqsqgmztyqkkrhgnkwtqbtqvhlmsbjgxmhqjwyi",
		"with a path": good[:len(good)-2] + "/a",
	} {
		require.ErrorIs(t, ledger.CheckCID(text, ledger.CodecRaw), ledger.ErrCID, name)
	}
}

func FuzzCheckCID(f *testing.F) {
	f.Add(ledger.DocCID([]byte("x")))
	f.Add(ledger.ManifestCID([]byte("x")))
	f.Fuzz(func(t *testing.T, text string) {
		if ledger.CheckCID(text, ledger.CodecRaw) != nil {
			return
		}
		c, err := cid.Decode(text)
		require.NoError(t, err)
		require.Equal(t, text, c.String())
	})
}
