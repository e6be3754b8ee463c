package ledger

import (
	"encoding/binary"
	"unicode/utf8"
)

// The decoders of the two outer layers of a transaction are written out: they meet every byte that strangers send, and they
// accept exactly what [Unmarshal] would, at a fraction of its cost. What they return shares the memory of what they read.

// CBOR's major types, as the high bits of an item's first byte.
const (
	majorUint  = 0 << 5
	majorNint  = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5
	majorOther = 7 << 5
)

// reader takes items off the front of its bytes. Its methods report false for anything else than what is asked for.
type reader struct{ raw []byte }

// head takes an item's first byte and its argument, whatever its length.
func (r *reader) head() (major byte, arg uint64, minimal, ok bool) {
	if len(r.raw) == 0 {
		return 0, 0, false, false
	}
	major, info := r.raw[0]&0xe0, r.raw[0]&0x1f
	if info < 24 {
		r.raw = r.raw[1:]
		return major, uint64(info), true, true
	}
	if info > 27 || len(r.raw) < 1+(1<<(info-24)) {
		return 0, 0, false, false
	}
	rest := r.raw[1:]
	switch info {
	case 24:
		arg, minimal = uint64(rest[0]), rest[0] >= 24
	case 25:
		arg = uint64(binary.BigEndian.Uint16(rest))
		minimal = arg > 0xff
	case 26:
		arg = uint64(binary.BigEndian.Uint32(rest))
		minimal = arg > 0xffff
	default:
		arg = binary.BigEndian.Uint64(rest)
		minimal = arg > 0xffffffff
	}
	r.raw = rest[1<<(info-24):]
	return major, arg, minimal, true
}

// literal takes exactly these bytes.
func (r *reader) literal(text string) bool {
	if len(r.raw) < len(text) || string(r.raw[:len(text)]) != text {
		return false
	}
	r.raw = r.raw[len(text):]
	return true
}

// take fills to with the next bytes, of which there are enough.
func (r *reader) take(to []byte) bool {
	r.raw = r.raw[copy(to, r.raw):]
	return true
}

// number takes an unsigned integer in its shortest form.
func (r *reader) number() (uint64, bool) {
	major, arg, minimal, ok := r.head()
	return arg, ok && major == majorUint && minimal
}

// chunk takes a string of the major type, its length in the shortest form.
func (r *reader) chunk(want byte) ([]byte, bool) {
	major, size, minimal, ok := r.head()
	if !ok || major != want || !minimal || size > uint64(len(r.raw)) {
		return nil, false
	}
	out := r.raw[:size:size]
	r.raw = r.raw[size:]
	return out, true
}

// text takes a text string.
func (r *reader) text() (string, bool) {
	raw, ok := r.chunk(majorText)
	return string(raw), ok && utf8.Valid(raw)
}

// item takes one well-formed item inside the bounds of the codec, without tags and indefinite lengths, and returns its bytes.
func (r *reader) item(depth int) ([]byte, bool) {
	from := r.raw
	if !r.skip(depth) {
		return nil, false
	}
	size := len(from) - len(r.raw)
	return from[:size:size], true
}

func (r *reader) skip(depth int) bool {
	if len(r.raw) == 0 {
		return false
	}
	first := r.raw[0]
	if first == majorBytes|24 && len(r.raw) >= 2 && len(r.raw)-2 >= int(r.raw[1]) { // most of what long messages carry
		r.raw = r.raw[2+int(r.raw[1]):]
		return true
	}
	major, arg, _, ok := r.head()
	if !ok {
		return false
	}
	switch major {
	case majorBytes, majorText:
		if arg > uint64(len(r.raw)) {
			return false
		}
		r.raw = r.raw[arg:]
	case majorArray, majorMap:
		if depth++; depth > maxCBORDepth || arg > maxCBORElements {
			return false
		}
		if major == majorMap {
			arg *= 2
		}
		for range arg {
			if !r.skip(depth) {
				return false
			}
		}
	case majorTag:
		return false
	case majorOther:
		return first != majorOther|24 || arg >= 32 // a simple value has one form
	default: // an integer is its head
	}
	return true
}

// decodeTx is Unmarshal into a Tx.
func decodeTx(raw []byte) (tx Tx, ok bool) {
	r := reader{raw}
	if !r.literal("\xa3\x63key") {
		return tx, false
	}
	if tx.Key, ok = r.chunk(majorBytes); !ok || !r.literal("\x63sig") {
		return tx, false
	}
	if tx.Sig, ok = r.chunk(majorBytes); !ok || !r.literal("\x64body") {
		return tx, false
	}
	tx.Body, ok = r.chunk(majorBytes)
	return tx, ok && len(r.raw) == 0
}

// decodeBody is Unmarshal into a Body.
func decodeBody(raw []byte) (body Body, ok bool) {
	r := reader{raw}
	if !r.literal("\xa5\x63fee") {
		return body, false
	}
	fee, ok := r.number()
	if !ok || !r.literal("\x63msg") {
		return body, false
	}
	msg, ok := r.item(1)
	if !ok || !r.literal("\x64kind") {
		return body, false
	}
	kind, ok := r.text()
	if !ok || !r.literal("\x65nonce") {
		return body, false
	}
	nonce, ok := r.number()
	if !ok || !r.literal("\x67network") {
		return body, false
	}
	network, ok := r.text()
	body = Body{Network: network, Nonce: nonce, Kind: kind, Msg: msg, Fee: Natn(fee)}
	return body, ok && len(r.raw) == 0
}
