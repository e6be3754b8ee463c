package rewards

import "autonet/ledger"

// EventVoteCommitted says that a member committed its vote.
type EventVoteCommitted struct {
	Task       string         `json:"task"`
	Account    ledger.Account `json:"account"`
	Commitment ledger.Hash    `json:"commitment"`
}

// EventVoteRevealed says how a member voted.
type EventVoteRevealed struct {
	Task      string         `json:"task"`
	Account   ledger.Account `json:"account"`
	ChainSalt ledger.Hash    `json:"chain_salt"`
	Entries   []Entry        `json:"entries"`
}

// EventEntry says what one entry was worth once the solver had opened its steps.
type EventEntry struct {
	Task    string         `json:"task"`
	Account ledger.Account `json:"account"`
	Solver  ledger.Account `json:"solver"`
	Status  Status         `json:"status"`
	Score   uint16         `json:"score"`
	Clipped uint16         `json:"clipped"` // the score after clipping to the verdict
	Detail  string         `json:"detail,omitempty"`
}

// EventVerdict says what the committee makes of a solution.
type EventVerdict struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Score     uint16         `json:"score"`
	Correct   uint32         `json:"correct"`
	Total     uint32         `json:"total"`
	Votes     uint32         `json:"votes"`  // entries revealed
	Backed    uint32         `json:"backed"` // entries that count
	Suspended bool           `json:"suspended"`
	Reason    string         `json:"reason"`
}

// EventSettled says how a solution ended and what its solver got for it.
type EventSettled struct {
	Task     string         `json:"task"`
	Solver   ledger.Account `json:"solver"`
	Accepted bool           `json:"accepted"`
	Score    uint16         `json:"score"`
	Samples  uint64         `json:"samples"`
	Reward   ledger.Natn    `json:"reward"`
	Reason   string         `json:"reason"`
}

// EventMember says what a member got for its vote, or why nothing: Fee = ⌊Seat × Multiplier / 1500000⌋.
type EventMember struct {
	Task       string         `json:"task"`
	Account    ledger.Account `json:"account"`
	Seat       ledger.Natn    `json:"seat,omitempty"`       // its seat's part of the committee's pot
	Multiplier uint64         `json:"multiplier,omitempty"` // in millionths, from its bonds
	Epoch      uint64         `json:"epoch,omitempty"`      // in which it earned the multiplier
	Fee        ledger.Natn    `json:"fee"`
	Reason     string         `json:"reason"`
}

// EventLearnability says which share of its reward the proposer earned.
type EventLearnability struct {
	Task     string         `json:"task"`
	Proposer ledger.Account `json:"proposer"`
	Mean     uint16         `json:"mean"`  // verdict score over the solutions
	Share    uint16         `json:"share"` // 4·m·(1−m), 65535 = 1.0
	Reward   ledger.Natn    `json:"reward"`
}

// EventSlashed says what a member lost and why. Amount is what was taken.
type EventSlashed struct {
	Task     string         `json:"task"`
	Account  ledger.Account `json:"account"`
	Role     ledger.Role    `json:"role"`
	Amount   ledger.Natn    `json:"amount"`
	Cause    string         `json:"cause"`
	Solver   ledger.Account `json:"solver,omitempty"` // whose solution the vote was about
	Evidence string         `json:"evidence,omitempty"`
}

// EventRun says what the consensus over one settled task made of it at its epoch's end. Lists of columns are in the order
// of Columns, numbers without a unit are proportions of 65535.
type EventRun struct {
	Epoch     uint64           `json:"epoch"`
	Task      string           `json:"task"`
	Project   string           `json:"project"`
	Columns   []ledger.Account `json:"columns"` // solvers; after them comes the column of none, which has no account
	Consensus []uint16         `json:"consensus"`
	Incentive []uint16         `json:"incentive"`
	Rows      []Row            `json:"rows"`
}

// Row is one coordinator in a run. What it gets for it is Ratio, the dividend over its share of the stake.
type Row struct {
	Account  ledger.Account `json:"account"`
	Stake    uint64         `json:"stake"` // in the committee's units; 0: late, inactive or under-staked
	Share    uint16         `json:"share"` // of the stake that counts
	Weights  []uint16       `json:"weights,omitempty"`
	Before   []uint16       `json:"bonds_before"`
	After    []uint16       `json:"bonds_after"`
	Dividend uint16         `json:"dividend"`
	Ratio    uint64         `json:"ratio"` // in millionths
}

// EventMultiplier says by how much a coordinator's fees are multiplied from now on: 1 + ½ · min(1, average ratio).
type EventMultiplier struct {
	Account    ledger.Account `json:"account"`
	Epoch      uint64         `json:"epoch"`
	Tasks      uint64         `json:"runs"`    // in which it sat, of the epoch
	Average    uint64         `json:"average"` // of their ratios, in millionths
	Before     uint64         `json:"before"`  // in millionths
	Multiplier uint64         `json:"multiplier"`
}

// EventKind implements ledger.EventData.
func (EventRun) EventKind() string { return "rewards/run" }

// EventKind implements ledger.EventData.
func (EventMultiplier) EventKind() string { return "rewards/multiplier" }

// EventKind implements ledger.EventData.
func (EventVoteCommitted) EventKind() string { return "rewards/vote-committed" }

// EventKind implements ledger.EventData.
func (EventVoteRevealed) EventKind() string { return "rewards/vote-revealed" }

// EventKind implements ledger.EventData.
func (EventEntry) EventKind() string { return "rewards/entry" }

// EventKind implements ledger.EventData.
func (EventVerdict) EventKind() string { return "rewards/verdict" }

// EventKind implements ledger.EventData.
func (EventSettled) EventKind() string { return "rewards/settled" }

// EventKind implements ledger.EventData.
func (EventMember) EventKind() string { return "rewards/member" }

// EventKind implements ledger.EventData.
func (EventLearnability) EventKind() string { return "rewards/learnability" }

// EventKind implements ledger.EventData.
func (EventSlashed) EventKind() string { return "rewards/slashed" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		EventVoteCommitted{},
		EventVoteRevealed{},
		EventEntry{},
		EventVerdict{},
		EventSettled{},
		EventMember{},
		EventLearnability{},
		EventSlashed{},
		EventRun{},
		EventMultiplier{},
	}
}
