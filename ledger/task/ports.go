package task

import "autonet/ledger"

// The ports of this module: what it asks of the others. ledger/app joins them. All are called on the one goroutine that
// executes blocks, with the same ctx and kv that the caller got; an error is a refusal unless it says otherwise.

// Budget is a project's money and model.
type Budget interface {
	// Reserve takes the amount out of the project's task budget into a task's escrow. It refuses an unknown project, one
	// that cannot run tasks and a budget that does not suffice.
	Reserve(ctx *ledger.Context, kv ledger.KV, project string, amount ledger.Natn) error
	// Return puts what a task did not spend back into the budget, whatever the project's state.
	Return(ctx *ledger.Context, kv ledger.KV, project string, amount ledger.Natn) error
	// Publish makes the manifest the project's next model version and returns its number. The publisher is the aggregator,
	// or who proved its model wrong.
	Publish(ctx *ledger.Context, kv ledger.KV, project, task string, publisher ledger.Account, r Result) (uint64, error)
}

// Bank credits accounts with what leaves an escrow.
type Bank interface {
	Credit(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn) error
}

// Stakes is the stake of roles, the locks on it and its slashing.
type Stakes interface {
	// Active reports whether the account holds the role with at least its minimum stake bonded.
	Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role) bool
	// Holders visits the active holders of a role in ascending account order, with their bonded stake, until fn is false.
	Holders(ctx *ledger.Context, kv ledger.KV, role ledger.Role, fn func(account ledger.Account, stake ledger.Natn) bool)
	// Lock locks part of the account's stake under a purpose that is unique to the account. It refuses with CodeFunds
	// when the stake that is not locked yet does not suffice.
	Lock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn) error
	// Unlock ends a lock; a purpose without one is nothing to do.
	Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string)
	// Slash takes up to amount of the role's stake, unbonding stake included, and returns what it took: the reporter's
	// share goes to the reporter if there is one, the rest to the treasury.
	Slash(ctx *ledger.Context, kv ledger.KV, s Penalty) ledger.Natn
	// SlashLocked is Slash limited to what is locked for the purpose, and takes it out of that lock.
	SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p Penalty) ledger.Natn
	// SaltHead returns the head of a coordinator's salt chain; zero when it published none.
	SaltHead(kv ledger.KV, account ledger.Account) ledger.Hash
}

// Penalty is one slash: who, how much, why, and on which evidence.
type Penalty struct {
	Account  ledger.Account
	Role     ledger.Role
	Amount   ledger.Natn
	Reporter ledger.Account // may be empty
	Task     string
	Cause    string
	Evidence string
}

// Votes is the judgement of the committee.
type Votes interface {
	// Forfeit penalises a member that did not commit or did not reveal its vote.
	Forfeit(ctx *ledger.Context, kv ledger.KV, task string, member ledger.Account, cause string)
	// Judge makes the verdict of every solution from the revealed votes and stores it with [Keeper.SetVerdict].
	Judge(ctx *ledger.Context, kv ledger.KV, task string) error
	// Settle is called after the challenge window. It penalises false alarms and unbacked votes, makes every verdict final with
	// [Keeper.SetVerdict] and pays solvers, members and proposer with [Keeper.Pay].
	Settle(ctx *ledger.Context, kv ledger.KV, task string) error
}

// Disputes is the settling of challenges.
type Disputes interface {
	// Pending reports whether a dispute or an appeal about the task is not closed.
	Pending(kv ledger.KV, task string) bool
	// Demanded reports whether a dispute waits for the solver to open the interval.
	Demanded(kv ledger.KV, task string, solver ledger.Account, interval uint32) bool
	// Opened tells that the solver opened a demanded interval.
	Opened(ctx *ledger.Context, kv ledger.KV, task string, solver ledger.Account, interval uint32, hashes []ledger.Hash) error
}

// Providers knows who stores a model.
type Providers interface {
	// Columns visits the providers that announced columns of the manifest with this root in ascending account order.
	Columns(ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash, fn func(account ledger.Account, columns uint64) bool)
}

// Ports are all that the module needs.
type Ports struct {
	Budget    Budget
	Bank      Bank
	Stakes    Stakes
	Votes     Votes
	Disputes  Disputes
	Providers Providers
}
