package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"autonet/work/train"
)

// Bounds of a file.
const (
	// MaxHeader bounds the JSON header, in bytes.
	MaxHeader = 1 << 20
	// MaxTensors bounds the tensors of one file.
	MaxTensors = 4096
	// MaxRank bounds the dimensions of one tensor.
	MaxRank = 8
	// MaxName bounds names, metadata keys and metadata values, in bytes.
	MaxName = 256
	// MaxMetadata bounds the metadata entries of one file.
	MaxMetadata = 64
)

// ErrFormat says that bytes are not what they should be, or that tensors cannot
// be written.
var ErrFormat = errors.New("malformed")

const (
	metadataKey = "__metadata__"
	float32Type = "F32"
)

// Check says why tensors and metadata cannot be written, nil if they can: names
// must be unique, shapes match data, and everything keep the bounds.
func Check(tensors []train.Tensor, meta map[string]string) error {
	if len(tensors) > MaxTensors || len(meta) > MaxMetadata {
		return fmt.Errorf("safetensors: %w: %d tensors and %d metadata entries, at most %d and %d", ErrFormat, len(tensors), len(meta), MaxTensors, MaxMetadata)
	}
	for k, v := range meta {
		if !validText(k) || len(v) > MaxName || !utf8.ValidString(v) {
			return fmt.Errorf("safetensors: %w: metadata entry %q", ErrFormat, k)
		}
	}
	seen := make(map[string]bool, len(tensors))
	for _, t := range tensors {
		if !validText(t.Name) || t.Name == metadataKey || seen[t.Name] {
			return fmt.Errorf("safetensors: %w: tensor name %q is reserved, repeated, empty or too long", ErrFormat, t.Name)
		}
		seen[t.Name] = true
		n, err := elements(t.Shape)
		if err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
		if n != len(t.Data) {
			return fmt.Errorf("safetensors: %w: tensor %q of shape %v has %d values", ErrFormat, t.Name, t.Shape, len(t.Data))
		}
	}
	return nil
}

func validText(s string) bool { return s != "" && len(s) <= MaxName && utf8.ValidString(s) }

// elements multiplies a shape, in elements, with bounds that keep byte offsets
// in range.
func elements(shape []int) (int, error) {
	if len(shape) > MaxRank {
		return 0, fmt.Errorf("%w: rank %d, at most %d", ErrFormat, len(shape), MaxRank)
	}
	n, limit := 1, math.MaxInt32
	for _, d := range shape {
		if d < 0 || d > limit || (d > 0 && n > limit/d) {
			return 0, fmt.Errorf("%w: shape %v is out of range", ErrFormat, shape)
		}
		n *= d
	}
	return n, nil
}

// Encode writes a safetensors file: tensors in the order given, metadata sorted
// by key, the header padded to eight bytes. What does not pass Check has no
// encoding: the result is nil.
func Encode(tensors []train.Tensor, meta map[string]string) []byte {
	if Check(tensors, meta) != nil {
		return nil
	}
	var head bytes.Buffer
	head.WriteByte('{')
	if len(meta) > 0 {
		head.WriteString(`"` + metadataKey + `":{`)
		for i, k := range slices.Sorted(maps.Keys(meta)) {
			if i > 0 {
				head.WriteByte(',')
			}
			writeString(&head, k)
			head.WriteByte(':')
			writeString(&head, meta[k])
		}
		head.WriteByte('}')
	}
	at := 0
	for i, t := range tensors {
		if i > 0 || len(meta) > 0 {
			head.WriteByte(',')
		}
		writeString(&head, t.Name)
		head.WriteString(`:{"dtype":"` + float32Type + `","shape":[`)
		for j, d := range t.Shape {
			if j > 0 {
				head.WriteByte(',')
			}
			head.WriteString(strconv.Itoa(d))
		}
		fmt.Fprintf(&head, `],"data_offsets":[%d,%d]}`, at, at+4*len(t.Data))
		at += 4 * len(t.Data)
	}
	head.WriteByte('}')
	for head.Len()%8 != 0 {
		head.WriteByte(' ')
	}
	if head.Len() > MaxHeader {
		return nil
	}
	out := make([]byte, 0, 8+head.Len()+at)
	out = binary.LittleEndian.AppendUint64(out, uint64(head.Len()))
	out = append(out, head.Bytes()...)
	for _, t := range tensors {
		for _, v := range t.Data {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

func writeString(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		quoted = []byte(`""`) // a string always has an encoding
	}
	b.Write(quoted)
}

// Decode reads a safetensors file whose tensors are all float32 and lie one
// after the other without a gap, as the format demands. They come in the order
// of their data. The header may be laid out in any way.
func Decode(raw []byte) ([]train.Tensor, map[string]string, error) {
	if len(raw) < 8 {
		return nil, nil, fmt.Errorf("safetensors: %w: %d bytes are too short for a file", ErrFormat, len(raw))
	}
	size := binary.LittleEndian.Uint64(raw)
	if size > MaxHeader || size > uint64(len(raw)-8) {
		return nil, nil, fmt.Errorf("safetensors: %w: a header of %d bytes in a file of %d, at most %d", ErrFormat, size, len(raw), MaxHeader)
	}
	entries, meta, err := parseHeader(raw[8 : 8+size])
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	data := raw[8+size:]
	tensors := make([]train.Tensor, 0, len(entries))
	at := 0
	for _, e := range entries {
		n, err := elements(e.shape)
		if err != nil {
			return nil, nil, fmt.Errorf("safetensors: tensor %q: %w", e.name, err)
		}
		if e.begin != at || e.end-e.begin != 4*n || e.end > len(data) {
			return nil, nil, fmt.Errorf("safetensors: %w: tensor %q of shape %v at bytes %d to %d, expected from %d, of %d", ErrFormat, e.name, e.shape, e.begin, e.end, at, len(data))
		}
		at = e.end
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[e.begin+4*i:]))
		}
		tensors = append(tensors, train.Tensor{Name: e.name, Shape: e.shape, Data: values})
	}
	if at != len(data) {
		return nil, nil, fmt.Errorf("safetensors: %w: %d bytes belong to no tensor", ErrFormat, len(data)-at)
	}
	if err := Check(tensors, meta); err != nil {
		return nil, nil, err
	}
	return tensors, meta, nil
}
