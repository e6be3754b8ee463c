package rewards

import "autonet/ledger"

// The ports of this module: what it asks of the others. ledger/app joins them; the plain structs here are filled from
// the other modules' views. All are called on the one goroutine that executes blocks.

// Names of the task's phases and pots as this module uses them: the texts are those of ledger/task.
const (
	phaseVoteCommit = "VOTE_COMMIT"
	phaseVoteReveal = "VOTE_REVEAL"
	potSolvers      = "solvers"
	potMembers      = "coordinators"
	potProposer     = "proposer"
)

// Task is what the votes need to know of a task.
type Task struct {
	ID              string
	Project         string
	Proposer        ledger.Account
	EvaluateOnly    bool   // nobody can replay its solutions
	Phase           string // of VOTING, empty in every other state
	Early           bool   // the task has not reached VOTING
	Deadline        int64  // work clock
	DrawHash        ledger.Hash
	Intervals       uint32
	Replay          uint32
	Samples         uint64 // of one solver
	CommitteeSize   uint32
	RewardPerSample ledger.Natn
	CoordinatorFee  ledger.Natn
	ProposerReward  ledger.Natn
	Members         []Member
	Solutions       []Solution // revealed ones, dropped or not, in ascending account order
}

// Member is one coordinator of the committee.
type Member struct {
	Account   ledger.Account
	Weight    uint64
	SaltHead  ledger.Hash // when the committee was drawn
	Committed bool
	Revealed  bool
}

// Solution is one revealed solution.
type Solution struct {
	Account ledger.Account
	Dropped string // why its solver is out; empty while in
	Verdict Verdict
}

// Verdict is what the committee made of a solution. Its fields are those of ledger/task.Verdict.
type Verdict struct {
	Score     uint16
	Accepted  bool
	Suspended bool
	Fraud     bool
	Final     bool
	Reason    string
	Correct   uint32
	Total     uint32
	Reward    ledger.Natn
}

// Tasks is the task module.
type Tasks interface {
	// Task returns the facts of a task.
	Task(kv ledger.KV, id string) (Task, bool)
	// Opening returns the step hashes of an interval that the solver opened; nil if it did not.
	Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash
	// MarkVote tells that a member committed (revealed = false) or revealed its vote.
	MarkVote(kv ledger.KV, id string, member ledger.Account, revealed bool) error
	// Demand adds intervals to those the solver must open after the votes.
	Demand(kv ledger.KV, id string, solver ledger.Account, intervals []uint32) error
	// SetVerdict stores the verdict on a solution.
	SetVerdict(kv ledger.KV, id string, solver ledger.Account, v Verdict) error
	// Pay pays out of a pot of the task's escrow.
	Pay(ctx *ledger.Context, kv ledger.KV, id, pot string, to ledger.Account, amount ledger.Natn, cause string) error
}

// Finding is what the disputes say about one solution.
type Finding struct {
	Fraud bool // proven
	Bits  bool // proven by a panel that found other bits, not by the solver's silence
	Void  bool // a dispute ended without a judgement
}

// Disputes is the dispute module.
type Disputes interface {
	// Finding sums up the closed disputes about a solution.
	Finding(kv ledger.KV, task string, solver ledger.Account) Finding
	// Challenger reports how the member's own challenge of the solution ended: "" for none, "proven", "dismissed",
	// "void".
	Challenger(kv ledger.KV, task string, solver, member ledger.Account) string
	// Proven visits the step hashes with which challengers proved a fraud, by interval.
	Proven(kv ledger.KV, task string, solver ledger.Account, fn func(interval uint32, hashes []ledger.Hash) bool)
}

// Stakes slashes members and keeps their salt heads.
type Stakes interface {
	// Active reports whether the account holds the role with at least its minimum stake bonded.
	Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role) bool
	// Slash takes up to the amount of the role's stake for the treasury and returns what it took.
	Slash(ctx *ledger.Context, kv ledger.KV, p Penalty) ledger.Natn
	// SaltHead returns the head of the account's salt chain.
	SaltHead(kv ledger.KV, account ledger.Account) ledger.Hash
	// MoveSaltHead sets the head after a salt was shown. The caller has checked that it lies behind the present one.
	MoveSaltHead(kv ledger.KV, account ledger.Account, head ledger.Hash)
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

// Traps is the forced errors.
type Traps interface {
	// Opened reports whether the solution was opened as a trap, and so is out of the task.
	Opened(kv ledger.KV, task string, solver ledger.Account) bool
	// Counts reports whether it is one that pays and costs.
	Counts(kv ledger.KV, task string, solver ledger.Account) bool
	// Settle ends a trap that counts: proven says that a panel found other bits, caught and missed are the members that
	// reported it and those that scored it as good.
	Settle(ctx *ledger.Context, kv ledger.KV, task string, solver ledger.Account, proven bool, caught, missed []ledger.Account) error
}

// Ports are all that the module needs. Without Traps nothing is ever a trap.
type Ports struct {
	Tasks    Tasks
	Disputes Disputes
	Stakes   Stakes
	Traps    Traps
}
