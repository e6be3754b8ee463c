package forcederror

import "autonet/ledger"

// EventSealed says that a governor sealed a task. Nothing in it tells traps from dummies.
type EventSealed struct {
	Task        string         `json:"task"`
	Governor    ledger.Account `json:"governor"`
	Commitments []ledger.Hash  `json:"commitments"`
	Jackpot     ledger.Natn    `json:"jackpot"` // escrowed for each
	Pay         ledger.Natn    `json:"pay"`     // escrowed for each
	Bond        ledger.Natn    `json:"bond"`    // locked of the governor's stake until it opens them
	Role        ledger.Role    `json:"role"`    // in which it is locked
}

// What a seal turned out to hold.
const (
	HeldDummy = "dummy" // nothing
	HeldTrap  = "trap"  // a trap that counts
	HeldOut   = "out"   // a trap that does not count; its solution is out all the same
	HeldVoid  = "void"  // a solution that nobody revealed, or that another seal had trapped already
)

// EventOpened says what one seal held.
type EventOpened struct {
	Task     string         `json:"task"`
	Governor ledger.Account `json:"governor"`
	Index    uint32         `json:"index"` // of the seal in its set
	Held     string         `json:"held"`  // dummy | trap | out | void
	Secret   Secret         `json:"secret"`
	Reason   string         `json:"reason,omitempty"`
	Restored ledger.Natn    `json:"restored,omitempty"` // of the bond a proof had taken before, from the treasury
}

// EventSettled says how a trap that counts ended: Share to each that caught it, Pay to its solver, Left to the treasury.
type EventSettled struct {
	Task    string           `json:"task"`
	Solver  ledger.Account   `json:"solver"`
	Proven  bool             `json:"proven"`
	Caught  []ledger.Account `json:"caught,omitempty"`
	Missed  []ledger.Account `json:"missed,omitempty"`
	Jackpot ledger.Natn      `json:"jackpot"`
	Share   ledger.Natn      `json:"share"`
	Pay     ledger.Natn      `json:"pay"`
	Left    ledger.Natn      `json:"left"`
	Reason  string           `json:"reason"`
}

// EventSlashed says what somebody lost and why. Amount is what was taken.
type EventSlashed struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Amount   ledger.Natn    `json:"amount"`
	Cause    string         `json:"cause"`
	Evidence string         `json:"evidence,omitempty"`
}

// EventClosed says that a governor's seals for a task are over and what went back to the treasury.
type EventClosed struct {
	Task     string         `json:"task"`
	Governor ledger.Account `json:"governor"`
	Opened   bool           `json:"opened"`
	Returned ledger.Natn    `json:"returned"`
	Cause    string         `json:"cause"`
}

// EventKind implements ledger.EventData.
func (EventSealed) EventKind() string { return "forcederror/sealed" }

// EventKind implements ledger.EventData.
func (EventOpened) EventKind() string { return "forcederror/opened" }

// EventKind implements ledger.EventData.
func (EventSettled) EventKind() string { return "forcederror/settled" }

// EventKind implements ledger.EventData.
func (EventSlashed) EventKind() string { return "forcederror/slashed" }

// EventKind implements ledger.EventData.
func (EventClosed) EventKind() string { return "forcederror/closed" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{EventSealed{}, EventOpened{}, EventSettled{}, EventSlashed{}, EventClosed{}}
}
