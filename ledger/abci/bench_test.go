package abci_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// BenchmarkCommittedTransactions measures signed transactions through a single validator: signature checks, mempool,
// consensus, execution, state and event log on disk.
func BenchmarkCommittedTransactions(b *testing.B) {
	n := start(b, solo(b))
	const senders = 50
	txs := make([][]byte, b.N)
	for i := range txs {
		txs[i] = put(b, key(fmt.Sprint(i%senders)), uint64(i/senders), fmt.Sprint(i), "value")
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
	_, err := n.Await(b.Context(), last)
	require.NoError(b, err)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkLatency measures one transaction at a time, from submitting to its block.
func BenchmarkLatency(b *testing.B) {
	n := start(b, solo(b))
	for i := range b.N {
		commit(b, n, put(b, key("sender"), uint64(i), "k", fmt.Sprint(i)))
	}
}
