package abci_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/bank"
	"autonet/ledger/proof"
)

func patience(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func prove(tb testing.TB, n *node, words ...string) (proof.Proof, proof.Statement) {
	tb.Helper()
	p, err := n.ProveWhat(patience(tb), words, 0)
	require.NoError(tb, err)
	raw, err := p.Encode()
	require.NoError(tb, err)
	require.Less(tb, len(raw), 32<<10)
	p, err = proof.Decode(raw)
	require.NoError(tb, err)
	header, err := n.Header(p.Height())
	require.NoError(tb, err)
	trusted, err := header.Encode()
	require.NoError(tb, err)
	s, err := proof.Verify(p, proof.Trusted{Network: network, Header: trusted})
	require.NoError(tb, err)
	return p, s
}

func TestWhatTheLedgerHoldsIsProvenAtOnce(t *testing.T) {
	n, _ := ledgerNode(t)
	from, to := key("sender0"), account(key("sender1"))
	result := commit(t, n, sign(t, from, 0, bank.Send{To: to, Denom: ledger.DenomATN, Amount: uint64(5 * ledger.ATN)}))
	require.NoError(t, result.Err())
	_, s := prove(t, n, "balance", string(to))
	require.GreaterOrEqual(t, s.Height, result.Height)
	require.Equal(t, 1005*ledger.ATN, s.Record.(bank.Account).Balance)
	_, s = prove(t, n, "balance", string(account(key("stranger"))))
	require.False(t, s.Found)

	kinds := map[string]bool{}
	for i := 0; ; i++ {
		p, err := n.ProveWhat(patience(t), []string{"event", fmt.Sprint(result.Height), fmt.Sprint(i)}, 0)
		if err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err), err)
			break
		}
		hash := proof.Trusted{Hash: blockHash(t, n, p.Height())}
		s, err := proof.Verify(p, hash)
		require.NoError(t, err)
		require.Equal(t, result.Height, s.Event.Height)
		kinds[s.Event.Kind] = true
	}
	require.True(t, kinds["bank/moved"])

	for _, words := range [][]string{{"params"}, {"supply"}, {"heartbeat"}, {"clock"}, {"stake", string(account(key("validator")))}, {"validator", string(account(key("validator")))}, {"governor", string(account(key("validator")))}} {
		p, s := prove(t, n, words...)
		require.Equal(t, words[0] != "heartbeat", s.Found, words)
		require.Equal(t, words, p.What)
	}
}

func blockHash(tb testing.TB, n *node, height int64) ledger.Hash {
	tb.Helper()
	info, err := n.Block(height)
	require.NoError(tb, err)
	return info.Hash
}

func TestWhatCannotBeProvenIsSaid(t *testing.T) {
	n, _ := ledgerNode(t)
	reaches(t, n, 2)
	_, err := n.ProveWhat(t.Context(), nil, 0)
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	_, err = n.ProveWhat(t.Context(), []string{"wealth"}, 0)
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	_, err = n.ProveWhat(t.Context(), []string{"params"}, 1<<40)
	require.ErrorIs(t, err, abci.ErrNoBlock)
	_, err = n.Tx(ledger.Hash{1})
	require.ErrorIs(t, err, abci.ErrNoTx)
	_, err = n.Header(1 << 40)
	require.ErrorIs(t, err, abci.ErrNoBlock)
	n.stop()
	_, err = n.ProveWhat(t.Context(), []string{"params"}, 0)
	require.ErrorIs(t, err, abci.ErrNotRunning)
}

func TestAnyKeyOfAnyKeptStateIsProven(t *testing.T) {
	n := start(t, solo(t))
	sender := key("sender")
	var heights []int64
	for i := range 5 {
		heights = append(heights, commit(t, n, put(t, sender, uint64(i), "k", fmt.Sprint(i))).Height)
	}
	for i, height := range heights {
		p, err := n.Prove(patience(t), ledger.Key("value", "k"), height)
		require.NoError(t, err)
		s, err := proof.Verify(p, proof.Trusted{Hash: blockHash(t, n, height+1)})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), string(s.Value))
		require.Equal(t, height, s.Height)
	}
}
