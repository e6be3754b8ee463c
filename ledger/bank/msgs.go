package bank

import "autonet/ledger"

// Send moves an amount of a denomination to another account.
type Send struct {
	To     ledger.Account `cbor:"to" json:"to"`
	Denom  string         `cbor:"denom" json:"denom"` // "ATN" or a project ID
	Amount uint64         `cbor:"amount" json:"amount"`
}

// Kind implements ledger.Msg.
func (Send) Kind() string { return "bank/send" }

// Validate implements ledger.Msg.
func (m Send) Validate() error {
	if err := m.To.Validate(); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "send: to: %v", err)
	}
	return validAmount("send", m.Denom, m.Amount)
}

// Burn destroys an amount of the sender's own.
type Burn struct {
	Denom  string `cbor:"denom" json:"denom"`
	Amount uint64 `cbor:"amount" json:"amount"`
}

// Kind implements ledger.Msg.
func (Burn) Kind() string { return "bank/burn" }

// Validate implements ledger.Msg.
func (m Burn) Validate() error { return validAmount("burn", m.Denom, m.Amount) }

func validAmount(what, denom string, amount uint64) error {
	if denom != ledger.DenomATN && !ledger.ValidID(denom) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is neither ATN nor a project ID", what, ledger.Clip(denom))
	}
	if amount == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "%s: the amount is zero", what)
	}
	return nil
}
