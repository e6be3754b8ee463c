package dispute

import "autonet/ledger"

// EventChallenged says that an interval of a solution is disputed.
type EventChallenged struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Bond       ledger.Natn    `json:"bond"`
	BondRole   ledger.Role    `json:"bond_role"`
	Demanded   bool           `json:"demanded"` // the solver must open the interval first
	Deadline   int64          `json:"deadline_work_ms"`
}

// EventAggregateChallenged says that a task's published model is disputed.
type EventAggregateChallenged struct {
	Task       string         `json:"task"`
	Aggregator ledger.Account `json:"aggregator"`
	Challenger ledger.Account `json:"challenger"`
	Bond       ledger.Natn    `json:"bond"`
	BondRole   ledger.Role    `json:"bond_role"`
	Published  Model          `json:"published"`
	Claim      Model          `json:"claim"`
}

// EventJudging says which step of a dispute a panel is asked about.
type EventJudging struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Step       uint32         `json:"step"`
	SolverHash ledger.Hash    `json:"solver_hash"`
	OwnHash    ledger.Hash    `json:"challenger_hash"`
}

// EventPanel says who was drawn to judge a question.
type EventPanel struct {
	Task     string      `json:"task"`
	Question Question    `json:"question"`
	Draw     uint32      `json:"draw"` // 1, or 2 for replacements
	DrawHash ledger.Hash `json:"draw_hash"`
	Drawn    []Drawn     `json:"drawn"`
	Deadline int64       `json:"deadline_work_ms"` // to seal a judgement
}

// Drawn is an account that was drawn to judge, in which role and with how much stake in it.
type Drawn struct {
	Account ledger.Account `json:"account"`
	Role    ledger.Role    `json:"role"`
	Stake   ledger.Natn    `json:"stake"`
}

// EventSealed says that a judge committed to a judgement.
type EventSealed struct {
	Task       string         `json:"task"`
	Question   Question       `json:"question"`
	Judge      ledger.Account `json:"judge"`
	Commitment ledger.Hash    `json:"commitment"`
}

// EventRevealing says that all judgements are sealed and must be shown.
type EventRevealing struct {
	Task     string   `json:"task"`
	Question Question `json:"question"`
	Sealed   uint32   `json:"sealed"`
	Deadline int64    `json:"deadline_work_ms"`
}

// EventJudged says what one judge found.
type EventJudged struct {
	Task     string         `json:"task"`
	Question Question       `json:"question"`
	Judge    ledger.Account `json:"judge"`
	Finding  Finding        `json:"finding"`
	Stake    ledger.Natn    `json:"stake"`
}

// EventDecided says how a panel ended.
type EventDecided struct {
	Task     string   `json:"task"`
	Question Question `json:"question"`
	Stage    Stage    `json:"stage"`
	Majority Finding  `json:"majority"`
	Outcome  string   `json:"outcome"`
}

// EventPaid says what a judge got for being of the majority. It comes out of what the loser lost.
type EventPaid struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Question Question       `json:"question"`
	Amount   ledger.Natn    `json:"amount"`
	Cause    string         `json:"cause"`
}

// EventClosed says how a dispute ended and on which bits.
type EventClosed struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Step       uint32         `json:"step"`
	Status     Status         `json:"status"`
	SolverHash ledger.Hash    `json:"solver_hash"`
	OwnHash    ledger.Hash    `json:"challenger_hash"`
	Majority   ledger.Hash    `json:"majority_hash"`
	Outcome    string         `json:"outcome"`
}

// EventAggregateClosed says how the dispute about a published model ended.
type EventAggregateClosed struct {
	Task       string         `json:"task"`
	Aggregator ledger.Account `json:"aggregator"`
	Challenger ledger.Account `json:"challenger"`
	Status     Status         `json:"status"`
	Published  Model          `json:"published"`
	Claim      Model          `json:"claim"`
	Majority   Model          `json:"majority"`
	Outcome    string         `json:"outcome"`
}

// EventSlashed says what a party or a judge of a dispute lost and why. Amount is what was taken.
type EventSlashed struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Amount   ledger.Natn    `json:"amount"`
	Reporter ledger.Account `json:"reporter,omitempty"`
	Cause    string         `json:"cause"`
	Evidence string         `json:"evidence"`
}

// EventAppealed says that a score is appealed.
type EventAppealed struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Appellant ledger.Account `json:"appellant"`
	Was       uint16         `json:"was"`
	Score     uint16         `json:"score"`
	Reasons   string         `json:"reasons,omitempty"`
	Bond      ledger.Natn    `json:"bond"`
	BondRole  ledger.Role    `json:"bond_role"`
	Snapshot  int64          `json:"snapshot_height"`
	Deadline  int64          `json:"deadline_work_ms"`
}

// EventAppealVoted says how an account voted on an appeal, with which power.
type EventAppealVoted struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Appellant ledger.Account `json:"appellant"`
	Voter     ledger.Account `json:"voter"`
	Support   bool           `json:"support"`
	Power     ledger.Natn    `json:"power"`
}

// EventAppealClosed says how an appeal ended.
type EventAppealClosed struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Appellant ledger.Account `json:"appellant"`
	Status    AppealStatus   `json:"status"`
	Score     uint16         `json:"score"` // that stands now
	Yes       ledger.Natn    `json:"yes"`
	No        ledger.Natn    `json:"no"`
	Total     ledger.Natn    `json:"total"`
	Outcome   string         `json:"outcome"`
}

// EventKind implements ledger.EventData.
func (EventChallenged) EventKind() string { return "dispute/challenged" }

// EventKind implements ledger.EventData.
func (EventAggregateChallenged) EventKind() string { return "dispute/aggregate-challenged" }

// EventKind implements ledger.EventData.
func (EventJudging) EventKind() string { return "dispute/judging" }

// EventKind implements ledger.EventData.
func (EventPanel) EventKind() string { return "dispute/panel" }

// EventKind implements ledger.EventData.
func (EventSealed) EventKind() string { return "dispute/sealed" }

// EventKind implements ledger.EventData.
func (EventRevealing) EventKind() string { return "dispute/revealing" }

// EventKind implements ledger.EventData.
func (EventJudged) EventKind() string { return "dispute/judged" }

// EventKind implements ledger.EventData.
func (EventDecided) EventKind() string { return "dispute/decided" }

// EventKind implements ledger.EventData.
func (EventPaid) EventKind() string { return "dispute/paid" }

// EventKind implements ledger.EventData.
func (EventClosed) EventKind() string { return "dispute/closed" }

// EventKind implements ledger.EventData.
func (EventAggregateClosed) EventKind() string { return "dispute/aggregate-closed" }

// EventKind implements ledger.EventData.
func (EventSlashed) EventKind() string { return "dispute/slashed" }

// EventKind implements ledger.EventData.
func (EventAppealed) EventKind() string { return "dispute/appealed" }

// EventKind implements ledger.EventData.
func (EventAppealVoted) EventKind() string { return "dispute/appeal-voted" }

// EventKind implements ledger.EventData.
func (EventAppealClosed) EventKind() string { return "dispute/appeal-closed" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		EventChallenged{},
		EventAggregateChallenged{},
		EventJudging{},
		EventPanel{},
		EventSealed{},
		EventRevealing{},
		EventJudged{},
		EventDecided{},
		EventPaid{},
		EventClosed{},
		EventAggregateClosed{},
		EventSlashed{},
		EventAppealed{},
		EventAppealVoted{},
		EventAppealClosed{},
	}
}
