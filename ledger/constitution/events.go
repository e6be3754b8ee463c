package constitution

import "autonet/ledger"

// Proposed says that an amendment was proposed.
type Proposed struct {
	Amendment string         `json:"amendment"`
	Proposer  ledger.Account `json:"proposer"`
	Title     string         `json:"title"`
	Text      string         `json:"text"`
}

// Signed says that an account signed for or against an amendment.
type Signed struct {
	Amendment string         `json:"amendment"`
	Account   ledger.Account `json:"account"`
	Support   bool           `json:"support"`
	Power     ledger.Natn    `json:"power"`
}

// Moved says that an amendment reached another state and why.
type Moved struct {
	Amendment string      `json:"amendment"`
	State     State       `json:"state"`
	Reason    string      `json:"reason,omitempty"`
	Yes       ledger.Natn `json:"yes"`
	No        ledger.Natn `json:"no"`
	Asleep    ledger.Natn `json:"asleep"`
	Power     ledger.Natn `json:"power"`
	Snapshot  int64       `json:"snapshot"`
}

// StandardWritten says that a standard is in force.
type StandardWritten struct {
	Jurisdiction string `json:"jurisdiction"`
	Number       uint16 `json:"number"`
	Version      uint32 `json:"version"`
	Cause        string `json:"cause"`
}

// Noticed says that an account was given notice.
type Noticed struct {
	Account ledger.Account `json:"account"`
	By      ledger.Account `json:"by"`
	RestMS  int64          `json:"rest_ms"`
}

// Rested says that an account's power left the denominator of amendments.
type Rested struct {
	Account ledger.Account `json:"account"`
	Power   ledger.Natn    `json:"power"`
}

// Woke says that an account given notice signed something.
type Woke struct {
	Account ledger.Account `json:"account"`
}

// Judging says that evaluators may commit to verdicts on a matter.
type Judging struct {
	Matter   string `json:"matter"`
	Text     string `json:"text"`
	CommitMS int64  `json:"commit_ms"`
	RevealMS int64  `json:"reveal_ms"`
}

// VerdictCommitted says that an evaluator committed.
type VerdictCommitted struct {
	Matter  string         `json:"matter"`
	Account ledger.Account `json:"account"`
	Weight  ledger.Natn    `json:"weight"`
}

// VerdictRevealed says what an evaluator finds and where its reasons are.
type VerdictRevealed struct {
	Matter  string         `json:"matter"`
	Account ledger.Account `json:"account"`
	Weight  ledger.Natn    `json:"weight"`
	Reasons string         `json:"reasons"`
	Entries []Entry        `json:"entries"`
}

// Concluded says what the evaluators find together.
type Concluded struct {
	Matter     string      `json:"matter"`
	Proceed    bool        `json:"proceed"`
	Reason     string      `json:"reason,omitempty"`
	Evaluators uint32      `json:"evaluators"`
	Weight     ledger.Natn `json:"weight"`
}

// EventKind implements ledger.EventData.
func (Proposed) EventKind() string { return "constitution/proposed" }

// EventKind implements ledger.EventData.
func (Signed) EventKind() string { return "constitution/signed" }

// EventKind implements ledger.EventData.
func (Moved) EventKind() string { return "constitution/moved" }

// EventKind implements ledger.EventData.
func (StandardWritten) EventKind() string { return "constitution/standard-written" }

// EventKind implements ledger.EventData.
func (Noticed) EventKind() string { return "constitution/noticed" }

// EventKind implements ledger.EventData.
func (Rested) EventKind() string { return "constitution/rested" }

// EventKind implements ledger.EventData.
func (Woke) EventKind() string { return "constitution/woke" }

// EventKind implements ledger.EventData.
func (Judging) EventKind() string { return "constitution/judging" }

// EventKind implements ledger.EventData.
func (VerdictCommitted) EventKind() string { return "constitution/verdict-committed" }

// EventKind implements ledger.EventData.
func (VerdictRevealed) EventKind() string { return "constitution/verdict-revealed" }

// EventKind implements ledger.EventData.
func (Concluded) EventKind() string { return "constitution/concluded" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		Proposed{},
		Signed{},
		Moved{},
		StandardWritten{},
		Noticed{},
		Rested{},
		Woke{},
		Judging{},
		VerdictCommitted{},
		VerdictRevealed{},
		Concluded{},
	}
}
