package dispute

import "autonet/ledger"

// Status is the stage of a dispute.
type Status string

// The statuses of a dispute.
const (
	// Awaiting the solver's opening of the challenged interval.
	Awaiting Status = "AWAITING"
	// Judging: validators re-execute the first differing step.
	Judging Status = "JUDGING"
	// Proven: the solver's bits are wrong, or it did not open.
	Proven Status = "PROVEN"
	// Dismissed: the solver's bits are right; the challenger lost its bond.
	Dismissed Status = "DISMISSED"
	// Void: no majority in time; nobody lost.
	Void Status = "VOID"
)

// Closed reports whether the dispute is over.
func (s Status) Closed() bool { return s == Proven || s == Dismissed || s == Void }

// Dispute is one challenge of one interval of one solution.
type Dispute struct {
	Task       string         `json:"task"`
	Solver     ledger.Account `json:"solver"`
	Challenger ledger.Account `json:"challenger"`
	Interval   uint32         `json:"interval"`
	Status     Status         `json:"status"`
	Deadline   int64          `json:"deadline_work_ms"` // of the present status; 0 when closed
	Bond       ledger.Natn    `json:"bond"`
	Hashes     []ledger.Hash  `json:"hashes"` // the challenger's, one per step of the interval
	Opened     []ledger.Hash  `json:"opened,omitempty"`
	Step       uint32         `json:"step"` // first differing step within the interval, once judging
	SolverHash ledger.Hash    `json:"solver_hash"`
	OwnHash    ledger.Hash    `json:"challenger_hash"`
	Panel      []Juror        `json:"panel,omitempty"` // in ascending account order
	Majority   ledger.Hash    `json:"majority_hash"`   // what more than half of the panel found
	Outcome    string         `json:"outcome,omitempty"`
}

// Juror is one validator of a panel.
type Juror struct {
	Account ledger.Account `json:"account"`
	Stake   ledger.Natn    `json:"stake"`
	Voted   bool           `json:"voted"`
	Hash    ledger.Hash    `json:"hash"`
}
