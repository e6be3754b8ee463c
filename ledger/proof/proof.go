package proof

import (
	"errors"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/app"
)

// Bounds of a proof, in bytes.
const (
	// MaxBytes bounds an encoded proof.
	MaxBytes = 4 << 20
	// MaxLight bounds a light block.
	MaxLight = 1 << 20
	maxPath  = 64 << 10
	maxValue = 2 << 20
)

// Version is the format of proofs and headers written by this package.
const Version = 1

// Errors that say why a document is refused.
var (
	// ErrMalformed reports bytes that are no proof or no header.
	ErrMalformed = errors.New("malformed")
	// ErrUntrusted reports a header that does not follow from what is trusted.
	ErrUntrusted = errors.New("the header is not trusted")
	// ErrForged reports a statement that does not follow from its header.
	ErrForged = errors.New("the statement does not follow from the header")
	// ErrUnreadable reports a proven record of a form that this version does not know. Nobody lied.
	ErrUnreadable = errors.New("the record is proven but cannot be read by this version")
)

// Proof says what the state holds under a name, and why that is so.
type Proof struct {
	Version uint64   `cbor:"version" json:"version"`
	Network string   `cbor:"network" json:"network"`
	What    []string `cbor:"what" json:"what"`   // words of app.ProvableKey
	Found   bool     `cbor:"found" json:"found"` // false: that there is no such record is what is proven
	Value   []byte   `cbor:"value" json:"value"` // the record's bytes; empty when there is none
	Path    []byte   `cbor:"path" json:"path"`   // ics23 commitment proof, protobuf
	Light   []byte   `cbor:"light" json:"light"` // CometBFT light block, protobuf: its header holds the state's root
	Event   *Event   `cbor:"event,omitempty" json:"event,omitempty"`
}

// Event is one event of a block and its way to the root that the state holds.
type Event struct {
	Raw  []byte        `cbor:"raw" json:"raw"` // ledger.Event, CBOR
	Path []ledger.Hash `cbor:"path" json:"path"`
}

// Encode returns the proof as a document.
func (p Proof) Encode() ([]byte, error) { return ledger.Marshal(p) }

// Decode reads a document. It checks form and bounds and nothing else: see [Verify].
func Decode(raw []byte) (Proof, error) {
	var p Proof
	if len(raw) > MaxBytes {
		return p, fmt.Errorf("a proof of %d bytes; the bound is %d: %w", len(raw), MaxBytes, ErrMalformed)
	}
	if err := ledger.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	_, err := p.check()
	return p, err
}

// check makes the checks of form and returns the record meant.
func (p Proof) check() (app.Provable, error) {
	var none app.Provable
	switch {
	case p.Version != Version:
		return none, fmt.Errorf("version %d of proofs is not known: %w", p.Version, ErrMalformed)
	case !ledger.ValidNetwork(p.Network):
		return none, fmt.Errorf("%q names no network: %w", ledger.Clip(p.Network), ErrMalformed)
	case len(p.What) == 0:
		return none, fmt.Errorf("it does not say what it proves: %w", ErrMalformed)
	case len(p.Value) > maxValue || len(p.Path) > maxPath || len(p.Light) > MaxLight:
		return none, fmt.Errorf("a part exceeds its bound: %w", ErrMalformed)
	case !p.Found && len(p.Value) > 0:
		return none, fmt.Errorf("an absent record with a value: %w", ErrMalformed)
	}
	what, err := app.ProvableKey(p.What[0], p.What[1:]...)
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if (p.Event != nil) != (what.IsEvent() && p.Found) {
		return none, fmt.Errorf("an event's part belongs to the proof of an event, and only there: %w", ErrMalformed)
	}
	return what, nil
}

// Height is that of the header a proof builds on; 0 when its light block cannot be read.
func (p Proof) Height() int64 {
	block, err := Light(p.Light, p.Network)
	if err != nil {
		return 0
	}
	return block.Height
}

// Header is a document that carries one header to be trusted, with the validators behind it.
type Header struct {
	Version uint64 `cbor:"version" json:"version"`
	Network string `cbor:"network" json:"network"`
	Light   []byte `cbor:"light" json:"light"` // CometBFT light block, protobuf
}

// Encode returns the header as a document.
func (h Header) Encode() ([]byte, error) { return ledger.Marshal(h) }

// DecodeHeader reads a header document and checks that it agrees with itself: its validators are those that the header
// names, and more than two thirds of them signed it.
func DecodeHeader(raw []byte) (Header, Facts, error) {
	var h Header
	if len(raw) > MaxLight+1024 {
		return h, Facts{}, fmt.Errorf("a header of %d bytes: %w", len(raw), ErrMalformed)
	}
	if err := ledger.Unmarshal(raw, &h); err != nil {
		return h, Facts{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if h.Version != Version {
		return h, Facts{}, fmt.Errorf("version %d of headers is not known: %w", h.Version, ErrMalformed)
	}
	block, err := Light(h.Light, h.Network)
	if err != nil {
		return h, Facts{}, err
	}
	return h, factsOf(block), Signed(block)
}
