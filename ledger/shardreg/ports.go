package shardreg

import "autonet/ledger"

// Staking tells who is staked. It is called on the one goroutine that executes blocks.
type Staking interface {
	// Provider reports whether the account has a provider's minimum bonded.
	Provider(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool
}
