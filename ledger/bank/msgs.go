package bank

import (
	"crypto/ed25519"

	"autonet/ledger"
)

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

// Grant puts money aside for whoever can sign with a one-use key, such as a newcomer with an invitation. Nobody can take
// it back; what is not claimed returns to the sender when it ends.
type Grant struct {
	Key       []byte      `cbor:"key" json:"key"` // 32-byte Ed25519 public key
	Amount    ledger.Natn `cbor:"amount" json:"amount"`
	ExpiresMS int64       `cbor:"expires_ms" json:"expires_ms"` // ledger time, at most 365 days ahead
}

// Kind implements ledger.Msg.
func (Grant) Kind() string { return "bank/grant" }

// Validate implements ledger.Msg.
func (m Grant) Validate() error {
	if len(m.Key) != ed25519.PublicKeySize {
		return ledger.Refuse(ledger.CodeInvalid, "grant: a key of %d bytes instead of 32", len(m.Key))
	}
	if m.Amount < MinGrant {
		return ledger.Refuse(ledger.CodeInvalid, "grant: %s; the least is %s", m.Amount, MinGrant)
	}
	if m.ExpiresMS <= 0 {
		return ledger.Refuse(ledger.CodeInvalid, "grant: it never ends")
	}
	return nil
}

// Claim pays a grant to the sender. It costs no fee, so that an account without money can begin.
type Claim struct {
	Key []byte `cbor:"key" json:"key"` // of the grant
	Sig []byte `cbor:"sig" json:"sig"` // [SignClaim] by the grant's key
}

// Kind implements ledger.Msg.
func (Claim) Kind() string { return "bank/claim" }

// Validate implements ledger.Msg.
func (m Claim) Validate() error {
	if len(m.Key) != ed25519.PublicKeySize || len(m.Sig) != ed25519.SignatureSize {
		return ledger.Refuse(ledger.CodeInvalid, "claim: a key of %d bytes with a signature of %d; they have 32 and 64", len(m.Key), len(m.Sig))
	}
	return nil
}

func validAmount(what, denom string, amount uint64) error {
	if denom != ledger.DenomATN && !ledger.ValidID(denom) {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %q is neither ATN nor a project ID", what, ledger.Clip(denom))
	}
	if amount == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "%s: the amount is zero", what)
	}
	return nil
}
