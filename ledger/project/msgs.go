package project

import (
	"unicode"
	"unicode/utf8"

	"autonet/ledger"
)

// Bounds of a project.
const (
	MaxNameBytes  = 64
	MaxModelBytes = 64
	maxDeadlineMS = 365 * 24 * 3600 * 1000
	maxPrice      = 1_000_000 * uint64(ledger.ATN)
)

// Create opens a project for funding. Its ID, and the denomination of its token, is
// ledger.ProjectID(network, sender, nonce).
type Create struct {
	Name       string      `cbor:"name" json:"name"`
	Goal       ledger.Natn `cbor:"goal" json:"goal"`
	DeadlineMS int64       `cbor:"deadline_ms" json:"deadline_ms"` // work clock, from now
	PTBase     uint64      `cbor:"pt_base" json:"pt_base"`         // nATN for the first token
	PTSlope    uint64      `cbor:"pt_slope" json:"pt_slope"`       // nATN more for each token sold
	Model      string      `cbor:"model" json:"model"`             // the trainer's name of the model, such as "simplenet"
}

// Kind implements ledger.Msg.
func (Create) Kind() string { return "project/create" }

// Validate implements ledger.Msg.
func (m Create) Validate() error {
	if err := validText("create: name", m.Name, MaxNameBytes); err != nil {
		return err
	}
	if err := validText("create: model", m.Model, MaxModelBytes); err != nil {
		return err
	}
	switch {
	case m.Goal == 0:
		return ledger.Refuse(ledger.CodeInvalid, "create: the goal is zero")
	case m.DeadlineMS <= 0 || m.DeadlineMS > maxDeadlineMS:
		return ledger.Refuse(ledger.CodeInvalid, "create: a deadline in %d ms; it must lie within a year", m.DeadlineMS)
	case m.PTBase == 0 || m.PTBase > maxPrice || m.PTSlope > maxPrice:
		return ledger.Refuse(ledger.CodeInvalid, "create: token prices start between 1 nATN and 10⁶ ATN and rise by at most that")
	}
	return nil
}

// Fund buys as many whole tokens as the amount pays for.
type Fund struct {
	Project string      `cbor:"project" json:"project"`
	Amount  ledger.Natn `cbor:"amount" json:"amount"` // most to pay
}

// Kind implements ledger.Msg.
func (Fund) Kind() string { return "project/fund" }

// Validate implements ledger.Msg.
func (m Fund) Validate() error {
	if m.Amount == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "fund: the amount is zero")
	}
	return validID("fund", m.Project)
}

// Refund takes back what the sender paid into a project that missed its goal.
type Refund struct {
	Project string `cbor:"project" json:"project"`
}

// Kind implements ledger.Msg.
func (Refund) Kind() string { return "project/refund" }

// Validate implements ledger.Msg.
func (m Refund) Validate() error { return validID("refund", m.Project) }

// PublishModel records version 0, the model that training starts from. Only the owner may, and once.
type PublishModel struct {
	Project    string      `cbor:"project" json:"project"`
	Manifest   string      `cbor:"manifest" json:"manifest"` // CID
	Root       ledger.Hash `cbor:"root" json:"root"`
	Size       uint64      `cbor:"size" json:"size"` // bytes
	Parameters uint64      `cbor:"parameters" json:"parameters"`
}

// Kind implements ledger.Msg.
func (PublishModel) Kind() string { return "project/publish-model" }

// Validate implements ledger.Msg.
func (m PublishModel) Validate() error {
	if err := validID("publish-model", m.Project); err != nil {
		return err
	}
	return validModel(m.Manifest, m.Root, m.Size, m.Parameters)
}

func validModel(manifest string, root ledger.Hash, size, parameters uint64) error {
	if err := ledger.CheckModel(manifest, root, size, parameters); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "%v", err)
	}
	return nil
}

func validID(what, id string) error {
	if !ledger.ValidID(id) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is not a project ID", what, ledger.Clip(id))
	}
	return nil
}

func validText(what, text string, most int) error {
	if text == "" || len(text) > most || !utf8.ValidString(text) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: 1 to %d bytes of UTF-8 are needed", what, most)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return ledger.Refuse(ledger.CodeInvalid, "%s: unprintable character %#U", what, r)
		}
	}
	return nil
}
