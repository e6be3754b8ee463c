package codec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// entry is one tensor of a header; offsets count bytes from the header's end.
type entry struct {
	name       string
	shape      []int
	begin, end int
}

// parseHeader reads the JSON header token by token, because encoding/json lets
// duplicate keys pass. Entries come sorted by their data.
func parseHeader(head []byte) ([]entry, map[string]string, error) {
	if len(head) == 0 || head[0] != '{' || !utf8.Valid(head) {
		return nil, nil, fmt.Errorf("%w: the header is not a JSON object", ErrFormat)
	}
	d := json.NewDecoder(bytes.NewReader(head))
	d.UseNumber()
	h := header{d: d}
	var entries []entry
	var meta map[string]string
	err := h.object(MaxTensors+1, func(key string) (err error) {
		if key == metadataKey {
			meta, err = h.metadata()
			return err
		}
		e, err := h.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("%w: the header goes on after its object", ErrFormat)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	return entries, meta, nil
}

type header struct{ d *json.Decoder }

func (h header) token() (json.Token, error) {
	t, err := h.d.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFormat, err)
	}
	return t, nil
}

func (h header) expect(want json.Delim) error {
	t, err := h.token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("%w: header: found %v where %v should be", ErrFormat, t, want)
	}
	return nil
}

// object calls fn for every key; fn must consume the value.
func (h header) object(limit int, fn func(key string) error) error {
	if err := h.expect('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for h.d.More() {
		key, err := h.text()
		if err != nil {
			return err
		}
		if seen[key] || len(seen) == limit {
			return fmt.Errorf("%w: header: key %q is repeated or one too many", ErrFormat, key)
		}
		seen[key] = true
		if err := fn(key); err != nil {
			return err
		}
	}
	return h.expect('}')
}

func (h header) text() (string, error) {
	t, err := h.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok || len(s) > MaxName {
		return "", fmt.Errorf("%w: header: expected a text of at most %d bytes", ErrFormat, MaxName)
	}
	return s, nil
}

func (h header) metadata() (map[string]string, error) {
	meta := map[string]string{}
	err := h.object(MaxMetadata, func(key string) (err error) {
		meta[key], err = h.text()
		return err
	})
	return meta, err
}

func (h header) numbers(limit int) ([]int, error) {
	if err := h.expect('['); err != nil {
		return nil, err
	}
	out := []int{}
	for h.d.More() {
		t, err := h.token()
		if err != nil {
			return nil, err
		}
		number, ok := t.(json.Number)
		if !ok || len(out) == limit {
			return nil, fmt.Errorf("%w: header: expected at most %d numbers", ErrFormat, limit)
		}
		v, err := strconv.ParseUint(number.String(), 10, 62)
		if err != nil || v > math.MaxInt {
			return nil, fmt.Errorf("%w: header: %s is not a size", ErrFormat, number)
		}
		out = append(out, int(v))
	}
	return out, h.expect(']')
}

func (h header) entry(name string) (entry, error) {
	e := entry{name: name}
	fields := 0
	err := h.object(3, func(key string) error {
		fields++
		switch key {
		case "dtype":
			dtype, err := h.text()
			if err == nil && dtype != float32Type {
				err = fmt.Errorf("%w: tensor %q is %s: only %s is supported, convert it first", ErrFormat, name, dtype, float32Type)
			}
			return err
		case "shape":
			shape, err := h.numbers(MaxRank)
			e.shape = shape
			return err
		case "data_offsets":
			at, err := h.numbers(2)
			if err == nil && len(at) != 2 {
				err = fmt.Errorf("%w: tensor %q has %d offsets, 2 are needed", ErrFormat, name, len(at))
			}
			if err == nil {
				e.begin, e.end = at[0], at[1]
			}
			return err
		}
		return fmt.Errorf("%w: tensor %q has an unknown field %q", ErrFormat, name, key)
	})
	if err == nil && fields != 3 {
		err = fmt.Errorf("%w: tensor %q lacks dtype, shape or data_offsets", ErrFormat, name)
	}
	return e, err
}
