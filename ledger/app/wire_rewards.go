package app

import (
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/forcederror"
)

// trapsPort is the forced errors as rewards sees them.
type trapsPort struct{ *App }

// Opened implements rewards.Traps.
func (p trapsPort) Opened(kv ledger.KV, id string, solver ledger.Account) bool {
	return p.forcederror.Opened(kv, id, solver)
}

// Counts implements rewards.Traps.
func (p trapsPort) Counts(kv ledger.KV, id string, solver ledger.Account) bool {
	return p.forcederror.Counts(kv, id, solver)
}

// Settle implements rewards.Traps.
func (p trapsPort) Settle(
	ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, proven bool, caught, missed []ledger.Account,
) error {
	return p.forcederror.Settle(ctx, kv, id, forcederror.Outcome{Solver: solver, Proven: proven, Caught: caught, Missed: missed})
}

// disproved reports whether a panel found other bits than a solver's; its silence proves nothing about them.
func (a *App) disproved(kv ledger.KV, id string, solver ledger.Account) bool {
	for _, d := range a.dispute.Disputes(kv, id) {
		if d.Solver == solver && d.Status == dispute.Proven && !d.Majority.IsZero() {
			return true
		}
	}
	return false
}
