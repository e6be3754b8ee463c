package types

// CreateProjectRequest founds a project.
type CreateProjectRequest struct {
	Name       string `json:"name" minLength:"1" maxLength:"64" doc:"Name for people"`
	Model      string `json:"model,omitempty" maxLength:"64" doc:"Kind of model; empty = simplenet"`
	GoalNatn   uint64 `json:"goal_natn,omitempty" doc:"Funding goal, nano-ATN; 0 = the fund"`
	FundNatn   uint64 `json:"fund_natn,omitempty" doc:"What the founder puts in at once, nano-ATN"`
	DeadlineMS int64  `json:"deadline_ms,omitempty" minimum:"0" doc:"Work-clock time to reach the goal, ms; 0 = a default"`
	PTBase     uint64 `json:"pt_base_natn,omitempty" doc:"Price of the first project token, nano-ATN; 0 = a default"`
	PTSlope    uint64 `json:"pt_slope_natn,omitempty" doc:"Rise of the price per token sold, nano-ATN"`
}

// Project is one funded AI effort.
type Project struct {
	ID         string         `json:"id" doc:"Project ID, hex"`
	Name       string         `json:"name" doc:"Name for people"`
	Owner      string         `json:"owner" doc:"Account that founded it"`
	State      string         `json:"state" doc:"FUNDING, ACTIVE_TRAINING, MATURING, DEPLOYED, PAUSED or FAILED"`
	Model      string         `json:"model" doc:"Kind of model"`
	GoalNatn   uint64         `json:"goal_natn" doc:"Funding goal, nano-ATN"`
	RaisedNatn uint64         `json:"raised_natn" doc:"Raised so far, nano-ATN"`
	BudgetNatn uint64         `json:"budget_natn" doc:"Left for tasks, nano-ATN"`
	EscrowNatn uint64         `json:"escrow_natn" doc:"Held by open tasks, nano-ATN"`
	Versions   []ModelVersion `json:"versions" doc:"Published models, oldest first"`
	Tasks      int            `json:"tasks" doc:"Tasks so far"`
}

// ModelVersion is one published model.
type ModelVersion struct {
	Version    uint64 `json:"version" doc:"0 is the untrained start"`
	CID        string `json:"cid" doc:"Manifest CID"`
	Root       string `json:"merkle_root" doc:"Merkle root, hex"`
	SizeBytes  uint64 `json:"size_bytes" doc:"Length of the weights file, bytes"`
	Parameters uint64 `json:"parameters" doc:"Trainable numbers"`
	Task       string `json:"task,omitempty" doc:"Task that made it"`
	Height     int64  `json:"height" doc:"Block that published it"`
}

// Projects is the answer to a request for projects.
type Projects struct {
	Projects []Project `json:"projects" doc:"Ordered by ID"`
}

// ProposeTaskRequest proposes one training job. Every zero is replaced by a default of the node.
type ProposeTaskRequest struct {
	Project             string `json:"project,omitempty" maxLength:"64" doc:"Project ID; empty = the proposer's only one"`
	Model               string `json:"model,omitempty" maxLength:"64" doc:"simplenet for a fresh model; empty = the project's latest version"`
	Data                string `json:"data,omitempty" maxLength:"4096" doc:"Folder with IDX files on the node's machine; empty = the embedded subset"`
	Seed                string `json:"seed,omitempty" pattern:"^([0-9a-f]{64})?$" doc:"32 bytes in hex; empty = random"`
	Rule                string `json:"rule,omitempty" maxLength:"32" doc:"Aggregation rule; empty = fedavg"`
	Steps               uint32 `json:"steps,omitempty" maximum:"1000000" doc:"Training steps per solver"`
	Interval            uint32 `json:"interval,omitempty" maximum:"100000" doc:"Steps between checkpoints"`
	Batch               uint32 `json:"batch,omitempty" maximum:"4096" doc:"Images per step"`
	Slots               uint32 `json:"slots,omitempty" maximum:"32" doc:"Solvers wanted"`
	Replay              uint32 `json:"replay,omitempty" maximum:"1024" doc:"Intervals each committee member replays per solution"`
	Committee           uint32 `json:"committee,omitempty" maximum:"64" doc:"Committee size, at least 3"`
	LearningRateMicro   uint32 `json:"learning_rate_micro,omitempty" doc:"Learning rate x 10^6"`
	MomentumMicro       uint32 `json:"momentum_micro,omitempty" doc:"Momentum x 10^6"`
	RewardPerSampleNatn uint64 `json:"reward_per_sample_natn,omitempty" doc:"Pay per verified sample, nano-ATN"`
	CoordinatorFeeNatn  uint64 `json:"coordinator_fee_natn,omitempty" doc:"Pot of the committee, nano-ATN"`
	AggregatorFeeNatn   uint64 `json:"aggregator_fee_natn,omitempty" doc:"Fee of the aggregator, nano-ATN"`
	StorageFeeNatn      uint64 `json:"storage_fee_natn,omitempty" doc:"Pot of the providers, nano-ATN"`
	ProposerRewardNatn  uint64 `json:"proposer_reward_natn,omitempty" doc:"Most the proposer can earn, nano-ATN"`
	CommitMS            uint64 `json:"commit_ms,omitempty" doc:"Commit window, work-clock ms; 0 = genesis"`
}

