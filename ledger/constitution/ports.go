package constitution

import "autonet/ledger"

// The ports are called on the one goroutine that executes blocks.

// Power keeps the books of governance power.
type Power interface {
	// Power is an account's governance power now.
	Power(kv ledger.KV, account ledger.Account) ledger.Natn
	// PowerAt is an account's governance power at the end of a height.
	PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn
	// TotalAt is all governance power at the end of a height.
	TotalAt(kv ledger.KV, height int64) ledger.Natn
	// AsleepAt is the power at the end of a height whose accounts were asleep then.
	AsleepAt(kv ledger.KV, height int64) ledger.Natn
	// Dormant reports whether an account has signed nothing for so long that notice may be given.
	Dormant(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool
	// Notice records that notice was given to an account, until it signs.
	Notice(ctx *ledger.Context, kv ledger.KV, account ledger.Account)
	// Rest puts a noticed account asleep, until it signs.
	Rest(ctx *ledger.Context, kv ledger.KV, account ledger.Account)
}

// Rules keeps the numbers in force.
type Rules interface {
	// Change puts changed numbers in force and returns their version; it refuses what the numbers' bounds do not allow.
	Change(ctx *ledger.Context, kv ledger.KV, changes []ledger.Change, cause string) (uint64, error)
}

// Stakes tells who may judge.
type Stakes interface {
	// Weight is what an account has bonded in the roles that judge and in which it is active.
	Weight(ctx *ledger.Context, kv ledger.KV, account ledger.Account) ledger.Natn
}
