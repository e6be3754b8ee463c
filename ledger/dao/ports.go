package dao

import "autonet/ledger"

// The ports are called on the one goroutine that executes blocks.

// Treasury is the network's money.
type Treasury interface {
	// Balance is what the treasury holds.
	Balance(kv ledger.KV) ledger.Natn
	// Grant pays an amount out of the treasury; CodeFunds when it does not suffice.
	Grant(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, proposal string) error
}

// Validators is the validator set.
type Validators interface {
	// Validators visits the set in ascending account order until fn returns false.
	Validators(kv ledger.KV, fn func(account ledger.Account, power int64) bool)
	// Reconsider has the set drawn up anew at the end of the block: the numbers it is made by changed.
	Reconsider(kv ledger.KV)
}

// Evaluators judge proposals that touch values.
type Evaluators interface {
	// Judge opens the evaluation of a matter whose text has a CID.
	Judge(ctx *ledger.Context, kv ledger.KV, matter, text string)
	// Judged reports how an evaluation ended; done is false while it goes on. reason says why it does not proceed.
	Judged(kv ledger.KV, matter string) (done, proceed bool, reason string)
}
