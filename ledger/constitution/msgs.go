package constitution

import (
	"unicode/utf8"

	"autonet/ledger"
)

// Bounds of the module.
const (
	MaxTitle         = 128  // bytes of a title
	MaxText          = 1024 // bytes of a standard's text
	MaxJurisdiction  = 32   // bytes of a jurisdiction's name
	MaxStandards     = 64   // of one jurisdiction
	MaxJurisdictions = 256
	MaxChanges       = 32 // standards or parameters changed by one amendment
	MaxOpen          = 16 // amendments on their way, one of an account at most
)

// tagAmendment derives the identifiers of amendments.
const tagAmendment = "autonet/amendment/v1"

// AmendmentID is the identifier of the amendment proposed by the account's transaction with this nonce.
func AmendmentID(network string, account ledger.Account, nonce uint64) string {
	return ledger.DeriveID(tagAmendment, network, account, nonce)
}

// StandardChange writes one standard of a jurisdiction: the next one after the last, or a present one anew.
type StandardChange struct {
	Jurisdiction string `cbor:"jurisdiction" json:"jurisdiction"` // [a-z0-9-]
	Number       uint16 `cbor:"number" json:"number"`             // from 1
	Title        string `cbor:"title" json:"title"`
	Text         string `cbor:"text" json:"text"`
}

// Amend proposes an amendment: standards, parameters (entrenched ones too), or both.
type Amend struct {
	Title     string           `cbor:"title" json:"title"`
	Text      string           `cbor:"text" json:"text"` // CID of the reasons
	Standards []StandardChange `cbor:"standards" json:"standards,omitempty"`
	Changes   []ledger.Change  `cbor:"changes" json:"changes,omitempty"`
}

// Kind implements ledger.Msg.
func (Amend) Kind() string { return "constitution/amend" }

// Validate implements ledger.Msg.
func (m Amend) Validate() error {
	if !text(m.Title, MaxTitle) {
		return invalid("amend: a title has 1 to %d bytes of text", MaxTitle)
	}
	if err := ledger.CheckCID(m.Text, ledger.CodecRaw); err != nil {
		return invalid("amend: text: %v", err)
	}
	if len(m.Standards) == 0 && len(m.Changes) == 0 {
		return invalid("amend: it changes nothing")
	}
	if len(m.Changes) > 0 {
		if err := ledger.CheckChanges(m.Changes, MaxChanges); err != nil {
			return err
		}
	}
	if len(m.Standards) > MaxChanges {
		return invalid("amend: %d standards; at most %d are changed at once", len(m.Standards), MaxChanges)
	}
	for i, s := range m.Standards {
		if !ledger.ValidNetwork(s.Jurisdiction) || len(s.Jurisdiction) > MaxJurisdiction {
			return invalid("amend: a jurisdiction has 1 to %d of [a-z0-9-]", MaxJurisdiction)
		}
		if s.Jurisdiction != m.Standards[0].Jurisdiction {
			return invalid("amend: one amendment changes the standards of one jurisdiction")
		}
		if i > 0 && s.Number <= m.Standards[i-1].Number {
			return invalid("amend: standards must be in ascending order of number")
		}
		if s.Number < 1 || s.Number > MaxStandards {
			return invalid("amend: a standard's number lies between 1 and %d", MaxStandards)
		}
		if !text(s.Title, MaxTitle) || !text(s.Text, MaxText) {
			return invalid("amend: a standard has a title of 1 to %d bytes and a text of 1 to %d", MaxTitle, MaxText)
		}
	}
	return nil
}

// Sign is the sender's yes or no to an amendment, with the power it had when the amendment was opened. It is given once.
type Sign struct {
	Amendment string `cbor:"amendment" json:"amendment"`
	Support   bool   `cbor:"support" json:"support"`
}

// Kind implements ledger.Msg.
func (Sign) Kind() string { return "constitution/sign" }

// Validate implements ledger.Msg.
func (m Sign) Validate() error {
	if !ledger.ValidID(m.Amendment) {
		return invalid("sign: no amendment")
	}
	return nil
}

// Notice says publicly that an account with power has signed nothing for too long. Anybody may give it; one signature of the
// account ends it.
type Notice struct {
	Account ledger.Account `cbor:"account" json:"account"`
}

// Kind implements ledger.Msg.
func (Notice) Kind() string { return "constitution/notice" }

// Validate implements ledger.Msg.
func (m Notice) Validate() error {
	if err := m.Account.Validate(); err != nil {
		return invalid("notice: %v", err)
	}
	return nil
}

// CommitVerdict binds an evaluator to its verdict on a matter: a commitment of kind "verdict" to the document's CID.
type CommitVerdict struct {
	Matter     string      `cbor:"matter" json:"matter"` // a proposal or an amendment
	Commitment ledger.Hash `cbor:"commitment" json:"commitment"`
}

// Kind implements ledger.Msg.
func (CommitVerdict) Kind() string { return "constitution/commit-verdict" }

// Validate implements ledger.Msg.
func (m CommitVerdict) Validate() error {
	if !ledger.ValidID(m.Matter) || m.Commitment.IsZero() {
		return invalid("commit-verdict: no matter or no commitment")
	}
	return nil
}

// RevealVerdict shows a committed verdict.
type RevealVerdict struct {
	Matter string      `cbor:"matter" json:"matter"`
	Doc    []byte      `cbor:"doc" json:"doc"` // a [Verdict]
	Salt   ledger.Hash `cbor:"salt" json:"salt"`
}

// Kind implements ledger.Msg.
func (RevealVerdict) Kind() string { return "constitution/reveal-verdict" }

// Validate implements ledger.Msg.
func (m RevealVerdict) Validate() error {
	if !ledger.ValidID(m.Matter) {
		return invalid("reveal-verdict: no matter")
	}
	v, err := DecodeVerdict(m.Doc)
	if err != nil {
		return err
	}
	if v.Matter != m.Matter {
		return invalid("reveal-verdict: the document is about another matter")
	}
	return nil
}

func text(s string, most int) bool { return s != "" && len(s) <= most && utf8.ValidString(s) }

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}
