package rewards

import (
	"fmt"

	"autonet/ledger"
)

// noTraps stands for forced errors where there are none.
type noTraps struct{}

// Opened implements Traps.
func (noTraps) Opened(ledger.KV, string, ledger.Account) bool { return false }

// Counts implements Traps.
func (noTraps) Counts(ledger.KV, string, ledger.Account) bool { return false }

// Settle implements Traps.
func (noTraps) Settle(*ledger.Context, ledger.KV, string, ledger.Account, bool, []ledger.Account, []ledger.Account) error {
	return nil
}

// trap is a solution opened as a trap and what the members made of it.
type trap struct {
	solver         ledger.Account
	counts, proven bool // proven only if it counts
	caught, missed []ledger.Account
}

// openedTraps lists the traps among the solutions.
func (k Keeper) openedTraps(kv ledger.KV, t Task, finals []Solution) []trap {
	var traps []trap
	for _, s := range finals {
		if k.ports.Traps.Opened(kv, t.ID, s.Account) {
			counts := k.ports.Traps.Counts(kv, t.ID, s.Account)
			proven := counts && k.ports.Disputes.Finding(kv, t.ID, s.Account).Bits
			traps = append(traps, trap{solver: s.Account, counts: counts, proven: proven})
		}
	}
	return traps
}

func find(traps []trap, solver ledger.Account) *trap {
	for i := range traps {
		if traps[i].solver == solver {
			return &traps[i]
		}
	}
	return nil
}

// settleTrapEntry reports whether an entry on a trap held. An alarm did, and needs no challenge of its own; a score that
// a panel has disproved is a miss, which costs what the traps say in place of what an unbacked vote costs. As long as no
// panel has found other bits, nobody is punished for having found the solver's.
func (k Keeper) settleTrapEntry(ctx *ledger.Context, kv ledger.KV, t Task, r *Record, judged *Judged, trapped *trap) (bool, string) {
	solver := trapped.solver
	switch judged.Status {
	case Alarm:
		if !trapped.proven && k.ports.Disputes.Challenger(kv, t.ID, solver, r.Account) == challengeDismissed {
			return false, fmt.Sprintf("its challenge of %s was lost", solver)
		}
		judged.Detail += "; it was a trap"
		if trapped.proven {
			trapped.caught = append(trapped.caught, r.Account)
		}
		return true, ""
	case Unbacked:
		if trapped.proven && !k.vindicated(kv, t, r, judged.Entry) {
			return missed(r, judged, trapped)
		}
		return k.settleUnbacked(ctx, kv, t, r, judged)
	case Backed:
		if trapped.proven {
			return missed(r, judged, trapped)
		}
		return true, ""
	case Unusable, Moot:
		return true, ""
	default:
		return false, fmt.Sprintf("the entry on %s was not judged", solver)
	}
}

func missed(r *Record, judged *Judged, trapped *trap) (bool, string) {
	judged.Detail += "; it was a trap"
	trapped.missed = append(trapped.missed, r.Account)
	return false, fmt.Sprintf("it scored the trap of %s as good", trapped.solver)
}

func (k Keeper) settleTraps(ctx *ledger.Context, kv ledger.KV, t Task, traps []trap) error {
	for _, one := range traps {
		if !one.counts {
			continue
		}
		if err := k.ports.Traps.Settle(ctx, kv, t.ID, one.solver, one.proven, one.caught, one.missed); err != nil {
			return fmt.Errorf("trap of %s: %w", one.solver, err)
		}
	}
	return nil
}

// History is what a solver has achieved.
type History struct {
	Accepted uint64 `json:"accepted"` // solutions
	FirstMS  int64  `json:"first_ms"` // ledger time at which the first was
}

func keyHistory(solver ledger.Account) []byte { return ledger.Key("rewards", "solver", string(solver)) }

// History returns what a solver has achieved.
func (Keeper) History(kv ledger.KV, solver ledger.Account) History {
	h, _ := ledger.Load[History](kv, keyHistory(solver))
	return h
}

func recordSolver(ctx *ledger.Context, kv ledger.KV, solver ledger.Account) {
	h, known := ledger.Load[History](kv, keyHistory(solver))
	if !known {
		h.FirstMS = ctx.TimeMS
	}
	h.Accepted++
	ledger.Save(kv, keyHistory(solver), h)
}
