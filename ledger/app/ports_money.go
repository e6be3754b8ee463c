package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/staking"
)

// The adapters in this file and the next join the modules' ports. They hold the App, not its keepers, because modules ask
// each other both ways and the keepers come into being one after the other.

// bankPort is the bank as staking and project see it.
type bankPort struct{ *App }

// Used implements staking.Bank.
func (b bankPort) Used(kv ledger.KV, account ledger.Account) bool {
	record, _ := b.bank.Account(kv, account)
	return record.Nonce > 0
}

// Inherit implements staking.Bank.
func (b bankPort) Inherit(ctx *ledger.Context, kv ledger.KV, key, account ledger.Account) error {
	record, _ := b.bank.Account(kv, key)
	return b.bank.Move(ctx, kv, bank.Balance(key), bank.Balance(account), record.Balance, "key", string(account))
}

// Bond implements staking.Bank.
func (b bankPort) Bond(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error {
	return b.bank.Move(ctx, kv, bank.Balance(account), bank.Stakes(), amount, "bond", "")
}

// Unbond implements staking.Bank.
func (b bankPort) Unbond(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error {
	return b.bank.Move(ctx, kv, bank.Stakes(), bank.Unbonding(), amount, "unbond", string(account))
}

// Release implements staking.Bank.
func (b bankPort) Release(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn) error {
	return b.bank.Move(ctx, kv, bank.Unbonding(), bank.Balance(account), amount, "unbonded", "")
}

// Slash implements staking.Bank.
func (b bankPort) Slash(ctx *ledger.Context, kv ledger.KV, bonded, unbonding, share ledger.Natn, p staking.Penalty) error {
	if err := b.bank.Move(ctx, kv, bank.Stakes(), bank.Treasury(), bonded, "slash: "+p.Cause, p.Ref); err != nil {
		return err
	}
	if err := b.bank.Move(ctx, kv, bank.Unbonding(), bank.Treasury(), unbonding, "slash: "+p.Cause, p.Ref); err != nil {
		return err
	}
	if share == 0 {
		return nil
	}
	return b.bank.Move(ctx, kv, bank.Treasury(), bank.Balance(p.Reporter), share, "report: "+p.Cause, p.Ref)
}

// Fund implements project.Bank.
func (b bankPort) Fund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, id string) error {
	return b.bank.Move(ctx, kv, bank.Balance(funder), bank.Projects(), amount, "fund", id)
}

// Refund implements project.Bank.
func (b bankPort) Refund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, id string) error {
	return b.bank.Move(ctx, kv, bank.Projects(), bank.Balance(funder), amount, "refund", id)
}

// Reserve implements project.Bank.
func (b bankPort) Reserve(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, id string) error {
	return b.bank.Move(ctx, kv, bank.Projects(), bank.Escrows(), amount, "escrow", id)
}

// Return implements project.Bank.
func (b bankPort) Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, id string) error {
	return b.bank.Move(ctx, kv, bank.Escrows(), bank.Projects(), amount, "escrow returned", id)
}

// creditPort is the bank as task sees it: what leaves an escrow.
type creditPort struct{ *App }

// Credit implements task.Bank.
func (b creditPort) Credit(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn) error {
	return b.bank.Move(ctx, kv, bank.Escrows(), bank.Balance(to), amount, "task", "")
}

// budgetPort is project as task sees it.
type budgetPort struct{ *App }

// Reserve implements task.Budget.
func (b budgetPort) Reserve(ctx *ledger.Context, kv ledger.KV, id string, amount ledger.Natn) error {
	return b.project.Reserve(ctx, kv, id, amount)
}

// Return implements task.Budget.
func (b budgetPort) Return(ctx *ledger.Context, kv ledger.KV, id string, amount ledger.Natn) error {
	return b.project.Return(ctx, kv, id, amount)
}
