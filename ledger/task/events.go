package task

import "autonet/ledger"

// EventProposed says that a task was proposed and its escrow filled.
type EventProposed struct {
	Task     string         `json:"task"`
	Project  string         `json:"project"`
	Proposer ledger.Account `json:"proposer"`
	Spec     string         `json:"spec"`
	Model    string         `json:"model"`
	Truth    ledger.Hash    `json:"truth"`
	Slots    uint32         `json:"slots"`
	// EvaluateOnly says that nobody will replay this task's solutions.
	EvaluateOnly bool   `json:"evaluate_only,omitempty"`
	Escrow       Escrow `json:"escrow"`
}

// EventPhase says that a task entered a state or a phase, until when, and why.
type EventPhase struct {
	Task     string `json:"task"`
	From     State  `json:"from"`
	State    State  `json:"state"`
	Phase    Phase  `json:"phase,omitempty"`
	Deadline int64  `json:"deadline_work_ms"`
	Cause    string `json:"cause"`
}

// EventClaimed says that a solver took a slot.
type EventClaimed struct {
	Task    string         `json:"task"`
	Slot    uint32         `json:"slot"`
	Account ledger.Account `json:"account"`
	Bond    ledger.Natn    `json:"bond"`
}

// EventCheckpoint says how far a solver is.
type EventCheckpoint struct {
	Task    string         `json:"task"`
	Slot    uint32         `json:"slot"`
	Account ledger.Account `json:"account"`
	Step    uint32         `json:"step"`
	Hash    ledger.Hash    `json:"hash"`
}

// EventCommitted says that a solver committed to a solution.
type EventCommitted struct {
	Task       string         `json:"task"`
	Slot       uint32         `json:"slot"`
	Account    ledger.Account `json:"account"`
	Commitment ledger.Hash    `json:"commitment"`
	Order      uint32         `json:"order"`
}

// EventCommittee says who judges a task.
type EventCommittee struct {
	Task     string      `json:"task"`
	DrawHash ledger.Hash `json:"draw_hash"`
	Draw     uint32      `json:"draw"` // 1, or 2 for the redraw
	// EvaluateOnly says that the members evaluate and do not replay.
	EvaluateOnly bool     `json:"evaluate_only,omitempty"`
	Members      []Member `json:"members"`
}

// EventCommitteeShort says that a draw found too few coordinators.
type EventCommitteeShort struct {
	Task     string `json:"task"`
	Draw     uint32 `json:"draw"`
	Eligible uint32 `json:"eligible"`
	Wanted   uint32 `json:"wanted"`
	Cause    string `json:"cause"`
}

// EventTruth says where the ground truth is and gives the salt that unlocks it.
type EventTruth struct {
	Task     string         `json:"task"`
	Proposer ledger.Account `json:"proposer"`
	CID      string         `json:"cid"`
	Salt     ledger.Hash    `json:"salt"`
}

// EventRevealed says that a solver showed its solution.
type EventRevealed struct {
	Task     string         `json:"task"`
	Slot     uint32         `json:"slot"`
	Account  ledger.Account `json:"account"`
	DocCID   string         `json:"doc_cid"`
	Weights  string         `json:"weights"` // manifest CID
	StepRoot ledger.Hash    `json:"step_root"`
}

// EventOpened says that a solver opened intervals.
type EventOpened struct {
	Task      string         `json:"task"`
	Account   ledger.Account `json:"account"`
	Intervals []uint32       `json:"intervals"`
	Cause     string         `json:"cause"` // drawn | challenged
}

// EventDropped says that a solver is out of a task and why.
type EventDropped struct {
	Task     string         `json:"task"`
	Slot     uint32         `json:"slot"`
	Account  ledger.Account `json:"account"`
	Cause    string         `json:"cause"`
	Evidence string         `json:"evidence,omitempty"`
}

// EventSlashed says what a party of a task lost and why. Amount is what was taken, which is less than what was due when
// the stake did not suffice.
type EventSlashed struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Amount   ledger.Natn    `json:"amount"`
	Cause    string         `json:"cause"`
	Evidence string         `json:"evidence,omitempty"`
}

