package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"autonet/ledger"
)

// Kinds lists every kind of message in ascending order.
func (a *App) Kinds() []string { return slices.Sorted(maps.Keys(a.routes)) }

// Skeleton returns an empty message of a kind: written as JSON it shows the fields. It is nil for an unknown kind.
func (a *App) Skeleton(kind string) ledger.Msg { return a.routes[kind].zero } //nolint:ireturn // any kind of message

// Work reports whether messages of a kind are work, which the ledger refuses while governance sends no heartbeat.
func (a *App) Work(kind string) bool { return a.routes[kind].work }

// ParseMsg makes a message of its kind from JSON as people write it: the field names of the message, nothing unknown,
// nothing after it. It is validated; a refusal is an [*ledger.Error] with CodeInvalid, CodeNotFound for an unknown kind.
func (a *App) ParseMsg(kind string, raw []byte) (ledger.Msg, error) { //nolint:ireturn // any kind of message
	known, ok := a.routes[kind]
	if !ok {
		return nil, ledger.Refuse(ledger.CodeNotFound, "there is no message %q", ledger.Clip(kind))
	}
	return known.parse(raw)
}

// misfit says which field of a message does not have the form it must have.
func misfit(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	var want string
	switch wrong.Type.Kind() {
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<wrong.Type.Bits()-1)
	case reflect.Int, reflect.Int32, reflect.Int64:
		want = "a whole number"
	case reflect.Bool:
		want = "true or false"
	case reflect.Slice, reflect.Array:
		want = "a list"
	case reflect.Struct, reflect.Map:
		want = "an object"
	default:
		want = "a text"
	}
	return fmt.Sprintf("%s is %s where %s belongs", cmp.Or(wrong.Field, "the message"), wrong.Value, want)
}

func parseJSON[M ledger.Msg](raw []byte) (ledger.Msg, error) { //nolint:ireturn // any kind of message
	var m M
	if len(raw) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&m); err != nil {
			return nil, ledger.Refuse(ledger.CodeInvalid, "%s", misfit(err))
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, ledger.Refuse(ledger.CodeInvalid, "something follows the message")
		}
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Kind(), err)
	}
	return m, nil
}
