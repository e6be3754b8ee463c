package bank

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

func tokenKey(denom string) []byte { return ledger.Key("bank", "d", denom) }

func holdingKey(denom string, holder ledger.Account) []byte {
	return ledger.Key("bank", "h", denom, string(holder))
}

// Token returns a project token's record.
func (Keeper) Token(kv ledger.KV, denom string) (Token, bool) {
	return ledger.Load[Token](kv, tokenKey(denom))
}

func (Keeper) holding(kv ledger.KV, denom string, holder ledger.Account) uint64 {
	amount, _ := ledger.Load[uint64](kv, holdingKey(denom, holder))
	return amount
}

// Holders visits the holders of a token in ascending account order until fn returns false.
func (k Keeper) Holders(kv ledger.KV, denom string, fn func(Holding) bool) {
	k.holdings(kv, holdingKey(denom, ""), fn)
}

// holdings visits all holdings under a prefix.
func (Keeper) holdings(kv ledger.KV, prefix []byte, fn func(Holding) bool) {
	head := ledger.Key("bank", "h", "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var amount uint64
		ledger.DecodeRecord(key, value, &amount)
		denom, holder, _ := bytes.Cut(key[len(head):], []byte("/"))
		return fn(Holding{Denom: string(denom), Holder: ledger.Account(holder), Amount: amount})
	})
}

// OpenToken creates a denomination, frozen until [Keeper.ReleaseToken].
func (k Keeper) OpenToken(kv ledger.KV, denom string) error {
	if _, taken := k.Token(kv, denom); taken {
		return ledger.Refuse(ledger.CodeRefused, "the denomination %s exists", denom)
	}
	ledger.Save(kv, tokenKey(denom), Token{Frozen: true})
	k.opened(kv)
	return nil
}

// ReleaseToken lets holders send and burn.
func (k Keeper) ReleaseToken(kv ledger.KV, denom string) error {
	token, ok := k.Token(kv, denom)
	if !ok {
		return fmt.Errorf("release token %s: it does not exist", denom)
	}
	token.Frozen = false
	ledger.Save(kv, tokenKey(denom), token)
	return nil
}

// Issue gives newly sold tokens to a holder.
func (k Keeper) Issue(ctx *ledger.Context, kv ledger.KV, denom string, to ledger.Account, amount uint64) error {
	token, ok := k.Token(kv, denom)
	if !ok {
		return fmt.Errorf("issue token %s: it does not exist", denom)
	}
	issued, err := fixed.Add(token.Issued, amount)
	if err != nil {
		return fmt.Errorf("issue %d of token %s: %w", amount, denom, err)
	}
	token.Issued = issued
	ledger.Save(kv, tokenKey(denom), token)
	k.addHolding(ctx, kv, denom, to, amount)
	ctx.Emit(Issued{Account: to, Denom: denom, Amount: amount})
	return nil
}

// TakeBack withdraws all tokens that a holder has and returns how many they were.
func (k Keeper) TakeBack(ctx *ledger.Context, kv ledger.KV, denom string, from ledger.Account) (uint64, error) {
	token, ok := k.Token(kv, denom)
	amount := k.holding(kv, denom, from)
	if !ok || token.Issued < amount {
		return 0, fmt.Errorf("take back token %s: %d issued, %d held by %s", denom, token.Issued, amount, from)
	}
	token.Issued -= amount
	ledger.Save(kv, tokenKey(denom), token)
	k.tell(ctx, kv, denom, from, amount, 0)
	kv.Delete(holdingKey(denom, from))
	ctx.Emit(Issued{Account: from, Denom: denom, Amount: amount, Back: true})
	return amount, nil
}

func (k Keeper) sendToken(ctx *ledger.Context, kv ledger.KV, m Send) error {
	if err := k.spendable(kv, ctx.Sender, m.Denom, m.Amount); err != nil {
		return err
	}
	k.subHolding(ctx, kv, m.Denom, ctx.Sender, m.Amount)
	k.addHolding(ctx, kv, m.Denom, m.To, m.Amount)
	ctx.Emit(Moved{
		From: string(ctx.Sender), To: string(m.To), Denom: m.Denom, Amount: m.Amount, Cause: "send", Ref: ctx.TxHash.String(),
	})
	return nil
}

func (k Keeper) burnToken(ctx *ledger.Context, kv ledger.KV, m Burn) error {
	if err := k.spendable(kv, ctx.Sender, m.Denom, m.Amount); err != nil {
		return err
	}
	token, _ := k.Token(kv, m.Denom)
	token.Burned += m.Amount // at most Issued: it was held
	ledger.Save(kv, tokenKey(m.Denom), token)
	k.subHolding(ctx, kv, m.Denom, ctx.Sender, m.Amount)
	ctx.Emit(Burned{Account: ctx.Sender, Denom: m.Denom, Amount: m.Amount})
	return nil
}

func (k Keeper) spendable(kv ledger.KV, holder ledger.Account, denom string, amount uint64) error {
	token, ok := k.Token(kv, denom)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "there is no denomination %s", denom)
	}
	if token.Frozen {
		return ledger.Refuse(ledger.CodeRefused, "tokens of %s cannot move before its funding goal is reached", denom)
	}
	if held := k.holding(kv, denom, holder); held < amount {
		return ledger.Refuse(ledger.CodeFunds, "%d of token %s are held, %d are needed", held, denom, amount)
	}
	return nil
}

// addHolding cannot overflow: a holding is at most what was issued.
func (k Keeper) addHolding(ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, amount uint64) {
	key := holdingKey(denom, holder)
	held, known := ledger.Load[uint64](kv, key)
	k.tell(ctx, kv, denom, holder, held, held+amount)
	if !known {
		k.opened(kv)
	}
	ledger.Save(kv, key, held+amount)
}

// opened counts a record that a recount has to read.
func (k Keeper) opened(kv ledger.KV) {
	totals := k.Totals(kv)
	totals.Records++
	saveTotals(kv, totals)
}

// subHolding drops a holding that becomes empty. The caller has checked that it suffices.
func (k Keeper) subHolding(ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, amount uint64) {
	key := holdingKey(denom, holder)
	held := k.holding(kv, denom, holder)
	left := held - amount
	k.tell(ctx, kv, denom, holder, held, left)
	if left == 0 {
		kv.Delete(key)
		return
	}
	ledger.Save(kv, key, left)
}

// tell says that a holding is about to change.
func (k Keeper) tell(ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, before, after uint64) {
	if k.holders != nil {
		k.holders.HoldingChanges(ctx, kv, denom, holder, before, after)
	}
}

// Outstanding returns how many of a token all holders have together.
func (k Keeper) Outstanding(kv ledger.KV, denom string) uint64 {
	token, _ := k.Token(kv, denom)
	return token.Outstanding()
}
