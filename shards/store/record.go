package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"autonet/shards/manifest"
)

// A segment is a preamble of 32 bytes, a magic text and a random nonce, and
// records: a header of 52 bytes and the payload.
//
//	0  magic    u32
//	4  kind     u8
//	5  hash     u8, a multihash code; 0 for values
//	6  zero     u16
//	8  length   u32, of the payload
//	12 digest   32 bytes; zero for values
//	44 checksum u32, CRC-32C of the payload
//	48 checksum u32, CRC-32C of the nonce and the 48 bytes above
//
// Integers are big-endian. The nonce makes sure that no payload, whoever
// crafted it, can pass for a record of this segment.
const (
	preambleSize  = 32
	preambleMagic = "autonet store 1\n"
	headerSize    = 52
	recordMagic   = 0xA7B10C52
	maxKey        = 255
	maxPayload    = manifest.MaxBlock + 2 + maxKey
)

// Kinds of records.
const (
	kindBlock byte = iota + 1
	kindBlockGone
	kindValue
	kindValueGone
)

var errRecord = errors.New("not a record")

type nonce [16]byte

// key names a block: a multihash code, then the digest.
type key [33]byte

type header struct {
	kind   byte
	key    key
	length uint32
	sum    uint32
}

func castagnoli(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// encode appends the header to buf.
func (h header) encode(buf []byte, n nonce) []byte {
	start := len(buf)
	buf = binary.BigEndian.AppendUint32(buf, recordMagic)
	buf = append(buf, h.kind, h.key[0], 0, 0)
	buf = binary.BigEndian.AppendUint32(buf, h.length)
	buf = append(buf, h.key[1:]...)
	buf = binary.BigEndian.AppendUint32(buf, h.sum)
	return binary.BigEndian.AppendUint32(buf, castagnoli(n[:], buf[start:]))
}

// decodeHeader reads a header and checks it against the nonce and its bounds.
func decodeHeader(b []byte, n nonce) (header, error) {
	var h header
	if len(b) < headerSize {
		return h, fmt.Errorf("%w: %d bytes", errRecord, len(b))
	}
	b = b[:headerSize]
	if binary.BigEndian.Uint32(b) != recordMagic || binary.BigEndian.Uint32(b[48:]) != castagnoli(n[:], b[:48]) {
		return h, errRecord
	}
	h.kind, h.key[0] = b[4], b[5]
	h.length = binary.BigEndian.Uint32(b[8:])
	copy(h.key[1:], b[12:44])
	h.sum = binary.BigEndian.Uint32(b[44:])
	if h.kind < kindBlock || h.kind > kindValueGone || h.length > maxPayload {
		return h, fmt.Errorf("%w: kind %d, %d bytes", errRecord, h.kind, h.length)
	}
	return h, nil
}

// encodeValue is the payload of a value record.
func encodeValue(name string, data []byte) []byte {
	buf := make([]byte, 0, 2+len(name)+len(data))
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(name)))
	return append(append(buf, name...), data...)
}

// decodeValue takes the payload of a value record apart.
func decodeValue(b []byte) (name string, data []byte, err error) {
	if len(b) < 2 {
		return "", nil, fmt.Errorf("%w: a value of %d bytes", errRecord, len(b))
	}
	n := int(binary.BigEndian.Uint16(b))
	if n == 0 || n > maxKey || len(b) < 2+n {
		return "", nil, fmt.Errorf("%w: a name of %d bytes", errRecord, n)
	}
	return string(b[2 : 2+n]), b[2+n:], nil
}
