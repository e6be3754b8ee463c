package project

import (
	"unicode/utf8"

	"autonet/ledger"
)

// Bounds of a service.
const (
	MaxTiers       = 8
	MaxOrderText   = 4096 // bytes
	MaxReasonBytes = 256
)

// Mature ends the training of a project for now: no new tasks, and the model rests before it is deployed. Owner only.
type Mature struct {
	Project string `cbor:"project" json:"project"`
}

// Kind implements ledger.Msg.
func (Mature) Kind() string { return "project/mature" }

// Validate implements ledger.Msg.
func (m Mature) Validate() error { return validID("mature", m.Project) }

// Deploy makes a model version the one that inference is sold from. Owner only.
type Deploy struct {
	Project string `cbor:"project" json:"project"`
	Version uint64 `cbor:"version" json:"version"`
}

// Kind implements ledger.Msg.
func (Deploy) Kind() string { return "project/deploy" }

// Validate implements ledger.Msg.
func (m Deploy) Validate() error { return validID("deploy", m.Project) }

// Pause stops new tasks and orders of the sender's own project.
type Pause struct {
	Project string `cbor:"project" json:"project"`
}

// Kind implements ledger.Msg.
func (Pause) Kind() string { return "project/pause" }

// Validate implements ledger.Msg.
func (m Pause) Validate() error { return validID("pause", m.Project) }

// Resume ends a pause. Owner only.
type Resume struct {
	Project string `cbor:"project" json:"project"`
}

// Kind implements ledger.Msg.
func (Resume) Kind() string { return "project/resume" }

// Validate implements ledger.Msg.
func (m Resume) Validate() error { return validID("resume", m.Project) }

// SetPrice states what a unit of inference costs, and the discounts for holders of the project's token. Owner only.
// A price of 0 takes it off the market.
type SetPrice struct {
	Project string      `cbor:"project" json:"project"`
	Price   ledger.Natn `cbor:"price" json:"price"` // nATN per unit
	Tiers   []Tier      `cbor:"tiers" json:"tiers"` // both numbers strictly ascending
}

// Kind implements ledger.Msg.
func (SetPrice) Kind() string { return "project/set-price" }

// Validate implements ledger.Msg.
func (m SetPrice) Validate() error {
	if uint64(m.Price) > maxPrice {
		return ledger.Refuse(ledger.CodeInvalid, "set-price: %s per unit; at most 10⁶ ATN", m.Price)
	}
	if len(m.Tiers) > MaxTiers {
		return ledger.Refuse(ledger.CodeInvalid, "set-price: %d tiers; at most %d", len(m.Tiers), MaxTiers)
	}
	last := Tier{}
	for _, tier := range m.Tiers {
		if tier.Hold <= last.Hold || tier.PerMille <= last.PerMille || tier.PerMille >= 1000 {
			return ledger.Refuse(ledger.CodeInvalid, "set-price: tiers must ascend strictly in tokens and discount, the latter below 1000 ‰")
		}
		last = tier
	}
	return validID("set-price", m.Project)
}

// Order buys inference from a deployed project. Its ID is OrderID(network, sender, nonce).
type Order struct {
	Project  string      `cbor:"project" json:"project"`
	Input    string      `cbor:"input" json:"input"` // CID of a document or a manifest
	Units    uint64      `cbor:"units" json:"units"`
	MaxPrice ledger.Natn `cbor:"max_price" json:"max_price"` // most the sender pays, premium included
	Text     string      `cbor:"text" json:"text"`           // disclosed for the alignment price; empty: nothing
}

// Kind implements ledger.Msg.
func (Order) Kind() string { return "project/order" }

// Validate implements ledger.Msg.
func (m Order) Validate() error {
	switch {
	case m.Units == 0:
		return ledger.Refuse(ledger.CodeInvalid, "order: no units")
	case m.MaxPrice == 0:
		return ledger.Refuse(ledger.CodeInvalid, "order: a price of at most nothing")
	case len(m.Text) > MaxOrderText || !utf8.ValidString(m.Text):
		return ledger.Refuse(ledger.CodeInvalid, "order: the text must be UTF-8 of at most %d bytes", MaxOrderText)
	}
	if err := validDoc("order: input", m.Input); err != nil {
		return err
	}
	return validID("order", m.Project)
}

// Deliver states where the output of an order is. Only its drawn provider may, and once.
type Deliver struct {
	Order  string `cbor:"order" json:"order"`
	Output string `cbor:"output" json:"output"` // CID of a document or a manifest
}

// Kind implements ledger.Msg.
func (Deliver) Kind() string { return "project/deliver" }

// Validate implements ledger.Msg.
func (m Deliver) Validate() error {
	if err := validDoc("deliver: output", m.Output); err != nil {
		return err
	}
	return validOrder("deliver", m.Order)
}

// Reject refuses a delivery within its review. The provider is not paid then, and the payer gets nothing back.
type Reject struct {
	Order  string `cbor:"order" json:"order"`
	Reason string `cbor:"reason" json:"reason"` // for people
}

// Kind implements ledger.Msg.
func (Reject) Kind() string { return "project/reject" }

// Validate implements ledger.Msg.
func (m Reject) Validate() error {
	if err := validText("reject: reason", m.Reason, MaxReasonBytes); err != nil {
		return err
	}
	return validOrder("reject", m.Order)
}

// Withdraw pays the sender its share of a project's revenue.
type Withdraw struct {
	Project string `cbor:"project" json:"project"`
}

// Kind implements ledger.Msg.
func (Withdraw) Kind() string { return "project/withdraw" }

// Validate implements ledger.Msg.
func (m Withdraw) Validate() error { return validID("withdraw", m.Project) }

func validOrder(what, id string) error {
	if !ledger.ValidID(id) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is not an order's ID", what, ledger.Clip(id))
	}
	return nil
}

func validDoc(what, cid string) error {
	if ledger.CheckCID(cid, ledger.CodecRaw) == nil || ledger.CheckCID(cid, ledger.CodecDagCBOR) == nil {
		return nil
	}
	return ledger.Refuse(ledger.CodeInvalid, "%s: %q is the CID of neither a document nor a manifest", what, ledger.Clip(cid))
}
