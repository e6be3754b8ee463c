package abci_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// forge changes one bit of a transaction's signature.
func forge(tb testing.TB, raw []byte) []byte {
	tb.Helper()
	raw = append([]byte(nil), raw...)
	tx, _, err := ledger.DecodeTx(raw)
	require.NoError(tb, err)
	tx.Sig[7] ^= 1
	return raw
}

func TestWhatIsRememberedOfSignaturesNeverChangesWhatIsAccepted(t *testing.T) {
	for _, forgetful := range []bool{false, true} {
		s := abci.NewSignatures(network)
		if forgetful {
			s.Forget()
		}
		for range 3 { // unknown, remembered, prepared
			for i := range 4 {
				for sender := range 3 {
					raw := put(t, key(fmt.Sprint(sender)), uint64(i), "k", "v")
					require.False(t, s.Valid(forge(t, raw)))
					require.True(t, s.Valid(raw))
					require.False(t, s.Valid(forge(t, raw)))
				}
			}
		}
		elsewhere, err := ledger.SignTx(key("0"), "other", 0, abci.Put{Key: "k"})
		require.NoError(t, err)
		require.False(t, s.Valid(elsewhere))
		require.False(t, s.Valid([]byte("garbage")))
		txs, keys := s.Remembered()
		if forgetful {
			require.LessOrEqual(t, max(txs, keys), 2)
			continue
		}
		require.Equal(t, []int{12, 3}, []int{txs, keys})
	}
}

func TestABlockIsVerifiedAtOnceAndOnlyWhatVerifiesIsRemembered(t *testing.T) {
	s := abci.NewSignatures(network)
	var block [][]byte
	for i := range 100 {
		raw := put(t, key(fmt.Sprint(i%7)), uint64(i), "k", "v")
		block = append(block, raw, forge(t, raw), raw, []byte("garbage"))
	}
	s.All(block...)
	s.All(block...)
	txs, keys := s.Remembered()
	require.Equal(t, []int{100, 7}, []int{txs, keys})
}

func TestASubmittedTransactionWithAForgedSignatureIsRefusedAndTheTrueOneIsNot(t *testing.T) {
	n := start(t, solo(t))
	raw := put(t, key("sender"), 0, "k", "v")
	_, err := n.Submit(t.Context(), forge(t, raw))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	commit(t, n, raw)
	_, err = n.Submit(t.Context(), raw)
	require.NoError(t, err, "one that is in a block is no error")
}