// Task is one training job as the ledger sees it.
type Task struct {
	ID             string        `json:"id" doc:"Task ID, hex"`
	Project        string        `json:"project" doc:"Project ID"`
	Proposer       string        `json:"proposer" doc:"Account"`
	State          string        `json:"state" doc:"PROPOSED, OPEN, COMMITTED, TRUTH_REVEALED, REVEALED, VOTING, VERDICT, CHALLENGE, SETTLED, AGGREGATED or EXPIRED"`
	Phase          string        `json:"phase,omitempty" doc:"Sub-phase of VOTING: VOTE_COMMIT, VOTE_REVEAL or OPENING; of AGGREGATED: AGGREGATE_CHALLENGE"`
	Reason         string        `json:"reason,omitempty" doc:"Why it expired"`
	DeadlineMS     int64         `json:"deadline_ms" doc:"End of the phase on the work clock, ms"`
	DeadlineLeftMS int64         `json:"deadline_left_ms" doc:"Work-clock time until then, ms"`
	Spec           string        `json:"spec" doc:"CID of the spec"`
	EvaluateOnly   bool          `json:"evaluate_only" doc:"Private data or an external trainer: nobody can replay its solutions"`
	Model          string        `json:"model" doc:"Manifest CID of the base model"`
	Version        uint64        `json:"version" doc:"Model version it makes"`
	Steps          uint32        `json:"steps" doc:"Steps per solver"`
	Interval       uint32        `json:"interval" doc:"Steps between checkpoints"`
	Batch          uint32        `json:"batch" doc:"Samples per step"`
	Slots          uint32        `json:"slots" doc:"Solvers wanted"`
	Replay         uint32        `json:"replay" doc:"Intervals replayed per solution and member"`
	Committee      []string      `json:"committee" doc:"Members, ordered; empty before the draw"`
	Solutions      []Solution    `json:"solutions" doc:"By slot"`
	Votes          []Vote        `json:"votes" doc:"By member"`
	Disputes       []Dispute     `json:"disputes" doc:"Challenges, oldest first"`
	Accepted       int           `json:"accepted" doc:"Solutions accepted"`
	Rejected       int           `json:"rejected" doc:"Solutions refused, dropped or convicted"`
	Aggregator     string        `json:"aggregator,omitempty" doc:"Account drawn to aggregate"`
	Result         *ModelVersion `json:"result,omitempty" doc:"The model it made"`
	EscrowNatn     uint64        `json:"escrow_natn" doc:"Escrow left, nano-ATN"`
	CreatedMS      int64         `json:"created_ms" doc:"Header time of its proposal, Unix ms"`
	Height         int64         `json:"height" doc:"Block of its proposal"`
	History        []PhaseChange `json:"history,omitempty" doc:"Its phases so far"`
	Evaluation     *Evaluation   `json:"evaluation,omitempty" doc:"The proposer's own measurement; only its node knows it"`
}

// Evaluation is what the proposer of a task measured on all its held-out examples.
type Evaluation struct {
	BeforeCorrect uint32 `json:"before_correct" doc:"Examples the base model gets right"`
	AfterCorrect  uint32 `json:"after_correct" doc:"Examples the new model gets right"`
	Total         uint32 `json:"total" doc:"Held-out examples"`
	Done          bool   `json:"done" doc:"Whether the new model is measured"`
}

