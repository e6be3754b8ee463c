package dispute

import (
	"fmt"
	"math/bits"

	"autonet/ledger"
)

// Judge counts the sender's re-execution of a disputed step in every open dispute about it.
func (k Keeper) Judge(ctx *ledger.Context, kv ledger.KV, m Judge) error {
	found, seated, counted := false, false, false
	var stake ledger.Natn
	var ready []Dispute
	for _, d := range k.about(kv, m.Task, m.Solver) {
		if d.Status != Judging || d.Interval != m.Interval || d.Step != m.Step || ctx.WorkMS >= d.Deadline {
			continue
		}
		found = true
		seat := d.seat(ctx.Sender)
		if seat < 0 {
			continue
		}
		seated = true
		if d.Panel[seat].Voted {
			continue
		}
		d.Panel[seat].Voted, d.Panel[seat].Hash = true, m.Hash
		counted, stake = true, d.Panel[seat].Stake
		ready = append(ready, d)
	}
	switch {
	case !found:
		return ledger.Refuse(ledger.CodeNotFound, "no open dispute about step %d of interval %d of %s in task %s",
			m.Step, m.Interval, m.Solver, m.Task)
	case !seated:
		return refused("%s is not on the panel: it needs to be an active validator and no party", ctx.Sender)
	case !counted:
		return refused("%s has judged this step already", ctx.Sender)
	}
	ctx.Emit(EventJudged{
		Task: m.Task, Solver: m.Solver, Judge: ctx.Sender, Interval: m.Interval, Step: m.Step, Hash: m.Hash, Stake: stake,
	})
	for i := range ready {
		if err := k.conclude(ctx, kv, &ready[i]); err != nil {
			return err
		}
	}
	return nil
}

// seat returns the account's place on the panel, −1 without one.
func (d *Dispute) seat(account ledger.Account) int {
	for i := range d.Panel {
		if d.Panel[i].Account == account {
			return i
		}
	}
	return -1
}

// conclude closes a dispute when more than half of the panel's stake agrees, or when all have judged and none does.
func (k Keeper) conclude(ctx *ledger.Context, kv ledger.KV, d *Dispute) error {
	majority, ok, open := d.tally()
	switch {
	case ok && majority == d.SolverHash:
		d.Majority = majority
		k.dismiss(ctx, kv, d, fmt.Sprintf("the panel got the solver's state at step %d of interval %d", d.Step, d.Interval))
		return nil
	case ok:
		d.Majority = majority
		return k.prove(ctx, kv, d, fmt.Sprintf("the panel got another state at step %d of interval %d", d.Step, d.Interval))
	case !open:
		k.close(ctx, kv, d, Void, "the panel is split")
		return nil
	default:
		save(kv, d)
		return nil
	}
}

// tally returns the hash that more than half of the panel's stake found, if there is one, and whether anybody can still
// judge.
func (d *Dispute) tally() (majority ledger.Hash, ok, open bool) {
	var total uint64
	for _, j := range d.Panel {
		total += uint64(j.Stake)
		open = open || !j.Voted
	}
	for _, j := range d.Panel {
		if !j.Voted {
			continue
		}
		var sum uint64
		for _, other := range d.Panel {
			if other.Voted && other.Hash == j.Hash {
				sum += uint64(other.Stake)
			}
		}
		double, carry := bits.Add64(sum, sum, 0)
		if carry != 0 || double > total {
			return j.Hash, true, open
		}
	}
	return ledger.Hash{}, false, open
}

// End closes the disputes whose deadline has passed: an unopened interval proves the fraud, an undecided panel voids.
// An error is a fault of the ledger.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	for _, d := range k.Open(kv) {
		if ctx.WorkMS < d.Deadline {
			continue
		}
		if d.Status == Judging {
			k.close(ctx, kv, &d, Void, "the panel gave no majority in time")
			continue
		}
		if err := k.prove(ctx, kv, &d, fmt.Sprintf("the solver did not open the challenged interval %d", d.Interval)); err != nil {
			return err
		}
	}
	return nil
}
