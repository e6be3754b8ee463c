package rewards

import (
	"math"

	"autonet/ledger"
)

// Bounds of a vote document.
const (
	MaxVoteBytes = 64 << 10
	MaxNote      = 64
	maxEntries   = 32
	maxDrawn     = 32
	maxInterval  = 1024
)

// Kinds of faults.
const (
	// FaultMismatch says that the replay gave other bits than the solution claims. It suspends the solution and must
	// be followed by a challenge.
	FaultMismatch = "replay-mismatch"
	// FaultUnretrievable says that the solution's shards could not be had. It is a score of 0.
	FaultUnretrievable = "unretrievable"
	// FaultMalformed says that the solution's files are not what they must be. It is a score of 0.
	FaultMalformed = "malformed"
)

// Vote is the document a member commits to: one entry for every revealed solution, in ascending account order.
type Vote struct {
	Task    string         `json:"task"`
	Account ledger.Account `json:"account"`
	Entries []Entry        `json:"entries"`
}

// Entry is one member's judgement of one solution.
type Entry struct {
	Solver    ledger.Account `json:"solver"`
	Score     uint16         `json:"score"` // 65535 = 1.0
	Correct   uint32         `json:"correct"`
	Total     uint32         `json:"total"`
	Intervals []uint32       `json:"intervals,omitempty"` // drawn, ascending
	Bindings  []ledger.Hash  `json:"bindings,omitempty"`  // one per interval
	Fault     *Fault         `json:"fault,omitempty"`
	Note      string         `json:"note,omitempty"`
}

// Fault is what a member found wrong with a solution besides its score.
type Fault struct {
	Interval uint32 `json:"interval"`
	Step     uint32 `json:"step"` // within the interval
	Kind     string `json:"kind"`
}

// Mismatch reports whether the entry claims that the replay disproves the solution.
func (e Entry) Mismatch() bool { return e.Fault != nil && e.Fault.Kind == FaultMismatch }

// Unusable reports whether the entry says that the solution could not be judged: a score of 0 without a replay.
func (e Entry) Unusable() bool { return e.Fault != nil && e.Fault.Kind != FaultMismatch }

// Encode returns the document's bytes.
func (v Vote) Encode() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	return ledger.Marshal(v)
}

// DecodeVote decodes a document strictly: deterministic CBOR, bounded, every field well formed.
func DecodeVote(doc []byte) (Vote, error) {
	var v Vote
	if len(doc) == 0 || len(doc) > MaxVoteBytes {
		return v, invalid("a vote of %d bytes; the bound is %d", len(doc), MaxVoteBytes)
	}
	if err := ledger.Unmarshal(doc, &v); err != nil {
		return Vote{}, invalid("vote: %v", err)
	}
	if err := v.check(); err != nil {
		return Vote{}, err
	}
	return v, nil
}

// DocCID is the CID of a document's bytes, as commitments bind it.
func DocCID(doc []byte) string { return ledger.DocCID(doc) }

func (v Vote) check() error {
	if !ledger.ValidID(v.Task) {
		return invalid("vote: no task")
	}
	if err := v.Account.Validate(); err != nil {
		return invalid("vote: %v", err)
	}
	if len(v.Entries) == 0 || len(v.Entries) > maxEntries {
		return invalid("vote: %d entries; between 1 and %d", len(v.Entries), maxEntries)
	}
	for i, e := range v.Entries {
		if i > 0 && e.Solver <= v.Entries[i-1].Solver {
			return invalid("vote: entries must be in ascending account order, each once")
		}
		if err := e.check(); err != nil {
			return err
		}
	}
	return nil
}

func (e Entry) check() error {
	if err := e.Solver.Validate(); err != nil {
		return invalid("vote: %v", err)
	}
	if e.Correct > e.Total || e.Total > math.MaxInt32 || len(e.Note) > MaxNote {
		return invalid("vote on %s: counts or note out of bounds", e.Solver)
	}
	if len(e.Intervals) > maxDrawn || len(e.Bindings) > len(e.Intervals) {
		return invalid("vote on %s: %d intervals and %d bindings", e.Solver, len(e.Intervals), len(e.Bindings))
	}
	for i, at := range e.Intervals {
		if at >= maxInterval || (i > 0 && at <= e.Intervals[i-1]) {
			return invalid("vote on %s: intervals must ascend and stay under %d", e.Solver, maxInterval)
		}
	}
	if e.Fault == nil || e.Fault.Kind == FaultMismatch {
		if len(e.Bindings) != len(e.Intervals) || e.Mismatch() && len(e.Intervals) == 0 {
			return invalid("vote on %s: every interval replayed needs its binding", e.Solver)
		}
		return nil
	}
	if e.Fault.Kind != FaultUnretrievable && e.Fault.Kind != FaultMalformed {
		return invalid("vote on %s: unknown kind of fault", e.Solver)
	}
	if e.Score != 0 || len(e.Intervals) != 0 {
		return invalid("vote on %s: a solution that is %s has score 0 and no intervals", e.Solver, e.Fault.Kind)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}

func refused(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeRefused, format, args...)
}
