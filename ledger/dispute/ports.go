package dispute

import "autonet/ledger"

// The ports of this module: what it asks of the others. ledger/app joins them. All are called on the one goroutine
// that executes blocks.

// Subject is what a dispute needs to know of a task and one of its solutions.
type Subject struct {
	Early     bool  // the task has not reached CHALLENGE
	Open      bool  // the task is in CHALLENGE
	Deadline  int64 // end of the window on the work clock
	Candidate bool  // the solver's solution is still in the task
	Fraud     bool  // proven already
	Member    bool  // the sender sits on the committee
	Intervals uint32
	Steps     uint32 // of the interval asked about
}

// Tasks is the task module.
type Tasks interface {
	// Subject returns the facts; false when the task or the solution does not exist.
	Subject(kv ledger.KV, task string, solver, sender ledger.Account, interval uint32) (Subject, bool)
	// Opening returns the step hashes of an interval that the solver opened; nil if it did not.
	Opening(kv ledger.KV, task string, solver ledger.Account, interval uint32) []ledger.Hash
	// ProveFraud rejects the solution, slashes the solver's bond with the reporter's share, and returns what it took.
	ProveFraud(ctx *ledger.Context, kv ledger.KV, task string, solver, reporter ledger.Account, cause, evidence string) (ledger.Natn, error)
}

// Stakes is the stake of roles, the locks on it and its slashing; the rules are those of ledger/task.Stakes.
type Stakes interface {
	Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role) bool
	Holders(ctx *ledger.Context, kv ledger.KV, role ledger.Role, fn func(account ledger.Account, stake ledger.Natn) bool)
	Lock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn) error
	Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string)
	SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p Penalty) ledger.Natn
}

// Penalty is one slash. Its fields are those of ledger/task.Penalty.
type Penalty struct {
	Account  ledger.Account
	Role     ledger.Role
	Amount   ledger.Natn
	Reporter ledger.Account
	Task     string
	Cause    string
	Evidence string
}

// Ports are all that the module needs.
type Ports struct {
	Tasks  Tasks
	Stakes Stakes
}