// Solution is one solver's part in a task.
type Solution struct {
	Account   string `json:"account" doc:"Solver"`
	Slot      uint32 `json:"slot" doc:"Slot claimed"`
	State     string `json:"state" doc:"claimed, committed, revealed, opened, accepted, rejected, dropped or fraud"`
	Step      uint32 `json:"step" doc:"Last checkpoint step it reported"`
	CID       string `json:"cid,omitempty" doc:"CID of the solution document"`
	Samples   uint64 `json:"samples" doc:"Samples it trained on"`
	Score     uint16 `json:"score" doc:"Verdict, 65535 = 1.0"`
	Suspended bool   `json:"suspended,omitempty" doc:"A member reported a replay mismatch"`
	BondNatn  uint64 `json:"bond_natn" doc:"Stake locked, nano-ATN"`
	Reason    string `json:"reason,omitempty" doc:"Why it was dropped, rejected or convicted"`
}

// Vote is one committee member's part in a task.
type Vote struct {
	Account   string      `json:"account" doc:"Member"`
	Committed bool        `json:"committed" doc:"Whether it committed"`
	Revealed  bool        `json:"revealed" doc:"Whether it revealed"`
	Entries   []VoteEntry `json:"entries,omitempty" doc:"Its findings, by solver, once revealed"`
}

// VoteEntry is what one member found about one solution.
type VoteEntry struct {
	Solver        string   `json:"solver" doc:"Account"`
	Score         uint16   `json:"score" doc:"65535 = 1.0"`
	Correct       uint32   `json:"correct" doc:"Held-out examples it got right"`
	Total         uint32   `json:"total" doc:"Held-out examples"`
	Intervals     []uint32 `json:"intervals" doc:"Intervals replayed"`
	Backed        bool     `json:"backed" doc:"Whether the bindings match the opened steps"`
	Fault         string   `json:"fault,omitempty" doc:"replay-mismatch, unretrievable or malformed"`
	FaultInterval uint32   `json:"fault_interval,omitempty" doc:"Interval of the fault"`
	Note          string   `json:"note,omitempty" doc:"The member's own words"`
}

// Dispute is one challenge of a solution.
type Dispute struct {
	Challenger string `json:"challenger" doc:"Account"`
	Solver     string `json:"solver" doc:"Account"`
	Interval   uint32 `json:"interval" doc:"Interval challenged"`
	Step       uint32 `json:"step" doc:"First step the two lists differ in"`
	State      string `json:"state" doc:"opening, judging, fraud, cleared or void"`
	Judges     int    `json:"judges" doc:"Judgements so far"`
}

// PhaseChange is one step of a task's life.
type PhaseChange struct {
	State  string `json:"state" doc:"State entered"`
	Height int64  `json:"height" doc:"Block"`
	TimeMS int64  `json:"time_ms" doc:"Header time, Unix ms"`
}

// Tasks is the answer to a request for tasks.
type Tasks struct {
	Tasks []Task `json:"tasks" doc:"Newest first"`
}

// Proposed is the answer to a task proposal: what the ledger took.
type Proposed struct {
	Task       string `json:"task" doc:"Task ID"`
	Spec       string `json:"spec" doc:"CID of the spec"`
	Model      string `json:"model" doc:"Manifest CID of the base model"`
	EscrowNatn uint64 `json:"escrow_natn" doc:"Escrowed, nano-ATN"`
	Height     int64  `json:"height" doc:"Block that took it"`
	TxHash     string `json:"tx_hash" doc:"Transaction, hex"`
}

// InferRequest asks for classes of images.
type InferRequest struct {
	Model  string   `json:"model" minLength:"1" maxLength:"128" doc:"Project ID (its latest version) or manifest CID"`
	Images [][]byte `json:"images" nullable:"false" minItems:"1" maxItems:"1024" doc:"Base64 of 28 x 28 bytes each, row by row, 0 = black"`
}

// InferResult is a class per image.
type InferResult struct {
	Model   string `json:"model" doc:"Manifest CID that answered"`
	Classes []int  `json:"classes" doc:"0 to 9, in the order asked"`
}