// EventPaid says that a task paid somebody out of a pot of its escrow.
type EventPaid struct {
	Task    string         `json:"task"`
	Account ledger.Account `json:"account"`
	Pot     string         `json:"pot"`
	Amount  ledger.Natn    `json:"amount"`
	Cause   string         `json:"cause"`
}

// EventReturned says that a task gave the rest of a pot back to its project's budget.
type EventReturned struct {
	Task    string      `json:"task"`
	Project string      `json:"project"`
	Pot     string      `json:"pot"`
	Amount  ledger.Natn `json:"amount"`
	Cause   string      `json:"cause"`
}

// EventAggregator says who is to aggregate.
type EventAggregator struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"` // empty: no aggregator is active
	Draw     uint32         `json:"draw"`
	Deadline int64          `json:"deadline_work_ms"`
}

// EventAggregated says which model a task produced.
type EventAggregated struct {
	Task       string         `json:"task"`
	Project    string         `json:"project"`
	Aggregator ledger.Account `json:"aggregator"`
	Accepted   uint32         `json:"accepted"`
	// EvaluateOnly says that no update in it was replayed: all weigh the same under [RuleEvaluateOnly].
	EvaluateOnly bool   `json:"evaluate_only,omitempty"`
	Result       Result `json:"result"`
}

// EventReplaced says that a dispute replaced a task's model: the right one is the project's next version.
type EventReplaced struct {
	Task       string         `json:"task"`
	Project    string         `json:"project"`
	Aggregator ledger.Account `json:"aggregator"`
	Challenger ledger.Account `json:"challenger"`
	Refuted    Result         `json:"refuted"`
	Result     Result         `json:"result"`
}

// EventRescored says that an appeal replaced the score of a solution.
type EventRescored struct {
	Task   string         `json:"task"`
	Solver ledger.Account `json:"solver"`
	Was    uint16         `json:"was"`
	Score  uint16         `json:"score"`
	Reason string         `json:"reason"`
}

// EventKind implements ledger.EventData.
func (EventProposed) EventKind() string { return "task/proposed" }

// EventKind implements ledger.EventData.
func (EventPhase) EventKind() string { return "task/phase" }

// EventKind implements ledger.EventData.
func (EventClaimed) EventKind() string { return "task/claimed" }

// EventKind implements ledger.EventData.
func (EventCheckpoint) EventKind() string { return "task/checkpointed" }

// EventKind implements ledger.EventData.
func (EventCommitted) EventKind() string { return "task/committed" }

// EventKind implements ledger.EventData.
func (EventCommittee) EventKind() string { return "task/committee" }

// EventKind implements ledger.EventData.
func (EventCommitteeShort) EventKind() string { return "task/committee-short" }

// EventKind implements ledger.EventData.
func (EventTruth) EventKind() string { return "task/truth" }

// EventKind implements ledger.EventData.
func (EventRevealed) EventKind() string { return "task/revealed" }

// EventKind implements ledger.EventData.
func (EventOpened) EventKind() string { return "task/opened" }

// EventKind implements ledger.EventData.
func (EventDropped) EventKind() string { return "task/dropped" }

// EventKind implements ledger.EventData.
func (EventSlashed) EventKind() string { return "task/slashed" }

// EventKind implements ledger.EventData.
func (EventPaid) EventKind() string { return "task/paid" }

// EventKind implements ledger.EventData.
func (EventReturned) EventKind() string { return "task/returned" }

// EventKind implements ledger.EventData.
func (EventAggregator) EventKind() string { return "task/aggregator" }

// EventKind implements ledger.EventData.
func (EventAggregated) EventKind() string { return "task/aggregated" }

// EventKind implements ledger.EventData.
func (EventReplaced) EventKind() string { return "task/replaced" }

// EventKind implements ledger.EventData.
func (EventRescored) EventKind() string { return "task/rescored" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		EventProposed{},
		EventPhase{},
		EventClaimed{},
		EventCheckpoint{},
		EventCommitted{},
		EventCommittee{},
		EventCommitteeShort{},
		EventTruth{},
		EventRevealed{},
		EventOpened{},
		EventDropped{},
		EventSlashed{},
		EventPaid{},
		EventReturned{},
		EventAggregator{},
		EventAggregated{},
		EventReplaced{},
		EventRescored{},
	}
}
