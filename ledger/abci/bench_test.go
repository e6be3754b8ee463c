package abci_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/bank"
)

// BenchmarkCommittedTransactions measures signed transfers through a single validator under the rules of ledger/app:
// signature checks, mempool, consensus, execution, state and event log on disk.
func BenchmarkCommittedTransactions(b *testing.B) {
	n, _ := ledgerNode(b)
	throughput(b, n, func(sender, nonce int) []byte {
		send := bank.Send{To: account(key("sender1")), Denom: ledger.DenomATN, Amount: 1}
		return sign(b, key(fmt.Sprint("sender", sender)), uint64(nonce), send)
	})
}

// BenchmarkEngine is the same under rules that do next to nothing.
func BenchmarkEngine(b *testing.B) {
	n := start(b, solo(b))
	throughput(b, n, func(sender, nonce int) []byte {
		return put(b, key(fmt.Sprint("sender", sender)), uint64(nonce), fmt.Sprint(sender), fmt.Sprint(nonce))
	})
}

func throughput(b *testing.B, n *node, tx func(sender, nonce int) []byte) {
	b.Helper()
	const senders = 50
	txs := make([][]byte, b.N)
	for i := range txs {
		txs[i] = tx(i%senders, i/senders)
	}
	b.ResetTimer()
	var last ledger.Hash
	for _, raw := range txs {
		hash, err := n.Submit(b.Context(), raw)
		for errors.Is(err, abci.ErrMempoolFull) {
			time.Sleep(time.Millisecond)
			hash, err = n.Submit(b.Context(), raw)
		}
		require.NoError(b, err)
		last = hash
	}
	result, err := n.Await(b.Context(), last)
	require.NoError(b, err)
	require.NoError(b, result.Err())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkLatency measures one transaction at a time, from submitting to its block.
func BenchmarkLatency(b *testing.B) {
	n := start(b, solo(b))
	for i := range b.N {
		commit(b, n, put(b, key("sender"), uint64(i), "k", fmt.Sprint(i)))
	}
}
