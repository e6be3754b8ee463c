package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
)

// BenchmarkSend is one transfer in a block of a hundred: what the state machine costs besides consensus and its store.
func BenchmarkSend(b *testing.B) { sends(b, nil) }

// BenchmarkSendVerified is the same on a node that has verified the signatures at the door.
func BenchmarkSendVerified(b *testing.B) { sends(b, func(ledger.Hash, ledger.Tx) bool { return true }) }

func sends(b *testing.B, verified func(ledger.Hash, ledger.Tx) bool) {
	b.Helper()
	c := newChain(b)
	nonce := uint64(0)
	for b.Loop() {
		b.StopTimer()
		var txs [][]byte
		for range 100 {
			raw, err := ledger.SignTx(key(citizen), network, nonce, bank.Send{To: acct(owner), Denom: "ATN", Amount: 1})
			require.NoError(b, err)
			txs = append(txs, raw)
			nonce++
		}
		c.height++
		b.StartTimer()
		info := c.info()
		info.Verified = verified
		res, err := c.ExecBlock(c.kv, info, txs)
		require.NoError(b, err)
		require.Equal(b, ledger.CodeOK, res.Txs[99].Code, res.Txs[99].Text)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/tx")
}
