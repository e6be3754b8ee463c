package staking

import (
	"bytes"
	"fmt"
	"strconv"

	"autonet/ledger"
)

func entryKey(account ledger.Account, number uint64) []byte {
	return ledger.Key("staking", "u", string(account), fmt.Sprintf("%016x", number))
}

// queueKey orders entries by the time they end.
func queueKey(endMS int64, account ledger.Account, number uint64) []byte {
	return ledger.Key("staking", "q", fmt.Sprintf("%016x", endMS), string(account), fmt.Sprintf("%016x", number))
}

// Entries visits an account's unbonding entries, oldest first, until fn returns false.
func (Keeper) Entries(kv ledger.KV, account ledger.Account, fn func(number uint64, e Entry) bool) {
	prefix := ledger.Key("staking", "u", string(account), "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var e Entry
		ledger.DecodeRecord(key, value, &e)
		number, err := strconv.ParseUint(string(key[len(prefix):]), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("staking: the unbonding entry at %q has no number", key))
		}
		return fn(number, e)
	})
}

// Unbond executes the message. Locked stake may begin its way out; it cannot finish it. What stays is at least the role's
// minimum, or nothing.
func (k Keeper) Unbond(ctx *ledger.Context, kv ledger.KV, m Unbond) error {
	record, ok := k.Record(kv, ctx.Sender)
	stake := stakeOf(&record, m.Role)
	if !ok || stake.Bonded < m.Amount {
		return ledger.Refuse(ledger.CodeFunds, "unbond: %s bonded as %s, %s asked", stake.Bonded, m.Role, m.Amount)
	}
	if left, least := stake.Bonded-m.Amount, ctx.Params.Role(m.Role).MinStake; left > 0 && left < least {
		return ledger.Refuse(ledger.CodeRefused, "unbond: %s would be left as %s; at least %s must stay, or nothing", left, m.Role, least)
	}
	if record.Leaving >= MaxUnbonding {
		return ledger.Refuse(ledger.CodeRefused, "unbond: %d amounts are on their way out already; wait for one", record.Leaving)
	}
	if m.Role == Validator && stake.Bonded-m.Amount < ctx.Params.Validator.MinStake &&
		record.Active(ctx.Params, Validator) && !k.othersValidate(ctx, kv, ctx.Sender) {
		return ledger.Refuse(ledger.CodeRefused, "unbond: this is the last active validator")
	}
	if err := k.bank.Unbond(ctx, kv, ctx.Sender, m.Amount); err != nil {
		return fmt.Errorf("unbond: %w", err)
	}
	stake.Bonded -= m.Amount
	stake.Unbonding += m.Amount
	number := record.Next
	record.Next++
	record.Leaving++
	end := ctx.TimeMS + ctx.Params.Role(m.Role).UnbondMS
	ledger.Save(kv, entryKey(ctx.Sender, number), Entry{Role: m.Role, Amount: m.Amount, EndMS: end})
	kv.Set(queueKey(end, ctx.Sender, number), []byte{1})
	k.save(ctx, kv, ctx.Sender, record, m.Role)
	ctx.Emit(Unbonding{
		Account: ctx.Sender, Role: m.Role, Amount: m.Amount, Total: stake.Bonded, EndMS: end,
		Active: k.Active(ctx, kv, ctx.Sender, m.Role),
	})
	return nil
}

func (k Keeper) othersValidate(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	others := false
	k.Holders(ctx.Params, kv, Validator, func(holder ledger.Account, _ ledger.Natn) bool {
		others = holder != account
		return !others
	})
	return others
}

// BeginBlock puts consensus keys in force and ends the unbonding whose time has come. It needs no lease.
func (k Keeper) BeginBlock(ctx *ledger.Context, kv ledger.KV) error {
	k.applyKeys(ctx, kv)
	type due struct {
		key     []byte
		account ledger.Account
		number  uint64
	}
	var list []due
	prefix := ledger.Key("staking", "q", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		parts := bytes.Split(key[len(prefix):], []byte("/"))
		end, err := strconv.ParseInt(string(parts[0]), 16, 64)
		if err != nil || len(parts) != 3 {
			panic(fmt.Sprintf("staking: the queue has a key %q", key))
		}
		if end > ctx.TimeMS || len(list) >= maxReleases {
			return false
		}
		number, err := strconv.ParseUint(string(parts[2]), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("staking: the queue has a key %q", key))
		}
		list = append(list, due{key: bytes.Clone(key), account: ledger.Account(parts[1]), number: number})
		return true
	})
	for _, d := range list {
		kv.Delete(d.key)
		if err := k.finish(ctx, kv, d.account, d.number); err != nil {
			return err
		}
	}
	return nil
}

// finish pays out an entry whose time has come, or marks it as waiting for a lock to end.
func (k Keeper) finish(ctx *ledger.Context, kv ledger.KV, account ledger.Account, number uint64) error {
	key := entryKey(account, number)
	e, ok := ledger.Load[Entry](kv, key)
	if !ok {
		return nil // slashed away
	}
	record, _ := k.Record(kv, account)
	stake := stakeOf(&record, e.Role)
	if stake.Locked > stake.Bonded+stake.Unbonding-e.Amount {
		e.Due = true
		ledger.Save(kv, key, e)
		return nil
	}
	if err := k.bank.Release(ctx, kv, account, e.Amount); err != nil {
		return fmt.Errorf("end of unbonding of %s: %w", account, err)
	}
	stake.Unbonding -= e.Amount
	record.Leaving--
	kv.Delete(key)
	k.save(ctx, kv, account, record, e.Role)
	ctx.Emit(Released{Account: account, Role: e.Role, Amount: e.Amount})
	return nil
}

// finishWaiting pays out entries that only waited for a lock.
func (k Keeper) finishWaiting(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role Role) {
	var waiting []uint64
	k.Entries(kv, account, func(number uint64, e Entry) bool {
		if e.Due && e.Role == role {
			waiting = append(waiting, number)
		}
		return true
	})
	for _, number := range waiting {
		if err := k.finish(ctx, kv, account, number); err != nil {
			ctx.Fault(err)
			return
		}
	}
}
