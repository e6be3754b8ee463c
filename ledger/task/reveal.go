package task

import (
	"fmt"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
)

// RevealTruth opens the proposer's commitment to the ground truth. What opens it before the solvers are bound, and what does
// not open it when they are, ends the task at the proposer's cost: the message is not refused, because what it shows cannot
// be taken back.
func (k Keeper) RevealTruth(ctx *ledger.Context, kv ledger.KV, m RevealTruth) error {
	t, err := k.load(kv, m.Task)
	if err != nil {
		return err
	}
	if ctx.Sender != t.Proposer {
		return refused("only the proposer %s can reveal the truth of task %s", t.Proposer, t.ID)
	}
	matches := t.Truth == commitreveal.Commit(commitreveal.KindTruth, ctx.Network, t.ID, string(ctx.Sender), m.CID, m.Salt)
	if matches && t.Before(StateCommitted) {
		return k.failTruth(ctx, kv, &t, "the proposer revealed the truth before the solvers were bound")
	}
	if err := inState(ctx, &t, StateCommitted); err != nil {
		return err
	}
	if !matches {
		return k.failTruth(ctx, kv, &t, "the proposer revealed a truth that does not match its commitment")
	}
	t.TruthCID, t.TruthSalt = m.CID, m.Salt
	ctx.Emit(EventTruth{Task: t.ID, Proposer: t.Proposer, CID: m.CID, Salt: m.Salt})
	enter(ctx, &t, StateTruthRevealed, "", ctx.WorkMS+ctx.Params.RevealMS, "the truth is revealed")
	save(kv, &t)
	return nil
}

// Reveal opens the sender's commitment to its solution.
func (k Keeper) Reveal(ctx *ledger.Context, kv ledger.KV, m Reveal) error {
	t, slot, err := k.solver(ctx, kv, m.Task, StateTruthRevealed)
	if err != nil {
		return err
	}
	if slot.Revealed {
		return refused("%s has revealed already", ctx.Sender)
	}
	if slot.Order == 0 {
		return refused("%s committed to nothing", ctx.Sender)
	}
	doc := ledger.DocCID(m.Doc)
	if err := checkOpening(ctx, t, slot, doc, m.Salt); err != nil {
		return err
	}
	s, err := DecodeSolution(m.Doc)
	if err != nil {
		return err
	}
	if err := checkShape(ctx, t, s); err != nil {
		return err
	}
	if err := k.checkIdentical(ctx, kv, t, slot, s); err != nil {
		return err
	}
	slot.Revealed, slot.DocCID = true, doc
	ledger.Save(kv, keySolution(t.ID, slot.Index), s)
	ctx.Emit(EventRevealed{
		Task: t.ID, Slot: slot.Index, Account: ctx.Sender, DocCID: doc, Weights: s.Weights(), StepRoot: s.StepRoot,
	})
	save(kv, t)
	return nil
}

// checkOpening refuses what the sender's commitment does not bind, and says so when it binds somebody else.
func checkOpening(ctx *ledger.Context, t *Task, own *Slot, doc string, salt ledger.Hash) error {
	commit := func(account ledger.Account) ledger.Hash {
		return commitreveal.Commit(commitreveal.KindSolution, ctx.Network, t.ID, string(account), doc, salt)
	}
	if commit(ctx.Sender) == own.Commitment {
		return nil
	}
	for _, other := range t.Slots {
		if other.Account == "" || other.Account == ctx.Sender {
			continue
		}
		if commit(other.Account) == own.Commitment {
			return refused("the commitment binds another account: it was made by %s and cannot be opened by %s",
				other.Account, ctx.Sender)
		}
		if other.Commitment == own.Commitment {
			return refused("the commitment binds another account: %s committed to the same, and it does not open for %s",
				other.Account, ctx.Sender)
		}
	}
	return refused("the solution does not match the commitment %s of %s", own.Commitment, ctx.Sender)
}

// checkShape refuses a solution that does not fit its task.
func checkShape(ctx *ledger.Context, t *Task, s Solution) error {
	switch {
	case s.Task != t.ID:
		return refused("the solution is for task %s, not %s", s.Task, t.ID)
	case s.Account != ctx.Sender:
		return refused("the solution is that of %s, not of %s", s.Account, ctx.Sender)
	case s.Steps != uint64(t.Steps):
		return refused("a solution of %d steps to a task of %d", s.Steps, t.Steps)
	case s.Samples != t.Samples():
		return refused("a solution of %d samples to a task of %d", s.Samples, t.Samples())
	case s.StepRoot.IsZero() != t.EvaluateOnly:
		return refused("a step root is what a replay is checked against: a task has one or is evaluate-only")
	case len(s.Boundary) != int(t.Intervals)+1:
		return refused("a solution of %d intervals to a task of %d", len(s.Boundary)-1, t.Intervals)
	}
	return nil
}

// checkIdentical lets only the earliest commitment to a computation count. The later one is refused; when it was
// revealed first it is dropped now.
func (k Keeper) checkIdentical(ctx *ledger.Context, kv ledger.KV, t *Task, own *Slot, s Solution) error {
	for i := range t.Slots {
		other := &t.Slots[i]
		if other.Index == own.Index || !other.Candidate() {
			continue
		}
		theirs, ok := ledger.Load[Solution](kv, keySolution(t.ID, other.Index))
		if !ok || !identical(theirs, s) {
			continue
		}
		if other.Order < own.Order {
			return refused("the solution is identical to that of %s, which committed earlier", other.Account)
		}
		k.drop(ctx, kv, t, i, "its solution is identical to an earlier commitment",
			fmt.Sprintf("%s committed earlier (%d before %d); step root %s", own.Account, own.Order, other.Order, s.StepRoot))
	}
	return nil
}

// identical reports whether two solutions are one computation: partition and seed depend on the account, so that honest
// ones never are. The root over all steps tells, which before its reveal nobody knows but who did them. Checkpoints lie in
// the shards for everybody to copy; whether who committed to them first did the work is for replay to say. What nobody can
// replay has no such root, and is told by its result.
func identical(a, b Solution) bool {
	if !a.StepRoot.IsZero() || !b.StepRoot.IsZero() {
		return a.StepRoot == b.StepRoot
	}
	return a.FinalState() == b.FinalState() || a.Weights() == b.Weights()
}

// missedReveal says why a solver that did not reveal is dropped, with the evidence if it copied.
func (t Task) missedReveal(i int) (cause, evidence string) {
	own := t.Slots[i]
	for _, other := range t.Slots {
		if other.Index != own.Index && other.Revealed && other.Commitment == own.Commitment {
			return "it committed to a copy of another's commitment and could not open it",
				fmt.Sprintf("commitment %s binds %s", own.Commitment, other.Account)
		}
	}
	return "it did not reveal its solution in time", fmt.Sprintf("commitment %s", own.Commitment)
}
