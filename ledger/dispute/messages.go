package dispute

import (
	"autonet/ledger"
)

// Kinds of this module's messages.
const (
	KindChallenge          = "dispute/challenge"
	KindChallengeAggregate = "dispute/challenge-aggregate"
	KindCommit             = "dispute/commit"
	KindReveal             = "dispute/reveal"
	KindAppeal             = "dispute/appeal"
	KindVoteAppeal         = "dispute/vote-appeal"
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

// ChallengeAggregate disputes a task's published model with what the challenger's own recomputation gives, and locks
// its bond.
type ChallengeAggregate struct {
	Task       string      `json:"task"`
	Manifest   string      `json:"manifest"`
	Root       ledger.Hash `json:"root"`
	Size       uint64      `json:"size"`
	Parameters uint64      `json:"parameters"`
}

// Commit seals the sender's judgement of a question: the commitment of kind "verdict" to [JudgementCID] with a salt.
type Commit struct {
	Task       string      `json:"task"`
	Question   Question    `json:"question"`
	Commitment ledger.Hash `json:"commitment"`
}

// Reveal shows the sender's judgement and the salt of its commitment.
type Reveal struct {
	Task     string      `json:"task"`
	Question Question    `json:"question"`
	Finding  Finding     `json:"finding"`
	Salt     ledger.Hash `json:"salt"`
}

// AppealScore asks governance for another score of a solution and locks the appellant's bond.
type AppealScore struct {
	Task    string         `json:"task"`
	Solver  ledger.Account `json:"solver"`
	Score   uint16         `json:"score"`   // 65535 = 1.0
	Reasons string         `json:"reasons"` // CID of a document that gives them; may be empty
}

// VoteAppeal puts the sender's governance power for or against an appeal.
type VoteAppeal struct {
	Task      string         `json:"task"`
	Solver    ledger.Account `json:"solver"`
	Appellant ledger.Account `json:"appellant"`
	Support   bool           `json:"support"`
}

// Kind implements ledger.Msg.
func (Challenge) Kind() string { return KindChallenge }

// Kind implements ledger.Msg.
func (ChallengeAggregate) Kind() string { return KindChallengeAggregate }

// Kind implements ledger.Msg.
func (Commit) Kind() string { return KindCommit }

// Kind implements ledger.Msg.
func (Reveal) Kind() string { return KindReveal }

// Kind implements ledger.Msg.
func (AppealScore) Kind() string { return KindAppeal }

// Kind implements ledger.Msg.
func (VoteAppeal) Kind() string { return KindVoteAppeal }

// Validate implements ledger.Msg.
func (m Challenge) Validate() error {
	if len(m.Hashes) == 0 || len(m.Hashes) > maxHashes {
		return invalid("a challenge with %d step hashes; between 1 and %d", len(m.Hashes), maxHashes)
	}
	return validSubject(m.Task, m.Solver)
}

// Validate implements ledger.Msg.
func (m ChallengeAggregate) Validate() error {
	if err := validTask(m.Task); err != nil {
		return err
	}
	return m.claim().validate()
}

func (m ChallengeAggregate) claim() Model {
	return Model{Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters}
}

// Validate implements ledger.Msg.
func (m Commit) Validate() error {
	if m.Commitment.IsZero() {
		return invalid("an empty commitment")
	}
	if err := validTask(m.Task); err != nil {
		return err
	}
	return m.Question.validate()
}

// Validate implements ledger.Msg.
func (m Reveal) Validate() error {
	if err := validTask(m.Task); err != nil {
		return err
	}
	if err := m.Question.validate(); err != nil {
		return err
	}
	if m.Finding.Unusable {
		if m.Finding != (Finding{Unusable: true}) {
			return invalid("a judgement either finds something or says that it cannot")
		}
		return nil
	}
	if m.Question.Aggregate() {
		if !m.Finding.State.IsZero() {
			return invalid("a judgement of a model has no state hash")
		}
		return m.Finding.Model.validate()
	}
	if m.Finding.State.IsZero() || m.Finding.Model != (Model{}) {
		return invalid("a judgement of a step is the hash of the state after it, and nothing else")
	}
	return nil
}

// Validate implements ledger.Msg.
func (m AppealScore) Validate() error {
	if m.Reasons != "" && ledger.CheckCID(m.Reasons, ledger.CodecRaw) != nil {
		return invalid("the reasons %q are no document's CID", ledger.Clip(m.Reasons))
	}
	return validSubject(m.Task, m.Solver)
}

// Validate implements ledger.Msg.
func (m VoteAppeal) Validate() error {
	if err := m.Appellant.Validate(); err != nil {
		return invalid("the appellant: %v", err)
	}
	return validSubject(m.Task, m.Solver)
}

func (q Question) validate() error {
	if q.Aggregate() {
		if q != (Question{}) {
			return invalid("a question about the aggregate names no step")
		}
		return nil
	}
	if err := q.Solver.Validate(); err != nil {
		return invalid("the solver: %v", err)
	}
	return nil
}

func (m Model) validate() error {
	if err := ledger.CheckModel(m.Manifest, m.Root, m.Size, m.Parameters); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// judgement is the document that a judge's commitment binds.
type judgement struct {
	Task     string   `json:"task"`
	Question Question `json:"question"`
	Finding  Finding  `json:"finding"`
}

// JudgementCID is the CID of a judgement's document, as commitments bind it.
func JudgementCID(task string, q Question, f Finding) (string, error) {
	doc, err := ledger.Marshal(judgement{Task: task, Question: q, Finding: f})
	if err != nil {
		return "", err
	}
	return ledger.DocCID(doc), nil
}

// Messages returns one zero message of every kind, for decoders.
func Messages() []ledger.Msg {
	return []ledger.Msg{Challenge{}, ChallengeAggregate{}, Commit{}, Reveal{}, AppealScore{}, VoteAppeal{}}
}

func validTask(task string) error {
	if !ledger.ValidID(task) {
		return invalid("no task is named")
	}
	return nil
}

func validSubject(task string, solver ledger.Account) error {
	if err := solver.Validate(); err != nil {
		return invalid("the solver: %v", err)
	}
	return validTask(task)
}

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}

func refused(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeRefused, format, args...)
}
