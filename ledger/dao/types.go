package dao

import "autonet/ledger"

// State is where a proposal stands.
type State string

// The states.
const (
	StateEvaluation State = "evaluation" // its evaluators are at work
	StateDelay      State = "delay"      // the vote has not opened
	StateVoting     State = "voting"
	StateTimelock   State = "timelock"  // carried; it waits for its time
	StateScheduled  State = "scheduled" // an upgrade that waits for its height
	StateExecuted   State = "executed"
	StateRejected   State = "rejected" // by the evaluators or the vote
	StateLapsed     State = "lapsed"   // the proposer's power left, or the validators were not ready
	StateFailed     State = "failed"   // carried, and against the rules when its time came
)

// Over reports whether nothing follows the state.
func (s State) Over() bool {
	return s == StateExecuted || s == StateRejected || s == StateLapsed || s == StateFailed
}

// Proposal is a proposal and what became of it.
type Proposal struct {
	_        struct{}        `cbor:",toarray"`
	ID       string          `json:"id"`
	Proposer ledger.Account  `json:"proposer"`
	Title    string          `json:"title"`
	Text     string          `json:"text"` // CID
	Values   bool            `json:"values"`
	Changes  []ledger.Change `json:"changes,omitempty"`
	Grant    Grant           `json:"grant"`
	Upgrade  Upgrade         `json:"upgrade"`

	State     State       `json:"state"`
	Height    int64       `json:"height"`     // of its making
	MadeMS    int64       `json:"made_ms"`    // ledger time, as all of these
	OpensMS   int64       `json:"opens_ms"`   // not before it
	ClosesMS  int64       `json:"closes_ms"`  // 0 until the vote opens
	ExecuteMS int64       `json:"execute_ms"` // 0 until it is carried
	Snapshot  int64       `json:"snapshot"`   // the height whose power counts; 0 until the vote opens
	Power     ledger.Natn `json:"power"`      // of all, at the snapshot
	Yes       ledger.Natn `json:"yes"`
	No        ledger.Natn `json:"no"`
	Abstain   ledger.Natn `json:"abstain"`
	Voters    uint64      `json:"voters"`
	Params    uint64      `json:"params"` // the version of the parameters it made
	Reason    string      `json:"reason"` // why it is rejected, lapsed or failed
	EndHeight int64       `json:"end_height"`
}

// Ballot is one account's vote.
type Ballot struct {
	_      struct{}    `cbor:",toarray"`
	Choice Choice      `json:"choice"`
	Power  ledger.Natn `json:"power"`
	Height int64       `json:"height"`
}

// ParamsVersion is one version of the numbers of the network. Versions count from 1, the genesis's.
type ParamsVersion struct {
	Version uint64        `json:"version"`
	Height  int64         `json:"height"` // from whose begin it is in force
	TimeMS  int64         `json:"time_ms"`
	Cause   string        `json:"cause"` // the proposal or amendment; empty for genesis
	Params  ledger.Params `json:"params"`
}

// Protocol is a version of the rules. Versions count from 1, the genesis's.
type Protocol struct {
	_       struct{} `cbor:",toarray"`
	Version uint64   `json:"version"`
	Height  int64    `json:"height"` // from which it is in force
	Cause   string   `json:"cause"`  // the proposal; empty for genesis
}

// paid is one grant within the window.
type paid struct {
	_      struct{} `cbor:",toarray"`
	TimeMS int64
	Amount ledger.Natn
}

// grants are those of the window, oldest first.
type grants struct {
	_    struct{} `cbor:",toarray"`
	Paid []paid
}
