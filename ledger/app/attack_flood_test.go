package app_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
)

// reads counts what blocks read of a store one by one.
type reads struct {
	ledger.KV

	visited int
}

func (r *reads) Iterate(prefix []byte, fn func(key, value []byte) bool) {
	r.KV.Iterate(prefix, func(key, value []byte) bool {
		r.visited++
		return fn(key, value)
	})
}

// Whoever fills the state with what costs next to nothing must not make every block read all of it.
func TestAFloodOfProjectsAndGrantsIsNotReadInEveryBlock(t *testing.T) {
	c := newChain(t)
	const each = 1200
	nonce := c.view().Nonce(acct(citizen))
	var txs [][]byte
	for i := range uint64(each) {
		grant := ledgertest.Key(10_000 + int(i))
		for j, m := range []ledger.Msg{
			create(),
			bank.Grant{Key: grant[ed25519.SeedSize:], Amount: bank.MinGrant, ExpiresMS: c.timeMS + 3_600_000},
		} {
			raw, err := ledger.SignTx(key(citizen), network, nonce+2*i+uint64(j), m)
			require.NoError(t, err)
			txs = append(txs, raw)
		}
	}
	for _, res := range c.block(100, txs...).Txs {
		require.Equal(t, ledger.CodeOK, res.Code, res.Text)
	}
	require.Len(t, c.view().Projects(), each)
	least := each
	for range 3 {
		store := &reads{KV: c.kv}
		c.height++
		c.timeMS += 100
		_, err := c.ExecBlock(store, c.info(), nil)
		require.NoError(t, err)
		least = min(least, store.visited)
	}
	require.Less(t, least, each/2)
	c.sound()
}
