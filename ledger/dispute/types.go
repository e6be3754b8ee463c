package dispute

import (
	"fmt"

	"autonet/ledger"
)

// Status is the stage of a dispute.
type Status string

// The statuses of a dispute.
const (
	// Awaiting the solver's opening of the challenged interval.
	Awaiting Status = "AWAITING"
	// Judging: a fresh committee recomputes what is contested.
	Judging Status = "JUDGING"
	// Proven: the bits of the accused are wrong, or it did not open.
	Proven Status = "PROVEN"
	// Dismissed: the bits of the accused are right; the challenger lost its bond.
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
	Order      uint32         `json:"order"` // place among the challenges of the solution, from 1
	Interval   uint32         `json:"interval"`
	Status     Status         `json:"status"`
	Deadline   int64          `json:"deadline_work_ms"` // to open the interval; 0 in any other status, where the panel has its own
	Bond       ledger.Natn    `json:"bond"`
	BondRole   ledger.Role    `json:"bond_role"` // the stake the bond is locked in
	Hashes     []ledger.Hash  `json:"hashes"`    // the challenger's, one per step of the interval
	Opened     []ledger.Hash  `json:"opened,omitempty"`
	Step       uint32         `json:"step"` // first differing step within the interval, once judging
	SolverHash ledger.Hash    `json:"solver_hash"`
	OwnHash    ledger.Hash    `json:"challenger_hash"`
	Majority   ledger.Hash    `json:"majority_hash"` // what the panel found
	Outcome    string         `json:"outcome,omitempty"`
}

// question is what the panel of a dispute is asked.
func (d *Dispute) question() Question {
	return Question{Solver: d.Solver, Interval: d.Interval, Step: d.Step}
}

// AggregateDispute is one challenge of a task's published model.
type AggregateDispute struct {
	Task       string         `json:"task"`
	Aggregator ledger.Account `json:"aggregator"`
	Challenger ledger.Account `json:"challenger"`
	Status     Status         `json:"status"`
	Bond       ledger.Natn    `json:"bond"`
	BondRole   ledger.Role    `json:"bond_role"`
	Published  Model          `json:"published"` // by the aggregator
	Claim      Model          `json:"claim"`     // what the challenger says the recomputation gives
	Majority   Model          `json:"majority"`  // what the panel found
	Outcome    string         `json:"outcome,omitempty"`
}

// Model is a model file as the deterministic recomputation gives it: its manifest with the network's default parameters, the
// Merkle root over its shards, its size in bytes and its number of parameters.
type Model struct {
	Manifest   string      `json:"manifest"`
	Root       ledger.Hash `json:"root"`
	Size       uint64      `json:"size"`
	Parameters uint64      `json:"parameters"`
}

// Question is what a panel is asked: the state after one step of a solution, or, without a solver, the aggregate.
type Question struct {
	Solver   ledger.Account `json:"solver,omitempty"`
	Interval uint32         `json:"interval"`
	Step     uint32         `json:"step"` // within the interval
}

// Aggregate reports whether the question is about the task's published model.
func (q Question) Aggregate() bool { return q.Solver == "" }

// ID names the question within its task.
func (q Question) ID() string {
	if q.Aggregate() {
		return "aggregate"
	}
	return fmt.Sprintf("%s-%04d-%04d", q.Solver, q.Interval, q.Step)
}

// Finding is a judge's answer: the hash of the state after the step, or the model, or that what it takes to recompute them
// cannot be had or is malformed.
type Finding struct {
	State    ledger.Hash `json:"state"`
	Model    Model       `json:"model"`
	Unusable bool        `json:"unusable"`
}

// Stage is the stage of a panel.
type Stage string

// The stages of a panel.
const (
	// Drawing: judges are drawn in the next block.
	Drawing Stage = "DRAWING"
	// Sealing: judges recompute and commit to what they found.
	Sealing Stage = "SEALING"
	// Revealing: judges show what they committed to.
	Revealing Stage = "REVEALING"
	// Decided: more than half of the revealed stake agrees.
	Decided Stage = "DECIDED"
	// Undecided: it does not.
	Undecided Stage = "UNDECIDED"
)

// Closed reports whether the panel is done.
func (s Stage) Closed() bool { return s == Decided || s == Undecided }

// Panel is the fresh committee that answers one question about a task. Every dispute about the same question waits for
// the same panel.
type Panel struct {
	Task     string      `json:"task"`
	Question Question    `json:"question"`
	Stage    Stage       `json:"stage"`
	Called   int64       `json:"called_height"`    // the draw is made from the hash of a later block
	Deadline int64       `json:"deadline_work_ms"` // of SEALING and REVEALING; 0 in any other stage
	Draws    uint32      `json:"draws"`
	DrawHash ledger.Hash `json:"draw_hash"` // of the last draw
	Judges   []Judge     `json:"judges,omitempty"`
	Majority Finding     `json:"majority"`
	Outcome  string      `json:"outcome,omitempty"`
}

// Seat returns the account's place on the panel, −1 without one.
func (p *Panel) Seat(account ledger.Account) int {
	for i := range p.Judges {
		if p.Judges[i].Account == account {
			return i
		}
	}
	return -1
}

// Judge is one member of a panel.
type Judge struct {
	Account    ledger.Account `json:"account"`
	Role       ledger.Role    `json:"role"`  // it was drawn in
	Stake      ledger.Natn    `json:"stake"` // in that role, when it was drawn
	Commitment ledger.Hash    `json:"commitment"`
	Revealed   bool           `json:"revealed"`
	Finding    Finding        `json:"finding"`
	Silent     bool           `json:"silent"` // slashed and out
	Paid       ledger.Natn    `json:"paid"`
}

// Sealed reports whether the judge has committed to a judgement.
func (j Judge) Sealed() bool { return !j.Commitment.IsZero() }

// AppealStatus is the stage of an appeal.
type AppealStatus string

// The statuses of an appeal.
const (
	// AppealOpen: governance power votes.
	AppealOpen AppealStatus = "OPEN"
	// AppealPassed: the score is replaced.
	AppealPassed AppealStatus = "PASSED"
	// AppealLost: no quorum or no majority; the bond went to the treasury.
	AppealLost AppealStatus = "LOST"
	// AppealMoot: the solution was proven a fraud meanwhile; the bond was released.
	AppealMoot AppealStatus = "MOOT"
)

// Appeal asks governance for another score of a solution.
type Appeal struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Appellant ledger.Account `json:"appellant"`
	Was       uint16         `json:"was"`               // the verdict's score, 65535 = 1.0
	Score     uint16         `json:"score"`             // asked for
	Reasons   string         `json:"reasons,omitempty"` // CID of a document
	Status    AppealStatus   `json:"status"`
	Bond      ledger.Natn    `json:"bond"`
	BondRole  ledger.Role    `json:"bond_role"`
	Snapshot  int64          `json:"snapshot_height"`  // power counts as at the end of this block
	Deadline  int64          `json:"deadline_work_ms"` // 0 when closed
	Yes       ledger.Natn    `json:"yes"`
	No        ledger.Natn    `json:"no"`
	Total     ledger.Natn    `json:"total"` // all power of the snapshot, once closed
	Outcome   string         `json:"outcome,omitempty"`
}
