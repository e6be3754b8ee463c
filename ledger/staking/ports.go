package staking

import "autonet/ledger"

// Governance keeps the books of power. It is called on the one goroutine that executes blocks.
type Governance interface {
	// StakeChanged is told of every change of an account's bonded sum over all roles, in genesis too.
	StakeChanged(ctx *ledger.Context, kv ledger.KV, account ledger.Account, before, after ledger.Natn)
}

// Bank moves the money behind the stakes. It is called on the one goroutine that executes blocks. An error from Bond is a
// refusal; from the others it is a fault: the books of the two modules differ.
type Bank interface {
	// Used reports whether the account has ever signed a transaction that counts.
	Used(kv ledger.KV, account ledger.Account) bool
	// Inherit moves what was sent to a key's name to the account that the key serves from now on.
	Inherit(ctx *ledger.Context, kv ledger.KV, key, account ledger.Account) error
	// Bond moves an amount from the account's balance into the stakes; CodeFunds when it does not suffice.
	Bond(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error
	// Unbond moves an amount from the stakes into unbonding.
	Unbond(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error
	// Release moves an amount from unbonding to the account's balance.
	Release(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error
	// Slash moves the bonded and the unbonding part of a slash to the treasury, and from there the reporter's share.
	Slash(ctx *ledger.Context, kv ledger.KV, bonded, unbonding, share ledger.Natn, p Penalty) error
}
