package dispute

import "autonet/ledger"

// EventChallenged says that an interval of a solution is disputed.
type EventChallenged struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Bond       ledger.Natn    `json:"bond"`
	Demanded   bool           `json:"demanded"` // the solver must open the interval first
	Deadline   int64          `json:"deadline_work_ms"`
}

// EventJudging says which step the panel must re-execute.
type EventJudging struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Step       uint32         `json:"step"`
	SolverHash ledger.Hash    `json:"solver_hash"`
	OwnHash    ledger.Hash    `json:"challenger_hash"`
	Panel      []Juror        `json:"panel"`
	Deadline   int64          `json:"deadline_work_ms"`
}

// EventJudged says what one validator found.
type EventJudged struct {
	Task     string         `json:"task"`
	Solver   ledger.Account `json:"solver"`
	Judge    ledger.Account `json:"judge"`
	Interval uint32         `json:"interval"`
	Step     uint32         `json:"step"`
	Hash     ledger.Hash    `json:"hash"`
	Stake    ledger.Natn    `json:"stake"`
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

// EventSlashed says what a party of a dispute lost and why. Amount is what was taken.
type EventSlashed struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Amount   ledger.Natn    `json:"amount"`
	Reporter ledger.Account `json:"reporter,omitempty"`
	Cause    string         `json:"cause"`
	Interval uint32         `json:"interval"`
	Step     uint32         `json:"step"`
	Evidence string         `json:"evidence"`
}

// EventKind implements ledger.EventData.
func (EventChallenged) EventKind() string { return "dispute/challenged" }

// EventKind implements ledger.EventData.
func (EventJudging) EventKind() string { return "dispute/judging" }

// EventKind implements ledger.EventData.
func (EventJudged) EventKind() string { return "dispute/judged" }

// EventKind implements ledger.EventData.
func (EventClosed) EventKind() string { return "dispute/closed" }

// EventKind implements ledger.EventData.
func (EventSlashed) EventKind() string { return "dispute/slashed" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{EventChallenged{}, EventJudging{}, EventJudged{}, EventClosed{}, EventSlashed{}}
}
