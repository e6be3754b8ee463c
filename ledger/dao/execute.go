package dao

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

func grantsKey() []byte { return ledger.Key("dao", "g") }

// execute does what was decided. What the rules refuse by then fails, with its reason; an error is a fault of the ledger.
func (k Keeper) execute(ctx *ledger.Context, kv ledger.KV, p *Proposal) error {
	var err error
	switch {
	case len(p.Changes) > 0:
		p.Params, err = k.Change(ctx, kv, p.Changes, p.ID)
	case p.Grant != (Grant{}):
		err = k.grant(ctx, kv, p)
	default:
		err = k.schedule(ctx, kv, p)
	}
	switch code := ledger.CodeOf(err); {
	case code == ledger.CodeInternal:
		return err
	case code != ledger.CodeOK:
		p.State, p.Reason = StateFailed, err.Error()
	case p.State == StateTimelock:
		p.State = StateExecuted
	}
	return nil
}

// grant pays out of the treasury. What exceeds the window's part of it needs the greater quorum and majority.
func (k Keeper) grant(ctx *ledger.Context, kv ledger.KV, p *Proposal) error {
	g := ctx.Params.Governance
	past, _ := ledger.Load[grants](kv, grantsKey())
	for len(past.Paid) > 0 && ctx.TimeMS-past.Paid[0].TimeMS >= g.GrantWindowMS {
		past.Paid = past.Paid[1:]
	}
	given := ledger.Natn(0)
	for _, one := range past.Paid {
		given += one.Amount // at most the supply: each was in the treasury
	}
	whole, err := fixed.Add(uint64(k.ports.Treasury.Balance(kv)), uint64(given))
	if err != nil {
		return fmt.Errorf("treasury and grants: %w", err)
	}
	part, err := fixed.MulDiv(whole, g.GrantPerMille, 1000)
	if err != nil {
		return fmt.Errorf("grants allowed: %w", err)
	}
	allowed := ledger.Natn(part)
	great := g.GrantQuorum.Reached(p.Yes+p.No+p.Abstain, p.Power) && g.GrantMajority.Reached(p.Yes, p.Yes+p.No)
	if !great && p.Grant.Amount > allowed-min(allowed, given) {
		return ledger.Refuse(ledger.CodeRefused,
			"%s of grants within the window and %s more exceed %s; that needs %s of yes and no at a quorum of %s",
			given, p.Grant.Amount, allowed, g.GrantMajority, g.GrantQuorum)
	}
	if err := k.ports.Treasury.Grant(ctx, kv, p.Grant.To, p.Grant.Amount, p.ID); err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	past.Paid = append(past.Paid, paid{TimeMS: ctx.TimeMS, Amount: p.Grant.Amount})
	ledger.Save(kv, grantsKey(), past)
	return nil
}

// schedule lets an upgrade wait for its height.
func (k Keeper) schedule(ctx *ledger.Context, kv ledger.KV, p *Proposal) error {
	if next := k.Protocol(kv).Version + 1; p.Upgrade.Version != next {
		return ledger.Refuse(ledger.CodeRefused, "the next protocol version is %d by now, not %d", next, p.Upgrade.Version)
	}
	if p.Upgrade.Height <= ctx.Height {
		return ledger.Refuse(ledger.CodeLate, "height %d has passed", p.Upgrade.Height)
	}
	p.State = StateScheduled
	kv.Set(scheduledKey(p.Upgrade.Height, p.ID), []byte{1})
	return nil
}
