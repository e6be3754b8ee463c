package dao

import (
	"unicode/utf8"

	"autonet/ledger"
)

// Bounds of the module.
const (
	MaxTitle   = 128 // bytes
	MaxChanges = 16  // parameters changed by one proposal
	MaxOpen    = 64  // proposals between their making and the end of their timelock
	MaxOwn     = 4   // of them by one account
	// MaxAhead is how many heights ahead of the proposal a protocol version may be raised.
	MaxAhead = 20_000_000
)

// tagProposal derives the identifiers of proposals.
const tagProposal = "autonet/proposal/v1"

// ProposalID is the identifier of the proposal made by the account's transaction with this nonce.
func ProposalID(network string, account ledger.Account, nonce uint64) string {
	return ledger.DeriveID(tagProposal, network, account, nonce)
}

// Delegate gives the sender's whole own power to another account until it says otherwise. What was delegated to the sender
// stays with it. An empty To takes the power back.
type Delegate struct {
	To ledger.Account `cbor:"to" json:"to"`
}

// Kind implements ledger.Msg.
func (Delegate) Kind() string { return "dao/delegate" }

// Validate implements ledger.Msg.
func (m Delegate) Validate() error {
	if m.To == "" {
		return nil
	}
	if err := m.To.Validate(); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "delegate: %v", err)
	}
	return nil
}

// Grant is money out of the treasury.
type Grant struct {
	To     ledger.Account `cbor:"to" json:"to"`
	Amount ledger.Natn    `cbor:"amount" json:"amount"` // nano-ATN
}

// Upgrade is a protocol version from a height on.
type Upgrade struct {
	Version uint64 `cbor:"version" json:"version"` // the present one and one
	Height  int64  `cbor:"height" json:"height"`
}

// Propose asks for exactly one thing: changes of parameters, a grant or an upgrade.
type Propose struct {
	Title   string          `cbor:"title" json:"title"`
	Text    string          `cbor:"text" json:"text"`     // CID of the reasons
	Values  bool            `cbor:"values" json:"values"` // it touches values: evaluators judge it before it is voted on
	Changes []ledger.Change `cbor:"changes" json:"changes,omitempty"`
	Grant   Grant           `cbor:"grant" json:"grant"`
	Upgrade Upgrade         `cbor:"upgrade" json:"upgrade"`
}

// Kind implements ledger.Msg.
func (Propose) Kind() string { return "dao/propose" }

// Validate implements ledger.Msg.
func (m Propose) Validate() error {
	if err := CheckTitle(m.Title); err != nil {
		return err
	}
	if err := ledger.CheckCID(m.Text, ledger.CodecRaw); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "propose: text: %v", err)
	}
	asked := 0
	if len(m.Changes) > 0 {
		asked++
		if err := ledger.CheckChanges(m.Changes, MaxChanges); err != nil {
			return err
		}
		for _, c := range m.Changes {
			if ledger.Entrenched(c.Name) {
				return ledger.Refuse(ledger.CodeInvalid, "propose: %s is entrenched: only a constitutional amendment changes it", c.Name)
			}
		}
	}
	if m.Grant != (Grant{}) {
		asked++
		if m.Grant.To.Validate() != nil || m.Grant.Amount == 0 {
			return ledger.Refuse(ledger.CodeInvalid, "propose: a grant needs an account and an amount")
		}
	}
	if m.Upgrade != (Upgrade{}) {
		asked++
		if m.Upgrade.Version == 0 || m.Upgrade.Height <= 0 {
			return ledger.Refuse(ledger.CodeInvalid, "propose: an upgrade needs a version and a height")
		}
	}
	if asked != 1 {
		return ledger.Refuse(ledger.CodeInvalid, "propose: a proposal changes parameters, grants money or raises the protocol version: one of them")
	}
	return nil
}

// CheckTitle reports a title that is empty, too long or not text.
func CheckTitle(title string) error {
	if title == "" || len(title) > MaxTitle || !utf8.ValidString(title) {
		return ledger.Refuse(ledger.CodeInvalid, "propose: a title has 1 to %d bytes of text", MaxTitle)
	}
	return nil
}

// Choice is what a vote says.
type Choice string

// The choices.
const (
	Yes     Choice = "yes"
	No      Choice = "no"
	Abstain Choice = "abstain"
)

// Vote is the sender's vote, with the power it had when the vote opened. It is given once.
type Vote struct {
	Proposal string `cbor:"proposal" json:"proposal"`
	Choice   Choice `cbor:"choice" json:"choice"` // yes, no or abstain
}

// Kind implements ledger.Msg.
func (Vote) Kind() string { return "dao/vote" }

// Validate implements ledger.Msg.
func (m Vote) Validate() error {
	if !ledger.ValidID(m.Proposal) {
		return ledger.Refuse(ledger.CodeInvalid, "vote: no proposal")
	}
	if m.Choice != Yes && m.Choice != No && m.Choice != Abstain {
		return ledger.Refuse(ledger.CodeInvalid, "vote: it is yes, no or abstain, not %q", ledger.Clip(string(m.Choice)))
	}
	return nil
}

// Signal says that the sender, a validator, runs software that is ready for the next protocol version.
type Signal struct {
	Version uint64 `cbor:"version" json:"version"`
}

// Kind implements ledger.Msg.
func (Signal) Kind() string { return "dao/signal" }

// Validate implements ledger.Msg.
func (m Signal) Validate() error {
	if m.Version == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "signal: no version")
	}
	return nil
}
