package project

import "autonet/ledger"

// The ports of this module. Both are joined to the bank and called on the one goroutine that executes blocks.

// Bank moves the native token. An error from Fund is a refusal; from the others it is a fault.
type Bank interface {
	// Fund moves an amount from the funder's balance into the projects' pot; CodeFunds when it does not suffice.
	Fund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, project string) error
	// Refund moves an amount from the projects' pot to the funder.
	Refund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, project string) error
	// Reserve moves an amount from the projects' pot into the escrows.
	Reserve(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
	// Return moves an amount from the escrows into the projects' pot.
	Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
}

// Tokens keeps the project's own denomination.
type Tokens interface {
	// OpenToken creates the denomination, frozen.
	OpenToken(kv ledger.KV, denom string) error
	// ReleaseToken lets holders send and burn.
	ReleaseToken(kv ledger.KV, denom string) error
	// Issue gives newly sold tokens to a holder.
	Issue(ctx *ledger.Context, kv ledger.KV, denom string, to ledger.Account, amount uint64) error
	// TakeBack withdraws all tokens a holder has and returns how many they were.
	TakeBack(ctx *ledger.Context, kv ledger.KV, denom string, from ledger.Account) (uint64, error)
}
