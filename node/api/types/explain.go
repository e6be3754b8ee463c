package types

// Explanation is why every account got or lost what it did in a task.
type Explanation struct {
	Task     string             `json:"task" doc:"Task ID"`
	Project  string             `json:"project" doc:"Project"`
	State    string             `json:"state" doc:"Stage of the task"`
	Height   int64              `json:"height" doc:"Block up to which this is told"`
	Inputs   []ExplainedInput   `json:"inputs" doc:"The task's numbers that formulas use"`
	Accounts []ExplainedAccount `json:"accounts" doc:"By account"`
	Returned []ExplainedAmount  `json:"returned,omitempty" doc:"What went back to the project"`
}

// ExplainedAccount is one account's part in a task.
type ExplainedAccount struct {
	Account      string            `json:"account" doc:"Whose"`
	EarnedNatn   uint64            `json:"earned_natn" doc:"All it got, nano-ATN"`
	SlashedNatn  uint64            `json:"slashed_natn" doc:"All it lost, nano-ATN"`
	LockedNatn   uint64            `json:"locked_natn" doc:"Stake that was held for the task, nano-ATN"`
	ReleasedNatn uint64            `json:"released_natn" doc:"Stake that was let go again, nano-ATN"`
	Amounts      []ExplainedAmount `json:"amounts" doc:"One by one, in ledger order"`
}

// ExplainedAmount is one amount with its cause and its place in the ledger.
type ExplainedAmount struct {
	What       string           `json:"what" doc:"earned, slashed, locked, released, returned or noted"`
	Role       string           `json:"role,omitempty" doc:"Role it was earned or lost in"`
	AmountNatn uint64           `json:"amount_natn" doc:"nano-ATN"`
	Cause      string           `json:"cause" doc:"In words"`
	Formula    string           `json:"formula,omitempty" doc:"How the amount follows from the inputs"`
	Inputs     []ExplainedInput `json:"inputs,omitempty" doc:"What the formula uses"`
	Votes      []ExplainedVote  `json:"votes,omitempty" doc:"The committee's votes behind it"`
	Evidence   string           `json:"evidence,omitempty" doc:"What a slash rests on"`
	Kind       string           `json:"kind" doc:"The event's kind"`
	Height     int64            `json:"height" doc:"Its block"`
	Index      int              `json:"index" doc:"Its place in the block"`
	TimeMS     int64            `json:"time_ms" doc:"Header time, Unix ms"`
	Proof      []byte           `json:"proof,omitempty" doc:"Proof document of the event, to be checked with: autonet ledger verify; base64"`
}

// ExplainedInput is a named number of a formula.
type ExplainedInput struct {
	Name  string `json:"name" doc:"Name"`
	Value string `json:"value" doc:"Value"`
}

// ExplainedVote is one member's vote about a solution.
type ExplainedVote struct {
	Member  string `json:"member" doc:"Account"`
	Solver  string `json:"solver" doc:"Whose solution"`
	Status  string `json:"status" doc:"backed, unbacked, alarm, unusable or moot"`
	Score   uint16 `json:"score" doc:"65535 = 1.0"`
	Clipped uint16 `json:"clipped" doc:"After clipping to the verdict"`
	Detail  string `json:"detail,omitempty" doc:"In words"`
}
