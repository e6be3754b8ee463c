package project

import "autonet/ledger"

// State is the stage of a project.
type State string

// The states. The goal moves a project on from FUNDING, its owner everywhere else.
const (
	Funding  State = "FUNDING"         // raising its goal; nothing can be spent
	Training State = "ACTIVE_TRAINING" // goal reached: tasks may draw on the budget
	Maturing State = "MATURING"        // no new tasks: what anybody examines now is what will be deployed
	Deployed State = "DEPLOYED"        // sells inference; tasks go on improving the model
	Paused   State = "PAUSED"          // by its owner: no new tasks and orders; what is under way ends as it would
	Failed   State = "FAILED"          // goal missed: funders take their money back
)

// Project is one funded effort.
type Project struct {
	ID        string         `json:"id"` // and the denomination of its token
	Name      string         `json:"name"`
	Model     string         `json:"model"`
	Owner     ledger.Account `json:"owner"`
	State     State          `json:"state"`
	Goal      ledger.Natn    `json:"goal"`
	Deadline  int64          `json:"deadline_work_ms"` // of the funding, on the work clock
	Raised    ledger.Natn    `json:"raised"`           // less refunds of a failed project
	PTBase    uint64         `json:"pt_base"`
	PTSlope   uint64         `json:"pt_slope"`
	Sold      uint64         `json:"sold"`     // tokens
	Budget    ledger.Natn    `json:"budget"`   // what the bank holds for it
	Reserved  ledger.Natn    `json:"reserved"` // ever put into tasks' escrows
	Returned  ledger.Natn    `json:"returned"` // of that, ever given back unspent
	Versions  uint64         `json:"versions"` // of its model
	Height    int64          `json:"height"`   // of its creation
	CreatedMS int64          `json:"created_ms"`
	ReachedMS int64          `json:"reached_ms,omitempty"` // ledger time at which the goal was reached
	Latest    string         `json:"latest,omitempty"`     // manifest of the newest version

	Before    State       `json:"before,omitempty"`     // the pause
	MatureMS  int64       `json:"mature_ms,omitempty"`  // ledger time from which it may be deployed
	Serving   string      `json:"serving,omitempty"`    // manifest of the deployed version
	ServingNo uint64      `json:"serving_no,omitempty"` // its number
	UnitPrice ledger.Natn `json:"unit_price,omitempty"` // of inference; 0: not for sale
	Tiers     []Tier      `json:"tiers,omitempty"`      // discounts, ascending
	Orders    uint64      `json:"orders,omitempty"`     // ever placed
	Revenue   ledger.Natn `json:"revenue,omitempty"`    // ever taken in by delivered orders
}

// Tier is a discount for those who hold enough of the project's token.
type Tier struct {
	Hold     uint64 `cbor:"hold" json:"hold"`           // tokens, at least
	PerMille uint64 `cbor:"per_mille" json:"per_mille"` // off the price
}

// Version is one model of a project. Versions are never changed or removed.
type Version struct {
	Project    string         `json:"project"`
	Version    uint64         `json:"version"`
	Manifest   string         `json:"manifest"`
	Root       ledger.Hash    `json:"root"`
	Size       uint64         `json:"size"`
	Parameters uint64         `json:"parameters"`
	Publisher  ledger.Account `json:"publisher"`
	Task       string         `json:"task,omitempty"` // that produced it; empty for version 0
	Height     int64          `json:"height"`
	TimeMS     int64          `json:"time_ms"`
}

// Model is what a task publishes.
type Model struct {
	Manifest   string
	Root       ledger.Hash
	Size       uint64
	Parameters uint64
}

// Created says that a project opened for funding.
type Created struct {
	Project string         `json:"project"`
	Name    string         `json:"name"`
	Owner   ledger.Account `json:"owner"`
	Model   string         `json:"model"`
	Goal    ledger.Natn    `json:"goal"`
}

// Funded says that somebody bought tokens.
type Funded struct {
	Project string         `json:"project"`
	Funder  ledger.Account `json:"funder"`
	Paid    ledger.Natn    `json:"paid"`
	Tokens  uint64         `json:"tokens"`
	Raised  ledger.Natn    `json:"raised"`
}

// StateChanged says that a project entered a state and why.
type StateChanged struct {
	Project string `json:"project"`
	From    State  `json:"from"`
	State   State  `json:"state"`
	Cause   string `json:"cause"`
}

// Refunded says that a funder took its money back.
type Refunded struct {
	Project string         `json:"project"`
	Funder  ledger.Account `json:"funder"`
	Amount  ledger.Natn    `json:"amount"`
	Tokens  uint64         `json:"tokens"`
}

// Published says that a project has a new model version.
type Published struct {
	Project    string         `json:"project"`
	Version    uint64         `json:"version"`
	Manifest   string         `json:"manifest"`
	Root       ledger.Hash    `json:"root"`
	Size       uint64         `json:"size"`
	Parameters uint64         `json:"parameters"`
	Publisher  ledger.Account `json:"publisher"`
	Task       string         `json:"task,omitempty"`
}

// EventKind implements ledger.EventData.
func (Created) EventKind() string { return "project/created" }

// EventKind implements ledger.EventData.
func (Funded) EventKind() string { return "project/funded" }

// EventKind implements ledger.EventData.
func (StateChanged) EventKind() string { return "project/state-changed" }

// EventKind implements ledger.EventData.
func (Refunded) EventKind() string { return "project/refunded" }

// EventKind implements ledger.EventData.
func (Published) EventKind() string { return "project/published" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return append([]ledger.EventData{Created{}, Funded{}, StateChanged{}, Refunded{}, Published{}}, serviceEvents()...)
}
