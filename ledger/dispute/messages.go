package dispute

import "autonet/ledger"

// Kinds of this module's messages.
const (
	KindChallenge = "dispute/challenge"
	KindJudge     = "dispute/judge"
)

// maxHashes is the most step hashes a challenge can carry, whatever the parameters are.
const maxHashes = 2000

// Challenge disputes an interval of a solution with the challenger's own step hashes and locks its bond.
type Challenge struct {
	Task     string         `json:"task"`
	Solver   ledger.Account `json:"solver"`
	Interval uint32         `json:"interval"`
	Hashes   []ledger.Hash  `json:"hashes"`
}

// Judge says which state a validator got by re-executing the disputed step (counted within the interval). It counts in
// every open dispute about that step.
type Judge struct {
	Task     string         `json:"task"`
	Solver   ledger.Account `json:"solver"`
	Interval uint32         `json:"interval"`
	Step     uint32         `json:"step"`
	Hash     ledger.Hash    `json:"hash"`
}

// Kind implements ledger.Msg.
func (Challenge) Kind() string { return KindChallenge }

// Kind implements ledger.Msg.
func (Judge) Kind() string { return KindJudge }

// Validate implements ledger.Msg.
func (m Challenge) Validate() error {
	if len(m.Hashes) == 0 || len(m.Hashes) > maxHashes {
		return invalid("a challenge with %d step hashes; between 1 and %d", len(m.Hashes), maxHashes)
	}
	return validSubject(m.Task, m.Solver)
}

// Validate implements ledger.Msg.
func (m Judge) Validate() error {
	if m.Hash.IsZero() {
		return invalid("a judgement needs the hash of the state after the step")
	}
	return validSubject(m.Task, m.Solver)
}

// Messages returns one zero message of every kind, for decoders.
func Messages() []ledger.Msg { return []ledger.Msg{Challenge{}, Judge{}} }

func validSubject(task string, solver ledger.Account) error {
	if !ledger.ValidID(task) {
		return invalid("no task is named")
	}
	if err := solver.Validate(); err != nil {
		return invalid("the solver: %v", err)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}

func refused(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeRefused, format, args...)
}
