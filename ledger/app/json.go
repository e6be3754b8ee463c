package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"autonet/ledger"
)

// Kinds lists every kind of message in ascending order.
func (a *App) Kinds() []string { return slices.Sorted(maps.Keys(a.routes)) }

// Skeleton returns an empty message of a kind: written as JSON it shows the fields. It is nil for an unknown kind.
func (a *App) Skeleton(kind string) ledger.Msg { return a.routes[kind].zero } //nolint:ireturn // any kind of message

// ParseMsg makes a message of its kind from JSON as people write it: the field names of the message, nothing unknown,
// nothing after it. It is validated; a refusal is an [*ledger.Error] with CodeInvalid, CodeNotFound for an unknown kind.
func (a *App) ParseMsg(kind string, raw []byte) (ledger.Msg, error) { //nolint:ireturn // any kind of message
	known, ok := a.routes[kind]
	if !ok {
		return nil, ledger.Refuse(ledger.CodeNotFound, "there is no message %q", ledger.Clip(kind))
	}
	return known.parse(raw)
}

func parseJSON[M ledger.Msg](raw []byte) (ledger.Msg, error) { //nolint:ireturn // any kind of message
	var m M
	if len(raw) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&m); err != nil {
			return nil, ledger.Refuse(ledger.CodeInvalid, "%s: %v", m.Kind(), err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, ledger.Refuse(ledger.CodeInvalid, "%s: something follows the message", m.Kind())
		}
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Kind(), err)
	}
	return m, nil
}
