package pin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"

	"autonet/shards/manifest"
)

// A frame of /autonet/pin/1 is a length (u32, big-endian) and deterministic
// CBOR. A stream carries one request and then answers, the last of which is
// not answerProgress.
const (
	opHold    = 1
	opRelease = 2

	answerProgress = 0
	answerLanded   = 1
	answerRefused  = 2
	answerBusy     = 3
	answerFull     = 4
	answerFailed   = 5

	// inlineManifest is the largest manifest that travels in the request.
	inlineManifest = 48 << 10
	maxRequest     = inlineManifest + 4<<10
	maxAnswer      = 512
	maxText        = 256
)

var errProtocol = errors.New("protocol broken")

// request asks a provider to hold columns of a manifest, which the asker has,
// or to let go of them.
type request struct {
	Op       uint8    `cbor:"1,keyasint"`
	CID      []byte   `cbor:"2,keyasint"`
	Columns  []uint16 `cbor:"3,keyasint,omitempty"`
	Manifest []byte   `cbor:"4,keyasint,omitempty"`
}

// answer is one answer. Done counts blocks that have come.
type answer struct {
	Code uint8  `cbor:"1,keyasint"`
	Done uint64 `cbor:"2,keyasint,omitempty"`
	Text string `cbor:"3,keyasint,omitempty"`
}

func marshal(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

// unmarshal reads deterministic CBOR with lists of at most items.
func unmarshal(data []byte, items int, v any) error {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  max(items, 16),
		MaxMapPairs:       16,
	}.DecMode()
	if err != nil {
		return err
	}
	return mode.Unmarshal(data, v)
}

func writeFrame(w io.Writer, v any) error {
	body, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...))
	return err
}

func readFrame(r io.Reader, limit uint32) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > limit {
		return nil, fmt.Errorf("%w: a frame of %d bytes, at most %d", errProtocol, n, limit)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return body, nil
}

// ask is a checked request.
type ask struct {
	op      uint8
	cid     cid.Cid
	columns []uint16
	inline  []byte
}

// decodeRequest reads a request. Every error is errProtocol.
func decodeRequest(body []byte) (ask, error) {
	var r request
	if err := unmarshal(body, manifest.MaxShards, &r); err != nil {
		return ask{}, fmt.Errorf("%w: %w", errProtocol, err)
	}
	c, err := cid.Cast(r.CID)
	if err != nil {
		return ask{}, fmt.Errorf("%w: %w", errProtocol, err)
	}
	if !isManifest(c) {
		return ask{}, fmt.Errorf("%w: %s names no manifest", errProtocol, c)
	}
	if r.Op != opHold && r.Op != opRelease || len(r.Manifest) > inlineManifest {
		return ask{}, fmt.Errorf("%w: operation %d with %d bytes", errProtocol, r.Op, len(r.Manifest))
	}
	if len(r.Columns) > manifest.MaxShards || r.Op == opHold && len(r.Columns) == 0 {
		return ask{}, fmt.Errorf("%w: %d columns", errProtocol, len(r.Columns))
	}
	if err := checkColumns(r.Columns); err != nil {
		return ask{}, fmt.Errorf("%w: %w", errProtocol, err)
	}
	return ask{op: r.Op, cid: c, columns: r.Columns, inline: r.Manifest}, nil
}

// decodeAnswer reads an answer. Every error is errProtocol.
func decodeAnswer(body []byte) (answer, error) {
	var a answer
	if err := unmarshal(body, 0, &a); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errProtocol, err)
	}
	if a.Code > answerFailed || len(a.Text) > maxText {
		return answer{}, fmt.Errorf("%w: answer %d with %d bytes of text", errProtocol, a.Code, len(a.Text))
	}
	return a, nil
}

// checkColumns wants column numbers ascending, without repetition and in range.
func checkColumns(columns []uint16) error {
	for i, j := range columns {
		if j >= manifest.MaxShards || i > 0 && j <= columns[i-1] {
			return fmt.Errorf("pin: columns %v are not ascending below %d", columns, manifest.MaxShards)
		}
	}
	return nil
}

// clip shortens a text to what an answer carries.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// isManifest says whether c can name a manifest.
func isManifest(c cid.Cid) bool {
	h, _, err := manifest.Split(c)
	return err == nil && h == manifest.BLAKE3 && c.Version() == 1 && c.Type() == cid.DagCBOR
}
