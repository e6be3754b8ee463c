package task

import (
	"fmt"

	"autonet/ledger"
)

// MaxSolutionBytes bounds a solution document.
const MaxSolutionBytes = 160 << 10

// maxIntervals is the most intervals a document can speak of, whatever the parameters are.
const maxIntervals = 1024

// Solution is the document a solver commits to: where the weights of its checkpoints are and which states they have.
type Solution struct {
	Task        string         `json:"task"`
	Account     ledger.Account `json:"account"`
	Checkpoints []string       `json:"checkpoints"` // manifest CIDs, one more than intervals; the first may be empty: the base model
	Boundary    []ledger.Hash  `json:"boundary"`    // state hashes, one more than intervals
	StepRoot    ledger.Hash    `json:"step_root"`   // Merkle root over interval roots, each over its step hashes; zero if evaluate-only
	Steps       uint64         `json:"steps"`
	Samples     uint64         `json:"samples"`
}

// Weights is the manifest CID of the trained model.
func (s Solution) Weights() string {
	if len(s.Checkpoints) == 0 {
		return ""
	}
	return s.Checkpoints[len(s.Checkpoints)-1]
}

// FinalState is the hash of the state after the last step.
func (s Solution) FinalState() ledger.Hash {
	if len(s.Boundary) == 0 {
		return ledger.Hash{}
	}
	return s.Boundary[len(s.Boundary)-1]
}

// Encode returns the document's bytes.
func (s Solution) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return ledger.Marshal(s)
}

// DecodeSolution decodes a document strictly: deterministic CBOR, bounded, every field well formed. Whether it fits its
// task is for the ledger to say.
func DecodeSolution(doc []byte) (Solution, error) {
	var s Solution
	if len(doc) == 0 || len(doc) > MaxSolutionBytes {
		return s, ledger.Refuse(ledger.CodeInvalid, "a solution of %d bytes; the bound is %d", len(doc), MaxSolutionBytes)
	}
	if err := ledger.Unmarshal(doc, &s); err != nil {
		return Solution{}, ledger.Refuse(ledger.CodeInvalid, "solution: %v", err)
	}
	if err := s.check(); err != nil {
		return Solution{}, err
	}
	return s, nil
}

func (s Solution) check() error {
	if !ledger.ValidID(s.Task) {
		return ledger.Refuse(ledger.CodeInvalid, "solution: %q is no task", bounded(s.Task))
	}
	if err := s.Account.Validate(); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "solution: %v", err)
	}
	n := len(s.Boundary)
	if n < 2 || n > maxIntervals+1 || len(s.Checkpoints) != n {
		return ledger.Refuse(ledger.CodeInvalid, "solution: %d checkpoints and %d boundary hashes", len(s.Checkpoints), n)
	}
	for i, text := range s.Checkpoints {
		if i == 0 && text == "" {
			continue
		}
		if err := ledger.CheckCID(text, ledger.CodecDagCBOR); err != nil {
			return ledger.Refuse(ledger.CodeInvalid, "solution: checkpoint %d: %v", i, err)
		}
	}
	if s.Steps == 0 || s.Samples == 0 {
		return ledger.Refuse(ledger.CodeInvalid, "solution: no steps or samples")
	}
	return nil
}

// DocCID is the CID of a document's bytes, as commitments bind it.
func DocCID(doc []byte) string { return ledger.DocCID(doc) }

// bounded cuts outside text for a message.
func bounded(text string) string {
	const most = 64
	if len(text) > most {
		return fmt.Sprintf("%s… (%d bytes)", text[:most], len(text))
	}
	return text
}
