package task

import (
	"fmt"
	"slices"

	"autonet/ledger"
	"autonet/shards/merkle"
)

// OpenSteps shows the step hashes of intervals of the sender's solution: those the votes drew, or those challenged.
func (k Keeper) OpenSteps(ctx *ledger.Context, kv ledger.KV, m OpenSteps) error {
	t, err := k.load(kv, m.Task)
	if err != nil {
		return err
	}
	challenged, err := openingWindow(ctx, &t)
	if err != nil {
		return err
	}
	slot, err := ownSlot(ctx, &t)
	if err != nil {
		return err
	}
	if !slot.Revealed {
		return refused("%s revealed no solution in task %s", ctx.Sender, t.ID)
	}
	s, ok := ledger.Load[Solution](kv, keySolution(t.ID, slot.Index))
	if !ok {
		return fmt.Errorf("task %s: the solution of slot %d is not in the state", t.ID, slot.Index)
	}
	cause := "drawn"
	if challenged {
		cause = "challenged"
	}
	opened := make([]uint32, 0, len(m.Intervals))
	for _, opening := range m.Intervals {
		if err := k.checkWanted(kv, &t, slot, opening.Index, challenged); err != nil {
			return err
		}
		if err := checkSteps(&t, s, opening); err != nil {
			return err
		}
		opened = append(opened, opening.Index)
	}
	for _, opening := range m.Intervals {
		ledger.Save(kv, keyOpening(t.ID, slot.Index, opening.Index), openedSteps{Hashes: opening.Hashes})
	}
	slot.Opened = merge(slot.Opened, opened)
	ctx.Emit(EventOpened{Task: t.ID, Account: ctx.Sender, Intervals: opened, Cause: cause})
	save(kv, &t)
	if !challenged {
		return nil
	}
	for _, opening := range m.Intervals {
		if err := k.ports.Disputes.Opened(ctx, kv, t.ID, ctx.Sender, opening.Index, opening.Hashes); err != nil {
			return err
		}
	}
	return nil
}

// openingWindow reports whether openings are for challenges (true) or for votes (false), or refuses.
func openingWindow(ctx *ledger.Context, t *Task) (bool, error) {
	if t.State == StateChallenge {
		return true, nil // each demand has its own deadline
	}
	if err := inState(ctx, t, StateVoting); err != nil {
		return false, err
	}
	if t.Phase != PhaseOpening {
		return false, ledger.Refuse(ledger.CodeEarly, "task %s is in %s: steps are opened after all votes", t.ID, t.Phase)
	}
	return false, nil
}

func (k Keeper) checkWanted(kv ledger.KV, t *Task, slot *Slot, interval uint32, challenged bool) error {
	if slices.Contains(slot.Opened, interval) {
		return refused("interval %d of %s is open already", interval, slot.Account)
	}
	if challenged {
		if !k.ports.Disputes.Demanded(kv, t.ID, slot.Account, interval) {
			return refused("no challenge waits for interval %d of %s", interval, slot.Account)
		}
		return nil
	}
	if !slices.Contains(slot.Drawn, interval) {
		return refused("no vote drew interval %d of %s", interval, slot.Account)
	}
	return nil
}

// checkSteps refuses step hashes that the revealed solution does not bind.
func checkSteps(t *Task, s Solution, opening IntervalOpening) error {
	if opening.Index >= t.Intervals {
		return refused("interval %d of %d", opening.Index, t.Intervals)
	}
	if want := t.StepsIn(opening.Index); uint32(len(opening.Hashes)) != want {
		return refused("interval %d has %d steps, not %d", opening.Index, want, len(opening.Hashes))
	}
	root := merkle.RootHashes(raw(opening.Hashes))
	if !merkle.Verify(s.StepRoot, root, int(opening.Index), int(t.Intervals), raw(opening.Path)) {
		return refused("the steps of interval %d do not lead to the solution's step root %s", opening.Index, s.StepRoot)
	}
	if last := opening.Hashes[len(opening.Hashes)-1]; last != s.Boundary[opening.Index+1] {
		return refused("the last step of interval %d is %s, but the solution's checkpoint is %s",
			opening.Index, last, s.Boundary[opening.Index+1])
	}
	return nil
}

// Demand adds intervals to those the solver must open after the votes.
func (k Keeper) Demand(kv ledger.KV, id string, solver ledger.Account, wanted []uint32) error {
	t, err := k.must(kv, id)
	if err != nil {
		return err
	}
	i, ok := t.SlotOf(solver)
	if !ok {
		return fmt.Errorf("task %s has no solver %s", id, solver)
	}
	t.Slots[i].Drawn = merge(t.Slots[i].Drawn, wanted)
	save(kv, &t)
	return nil
}

// merge returns the ascending union of two lists.
func merge(a, b []uint32) []uint32 {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func raw(hashes []ledger.Hash) [][32]byte {
	out := make([][32]byte, len(hashes))
	for i, h := range hashes {
		out[i] = h
	}
	return out
}
