package heartbeat

import "autonet/ledger"

// Governance tells the power of accounts. It is called on the one goroutine that executes blocks.
type Governance interface {
	// Power is the account's governance power: its own bonded stake of all roles and what was delegated to it, less what it
	// delegated.
	Power(kv ledger.KV, account ledger.Account) ledger.Natn
}
