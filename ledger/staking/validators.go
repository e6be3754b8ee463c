package staking

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"

	"autonet/internal/fixed"
	"autonet/ledger"
)

func memberKey(account ledger.Account) []byte { return ledger.Key("staking", "v", string(account)) }

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
// account. A set that would become empty stays as it is, for a chain without validators could never decide anything again.
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
		}
		return true
	})
	for _, h := range holders {
		power := int64(max(h.bonded/ledger.ATN, 1))
		known, ok := ledger.Load[Member](kv, memberKey(h.account))
		if ok && known.Power == power {
			continue
		}
		record, _ := k.Record(kv, h.account)
		updates = append(updates, Update{Account: h.account, ConsKey: record.ConsKey, Power: power})
	}
	for _, u := range updates {
		if u.Power == 0 {
			kv.Delete(memberKey(u.Account))
		} else {
			ledger.Save(kv, memberKey(u.Account), Member{ConsKey: u.ConsKey, Power: u.Power})
		}
		ctx.Emit(ValidatorChanged(u))
	}
	return updates
}

// Equivocation slashes a validator that consensus caught signing two blocks at one height. A key nobody claimed is
// nothing to do.
func (k Keeper) Equivocation(ctx *ledger.Context, kv ledger.KV, address []byte, height int64) {
	account := ledger.Account(bytes.Clone(kv.Get(consKeyKey(address))))
	if account == "" {
		return
	}
	record, _ := k.Record(kv, account)
	stake := record.Of(Validator)
	amount, err := fixed.MulDiv(uint64(stake.Bonded+stake.Unbonding), ctx.Params.EquivocationPerMille, 1000)
	if err != nil {
		ctx.Fault(err)
		return
	}
	k.Slash(ctx, kv, Penalty{
		Account: account, Role: Validator, Amount: ledger.Natn(amount), Cause: "equivocation",
		Evidence: "two votes at height " + strconv.FormatInt(height, 10) + " by " + hex.EncodeToString(address),
		Ref:      strconv.FormatInt(height, 10),
	})
}
