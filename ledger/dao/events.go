package dao

import "autonet/ledger"

// Delegated says that an account's own power went from one hand to another; empty stands for its own.
type Delegated struct {
	Account ledger.Account `json:"account"`
	From    ledger.Account `json:"from,omitempty"`
	To      ledger.Account `json:"to,omitempty"`
	Power   ledger.Natn    `json:"power"`
}

// Proposed says that a proposal was made.
type Proposed struct {
	Proposal string         `json:"proposal"`
	Proposer ledger.Account `json:"proposer"`
	Title    string         `json:"title"`
	Text     string         `json:"text"`
	Values   bool           `json:"values"`
}

// Opened says that a vote opened.
type Opened struct {
	Proposal string      `json:"proposal"`
	Snapshot int64       `json:"snapshot"`
	Power    ledger.Natn `json:"power"`
	ClosesMS int64       `json:"closes_ms"`
}

// Voted says that an account voted.
type Voted struct {
	Proposal string         `json:"proposal"`
	Account  ledger.Account `json:"account"`
	Choice   Choice         `json:"choice"`
	Power    ledger.Natn    `json:"power"`
}

// Moved says that a proposal reached another state and why.
type Moved struct {
	Proposal string      `json:"proposal"`
	State    State       `json:"state"`
	Reason   string      `json:"reason,omitempty"`
	Yes      ledger.Natn `json:"yes"`
	No       ledger.Natn `json:"no"`
	Abstain  ledger.Natn `json:"abstain"`
	Power    ledger.Natn `json:"power"`
}

// ParamsChanged says that new numbers are in force.
type ParamsChanged struct {
	Version uint64          `json:"version"`
	Cause   string          `json:"cause"`
	Changes []ledger.Change `json:"changes"`
}

// Signalled says that a validator is ready for a protocol version.
type Signalled struct {
	Account ledger.Account `json:"account"`
	Version uint64         `json:"version"`
}

// Raised says that a protocol version is in force.
type Raised struct {
	Version uint64 `json:"version"`
	Cause   string `json:"cause"`
	Ready   uint64 `json:"ready"` // power of the validators that had signalled
	Power   uint64 `json:"power"` // of all validators
}

// EventKind implements ledger.EventData.
func (Delegated) EventKind() string { return "dao/delegated" }

// EventKind implements ledger.EventData.
func (Proposed) EventKind() string { return "dao/proposed" }

// EventKind implements ledger.EventData.
func (Opened) EventKind() string { return "dao/opened" }

// EventKind implements ledger.EventData.
func (Voted) EventKind() string { return "dao/voted" }

// EventKind implements ledger.EventData.
func (Moved) EventKind() string { return "dao/moved" }

// EventKind implements ledger.EventData.
func (ParamsChanged) EventKind() string { return "dao/params-changed" }

// EventKind implements ledger.EventData.
func (Signalled) EventKind() string { return "dao/signalled" }

// EventKind implements ledger.EventData.
func (Raised) EventKind() string { return "dao/raised" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		Delegated{}, Proposed{}, Opened{}, Voted{}, Moved{}, ParamsChanged{}, Signalled{}, Raised{},
	}
}
