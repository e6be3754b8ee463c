package client

import (
	"io"

	"autonet/node/api/types"
)

// Message is a decoded server-sent message, for tests.
type Message struct{ ID, Event, Data string }

// DecodeStream decodes a whole stream, for tests.
func DecodeStream(r io.Reader) ([]Message, error) {
	var out []Message
	err := decodeStream(r, func(m message) error {
		out = append(out, Message{m.id, m.event, string(m.data)})
		return nil
	})
	return out, err
}

// DecodeEndpoint decodes an endpoint file, for tests.
func DecodeEndpoint(raw []byte) (types.Endpoint, error) { return decodeEndpoint("home", raw) }

// DecodeProblem decodes an error answer, for tests.
func DecodeProblem(raw []byte) error { return problem("500", 500, raw, nil) }

// DecodeLine decodes a trailer, for tests.
func DecodeLine(text string, v any) error { return fromLine(text, v) }
