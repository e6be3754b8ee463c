package alignment

import "autonet/ledger"

// Published says that a community has a new version of its standards.
type Published struct {
	Community string         `json:"community"`
	Version   uint64         `json:"version"`
	Owner     ledger.Account `json:"owner"`
	Closeness uint16         `json:"closeness"`
	Price     ledger.Natn    `json:"price"`
	Base      ledger.Natn    `json:"base"` // of the price, to the treasury; the rest to the subsidy pool
	Disclosed bool           `json:"disclosed"`
}

// Joined says that an account changed its community; an empty one is the default jurisdiction.
type Joined struct {
	Account   ledger.Account `json:"account"`
	Community string         `json:"community"`
	Closeness uint16         `json:"closeness"`
}

// ValuesSet says that an account stated its values.
type ValuesSet struct {
	Account ledger.Account `json:"account"`
	Version uint64         `json:"version"`
	Empty   bool           `json:"empty,omitempty"`
}

// Booked says what an order's alignment cost or brought.
type Booked struct {
	Account   ledger.Account `json:"account"`
	Project   string         `json:"project"`
	Base      ledger.Natn    `json:"base"`
	Pay       ledger.Natn    `json:"pay"`
	Subsidy   ledger.Natn    `json:"subsidy"`
	Premium   ledger.Natn    `json:"premium"`
	Alignment uint64         `json:"alignment"` // per mille
	Laden     bool           `json:"laden"`
}

// Closed says that a booked order ended; undelivered, its subsidy is back in the pool.
type Closed struct {
	Account   ledger.Account `json:"account"`
	Project   string         `json:"project"`
	Delivered bool           `json:"delivered"`
	Subsidy   ledger.Natn    `json:"subsidy"`
	Premium   ledger.Natn    `json:"premium"`
}

// Endowed says that what was sent to the pool's account is in the pool.
type Endowed struct {
	Amount ledger.Natn `json:"amount"`
}

// EpochClosed states the figures that prices are made of in the next epoch.
type EpochClosed struct {
	Epoch   int64       `json:"epoch"` // that begins
	Opening ledger.Natn `json:"opening"`
	Spent   ledger.Natn `json:"spent"` // in the one that ended
	Median  uint64      `json:"median_milli"`
	Sellers uint32      `json:"sellers"`
}

// Asked says that a round of judges is open.
type Asked struct {
	Round     string         `json:"round"`
	Asker     ledger.Account `json:"asker"`
	Community string         `json:"community"`
	Version   uint64         `json:"version"`
	Text      string         `json:"text"`
	CommitEnd int64          `json:"commit_end_work_ms"`
	RevealEnd int64          `json:"reveal_end_work_ms"`
}

// ScoreCommitted says that a judge committed to a score.
type ScoreCommitted struct {
	Round string         `json:"round"`
	Judge ledger.Account `json:"judge"`
	Power ledger.Natn    `json:"power"`
}

// ScoreRevealed says what a judge found.
type ScoreRevealed struct {
	Round   string         `json:"round"`
	Judge   ledger.Account `json:"judge"`
	Score   uint16         `json:"score"`
	Reasons string         `json:"reasons,omitempty"`
}

// Judged says how a round ended. Without enough judges or power the heuristic goes on counting.
type Judged struct {
	Round  string      `json:"round"`
	Score  uint16      `json:"score"`
	Judges uint32      `json:"judges"`
	Power  ledger.Natn `json:"power"`
	Counts bool        `json:"counts"`
}

// Repriced says that a capability's reward multiplier was made anew.
type Repriced struct {
	Capability string `json:"capability"`
	Served     uint64 `json:"served"`     // of a million
	Multiplier uint64 `json:"multiplier"` // per mille
}

// EventKind implements ledger.EventData.
func (Published) EventKind() string { return "alignment/published" }

// EventKind implements ledger.EventData.
func (Joined) EventKind() string { return "alignment/joined" }

// EventKind implements ledger.EventData.
func (ValuesSet) EventKind() string { return "alignment/values-set" }

// EventKind implements ledger.EventData.
func (Booked) EventKind() string { return "alignment/booked" }

// EventKind implements ledger.EventData.
func (Closed) EventKind() string { return "alignment/closed" }

// EventKind implements ledger.EventData.
func (Endowed) EventKind() string { return "alignment/endowed" }

// EventKind implements ledger.EventData.
func (EpochClosed) EventKind() string { return "alignment/epoch-closed" }

// EventKind implements ledger.EventData.
func (Asked) EventKind() string { return "alignment/asked" }

// EventKind implements ledger.EventData.
func (ScoreCommitted) EventKind() string { return "alignment/score-committed" }

// EventKind implements ledger.EventData.
func (ScoreRevealed) EventKind() string { return "alignment/score-revealed" }

// EventKind implements ledger.EventData.
func (Judged) EventKind() string { return "alignment/judged" }

// EventKind implements ledger.EventData.
func (Repriced) EventKind() string { return "alignment/repriced" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		Published{},
		Joined{},
		ValuesSet{},
		Booked{},
		Closed{},
		Endowed{},
		EpochClosed{},
		Asked{},
		ScoreCommitted{},
		ScoreRevealed{},
		Judged{},
		Repriced{},
	}
}
