package task

import (
	"fmt"

	"autonet/ledger"
)

// Claim gives the sender a slot and locks its bond.
func (k Keeper) Claim(ctx *ledger.Context, kv ledger.KV, m Claim) error {
	t, err := k.load(kv, m.Task)
	if err != nil {
		return err
	}
	if err := inState(ctx, &t, StateOpen); err != nil {
		return err
	}
	if ctx.WorkMS >= t.ClaimDeadline {
		return ledger.Refuse(ledger.CodeLate, "the claim window of task %s ended at %d ms of the work clock", t.ID, t.ClaimDeadline)
	}
	if err := k.checkClaimant(ctx, kv, &t, m.Slot); err != nil {
		return err
	}
	reward, err := t.SlotReward()
	if err != nil {
		return fmt.Errorf("task %s: reward of a slot: %w", t.ID, err)
	}
	bond, err := bondOf(ctx.Params, reward, &t)
	if err != nil {
		return fmt.Errorf("task %s: bond of a slot: %w", t.ID, err)
	}
	if err := k.ports.Stakes.Lock(ctx, kv, ctx.Sender, ledger.RoleSolver, LockPurpose(t.ID), bond); err != nil {
		return err
	}
	slot := &t.Slots[m.Slot]
	slot.Account, slot.Bond = ctx.Sender, bond
	ctx.Emit(EventClaimed{Task: t.ID, Slot: m.Slot, Account: ctx.Sender, Bond: bond})
	save(kv, &t)
	return nil
}

func (k Keeper) checkClaimant(ctx *ledger.Context, kv ledger.KV, t *Task, slot uint32) error {
	if ctx.Sender == t.Proposer {
		return refused("the proposer cannot solve its own task")
	}
	if !k.ports.Stakes.Active(ctx, kv, ctx.Sender, ledger.RoleSolver) {
		return ledger.Refuse(ledger.CodeFunds, "%s is no active solver: it needs a stake of %s", ctx.Sender, ctx.Params.Solver.MinStake)
	}
	if held, ok := t.SlotOf(ctx.Sender); ok {
		return refused("%s holds slot %d of task %s already", ctx.Sender, held, t.ID)
	}
	if slot >= uint32(len(t.Slots)) {
		return refused("task %s has no slot %d: it has %d", t.ID, slot, len(t.Slots))
	}
	if holder := t.Slots[slot].Account; holder != "" {
		return refused("slot %d of task %s is taken by %s", slot, t.ID, holder)
	}
	return nil
}

// Checkpoint records the sender's progress.
func (k Keeper) Checkpoint(ctx *ledger.Context, kv ledger.KV, m Checkpoint) error {
	t, slot, err := k.solver(ctx, kv, m.Task, StateOpen)
	if err != nil {
		return err
	}
	switch {
	case slot.Order != 0:
		return refused("%s has committed: there is nothing left to train", ctx.Sender)
	case m.Step > t.Steps:
		return refused("step %d of a task of %d steps", m.Step, t.Steps)
	case m.Step <= slot.Step:
		return refused("step %d after step %d: checkpoints only go forward", m.Step, slot.Step)
	}
	slot.Step, slot.StepHash = m.Step, m.Hash
	ctx.Emit(EventCheckpoint{Task: t.ID, Slot: slot.Index, Account: ctx.Sender, Step: m.Step, Hash: m.Hash})
	save(kv, t)
	return nil
}

// Commit binds the sender to its solution.
func (k Keeper) Commit(ctx *ledger.Context, kv ledger.KV, m Commit) error {
	t, slot, err := k.solver(ctx, kv, m.Task, StateOpen)
	if err != nil {
		return err
	}
	if slot.Order != 0 {
		return refused("%s has committed already", ctx.Sender)
	}
	slot.Commitment = m.Commitment
	slot.Order = t.commitments() + 1
	ctx.Emit(EventCommitted{Task: t.ID, Slot: slot.Index, Account: ctx.Sender, Commitment: m.Commitment, Order: slot.Order})
	save(kv, t)
	return nil
}

// solver returns a task in the wanted state and the sender's slot in it.
func (k Keeper) solver(ctx *ledger.Context, kv ledger.KV, id string, want State) (*Task, *Slot, error) {
	t, err := k.load(kv, id)
	if err != nil {
		return nil, nil, err
	}
	if err := inState(ctx, &t, want); err != nil {
		return nil, nil, err
	}
	slot, err := ownSlot(ctx, &t)
	return &t, slot, err
}

func ownSlot(ctx *ledger.Context, t *Task) (*Slot, error) {
	i, ok := t.SlotOf(ctx.Sender)
	if !ok {
		return nil, refused("%s holds no slot of task %s", ctx.Sender, t.ID)
	}
	if why := t.Slots[i].Dropped; why != "" {
		return nil, refused("%s is out of task %s: %s", ctx.Sender, t.ID, why)
	}
	return &t.Slots[i], nil
}

// commitments counts the commitments made so far.
func (t Task) commitments() uint32 {
	var n uint32
	for _, slot := range t.Slots {
		if slot.Order != 0 {
			n++
		}
	}
	return n
}

// drop takes a solver out of the task: the miss is slashed, out of its bond first, and the rest of the bond released.
// The caller saves the task.
func (k Keeper) drop(ctx *ledger.Context, kv ledger.KV, t *Task, i int, cause, evidence string) {
	slot := &t.Slots[i]
	slot.Dropped = cause
	ctx.Emit(EventDropped{Task: t.ID, Slot: slot.Index, Account: slot.Account, Cause: cause, Evidence: evidence})
	p := Penalty{
		Account: slot.Account, Role: ledger.RoleSolver, Amount: ctx.Params.MissSlash, Task: t.ID, Cause: cause, Evidence: evidence,
	}
	taken := k.ports.Stakes.SlashLocked(ctx, kv, LockPurpose(t.ID), p)
	if taken < p.Amount {
		p.Amount -= taken
		taken += k.ports.Stakes.Slash(ctx, kv, p)
	}
	k.ports.Stakes.Unlock(ctx, kv, slot.Account, ledger.RoleSolver, LockPurpose(t.ID))
	ctx.Emit(EventSlashed{
		Task: t.ID, Account: slot.Account, Role: ledger.RoleSolver, Amount: taken, Cause: cause, Evidence: evidence,
	})
}

func (k Keeper) slash(ctx *ledger.Context, kv ledger.KV, t *Task, account ledger.Account, role ledger.Role, amount ledger.Natn, cause, evidence string) {
	taken := k.ports.Stakes.Slash(ctx, kv, Penalty{
		Account: account, Role: role, Amount: amount, Task: t.ID, Cause: cause, Evidence: evidence,
	})
	ctx.Emit(EventSlashed{Task: t.ID, Account: account, Role: role, Amount: taken, Cause: cause, Evidence: evidence})
}
