package heartbeat

import "autonet/ledger"

// Staking tells the power of accounts. It is called on the one goroutine that executes blocks.
type Staking interface {
	// Power is the account's governance power: its own bonded stake of all roles.
	Power(kv ledger.KV, account ledger.Account) ledger.Natn
}
