package alignment

import (
	"autonet/consensus/stance"
	"autonet/ledger"
)

// Community is a set of published standards.
type Community struct {
	_         struct{}       `cbor:",toarray"`
	Name      string         `json:"name"`
	Owner     ledger.Account `json:"owner"`
	Versions  uint64         `json:"versions"`
	Members   uint64         `json:"members"`
	Closeness uint16         `json:"closeness"`       // of the newest version to the network; 65535 = 1
	Disclosed bool           `json:"disclosed"`       // the ledger has read the newest version's text
	Vector    []byte         `cbor:"vector" json:"-"` // of the newest version
}

// Standards are one version of a community's standards. A version is never changed or removed.
type Standards struct {
	_         struct{}    `cbor:",toarray"`
	Community string      `json:"community"`
	Version   uint64      `json:"version"`        // from 1
	Text      string      `json:"text,omitempty"` // empty: only CID and vector were given
	CID       string      `json:"cid,omitempty"`
	Vector    []byte      `json:"vector"`
	Heuristic uint8       `json:"heuristic"` // version of the heuristic
	Closeness uint16      `json:"closeness"`
	Paid      ledger.Natn `json:"paid"`
	Height    int64       `json:"height"`
	TimeMS    int64       `json:"time_ms"`
}

// Values are what a user stands for himself.
type Values struct {
	_       struct{} `cbor:",toarray"`
	Text    string   `json:"text"`
	Vector  []byte   `cbor:"vector" json:"-"`
	Version uint64   `json:"version"` // times set
	Height  int64    `json:"height"`
}

// Pool is the subsidy pool and what its epoch allows.
type Pool struct {
	_        struct{}    `cbor:",toarray"`
	Balance  ledger.Natn `json:"balance"`
	Epoch    int64       `json:"epoch"`
	Opening  ledger.Natn `json:"opening"`      // the balance at the end of the epoch before: shares are of it
	Spent    ledger.Natn `json:"spent"`        // booked in this epoch
	Median   uint64      `json:"median_milli"` // price of 1000 units, in nATN, in the last epoch with enough sellers; 0: none yet
	Sellers  uint32      `json:"sellers"`      // projects that delivered in this epoch
	Premiums ledger.Natn `json:"premiums"`     // ever collected
	Paid     ledger.Natn `json:"paid"`         // ever booked as subsidies
	Returned ledger.Natn `json:"returned"`     // of that, ever given back
	Given    ledger.Natn `json:"given"`        // ever given: grants, gifts, dear publications, judges' fees
}

// Query asks what an order costs.
type Query struct {
	User    ledger.Account
	Project string
	Base    ledger.Natn
	Units   uint64
	Text    string  // disclosed; empty: nothing
	Score   *uint16 // with an empty text: the alignment the user states himself
}

// Quote is a price with its reasons. Pay + Subsidy − Premium is Base.
type Quote struct {
	User       ledger.Account `json:"user"`
	Project    string         `json:"project"`
	Community  string         `json:"community"`         // whose standards applied
	Version    uint64         `json:"version,omitempty"` // of a published community's standards
	Base       ledger.Natn    `json:"base"`
	Units      uint64         `json:"units"`
	UserToOwn  uint16         `json:"user_jurisdiction"` // the three factors; 65535 = 1
	TaskToUser uint16         `json:"task_user"`
	TaskToOwn  uint16         `json:"task_jurisdiction"`
	Judged     bool           `json:"judged"` // the last factor is the judges' median
	Alignment  uint16         `json:"alignment"`
	Laden      bool           `json:"laden"`
	Row        Row            `json:"row"`
	Pay        ledger.Natn    `json:"pay"`
	Subsidy    ledger.Natn    `json:"subsidy"`
	Premium    ledger.Natn    `json:"premium"`
	Maturity   uint64         `json:"maturity"`          // per mille, where a subsidy was considered
	Share      uint64         `json:"share"`             // of a million, at full alignment
	Limited    string         `json:"limited,omitempty"` // what kept the subsidy below the formula
}

// Order is what project remembers of a quote while the order is under way.
type Order struct {
	User      ledger.Account
	Project   string
	Base      ledger.Natn
	Units     uint64
	Pay       ledger.Natn
	Subsidy   ledger.Natn
	Premium   ledger.Natn
	Alignment uint64 // per mille
	Laden     bool
}

// Round is one text before the judges.
type Round struct {
	_         struct{}       `cbor:",toarray"`
	ID        string         `json:"id"`
	Text      ledger.Hash    `json:"text"` // SHA-256
	Community string         `json:"community"`
	Version   uint64         `json:"version"`
	Asker     ledger.Account `json:"asker"`
	Height    int64          `json:"height"` // power counts as of the block before it
	CommitEnd int64          `json:"commit_end_work_ms"`
	RevealEnd int64          `json:"reveal_end_work_ms"`
	Judges    []Judge        `json:"judges,omitempty"` // ascending account
}

// Judge is one judge's part in a round.
type Judge struct {
	_          struct{}       `cbor:",toarray"`
	Account    ledger.Account `json:"account"`
	Power      ledger.Natn    `json:"power"`
	Commitment ledger.Hash    `json:"commitment"`
	Revealed   bool           `json:"revealed"`
	Score      uint16         `json:"score"`
	Reasons    string         `json:"reasons,omitempty"` // CID
}

// Verdict is what the judges made of a text under a version of standards.
type Verdict struct {
	_      struct{}    `cbor:",toarray"`
	Score  uint16      `json:"score"`
	Judges uint32      `json:"judges"`
	Power  ledger.Natn `json:"power"`
	Round  string      `json:"round"`
	Height int64       `json:"height"`
}

// Capability is what the network knows of the supply of one kind of model.
type Capability struct {
	_       struct{} `cbor:",toarray"`
	Name    string   `json:"name"`
	Served  uint64   `json:"served"`  // average of supply × quality, of a million
	Epochs  uint64   `json:"epochs"`  // in which it was asked for
	Wanted  uint64   `json:"wanted"`  // slots of the tasks settled in this epoch
	Filled  uint64   `json:"filled"`  // of them, filled with a solution
	Quality uint64   `json:"quality"` // sum of the solutions' scores; 65535 = 1
	Last    int64    `json:"last"`    // epoch in which it was last asked for
}

// jurisdiction is the vector of a jurisdiction as of its last change.
type jurisdiction struct {
	_      struct{} `cbor:",toarray"`
	Height int64
	Vector []byte
}

// spent is what the pool paid for a project in an epoch.
type spent struct {
	_      struct{} `cbor:",toarray"`
	Epoch  int64
	Amount ledger.Natn
}

func vectorOf(raw []byte) stance.Vector {
	v, err := stance.ParseVector(raw)
	if err != nil { // of another version of the heuristic: it is about nothing until published anew
		return stance.Vector{}
	}
	return v
}
