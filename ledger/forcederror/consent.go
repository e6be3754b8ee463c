package forcederror

import (
	"crypto/ed25519"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
)

const (
	tagConsent = "autonet/trap-consent/v1"
	tagSalt    = "autonet/trap-salt/v1"
)

// Secret is what a governor keeps of one seal until it opens it. A dummy has neither solver, document nor consent.
type Secret struct {
	Solver  ledger.Account `json:"solver,omitempty"`
	Doc     string         `json:"doc,omitempty"` // CID of the bad solution's document, as its commitment binds it
	Nonce   ledger.Hash    `json:"nonce"`         // 32 random bytes
	Key     ledger.Account `json:"key,omitempty"` // peer ID of the key that consented: the solver's own, or one it rotated to
	Consent []byte         `json:"consent,omitempty"`
}

// Dummy reports whether the seal holds no trap.
func (s Secret) Dummy() bool { return s.Solver == "" }

// ConsentDigest is what a trap's solver signs with its key for the governor that seals it:
// SHA-256("autonet/trap-consent/v1" ‖ network ‖ task ‖ governor ‖ solver ‖ document ‖ key ‖ nonce), every part
// length-prefixed.
func ConsentDigest(network, task string, governor ledger.Account, s Secret) ledger.Hash {
	return ledger.HashParts([]byte(tagConsent), []byte(network), []byte(task), []byte(governor), []byte(s.Solver), []byte(s.Doc), []byte(s.Key), s.Nonce[:])
}

// Consented reports whether the secret carries a signature by the key it names.
func (s Secret) Consented(network, task string, governor ledger.Account) bool {
	key, err := s.Key.Key()
	if err != nil || len(s.Consent) != ed25519.SignatureSize {
		return false
	}
	digest := ConsentDigest(network, task, governor, s)
	return ed25519.Verify(key, digest[:], s.Consent)
}

// Commitment is the sealed form of a secret: a commitment of kind trap of task, solver, bad document and a salt made of
// the nonce and the solver's consent, so that it cannot have been made without the solver. A dummy binds the governor
// and no document. Both are 32 bytes that tell nothing.
func Commitment(network, task string, governor ledger.Account, s Secret) ledger.Hash {
	bound := s.Solver
	if s.Dummy() {
		bound = governor
	}
	salt := ledger.HashParts([]byte(tagSalt), s.Nonce[:], s.Consent)
	return commitreveal.Commit(commitreveal.KindTrap, network, task, string(bound), s.Doc, salt)
}
