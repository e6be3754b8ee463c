package app

import (
	"autonet/ledger"
	"autonet/ledger/forcederror"
	"autonet/ledger/rewards"
)

// CoordinatorFigures are a coordinator's public figures.
type CoordinatorFigures struct {
	Account    ledger.Account     `json:"account"`
	Multiplier rewards.Multiplier `json:"multiplier"`
	forcederror.Figures
	CatchPerMille uint64 `json:"catch_per_mille"` // of the traps it met
}

// TrapFigures are the whole network's figures of forced errors.
type TrapFigures struct {
	forcederror.Totals
	CatchPerMille uint64               `json:"catch_per_mille"`
	RatePerMille  uint64               `json:"rate_per_mille"` // published: of the tasks a governor seals
	Coordinators  []CoordinatorFigures `json:"coordinators,omitempty"`
}

// Multiplier returns what a coordinator's fees are multiplied by.
func (v View) Multiplier(account ledger.Account) rewards.Multiplier {
	return v.app.rewards.Multiplier(v.kv, account)
}

// Bonds returns a coordinator's bonds in a project, in ascending order of accounts.
func (v View) Bonds(project string, coordinator ledger.Account) []rewards.Bond {
	return v.app.rewards.Bonds(v.kv, project, coordinator)
}

// SolverHistory returns what a solver has achieved.
func (v View) SolverHistory(account ledger.Account) rewards.History {
	return v.app.rewards.History(v.kv, account)
}

// Seals returns who sealed a task, in ascending account order.
func (v View) Seals(id string) []forcederror.Set { return v.app.forcederror.Sets(v.kv, id) }

// Traps returns a task's opened traps, in ascending account order.
func (v View) Traps(id string) []forcederror.Trap { return v.app.forcederror.Traps(v.kv, id) }

// Warden returns what a governor may still trap.
func (v View) Warden(governor ledger.Account) forcederror.Warden {
	return v.app.forcederror.Warden(v.kv, governor)
}

// Coordinator returns a coordinator's public figures.
func (v View) Coordinator(account ledger.Account) CoordinatorFigures {
	figures := v.app.forcederror.Figures(v.kv, account)
	return CoordinatorFigures{
		Account: account, Multiplier: v.Multiplier(account), Figures: figures, CatchPerMille: figures.CatchPerMille(),
	}
}

// TrapFigures returns how the network, and every coordinator that met a trap, did.
func (v View) TrapFigures() TrapFigures {
	out := TrapFigures{Totals: v.app.forcederror.Totals(v.kv), RatePerMille: v.Params().Traps.RatePerMille}
	out.CatchPerMille = out.Figures.CatchPerMille()
	v.app.forcederror.Coordinators(v.kv, func(account ledger.Account, _ forcederror.Figures) bool {
		out.Coordinators = append(out.Coordinators, v.Coordinator(account))
		return true
	})
	return out
}
