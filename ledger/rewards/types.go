package rewards

import "autonet/ledger"

// Status is what an entry of a vote is worth.
type Status string

// The statuses of an entry.
const (
	// Backed entries have every binding equal to what the solver opened: they count.
	Backed Status = "backed"
	// Unbacked entries have a binding that the opened steps do not give: they do not count, and cost the member its
	// fee and a slash unless a dispute shows that the solver opened wrong steps.
	Unbacked Status = "unbacked"
	// Alarm entries claim a replay mismatch: they do not count as a score and must be followed by a challenge.
	Alarm Status = "alarm"
	// Unusable entries found the solution unretrievable or malformed: they count as a score of 0.
	Unusable Status = "unusable"
	// Moot entries are about a solver that dropped out before the verdict.
	Moot Status = "moot"
)

// Record is one member's part in one task.
type Record struct {
	Task       string         `json:"task"`
	Account    ledger.Account `json:"account"`
	Commitment ledger.Hash    `json:"commitment"`
	Revealed   bool           `json:"revealed"`
	ChainSalt  ledger.Hash    `json:"chain_salt"`
	Entries    []Judged       `json:"entries,omitempty"`
	Forfeit    string         `json:"forfeit,omitempty"` // why the vote was lost
	Fee        ledger.Natn    `json:"fee"`
	Lost       ledger.Natn    `json:"lost"` // slashed for this vote
	Reason     string         `json:"reason,omitempty"`
}

// Judged is an entry and what became of it.
type Judged struct {
	Entry  Entry  `json:"entry"`
	Status Status `json:"status,omitempty"` // empty before the verdict
	Detail string `json:"detail,omitempty"`
}
