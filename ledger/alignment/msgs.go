package alignment

import (
	"autonet/consensus/stance"
	"autonet/ledger"
)

// MaxName bounds the name of a community or a capability.
const (
	MaxName       = 48
	MaxCapability = 32
)

// Publish makes the next version of a community's standards. The first to publish a name owns it. Either the text is given,
// or its CID and its vector: standards that nobody can read never bring a subsidy.
type Publish struct {
	Name     string      `cbor:"name" json:"name"` // of [a-z0-9-]
	Text     string      `cbor:"text,omitempty" json:"text,omitempty"`
	CID      string      `cbor:"cid,omitempty" json:"cid,omitempty"`       // of a document
	Vector   []byte      `cbor:"vector,omitempty" json:"vector,omitempty"` // as stance.Vector encodes it
	MaxPrice ledger.Natn `cbor:"max_price" json:"max_price"`               // most to pay
}

// Kind implements ledger.Msg.
func (Publish) Kind() string { return "alignment/publish" }

// Validate implements ledger.Msg.
func (m Publish) Validate() error {
	if err := validName("publish", m.Name); err != nil {
		return err
	}
	if m.Text != "" {
		if m.CID != "" || len(m.Vector) > 0 {
			return ledger.Refuse(ledger.CodeInvalid, "publish: give the text, or its CID and vector, not both")
		}
		return validText("publish", m.Text)
	}
	if err := ledger.CheckCID(m.CID, ledger.CodecRaw); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "publish: without a text its CID is needed: %v", err)
	}
	if _, err := stance.ParseVector(m.Vector); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "publish: %v", err)
	}
	return nil
}

// Join makes a community's standards those of the sender's orders, in place of any joined before.
type Join struct {
	Community string `cbor:"community" json:"community"`
}

// Kind implements ledger.Msg.
func (Join) Kind() string { return "alignment/join" }

// Validate implements ledger.Msg.
func (m Join) Validate() error { return validName("join", m.Community) }

// Leave ends the sender's membership.
type Leave struct{}

// Kind implements ledger.Msg.
func (Leave) Kind() string { return "alignment/leave" }

// Validate implements ledger.Msg.
func (Leave) Validate() error { return nil }

// SetValues states the sender's own values; an empty text withdraws them.
type SetValues struct {
	Text string `cbor:"text" json:"text"`
}

// Kind implements ledger.Msg.
func (SetValues) Kind() string { return "alignment/set-values" }

// Validate implements ledger.Msg.
func (m SetValues) Validate() error {
	if m.Text == "" {
		return nil
	}
	return validText("set-values", m.Text)
}

// Ask opens a round of judges on a text under the newest standards of a community or jurisdiction.
type Ask struct {
	Text      string `cbor:"text" json:"text"`
	Community string `cbor:"community" json:"community"` // empty: the default jurisdiction
}

// Kind implements ledger.Msg.
func (Ask) Kind() string { return "alignment/ask" }

// Validate implements ledger.Msg.
func (m Ask) Validate() error {
	if m.Community != "" {
		if err := validName("ask", m.Community); err != nil {
			return err
		}
	}
	return validText("ask", m.Text)
}

// CommitScore commits a judge to its score: commitreveal.Commit of kind "verdict" over the round, the judge, the document
// that [ScoreDoc] makes of score and reasons, and a salt.
type CommitScore struct {
	Round      string      `cbor:"round" json:"round"`
	Commitment ledger.Hash `cbor:"commitment" json:"commitment"`
}

// Kind implements ledger.Msg.
func (CommitScore) Kind() string { return "alignment/commit-score" }

// Validate implements ledger.Msg.
func (m CommitScore) Validate() error {
	if m.Commitment.IsZero() {
		return ledger.Refuse(ledger.CodeInvalid, "commit-score: the commitment is zero")
	}
	return validRound("commit-score", m.Round)
}

// RevealScore opens a judge's commitment.
type RevealScore struct {
	Round   string      `cbor:"round" json:"round"`
	Score   uint16      `cbor:"score" json:"score"` // 0 opposed, 32767 not concerned, 65535 of one mind
	Reasons string      `cbor:"reasons,omitempty" json:"reasons,omitempty"`
	Salt    ledger.Hash `cbor:"salt" json:"salt"`
}

// Kind implements ledger.Msg.
func (RevealScore) Kind() string { return "alignment/reveal-score" }

// Validate implements ledger.Msg.
func (m RevealScore) Validate() error {
	if m.Reasons != "" {
		if err := ledger.CheckCID(m.Reasons, ledger.CodecRaw); err != nil {
			return ledger.Refuse(ledger.CodeInvalid, "reveal-score: reasons: %v", err)
		}
	}
	return validRound("reveal-score", m.Round)
}

func validName(what, name string) error {
	if !ledger.ValidNetwork(name) { // the same form: 1 to 48 of [a-z0-9-]
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is not a name of 1 to %d of [a-z0-9-]", what, ledger.Clip(name), MaxName)
	}
	return nil
}

func validText(what, text string) error {
	if err := stance.Check(text); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %v", what, err)
	}
	return nil
}

func validRound(what, id string) error {
	if !ledger.ValidID(id) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is not a round", what, ledger.Clip(id))
	}
	return nil
}
