package proof

import (
	"errors"
	"fmt"

	ics23 "github.com/cosmos/ics23/go"

	"autonet/ledger"
	"autonet/ledger/app"
)

// Statement is what a verified proof says.
type Statement struct {
	Header Facts    `json:"header"` // the header that commits to the state
	What   []string `json:"what"`
	Key    []byte   `json:"key"`
	Height int64    `json:"height"` // the state is the one after this block
	Found  bool     `json:"found"`
	Value  []byte   `json:"value,omitempty"`
	// Record is the value as the typed record it is; for an event the typed event. It is nil when nothing is found.
	Record any `json:"record,omitempty"`
	// Event is the proven event; nil for any other record.
	Event *ledger.Event `json:"event,omitempty"`
}

// Verify returns what a proof says, or why it must not be believed: [ErrMalformed], [ErrUntrusted],
// [ErrForged], or [ErrUnreadable].
func Verify(p Proof, trusted Trusted) (Statement, error) {
	what, err := p.check()
	if err != nil {
		return Statement{}, err
	}
	block, err := Light(p.Light, p.Network)
	if err != nil {
		return Statement{}, err
	}
	if err := trusted.accept(block); err != nil {
		return Statement{}, err
	}
	s := Statement{Header: factsOf(block), What: p.What, Key: what.Key, Height: block.Height - 1, Found: p.Found, Value: p.Value}
	if err := checkPath(p, what.Key, block.AppHash); err != nil {
		return Statement{}, err
	}
	if !p.Found {
		return s, nil
	}
	if s.Record, err = what.Decode(p.Value); err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if what.IsEvent() {
		s.Event, s.Record, err = checkEvent(p, what, s.Record)
	}
	return s, err
}

// checkPath verifies that the tree with this root holds exactly what the proof says at the key.
func checkPath(p Proof, key, root []byte) error {
	holds := false
	err := guarded(func() error {
		var path ics23.CommitmentProof
		if err := path.Unmarshal(p.Path); err != nil {
			return err
		}
		if path.GetExist() == nil && path.GetNonexist() == nil {
			return errors.New("neither presence nor absence is shown")
		}
		if p.Found {
			holds = ics23.VerifyMembership(ics23.IavlSpec, root, &path, key, p.Value)
		} else {
			holds = ics23.VerifyNonMembership(ics23.IavlSpec, root, &path, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("path: %w: %w", ErrMalformed, err)
	}
	if !holds {
		return fmt.Errorf("the state's root does not lead to this record: %w", ErrForged)
	}
	return nil
}

// checkEvent verifies that the event stands under the proven root of its block's events.
func checkEvent(p Proof, what app.Provable, record any) (*ledger.Event, any, error) {
	root, ok := record.(app.EventsRoot)
	if !ok || !root.VerifyEvent(p.Event.Raw, what.EventIndex, p.Event.Path) {
		return nil, nil, fmt.Errorf("the event is not event %d of block %d: %w", what.EventIndex, what.EventHeight, ErrForged)
	}
	var event ledger.Event
	if err := ledger.Unmarshal(p.Event.Raw, &event); err != nil {
		return nil, nil, fmt.Errorf("event: %w: %w", ErrMalformed, err)
	}
	typed, err := app.DecodeEvent(event.Kind, event.Data)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return &event, typed, nil
}
