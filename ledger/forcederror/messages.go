package forcederror

import (
	"crypto/ed25519"
	"slices"

	"autonet/ledger"
)

// Kinds of this module's messages.
const (
	KindSeal = "forcederror/seal"
	KindOpen = "forcederror/open"
)

// maxSeals is the most commitments a message can carry, whatever the parameters are.
const maxSeals = 8

// Seal binds a governor to what its seals for a task hold: traps, dummies or both.
type Seal struct {
	Task        string        `json:"task"`
	Commitments []ledger.Hash `json:"commitments"`
}

// Open shows what every one of the sender's seals for a task holds, in the order in which they were sealed.
type Open struct {
	Task    string   `json:"task"`
	Secrets []Secret `json:"secrets"`
}

// Kind implements ledger.Msg.
func (Seal) Kind() string { return KindSeal }

// Kind implements ledger.Msg.
func (Open) Kind() string { return KindOpen }

// Validate implements ledger.Msg.
func (m Seal) Validate() error {
	if !ledger.ValidID(m.Task) {
		return invalid("a seal needs its task")
	}
	if len(m.Commitments) == 0 || len(m.Commitments) > maxSeals {
		return invalid("%d seals; between 1 and %d", len(m.Commitments), maxSeals)
	}
	for i, c := range m.Commitments {
		if c.IsZero() {
			return invalid("seal %d is empty", i)
		}
		if slices.Contains(m.Commitments[:i], c) {
			return invalid("seal %d is the same as another", i)
		}
	}
	return nil
}

// Validate implements ledger.Msg.
func (m Open) Validate() error {
	if !ledger.ValidID(m.Task) {
		return invalid("an opening needs its task")
	}
	if len(m.Secrets) == 0 || len(m.Secrets) > maxSeals {
		return invalid("%d secrets; between 1 and %d", len(m.Secrets), maxSeals)
	}
	for i, s := range m.Secrets {
		if err := s.check(); err != nil {
			return invalid("secret %d: %v", i, err)
		}
		for _, other := range m.Secrets[:i] {
			if !s.Dummy() && other.Solver == s.Solver {
				return invalid("secret %d: %s is trapped twice", i, s.Solver)
			}
		}
	}
	return nil
}

func (s Secret) check() error {
	if s.Dummy() {
		if s.Doc != "" || s.Key != "" || len(s.Consent) != 0 {
			return invalid("a dummy names no document and carries no consent")
		}
		return nil
	}
	if err := s.Solver.Validate(); err != nil {
		return invalid("the solver: %v", err)
	}
	if err := s.Key.Validate(); err != nil {
		return invalid("the key that consented: %v", err)
	}
	if err := ledger.CheckCID(s.Doc, ledger.CodecRaw); err != nil {
		return invalid("the document: %v", err)
	}
	if len(s.Consent) != ed25519.SignatureSize {
		return invalid("a consent is a signature of %d bytes", ed25519.SignatureSize)
	}
	return nil
}

// Messages returns one zero message of every kind, for decoders.
func Messages() []ledger.Msg { return []ledger.Msg{Seal{}, Open{}} }

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}

func refused(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeRefused, format, args...)
}
