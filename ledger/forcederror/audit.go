package forcederror

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Worth returns the escrow that a stored record stands for; none for what is not a set of seals.
func Worth(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, ledger.Key("forcederror", "s", "")) {
		return 0
	}
	var s Set
	ledger.DecodeRecord(key, value, &s)
	return s.Held
}

// Recount adds up what the seals that are not over hold; others hold nothing.
func (k Keeper) Recount(kv ledger.KV) (ledger.Natn, error) {
	sum := uint64(0)
	for _, s := range k.live(kv) {
		next, err := fixed.Add(sum, uint64(s.Held))
		if err != nil {
			return 0, fmt.Errorf("the escrows of seals exceed 64 bits: %w", err)
		}
		sum = next
	}
	return ledger.Natn(sum), nil
}
