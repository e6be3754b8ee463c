package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxMessage is the longest server-sent message taken, in bytes.
const MaxMessage = 1 << 20

// errMessageTooLong says that a message exceeds MaxMessage.
var errMessageTooLong = fmt.Errorf("a message is longer than %d bytes", MaxMessage)

// message is one server-sent event.
type message struct {
	id, event string
	data      []byte
}

// decodeStream reads server-sent events (WHATWG HTML, 9.2.6) and calls fn with each that carries data. It returns nil
// at a clean end, the reader's error, or fn's. Data is valid until fn returns; a message cut short by the end is dropped.
func decodeStream(r io.Reader, fn func(message) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 16<<10), MaxMessage)
	lines.Split(splitLines)
	var m message
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) > 0 {
			if err := m.field(line); err != nil {
				return err
			}
			continue
		}
		if len(m.data) > 0 {
			m.data = m.data[:len(m.data)-1] // the last line feed
			if err := fn(m); err != nil {
				return err
			}
		}
		m = message{id: m.id, data: m.data[:0]}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errMessageTooLong
	}
	return lines.Err()
}

// field takes one line: "name: value", a comment (": …") or a bare name.
func (m *message) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "id":
		if !bytes.ContainsRune(value, 0) {
			m.id = string(value)
		}
	case "event":
		m.event = string(value)
	case "data":
		if len(m.data)+len(value)+1 > MaxMessage {
			return errMessageTooLong
		}
		m.data = append(append(m.data, value...), '\n')
	}
	return nil
}

// splitLines ends a line at LF, CR LF or a CR followed by anything; unlike bufio.ScanLines it drops an unended last line.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0:
		return 0, nil, nil
	case data[i] == '\n':
		return i + 1, data[:i], nil
	case i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	case i+1 < len(data) || atEOF:
		return i + 1, data[:i], nil
	default:
		return 0, nil, nil // a CR at the end of what is read so far: the LF may follow
	}
}
