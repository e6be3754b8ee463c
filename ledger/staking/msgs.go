package staking

import (
	"crypto/ed25519"

	"autonet/ledger"
)

// Role is what an account stakes for.
type Role = ledger.Role

// The roles.
const (
	Proposer    = ledger.RoleProposer
	Solver      = ledger.RoleSolver
	Coordinator = ledger.RoleCoordinator
	Aggregator  = ledger.RoleAggregator
	Validator   = ledger.RoleValidator
	Provider    = ledger.RoleProvider
)

// Bond moves an amount from the sender's balance into its stake for a role. The first bond of a validator carries its
// Ed25519 consensus key; later ones repeat it or leave it empty.
type Bond struct {
	Role    Role        `cbor:"role" json:"role"`
	Amount  ledger.Natn `cbor:"amount" json:"amount"`
	ConsKey []byte      `cbor:"cons_key" json:"cons_key,omitempty"`
}

// Kind implements ledger.Msg.
func (Bond) Kind() string { return "staking/bond" }

// Validate implements ledger.Msg.
func (m Bond) Validate() error {
	if err := validRoleAmount("bond", m.Role, m.Amount); err != nil {
		return err
	}
	if len(m.ConsKey) == 0 {
		return nil
	}
	if m.Role != Validator {
		return ledger.Refuse(ledger.CodeInvalid, "bond: a %s has no consensus key", m.Role)
	}
	if len(m.ConsKey) != ed25519.PublicKeySize {
		return ledger.Refuse(ledger.CodeInvalid, "bond: the consensus key has %d bytes instead of 32", len(m.ConsKey))
	}
	return nil
}

// Unbond starts the way of an amount out of a role's stake. It arrives after the role's unbonding time.
type Unbond struct {
	Role   Role        `cbor:"role" json:"role"`
	Amount ledger.Natn `cbor:"amount" json:"amount"`
}

// Kind implements ledger.Msg.
func (Unbond) Kind() string { return "staking/unbond" }

// Validate implements ledger.Msg.
func (m Unbond) Validate() error { return validRoleAmount("unbond", m.Role, m.Amount) }

// SetSalts commits the head of the sender's salt chain: the SHA-256 of its first salt to be revealed.
type SetSalts struct {
	Head ledger.Hash `cbor:"head" json:"head"`
}

// Kind implements ledger.Msg.
func (SetSalts) Kind() string { return "staking/set-salts" }

// Validate implements ledger.Msg.
func (m SetSalts) Validate() error {
	if m.Head.IsZero() {
		return ledger.Refuse(ledger.CodeInvalid, "set-salts: the head is zero")
	}
	return nil
}

// RotateKey gives the sender's account another signing key from the next epoch on; the present one stops signing then. The
// account keeps its name. A key serves once: it must be no account of its own and never have served one.
type RotateKey struct {
	Key   []byte `cbor:"key" json:"key"`     // 32-byte Ed25519
	Proof []byte `cbor:"proof" json:"proof"` // [ProveKey] by the new key
}

// Kind implements ledger.Msg.
func (RotateKey) Kind() string { return "staking/rotate-key" }

// Validate implements ledger.Msg.
func (m RotateKey) Validate() error { return validProof("rotate-key", m.Key, m.Proof) }

// RotateConsensusKey gives the sender, a validator, another consensus key from the next epoch on. Evidence against an old key
// still slashes the account.
type RotateConsensusKey struct {
	Key   []byte `cbor:"key" json:"key"`     // 32-byte Ed25519
	Proof []byte `cbor:"proof" json:"proof"` // [ProveConsensusKey] by the new key
}

// Kind implements ledger.Msg.
func (RotateConsensusKey) Kind() string { return "staking/rotate-consensus-key" }

// Validate implements ledger.Msg.
func (m RotateConsensusKey) Validate() error {
	return validProof("rotate-consensus-key", m.Key, m.Proof)
}

func validProof(what string, key, proof []byte) error {
	if len(key) != ed25519.PublicKeySize || len(proof) != ed25519.SignatureSize {
		return ledger.Refuse(ledger.CodeInvalid, "%s: a key of %d bytes with a proof of %d; they have 32 and 64", what, len(key), len(proof))
	}
	return nil
}

func validRoleAmount(what string, role Role, amount ledger.Natn) error {
	if !role.Valid() {
		return ledger.Refuse(ledger.CodeInvalid, "%s: no role %q", what, ledger.Clip(string(role)))
	}
	if amount == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "%s: the amount is zero", what)
	}
	return nil
}
