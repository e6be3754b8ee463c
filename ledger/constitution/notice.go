package constitution

import (
	"fmt"

	"autonet/ledger"
)

// maxRests bounds how many accounts fall asleep in one block; the others do in the next.
const maxRests = 256

func noticeKey(account ledger.Account) []byte {
	return ledger.Key("constitution", "n", string(account))
}

// restKey orders notices by the time they take effect.
func restKey(atMS int64, account ledger.Account) []byte {
	return ledger.Key("constitution", "q", fmt.Sprintf("%016x", atMS), string(account))
}

// Given returns the notice given to an account; false when there is none, or it signed since.
func (Keeper) Given(kv ledger.KV, account ledger.Account) (Given, bool) {
	return ledger.Load[Given](kv, noticeKey(account))
}

// Notices visits every notice in ascending account order until fn returns false.
func (Keeper) Notices(kv ledger.KV, fn func(account ledger.Account, g Given) bool) {
	prefix := noticeKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var g Given
		ledger.DecodeRecord(key, value, &g)
		return fn(ledger.Account(key[len(prefix):]), g)
	})
}

// Notice executes the message.
func (k Keeper) Notice(ctx *ledger.Context, kv ledger.KV, m Notice) error {
	if _, given := k.Given(kv, m.Account); given {
		return ledger.Refuse(ledger.CodeRefused, "notice: %s has been given notice", m.Account)
	}
	if m.Account == ctx.Sender || !k.ports.Power.Dormant(ctx, kv, m.Account) {
		return ledger.Refuse(ledger.CodeEarly, "notice: %s has no power, or signed something within the last %d ms", m.Account, ctx.Params.Governance.DormantMS)
	}
	if k.ports.Power.Power(kv, m.Account) == 0 {
		return ledger.Refuse(ledger.CodeRefused, "notice: %s has no power of its own", m.Account)
	}
	g := Given{By: ctx.Sender, AtMS: ctx.TimeMS, RestMS: ctx.TimeMS + ctx.Params.Governance.NoticeMS}
	ledger.Save(kv, noticeKey(m.Account), g)
	kv.Set(restKey(g.RestMS, m.Account), []byte{1})
	k.ports.Power.Notice(ctx, kv, m.Account)
	ctx.Emit(Noticed{Account: m.Account, By: ctx.Sender, RestMS: g.RestMS})
	return nil
}

// Woken is told when an account signs that was given notice: its power is back.
func (k Keeper) Woken(ctx *ledger.Context, kv ledger.KV, account ledger.Account) {
	g, given := k.Given(kv, account)
	if !given {
		return
	}
	kv.Delete(noticeKey(account))
	kv.Delete(restKey(g.RestMS, account))
	ctx.Emit(Woke{Account: account})
	if !g.Rests {
		return
	}
	for _, a := range k.signing(kv, account) {
		a.Asleep -= min(a.Asleep, k.ports.Power.PowerAt(kv, account, a.Snapshot))
		ledger.Save(kv, amendmentKey(a.ID), a)
	}
}

// rest puts the accounts asleep whose notice is over.
func (k Keeper) rest(ctx *ledger.Context, kv ledger.KV) {
	for _, key := range due(kv, ledger.Key("constitution", "q", ""), ctx.TimeMS, maxRests) {
		kv.Delete(key.raw)
		account := ledger.Account(key.name)
		g, _ := k.Given(kv, account)
		g.Rests = true
		ledger.Save(kv, noticeKey(account), g)
		k.ports.Power.Rest(ctx, kv, account)
		ctx.Emit(Rested{Account: account, Power: k.ports.Power.Power(kv, account)})
		for _, a := range k.signing(kv, account) {
			a.Asleep += k.ports.Power.PowerAt(kv, account, a.Snapshot) // at most the power of all
			ledger.Save(kv, amendmentKey(a.ID), a)
		}
	}
}

// signing returns the amendments being signed that an account has not signed.
func (k Keeper) signing(kv ledger.KV, account ledger.Account) []Amendment {
	var list []Amendment
	for _, a := range k.open(kv) {
		if a.State == StateSigning && kv.Get(signatureKey(a.ID, account)) == nil {
			list = append(list, a)
		}
	}
	return list
}
