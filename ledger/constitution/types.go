package constitution

import "autonet/ledger"

// State is where an amendment stands.
type State string

// The states.
const (
	StateEvaluation State = "evaluation" // its evaluators are at work
	StateSigning    State = "signing"
	StateTimelock   State = "timelock" // carried; it waits for its time
	StateExecuted   State = "executed"
	StateRejected   State = "rejected" // by the evaluators, or not signed by enough in time
	StateLapsed     State = "lapsed"   // the proposer's power left
	StateFailed     State = "failed"   // carried, and against the rules when its time came
)

// Over reports whether nothing follows the state.
func (s State) Over() bool {
	return s == StateExecuted || s == StateRejected || s == StateLapsed || s == StateFailed
}

// Amendment is an amendment and what became of it.
type Amendment struct {
	_         struct{}         `cbor:",toarray"`
	ID        string           `json:"id"`
	Proposer  ledger.Account   `json:"proposer"`
	Title     string           `json:"title"`
	Text      string           `json:"text"` // CID
	Standards []StandardChange `json:"standards,omitempty"`
	Changes   []ledger.Change  `json:"changes,omitempty"`

	State     State       `json:"state"`
	Height    int64       `json:"height"` // of its making
	MadeMS    int64       `json:"made_ms"`
	ClosesMS  int64       `json:"closes_ms"`  // 0 until it can be signed
	ExecuteMS int64       `json:"execute_ms"` // 0 until it is carried
	Snapshot  int64       `json:"snapshot"`   // the height whose power counts; 0 until it can be signed
	Power     ledger.Natn `json:"power"`      // of all, at the snapshot
	Asleep    ledger.Natn `json:"asleep"`     // of the power at the snapshot, whose accounts are asleep now and have not signed
	Yes       ledger.Natn `json:"yes"`
	No        ledger.Natn `json:"no"`
	Signers   uint64      `json:"signers"`
	Params    uint64      `json:"params"` // the version of the parameters it made
	Reason    string      `json:"reason"` // why it is rejected, lapsed or failed
	EndHeight int64       `json:"end_height"`
}

// Signature is one account's yes or no.
type Signature struct {
	_       struct{}    `cbor:",toarray"`
	Support bool        `json:"support"`
	Power   ledger.Natn `json:"power"`
	Height  int64       `json:"height"`
}

// Jurisdiction is a set of standards.
type Jurisdiction struct {
	_         struct{} `cbor:",toarray"`
	ID        string   `json:"id"`
	Standards uint16   `json:"standards"` // numbered from 1
	Height    int64    `json:"height"`    // of the last change
}

// Standard is one article of a jurisdiction.
type Standard struct {
	_            struct{} `cbor:",toarray"`
	Jurisdiction string   `json:"jurisdiction"`
	Number       uint16   `json:"number"`
	Title        string   `json:"title"`
	Text         string   `json:"text"`
	Version      uint32   `json:"version"` // from 1
	Height       int64    `json:"height"`
	Cause        string   `json:"cause"` // the amendment; empty for genesis
}

// Given is a notice that an account has signed nothing.
type Given struct {
	_      struct{}       `cbor:",toarray"`
	By     ledger.Account `json:"by"`
	AtMS   int64          `json:"at_ms"`
	RestMS int64          `json:"rest_ms"` // when its power leaves the denominator
	Rests  bool           `json:"rests"`   // it has left
}

// Phase is where an evaluation stands.
type Phase string

// The phases.
const (
	PhaseCommit Phase = "commit"
	PhaseReveal Phase = "reveal"
	PhaseDone   Phase = "done"
)

// Matter is a proposal or an amendment as its evaluators see it.
type Matter struct {
	_             struct{}    `cbor:",toarray"`
	ID            string      `json:"id"`
	Text          string      `json:"text"`          // CID
	Jurisdictions []string    `json:"jurisdictions"` // whose standards apply beside the principles
	Phase         Phase       `json:"phase"`
	CommitMS      int64       `json:"commit_ms"` // when committing ends
	RevealMS      int64       `json:"reveal_ms"` // when revealing ends
	Committed     uint32      `json:"committed"`
	Revealed      uint32      `json:"revealed"`
	Weight        ledger.Natn `json:"weight"` // of those who revealed
	Tally         []Tally     `json:"tally,omitempty"`
	Proceed       bool        `json:"proceed"`
	Reason        string      `json:"reason"` // why it does not proceed
}

// Tally is what the evaluators find on one article.
type Tally struct {
	_       struct{}    `cbor:",toarray"`
	Article string      `json:"article"`
	Support ledger.Natn `json:"support"`
	Oppose  ledger.Natn `json:"oppose"`
}

// Evaluation is one evaluator's part in a matter.
type Evaluation struct {
	_          struct{}    `cbor:",toarray"`
	Commitment ledger.Hash `json:"commitment"`
	Weight     ledger.Natn `json:"weight"`        // at the commitment; after the reveal, what counted
	Doc        []byte      `json:"doc,omitempty"` // once revealed
}
