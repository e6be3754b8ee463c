package forcederror

import "autonet/ledger"

// The ports of this module: what it asks of the others. ledger/app joins them. All are called on the one goroutine that
// executes blocks.

// Task is what a seal needs to know of a task.
type Task struct {
	Proposer ledger.Account
	Unopened bool        // it is not open to solvers yet
	Open     bool        // solutions can still be committed to
	Early    bool        // its challenge window has not begun
	Window   bool        // its challenge window is open
	Verdict  bool        // it has come as far as its challenge window
	Over     bool        // it is past its challenge window
	Reward   ledger.Natn // the most that one solution can earn
}

// Solution is what a solver has shown in a task.
type Solution struct {
	Doc       string // CID of its document
	Candidate bool   // revealed and still in the task
	Bond      ledger.Natn
}

// Tasks is the task module.
type Tasks interface {
	// Task returns the facts of a task.
	Task(ctx *ledger.Context, kv ledger.KV, id string) (Task, bool)
	// Solution returns what an account has shown; false when it revealed nothing.
	Solution(kv ledger.KV, id string, solver ledger.Account) (Solution, bool)
	// Party reports whether the account proposed the task, solves it or judges it.
	Party(kv ledger.KV, id string, account ledger.Account) bool
}

// Accounts is what other modules know of accounts.
type Accounts interface {
	// Governor reports whether the account is in the register of governors.
	Governor(kv ledger.KV, account ledger.Account) bool
	// Solver reports whether the account has a solver's minimum stake.
	Solver(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool
	// History returns how many solutions of the account were accepted and the ledger time of the first.
	History(kv ledger.KV, account ledger.Account) (accepted uint64, firstMS int64)
	// Signed reports whether the key, written as its peer ID, is or was one with which the account signs.
	Signed(kv ledger.KV, key, account ledger.Account) bool
}

// Stakes locks and slashes stake.
type Stakes interface {
	// Lock locks part of the account's stake under a purpose that is unique to the account. It refuses with CodeFunds
	// when the stake that is not locked yet does not suffice.
	Lock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn) error
	// Unlock ends a lock.
	Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string)
	// SlashLocked is Slash limited to what is locked for the purpose, and takes it out of that lock.
	SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p Penalty) ledger.Natn
	// Slash takes up to the amount of the role's stake for the treasury and returns what it took.
	Slash(ctx *ledger.Context, kv ledger.KV, p Penalty) ledger.Natn
}

// Penalty is one slash.
type Penalty struct {
	Account  ledger.Account
	Role     ledger.Role
	Amount   ledger.Natn
	Task     string
	Cause    string
	Evidence string
}

// Bank moves what a trap costs. What it holds for seals is in one pot.
type Bank interface {
	// Balance returns what the account can spend.
	Balance(kv ledger.KV, account ledger.Account) ledger.Natn
	// Escrow takes the amount out of the treasury. It refuses with CodeFunds when the treasury does not hold it.
	Escrow(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, task string) error
	// Pay pays out of the pot.
	Pay(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, task string) error
	// Return gives back to the treasury.
	Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, task string) error
	// Restore pays an account out of the treasury, at most what the treasury holds, and returns what it paid.
	Restore(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, task string) (ledger.Natn, error)
}

// Ports are all that the module needs.
type Ports struct {
	Tasks    Tasks
	Accounts Accounts
	Stakes   Stakes
	Bank     Bank
}
