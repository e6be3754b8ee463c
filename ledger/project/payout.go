package project

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// payOut splits what an order brought in: provider, holders of the project's token, and the rest to the treasury. A
// rejected delivery's provider part goes to the treasury too: rejecting costs the payer as much as accepting, so that
// nobody gets output for nothing, and a provider of nothing is not paid.
func (k Keeper) payOut(ctx *ledger.Context, kv ledger.KV, o OrderRecord, state OrderState, cause string) error {
	rules := ctx.Params.Services
	base := uint64(o.Price.Base)
	provider, err := fixed.MulDiv(base, rules.ProviderPerMille, 1000)
	if err != nil {
		return err
	}
	holders, err := fixed.MulDiv(base, rules.HoldersPerMille, 1000)
	if err != nil {
		return err
	}
	closed := OrderClosed{
		Order: o.ID, Project: o.Project, Payer: o.Payer, Provider: o.Provider, State: state,
		Paid: ledger.Natn(provider), Holders: ledger.Natn(holders), Pool: o.Price.Premium, Cause: cause,
	}
	if state == OrderRejected {
		closed.Paid = 0
	}
	if k.tokens.Outstanding(kv, o.Project) == 0 {
		closed.Holders = 0
	}
	closed.Treasury = o.Price.Base - closed.Paid - closed.Holders
	if err := k.till.Pay(ctx, kv, o.Provider, closed.Paid, "inference", o.ID); err != nil {
		return fmt.Errorf("pay the provider: %w", err)
	}
	if err := k.till.Keep(ctx, kv, closed.Treasury, "inference", o.ID); err != nil {
		return fmt.Errorf("pay the treasury: %w", err)
	}
	if err := k.share(ctx, kv, o.Project, o.ID, closed.Holders); err != nil {
		return fmt.Errorf("pay the holders: %w", err)
	}
	if err := k.pricing.Close(ctx, kv, o.Price, true); err != nil {
		return fmt.Errorf("pay the premium: %w", err)
	}
	p, ok := k.Project(kv, o.Project)
	if !ok {
		return fmt.Errorf("there is no project %s", o.Project)
	}
	p.Revenue += min(o.Price.Base, ^p.Revenue)
	ledger.Save(kv, projectKey(p.ID), p)
	k.end(ctx, kv, o, closed)
	return nil
}

// refund gives the payer everything back, and the subsidy pool what it added.
func (k Keeper) refund(ctx *ledger.Context, kv ledger.KV, o OrderRecord, cause string) error {
	if err := k.till.Pay(ctx, kv, o.Payer, o.Price.Pay, "inference refunded", o.ID); err != nil {
		return fmt.Errorf("refund: %w", err)
	}
	if err := k.pricing.Close(ctx, kv, o.Price, false); err != nil {
		return fmt.Errorf("give the subsidy back: %w", err)
	}
	k.end(ctx, kv, o, OrderClosed{
		Order: o.ID, Project: o.Project, Payer: o.Payer, Provider: o.Provider, State: OrderRefunded, Pool: o.Price.Subsidy,
		Refund: o.Price.Pay, Cause: cause,
	})
	return nil
}

// end closes an order's books.
func (Keeper) end(ctx *ledger.Context, kv ledger.KV, o OrderRecord, closed OrderClosed) {
	o.State, o.Deadline = closed.State, 0
	ledger.Save(kv, orderKey(o.ID), o)
	kv.Delete(heldKey(o.ID))
	ctx.Emit(closed)
}

// WorthOrder returns the paid and undelivered money that a stored record stands for; none for any other record.
func WorthOrder(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, heldKey("")) {
		return 0
	}
	var held ledger.Natn
	ledger.DecodeRecord(key, value, &held)
	return held
}

// RecountOrders adds up what is held for every order that has not ended.
func (Keeper) RecountOrders(kv ledger.KV) (ledger.Natn, error) {
	return recount(kv, heldKey(""), WorthOrder)
}
