package task

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Total is the sum of the pots. It cannot overflow: the pots were taken out of one budget together.
func (e Escrow) Total() ledger.Natn {
	return e.Solvers + e.Coordinators + e.Proposer + e.Aggregator + e.Storage
}

// potOf returns the place of a pot.
func potOf(e *Escrow, name string) (*ledger.Natn, error) {
	switch name {
	case PotSolvers:
		return &e.Solvers, nil
	case PotCoordinators:
		return &e.Coordinators, nil
	case PotProposer:
		return &e.Proposer, nil
	case PotAggregator:
		return &e.Aggregator, nil
	case PotStorage:
		return &e.Storage, nil
	default:
		return nil, fmt.Errorf("an escrow has no pot %q", name)
	}
}

// SlotReward is the most one solver can earn: reward per sample × samples.
func (t Task) SlotReward() (ledger.Natn, error) {
	reward, err := fixed.Mul(uint64(t.RewardPerSample), t.Samples())
	return ledger.Natn(reward), err
}

// escrowOf is what a task must hold before it opens.
func escrowOf(t *Task) (Escrow, error) {
	reward, err := t.SlotReward()
	if err != nil {
		return Escrow{}, err
	}
	solvers, err := fixed.Mul(uint64(reward), uint64(len(t.Slots)))
	if err != nil {
		return Escrow{}, err
	}
	sum := solvers
	for _, amount := range []ledger.Natn{t.CoordinatorFee, t.ProposerReward, t.AggregatorFee, t.StorageFee} {
		if sum, err = fixed.Add(sum, uint64(amount)); err != nil {
			return Escrow{}, err
		}
	}
	return Escrow{
		Solvers:      ledger.Natn(solvers),
		Coordinators: t.CoordinatorFee,
		Proposer:     t.ProposerReward,
		Aggregator:   t.AggregatorFee,
		Storage:      t.StorageFee,
	}, nil
}

// Pay pays out of a pot of the task's escrow. An amount of zero is nothing to do; more than the pot holds is a fault.
func (k Keeper) Pay(ctx *ledger.Context, kv ledger.KV, id, pot string, to ledger.Account, amount ledger.Natn, cause string) error {
	t, err := k.must(kv, id)
	if err != nil {
		return err
	}
	if err := k.pay(ctx, kv, &t, pot, to, amount, cause); err != nil {
		return err
	}
	save(kv, &t)
	return nil
}

func (k Keeper) pay(ctx *ledger.Context, kv ledger.KV, t *Task, pot string, to ledger.Account, amount ledger.Natn, cause string) error {
	if amount == 0 {
		return nil
	}
	place, err := potOf(&t.Escrow, pot)
	if err != nil {
		return err
	}
	if amount > *place {
		return fmt.Errorf("task %s: pot %s holds %s, not %s for %s", t.ID, pot, *place, amount, cause)
	}
	if err := k.ports.Bank.Credit(ctx, kv, to, amount); err != nil {
		return fmt.Errorf("task %s: pay %s: %w", t.ID, cause, err)
	}
	*place -= amount
	ctx.Emit(EventPaid{Task: t.ID, Account: to, Pot: pot, Amount: amount, Cause: cause})
	return nil
}

// giveBack returns what is left in the pots to the project's budget.
func (k Keeper) giveBack(ctx *ledger.Context, kv ledger.KV, t *Task, cause string, pots ...string) error {
	var sum ledger.Natn
	for _, name := range pots {
		place, err := potOf(&t.Escrow, name)
		if err != nil {
			return err
		}
		if *place == 0 {
			continue
		}
		sum += *place
		ctx.Emit(EventReturned{Task: t.ID, Project: t.Project, Pot: name, Amount: *place, Cause: cause})
		*place = 0
	}
	if sum == 0 {
		return nil
	}
	if err := k.ports.Budget.Return(ctx, kv, t.Project, sum); err != nil {
		return fmt.Errorf("task %s: return %s to project %s: %w", t.ID, sum, t.Project, err)
	}
	return nil
}

// close makes a task final. Its escrow must be empty and its bonds released.
func (k Keeper) close(kv ledger.KV, t *Task) error {
	if left := t.Escrow.Total(); left != 0 {
		return fmt.Errorf("task %s would close with %s in its escrow", t.ID, left)
	}
	kv.Delete(keyLive(t.ID))
	if live, _ := ledger.Load[uint32](kv, keyCount(t.Proposer)); live > 1 {
		ledger.Save(kv, keyCount(t.Proposer), live-1)
	} else {
		kv.Delete(keyCount(t.Proposer))
	}
	save(kv, t)
	return nil
}
