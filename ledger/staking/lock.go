package staking

import (
	"bytes"

	"autonet/internal/fixed"
	"autonet/ledger"
)

func lockKey(account ledger.Account, role Role, purpose string) []byte {
	return ledger.Key("staking", "l", string(account), string(role), purpose)
}

// Locks visits an account's locks until fn returns false.
func (Keeper) Locks(kv ledger.KV, account ledger.Account, fn func(Lock) bool) {
	prefix := ledger.Key("staking", "l", string(account), "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var amount ledger.Natn
		ledger.DecodeRecord(key, value, &amount)
		role, purpose, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		return fn(Lock{Role: Role(role), Purpose: string(purpose), Amount: amount})
	})
}

// Lock holds part of an account's bonded stake for a purpose that is unique to the account. It refuses with CodeFunds when
// what is bonded and not locked does not suffice.
func (k Keeper) Lock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role Role, purpose string, amount ledger.Natn) error {
	record, _ := k.Record(kv, account)
	stake := stakeOf(&record, role)
	if free := stake.Bonded - min(stake.Bonded, stake.Locked); free < amount {
		return ledger.Refuse(ledger.CodeFunds, "%s of the stake as %s are free, %s must be locked", free, role, amount)
	}
	key := lockKey(account, role, purpose)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "stake as %s is locked for %s already", role, ledger.Clip(purpose))
	}
	stake.Locked += amount
	ledger.Save(kv, key, amount)
	ledger.Save(kv, recordKey(account), record)
	ctx.Emit(Locked{Account: account, Role: role, Purpose: purpose, Amount: amount})
	return nil
}

// Unlock ends a lock; a purpose without one is nothing to do. Unbonding that waited for it ends.
func (k Keeper) Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role Role, purpose string) {
	key := lockKey(account, role, purpose)
	amount, ok := ledger.Load[ledger.Natn](kv, key)
	if !ok {
		return
	}
	record, _ := k.Record(kv, account)
	stakeOf(&record, role).Locked -= amount
	kv.Delete(key)
	ledger.Save(kv, recordKey(account), record)
	ctx.Emit(Unlocked{Account: account, Role: role, Purpose: purpose, Amount: amount})
	k.finishWaiting(ctx, kv, account, role)
}

// SlashLocked takes up to the amount out of what is locked for a purpose, shrinking the lock, and returns what it took.
func (k Keeper) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p Penalty) ledger.Natn {
	key := lockKey(p.Account, p.Role, purpose)
	held, ok := ledger.Load[ledger.Natn](kv, key)
	if !ok {
		return 0
	}
	record, _ := k.Record(kv, p.Account)
	p.Amount = min(p.Amount, held)
	stakeOf(&record, p.Role).Locked -= p.Amount
	if held == p.Amount {
		kv.Delete(key)
	} else {
		ledger.Save(kv, key, held-p.Amount)
	}
	ledger.Save(kv, recordKey(p.Account), record)
	ctx.Emit(Unlocked{Account: p.Account, Role: p.Role, Purpose: purpose, Amount: p.Amount})
	return k.Slash(ctx, kv, p)
}

// Slash takes up to the amount of the role's stake, bonded before unbonding, and returns what it took. The reporter, if
// there is one and it is not the account itself, gets its share and the treasury the rest. Locks shrink to what is left.
func (k Keeper) Slash(ctx *ledger.Context, kv ledger.KV, p Penalty) ledger.Natn {
	record, ok := k.Record(kv, p.Account)
	if !ok || !p.Role.Valid() {
		return 0
	}
	stake := stakeOf(&record, p.Role)
	bonded := min(p.Amount, stake.Bonded)
	stake.Bonded -= bonded
	unbonding := min(p.Amount-bonded, stake.Unbonding)
	stake.Unbonding -= unbonding
	k.slashEntries(kv, &record, p.Account, p.Role, unbonding)
	k.trimLocks(ctx, kv, stake, p.Account, p.Role)
	k.save(ctx, kv, p.Account, record, p.Role)

	taken, share := bonded+unbonding, ledger.Natn(0)
	if p.Reporter != "" && p.Reporter != p.Account {
		part, err := fixed.MulDiv(uint64(taken), ctx.Params.ReporterPerMille, 1000)
		if err != nil {
			ctx.Fault(err)
			return 0
		}
		share = ledger.Natn(part)
	} else {
		p.Reporter = ""
	}
	if err := k.bank.Slash(ctx, kv, bonded, unbonding, share, p); err != nil {
		ctx.Fault(err)
		return 0
	}
	ctx.Emit(Slashed{
		Account: p.Account, Role: p.Role, Due: p.Amount, Amount: taken, Cause: p.Cause, Evidence: p.Evidence, Ref: p.Ref,
		Reporter: p.Reporter, Share: share, Total: stake.Bonded, Active: k.Active(ctx, kv, p.Account, p.Role),
	})
	k.finishWaiting(ctx, kv, p.Account, p.Role)
	return taken
}

// slashEntries takes the unbonding part of a slash out of the entries, oldest first.
func (k Keeper) slashEntries(kv ledger.KV, record *Record, account ledger.Account, role Role, amount ledger.Natn) {
	type change struct {
		number uint64
		entry  Entry
	}
	var changes []change
	k.Entries(kv, account, func(number uint64, e Entry) bool {
		if amount == 0 {
			return false
		}
		if e.Role == role {
			part := min(amount, e.Amount)
			e.Amount -= part
			amount -= part
			changes = append(changes, change{number: number, entry: e})
		}
		return true
	})
	for _, c := range changes {
		if c.entry.Amount > 0 {
			ledger.Save(kv, entryKey(account, c.number), c.entry)
			continue
		}
		kv.Delete(entryKey(account, c.number))
		kv.Delete(queueKey(c.entry.EndMS, account, c.number))
		record.Leaving--
	}
}

// trimLocks keeps locks within the stake that is left, in the order of their purposes.
func (k Keeper) trimLocks(ctx *ledger.Context, kv ledger.KV, stake *Stake, account ledger.Account, role Role) {
	over := stake.Locked - min(stake.Locked, stake.Bonded+stake.Unbonding)
	if over == 0 {
		return
	}
	var locks []Lock
	k.Locks(kv, account, func(l Lock) bool {
		if l.Role == role {
			locks = append(locks, l)
		}
		return true
	})
	for _, l := range locks {
		part := min(over, l.Amount)
		if part == 0 {
			break
		}
		over -= part
		stake.Locked -= part
		key := lockKey(account, role, l.Purpose)
		if part == l.Amount {
			kv.Delete(key)
		} else {
			ledger.Save(kv, key, l.Amount-part)
		}
		ctx.Emit(Unlocked{Account: account, Role: role, Purpose: l.Purpose, Amount: part})
	}
}
