package forcederror

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Settle ends an opened trap with its task: those who caught it share the jackpot, those who missed it are slashed, its
// solver gets its pay, and what is left goes to the treasury. Without a panel's proof everything goes to the treasury.
func (k Keeper) Settle(ctx *ledger.Context, kv ledger.KV, task string, o Outcome) error {
	trap, ok := k.Trap(kv, task, o.Solver)
	if !ok || trap.Settled || !trap.Counts {
		return nil
	}
	set, ok := k.Set(kv, task, trap.Governor)
	if !ok || set.Held < set.Jackpot+set.Pay {
		return fmt.Errorf("task %s: the trap of %s has no escrow", task, o.Solver)
	}
	trap.Settled, trap.Proven = true, o.Proven
	left := set.Jackpot + set.Pay
	set.Held -= left
	saveSet(kv, set)
	e := EventSettled{Task: task, Solver: o.Solver, Proven: o.Proven, Jackpot: set.Jackpot, Reason: "no panel has found other bits"}
	if o.Proven {
		trap.Caught, trap.Missed = without(o.Caught, trap.Governor), o.Missed
		e.Caught, e.Missed, e.Reason = trap.Caught, trap.Missed, "a panel found other bits"
		spent, err := k.reward(ctx, kv, &trap, set)
		if err != nil {
			return err
		}
		left -= spent
		e.Share, e.Pay = trap.Share, trap.Pay
		if err := k.tally(ctx, kv, trap); err != nil {
			return err
		}
	}
	e.Left = left
	saveTrap(kv, trap)
	ctx.Emit(e)
	return k.ports.Bank.Return(ctx, kv, left, "trap: "+e.Reason, task)
}

// reward pays a proven trap's solver and those who caught it, and returns what it spent.
func (k Keeper) reward(ctx *ledger.Context, kv ledger.KV, trap *Trap, set Set) (ledger.Natn, error) {
	trap.Pay = set.Pay
	if err := k.ports.Bank.Pay(ctx, kv, trap.Solver, set.Pay, "pay of a trap", trap.Task); err != nil {
		return 0, err
	}
	spent := set.Pay
	if len(trap.Caught) == 0 {
		return spent, nil
	}
	trap.Share = set.Jackpot / ledger.Natn(len(trap.Caught))
	for _, account := range trap.Caught {
		if err := k.ports.Bank.Pay(ctx, kv, account, trap.Share, "jackpot of a trap", trap.Task); err != nil {
			return 0, err
		}
		spent += trap.Share
	}
	return spent, nil
}

// tally slashes those who missed a trap and keeps everybody's figures.
func (k Keeper) tally(ctx *ledger.Context, kv ledger.KV, trap Trap) error {
	totals := k.Totals(kv)
	totals.Proven++
	for _, account := range trap.Caught {
		f := k.Figures(kv, account)
		f.Caught++
		f.Won += trap.Share // at most the supply
		ledger.Save(kv, keyFigures(account), f)
		totals.Caught++
		totals.Won += trap.Share
	}
	for _, account := range trap.Missed {
		p := Penalty{
			Account: account, Role: ledger.RoleCoordinator, Amount: ctx.Params.Traps.MissSlash, Task: trap.Task,
			Cause:    "missed a trap: it scored a known-bad solution as good",
			Evidence: fmt.Sprintf("solution %s of %s, sealed by %s", trap.Doc, trap.Solver, trap.Governor),
		}
		taken := k.slash(ctx, kv, p)
		f := k.Figures(kv, account)
		f.Missed++
		lost, err := fixed.Add(uint64(f.Lost), uint64(taken))
		if err != nil {
			return fmt.Errorf("losses of %s: %w", account, err)
		}
		f.Lost = ledger.Natn(lost)
		ledger.Save(kv, keyFigures(account), f)
		totals.Missed++
		totals.Lost += taken
	}
	ledger.Save(kv, keyTotals(), totals)
	return nil
}

func (k Keeper) slash(ctx *ledger.Context, kv ledger.KV, p Penalty) ledger.Natn {
	taken := k.ports.Stakes.Slash(ctx, kv, p)
	ctx.Emit(EventSlashed{Task: p.Task, Account: p.Account, Role: p.Role, Amount: taken, Cause: p.Cause, Evidence: p.Evidence})
	return taken
}

// End closes the seals of tasks that are past their challenge window. What is still held goes back to the treasury; a
// governor that opened nothing is slashed by what its silence could have hidden. An error is a fault of the ledger.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	for _, set := range k.live(kv) {
		t, ok := k.ports.Tasks.Task(ctx, kv, set.Task)
		if ok && !t.Over {
			continue
		}
		if err := k.close(ctx, kv, set, t); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) close(ctx *ledger.Context, kv ledger.KV, set Set, t Task) error {
	kv.Delete(keyLive(set.Task, set.Governor))
	forgetTaken(kv, set.Task)
	cause := "the task ended before its challenge window"
	switch {
	case set.Opened:
		cause = "all its seals are settled"
	case t.Verdict:
		cause = "its seals were not opened in time"
		k.slashGovernor(ctx, kv, set, cause)
	}
	k.ports.Stakes.Unlock(ctx, kv, set.Governor, set.Role, lockPurpose(set.Task)) // what is left of it
	returned := set.Held
	set.Held, set.Closed = 0, true
	saveSet(kv, set)
	ctx.Emit(EventClosed{Task: set.Task, Governor: set.Governor, Opened: set.Opened, Returned: returned, Cause: cause})
	return k.ports.Bank.Return(ctx, kv, returned, "seals: "+cause, set.Task)
}

// forgetTaken drops what was remembered for openings that can no longer come.
func forgetTaken(kv ledger.KV, task string) {
	var keys [][]byte
	kv.Iterate(ledger.Key("forcederror", "taken", task, ""), func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
	}
}

// slashGovernor takes the bond of a governor that left its seals unopened.
func (k Keeper) slashGovernor(ctx *ledger.Context, kv ledger.KV, set Set, cause string) {
	w := k.Warden(kv, set.Governor)
	w.Failed++
	ledger.Save(kv, keyWarden(set.Governor), w)
	p := Penalty{
		Account: set.Governor, Role: set.Role, Amount: set.Bond, Task: set.Task, Cause: cause,
		Evidence: fmt.Sprintf("%d seals of height %d", len(set.Commitments), set.Height),
	}
	taken := k.ports.Stakes.SlashLocked(ctx, kv, lockPurpose(set.Task), p)
	ctx.Emit(EventSlashed{Task: p.Task, Account: p.Account, Role: p.Role, Amount: taken, Cause: p.Cause, Evidence: p.Evidence})
}

func without(accounts []ledger.Account, one ledger.Account) []ledger.Account {
	var out []ledger.Account
	for _, a := range accounts {
		if a != one {
			out = append(out, a)
		}
	}
	return out
}
