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

// Aggregate publishes the drawn aggregator's model at once. The task stays AGGREGATED with a window in which the model can
// be challenged; what the aggregator and the providers earn is paid when it is over.
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
	if result.Version, err = k.ports.Budget.Publish(ctx, kv, t.Project, t.ID, t.Aggregator, result); err != nil {
		return err
	}
	t.Result = &result
	ctx.Emit(EventAggregated{
		Task: t.ID, Project: t.Project, Aggregator: t.Aggregator, Accepted: t.Accepted, EvaluateOnly: t.EvaluateOnly, Result: result,
	})
	enter(ctx, &t, StateAggregated, PhaseAggregateChallenge, ctx.WorkMS+ctx.Params.Disputes.AggregateChallengeMS,
		fmt.Sprintf("model version %d is published and can be challenged", result.Version))
	save(kv, &t)
	return nil
}

// ReplaceAggregate publishes the right model as the project's next version after a dispute has disproved the aggregator's,
// slashes the aggregator's locked stake with the reporter's share, and returns what it took.
func (k Keeper) ReplaceAggregate(
	ctx *ledger.Context, kv ledger.KV, id string, right Result, reporter ledger.Account, cause, evidence string,
) (ledger.Natn, error) {
	t, err := k.must(kv, id)
	if err != nil {
		return 0, err
	}
	if t.Phase != PhaseAggregateChallenge || t.Refuted != nil {
		return 0, fmt.Errorf("task %s has no model that can be replaced", id)
	}
	if right.Version, err = k.ports.Budget.Publish(ctx, kv, t.Project, t.ID, reporter, right); err != nil {
		return 0, fmt.Errorf("task %s: publish the right model: %w", id, err)
	}
	t.Refuted, t.Result = t.Result, &right
	taken := k.ports.Stakes.SlashLocked(ctx, kv, AggregatorPurpose(id), Penalty{
		Account: t.Aggregator, Role: ledger.RoleAggregator, Amount: ctx.Params.Aggregator.MinStake, Reporter: reporter,
		Task: id, Cause: cause, Evidence: evidence,
	})
	ctx.Emit(EventReplaced{
		Task: id, Project: t.Project, Aggregator: t.Aggregator, Challenger: reporter, Refuted: *t.Refuted, Result: right,
	})
	save(kv, &t)
	return taken, nil
}

// endAggregated pays the aggregator, unless its model was replaced, and the providers of the model that stands, and makes
// the task final.
func (k Keeper) endAggregated(ctx *ledger.Context, kv ledger.KV, t *Task) error {
	cause := "nobody can challenge the model any more"
	if t.Refuted == nil {
		if err := k.pay(ctx, kv, t, PotAggregator, t.Aggregator, t.Escrow.Aggregator, "aggregation"); err != nil {
			return err
		}
	} else {
		cause = fmt.Sprintf("model version %d replaced version %d", t.Result.Version, t.Refuted.Version)
		if err := k.giveBack(ctx, kv, t, "the aggregate was wrong", PotAggregator); err != nil {
			return err
		}
	}
	k.ports.Stakes.Unlock(ctx, kv, t.Aggregator, ledger.RoleAggregator, AggregatorPurpose(t.ID))
	if err := k.payStorage(ctx, kv, t); err != nil {
		return err
	}
	enter(ctx, t, StateAggregated, "", 0, cause)
	return k.close(kv, t)
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
	k.ports.Providers.Columns(ctx, kv, t.Result.Manifest, t.Result.Root, func(account ledger.Account, columns uint64) bool {
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
