package bank

import "autonet/ledger"

// Holders is told of every change of a holding of a project token before it is written: what holders are owed depends on
// what they held until then. It is called on the one goroutine that executes blocks.
type Holders interface {
	HoldingChanges(ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, before, after uint64)
}
