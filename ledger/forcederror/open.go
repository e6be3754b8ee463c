package forcederror

import (
	"fmt"

	"autonet/ledger"
)

// Open executes the message.
func (k Keeper) Open(ctx *ledger.Context, kv ledger.KV, m Open) error {
	set, err := k.opening(ctx, kv, m)
	if err != nil {
		return err
	}
	for i, secret := range m.Secrets {
		if err := k.checkSecret(ctx, kv, set, i, secret); err != nil {
			return err
		}
	}
	set.Opened = true
	k.ports.Stakes.Unlock(ctx, kv, set.Governor, set.Role, lockPurpose(set.Task))
	each := set.Jackpot + set.Pay
	for i, secret := range m.Secrets {
		held, err := k.openOne(ctx, kv, set, i, secret)
		if err != nil {
			return err
		}
		if held == HeldTrap {
			continue // its escrow waits for the settlement
		}
		set.Held -= each
		if err := k.ports.Bank.Return(ctx, kv, each, "seal held no trap that counts", m.Task); err != nil {
			return err
		}
	}
	saveSet(kv, set)
	return nil
}

// opening returns the seals that the message opens, or refuses.
func (k Keeper) opening(ctx *ledger.Context, kv ledger.KV, m Open) (Set, error) {
	t, ok := k.ports.Tasks.Task(ctx, kv, m.Task)
	if !ok {
		return Set{}, ledger.Refuse(ledger.CodeNotFound, "no task %s", m.Task)
	}
	set, ok := k.Set(kv, m.Task, ctx.Sender)
	switch {
	case !ok:
		return set, ledger.Refuse(ledger.CodeNotFound, "%s did not seal task %s", ctx.Sender, m.Task)
	case t.Early:
		return set, ledger.Refuse(ledger.CodeEarly, "seals of task %s open in its challenge window", m.Task)
	case !t.Window || set.Closed:
		return set, ledger.Refuse(ledger.CodeLate, "the challenge window of task %s is over", m.Task)
	case set.Opened:
		return set, refused("%s has opened its seals of task %s already", ctx.Sender, m.Task)
	case len(m.Secrets) != len(set.Commitments):
		return set, refused("%d secrets for %d seals: all are opened together", len(m.Secrets), len(set.Commitments))
	}
	return set, nil
}

func (k Keeper) checkSecret(ctx *ledger.Context, kv ledger.KV, set Set, i int, s Secret) error {
	if got := Commitment(ctx.Network, set.Task, set.Governor, s); got != set.Commitments[i] {
		return refused("secret %d gives %s; sealed is %s", i, got, set.Commitments[i])
	}
	if s.Dummy() {
		return nil
	}
	if !k.ports.Accounts.Signed(kv, s.Key, s.Solver) || !s.Consented(ctx.Network, set.Task, set.Governor) {
		return refused("secret %d carries no consent of %s", i, s.Solver)
	}
	return nil
}

// openOne applies one secret and returns what the seal held.
func (k Keeper) openOne(ctx *ledger.Context, kv ledger.KV, set Set, i int, s Secret) (string, error) {
	e := EventOpened{Task: set.Task, Governor: set.Governor, Index: uint32(i), Held: HeldDummy, Secret: s}
	if s.Dummy() {
		ctx.Emit(e)
		return e.Held, nil
	}
	solution, revealed := k.ports.Tasks.Solution(kv, set.Task, s.Solver)
	switch {
	case !revealed || solution.Doc != s.Doc || !solution.Candidate:
		e.Held, e.Reason = HeldVoid, "its solver has no such solution in the task"
	case k.Opened(kv, set.Task, s.Solver):
		e.Held, e.Reason = HeldVoid, "another seal has trapped it already"
	default:
		trap := Trap{Task: set.Task, Solver: s.Solver, Governor: set.Governor, Doc: s.Doc}
		trap.Reason = k.flaw(ctx, kv, set, s)
		trap.Counts = trap.Reason == ""
		e.Held, e.Reason = HeldOut, trap.Reason
		if trap.Counts {
			e.Held = HeldTrap
			if err := k.count(ctx, kv, &trap); err != nil {
				return "", err
			}
		}
		e.Restored = trap.Restored
		saveTrap(kv, trap)
	}
	ctx.Emit(e)
	return e.Held, nil
}

// flaw says why a trap does not count; empty when it does. Such a trap takes its solution out of the task and no more: it
// must not be a way out for a solver whom nobody caught.
func (k Keeper) flaw(ctx *ledger.Context, kv ledger.KV, set Set, s Secret) string {
	p, accounts := ctx.Params.Traps, k.ports.Accounts
	accepted, first := accounts.History(kv, s.Solver)
	switch {
	case s.Solver == set.Governor:
		return "the governor trapped its own solution"
	case !accounts.Solver(ctx, kv, s.Solver):
		return "its solver has no solver's stake"
	case accepted < p.SolverTasks || ctx.TimeMS-first < p.SolverAgeMS:
		return fmt.Sprintf("its solver is too new: %d accepted solutions, %d are needed, the first %d ms ago", accepted, p.SolverTasks, p.SolverAgeMS)
	case k.ports.Bank.Balance(kv, s.Solver) < p.SolverFunds:
		return fmt.Sprintf("its solver holds less than %s", p.SolverFunds)
	case k.Warden(kv, set.Governor).Credit < perMille:
		return "the governor has no trap left"
	default:
		return ""
	}
}

// count takes a trap out of its governor's store and makes good what a proof has taken of its solver's bond.
func (k Keeper) count(ctx *ledger.Context, kv ledger.KV, trap *Trap) error {
	w := k.Warden(kv, trap.Governor)
	w.Credit -= perMille
	w.Traps++
	ledger.Save(kv, keyWarden(trap.Governor), w)
	totals := k.Totals(kv)
	totals.Traps++
	ledger.Save(kv, keyTotals(), totals)
	taken, ok := ledger.Load[ledger.Natn](kv, keyTaken(trap.Task, trap.Solver))
	if !ok {
		return nil
	}
	kv.Delete(keyTaken(trap.Task, trap.Solver))
	restored, err := k.ports.Bank.Restore(ctx, kv, trap.Solver, taken, "bond of a trap", trap.Task)
	trap.Restored = restored
	return err
}
