package dispute

import "autonet/ledger"

// The ports of this module: what it asks of the others. ledger/app joins them. All are called on the one goroutine
// that executes blocks.

// Subject is what a dispute needs to know of a task and one of its solutions.
type Subject struct {
	Early        bool  // the task has not reached CHALLENGE
	Open         bool  // the task is in CHALLENGE
	Deadline     int64 // end of the window on the work clock
	EvaluateOnly bool  // nobody can replay its solutions
	Candidate    bool  // the solver's solution is still in the task
	Judged       bool  // it has a verdict
	Score        uint16
	Fraud        bool // proven already
	Member       bool // the sender sits on the committee
	Intervals    uint32
	Steps        uint32 // of the interval asked about
}

// Published is what a challenge of an aggregate needs to know of a task.
type Published struct {
	Early      bool  // the task has published no model
	Open       bool  // its model can be challenged
	Deadline   int64 // end of the window on the work clock
	Aggregator ledger.Account
	Model      Model
}

// Tasks is the task module.
type Tasks interface {
	// Subject returns the facts; false when the task or the solution does not exist.
	Subject(kv ledger.KV, task string, solver, sender ledger.Account, interval uint32) (Subject, bool)
	// Published returns the facts; false when the task does not exist.
	Published(kv ledger.KV, task string) (Published, bool)
	// Insiders lists who had a part in the task and cannot judge it: its committee, its solvers and its aggregator.
	Insiders(kv ledger.KV, task string) []ledger.Account
	// Opening returns the step hashes of an interval that the solver opened; nil if it did not.
	Opening(kv ledger.KV, task string, solver ledger.Account, interval uint32) []ledger.Hash
	// ProveFraud rejects the solution, slashes the solver's bond with the reporter's share, and returns what it took.
	ProveFraud(ctx *ledger.Context, kv ledger.KV, task string, solver, reporter ledger.Account, cause, evidence string) (ledger.Natn, error)
	// ReplaceAggregate publishes the right model as the next version, slashes the aggregator's locked stake with the
	// reporter's share, and returns what it took.
	ReplaceAggregate(ctx *ledger.Context, kv ledger.KV, task string, right Model, reporter ledger.Account, cause, evidence string) (ledger.Natn, error)
	// ReplaceScore gives a solution that is not settled another score.
	ReplaceScore(ctx *ledger.Context, kv ledger.KV, task string, solver ledger.Account, score uint16, reason string) error
}

// Stakes is the stake of roles, the locks on it and its slashing; the rules are those of ledger/task.Stakes.
type Stakes interface {
	Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role) bool
	Holders(ctx *ledger.Context, kv ledger.KV, role ledger.Role, fn func(account ledger.Account, stake ledger.Natn) bool)
	Lock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn) error
	Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string)
	Slash(ctx *ledger.Context, kv ledger.KV, p Penalty) ledger.Natn
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

// Bank pays judges.
type Bank interface {
	// PayJudge pays a judge out of the treasury, into which what the loser lost has just gone. An error is a fault.
	PayJudge(ctx *ledger.Context, kv ledger.KV, judge ledger.Account, amount ledger.Natn, task string) error
}

// Governance is the power that votes on appeals.
type Governance interface {
	// PowerAt returns an account's governance power at the end of a block that has ended.
	PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn
	// TotalAt returns the sum of all accounts' power at the end of a block that has ended.
	TotalAt(kv ledger.KV, height int64) ledger.Natn
}

// Ports are all that the module needs.
type Ports struct {
	Tasks      Tasks
	Stakes     Stakes
	Bank       Bank
	Governance Governance
}
