package heartbeat

import "autonet/ledger"

// RingSize is how many recorded blocks the state remembers for pulses to name.
const RingSize = 64

// maxGovernors bounds the register, and with it the cost of a pulse.
const maxGovernors = 1024

// Block is one block the state remembers.
type Block struct {
	_      struct{}    `cbor:",toarray"`
	Height int64       `json:"height"`
	TimeMS int64       `json:"time_ms"`
	Hash   ledger.Hash `json:"hash"`
}

// Beat is the last heartbeat; the zero value stands for none yet.
type Beat struct {
	_        struct{}    `cbor:",toarray"`
	Interval uint64      `json:"interval"`
	TimeMS   int64       `json:"time_ms"` // header time of the block in which it formed
	Height   int64       `json:"height"`
	Pulsed   ledger.Natn `json:"pulsed"`    // power that pulsed
	Power    ledger.Natn `json:"power"`     // power that was registered
	Count    uint64      `json:"count"`     // heartbeats since genesis
	LengthMS int64       `json:"length_ms"` // of an interval then: by another length they are numbered otherwise
}

// Clock is the work clock as last recorded.
type Clock struct {
	_      struct{} `cbor:",toarray"`
	TimeMS int64    `json:"time_ms"`
	WorkMS int64    `json:"work_ms"`
}

// Governor is one account of the register.
type Governor struct {
	_          struct{} `cbor:",toarray"`
	Since      int64    `json:"since"`        // height
	SeenWorkMS int64    `json:"seen_work_ms"` // work clock at registration or at its last pulse
	Interval   uint64   `json:"interval"`     // of its last pulse
}

// Registered says that an account became a governor.
type Registered struct {
	Governor ledger.Account `json:"governor"`
	Power    ledger.Natn    `json:"power"`
}

// Pulsed says that a governor gave its sign of life.
type Pulsed struct {
	Governor ledger.Account `json:"governor"`
	Interval uint64         `json:"interval"`
	Power    ledger.Natn    `json:"power"`
}

// Beaten says that a heartbeat formed.
type Beaten struct {
	Interval uint64      `json:"interval"`
	TimeMS   int64       `json:"time_ms"`
	Pulsed   ledger.Natn `json:"pulsed"`
	Power    ledger.Natn `json:"power"`
}

// Left says that a governor left the register and why.
type Left struct {
	Governor ledger.Account `json:"governor"`
	Cause    string         `json:"cause"`
}

// EventKind implements ledger.EventData.
func (Registered) EventKind() string { return "heartbeat/registered" }

// EventKind implements ledger.EventData.
func (Pulsed) EventKind() string { return "heartbeat/pulsed" }

// EventKind implements ledger.EventData.
func (Beaten) EventKind() string { return "heartbeat/beaten" }

// EventKind implements ledger.EventData.
func (Left) EventKind() string { return "heartbeat/left" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{Registered{}, Pulsed{}, Beaten{}, Left{}}
}
