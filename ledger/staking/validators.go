package staking

import (
	"bytes"
	"cmp"
	"slices"

	"autonet/ledger"
)

func memberKey(account ledger.Account) []byte { return ledger.Key("staking", "v", string(account)) }

// Reconsider has the set drawn up anew at the end of the block: the numbers it is made by changed.
func (Keeper) Reconsider(kv ledger.KV) { kv.Set(dirtyKey(), []byte{1}) }

// Validators visits the validator set as consensus knows it, in ascending account order, until fn returns false.
func (Keeper) Validators(kv ledger.KV, fn func(account ledger.Account, m Member) bool) {
	prefix := memberKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var m Member
		ledger.DecodeRecord(key, value, &m)
		return fn(ledger.Account(key[len(prefix):]), m)
	})
}

// EndBlock returns the changes of the validator set: the strongest active validators make it, by stake and then by
// account, each under its present consensus key. A set that would become empty stays as it is, for a chain without validators could never decide anything again.
func (k Keeper) EndBlock(ctx *ledger.Context, kv ledger.KV) []Update {
	if kv.Get(dirtyKey()) == nil {
		return nil
	}
	type holder struct {
		account ledger.Account
		bonded  ledger.Natn
	}
	var holders []holder
	k.Holders(ctx.Params, kv, Validator, func(account ledger.Account, bonded ledger.Natn) bool {
		holders = append(holders, holder{account: account, bonded: bonded})
		return true
	})
	if len(holders) == 0 {
		return nil // stays dirty
	}
	kv.Delete(dirtyKey())
	slices.SortStableFunc(holders, func(a, b holder) int { return cmp.Compare(b.bonded, a.bonded) })
	holders = holders[:min(len(holders), MaxValidators)]
	slices.SortFunc(holders, func(a, b holder) int { return cmp.Compare(a.account, b.account) })

	var updates []Update
	next := 0
	k.Validators(kv, func(account ledger.Account, m Member) bool {
		for next < len(holders) && holders[next].account < account {
			next++
		}
		if next == len(holders) || holders[next].account != account {
			updates = append(updates, Update{Account: account, ConsKey: m.ConsKey, Power: 0})
			kv.Delete(memberKey(account))
		}
		return true
	})
	for _, h := range holders {
		record, _ := k.Record(kv, h.account)
		now := Member{ConsKey: record.ConsKey, Power: int64(max(h.bonded/ledger.ATN, 1))}
		known, ok := ledger.Load[Member](kv, memberKey(h.account))
		rotated := ok && !bytes.Equal(known.ConsKey, now.ConsKey)
		if ok && !rotated && known.Power == now.Power {
			continue
		}
		if rotated {
			updates = append(updates, Update{Account: h.account, ConsKey: known.ConsKey, Power: 0})
		}
		updates = append(updates, Update{Account: h.account, ConsKey: now.ConsKey, Power: now.Power})
		ledger.Save(kv, memberKey(h.account), now)
	}
	for _, u := range updates {
		ctx.Emit(ValidatorChanged(u))
	}
	return updates
}
