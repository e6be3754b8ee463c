package alignment

import (
	"bytes"

	"autonet/ledger"
)

// Worth returns the subsidies that a stored record stands for; none for what is not the pool's record.
func Worth(key, value []byte) ledger.Natn {
	if value == nil || !bytes.Equal(key, poolKey()) {
		return 0
	}
	var pool Pool
	ledger.DecodeRecord(key, value, &pool)
	return pool.Balance
}

// Recount returns what the books say the subsidy pool holds.
func (k Keeper) Recount(kv ledger.KV) (ledger.Natn, error) { return k.Pool(kv).Balance, nil }
