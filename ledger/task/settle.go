package task

import (
	"fmt"

	"autonet/ledger"
)

// settle pays what was earned, releases the bonds and draws the aggregator.
func (k Keeper) settle(ctx *ledger.Context, kv ledger.KV, t *Task) error {
	if err := k.ports.Votes.Settle(ctx, kv, t.ID); err != nil {
		return err
	}
	settled, err := k.must(kv, t.ID)
	if err != nil {
		return err
	}
	*t = settled
	k.releaseBonds(ctx, kv, t)
	t.Accepted = 0
	for _, slot := range t.Slots {
		if slot.Candidate() && slot.Verdict != nil && slot.Verdict.Accepted {
			t.Accepted++
		}
	}
	if t.Accepted == 0 {
		enter(ctx, t, StateSettled, "", ctx.WorkMS, "no solution was accepted")
		return k.expire(ctx, kv, t, "no solution was accepted", false)
	}
	if err := k.giveBack(ctx, kv, t, "not earned", PotSolvers, PotCoordinators, PotProposer); err != nil {
		return err
	}
	enter(ctx, t, StateSettled, "", ctx.WorkMS+ctx.Params.AggregateMS, fmt.Sprintf("%d solutions accepted", t.Accepted))
	k.drawAggregator(ctx, kv, t)
	save(kv, t)
	return nil
}

// Aggregate publishes the drawn aggregator's model and ends the task.
func (k Keeper) Aggregate(ctx *ledger.Context, kv ledger.KV, m Aggregate) error {
	t, err := k.load(kv, m.Task)
	if err != nil {
		return err
	}
	if err := inState(ctx, &t, StateSettled); err != nil {
		return err
	}
	if t.Aggregator == "" || ctx.Sender != t.Aggregator {
		return refused("%s was not drawn to aggregate task %s", ctx.Sender, t.ID)
	}
	result := Result{Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters}
	if result.Version, err = k.ports.Budget.Publish(ctx, kv, t.Project, t.ID, result); err != nil {
		return err
	}
	t.Result = &result
	if err := k.pay(ctx, kv, &t, PotAggregator, t.Aggregator, t.Escrow.Aggregator, "aggregation"); err != nil {
		return err
	}
	if err := k.payStorage(ctx, kv, &t); err != nil {
		return err
	}
	ctx.Emit(EventAggregated{Task: t.ID, Project: t.Project, Aggregator: t.Aggregator, Accepted: t.Accepted, Result: result})
	enter(ctx, &t, StateAggregated, "", 0, fmt.Sprintf("model version %d is published", result.Version))
	return k.close(kv, &t)
}

// payStorage splits the storage pot over the providers of the new model by columns. The remainder, or all of it when
// nobody announced any, goes back to the project.
func (k Keeper) payStorage(ctx *ledger.Context, kv ledger.KV, t *Task) error {
	type provider struct {
		account ledger.Account
		columns uint64
	}
	var providers []provider
	var total uint64
	k.ports.Providers.Columns(kv, t.Result.Manifest, func(account ledger.Account, columns uint64) bool {
		providers = append(providers, provider{account: account, columns: columns})
		total += columns
		return true
	})
	pot := t.Escrow.Storage
	for _, p := range providers {
		if p.columns == 0 {
			continue
		}
		cause := fmt.Sprintf("storage of %d of %d columns", p.columns, total)
		if err := k.pay(ctx, kv, t, PotStorage, p.account, share(pot, p.columns, total), cause); err != nil {
			return err
		}
	}
	return k.giveBack(ctx, kv, t, "storage not paid out", PotSolvers, PotCoordinators, PotProposer, PotAggregator, PotStorage)
}
