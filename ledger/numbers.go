package ledger

import (
	"encoding/binary"
	"fmt"
)

// EncodeNumbers returns the encoding of a record that consists of numbers: what [Save] would write of a struct of unsigned
// integers that is encoded as an array. Every transaction touches such records several times.
func EncodeNumbers(numbers ...uint64) []byte {
	out := make([]byte, 0, 1+9*len(numbers))
	out = appendHead(out, majorArray, uint64(len(numbers)))
	for _, n := range numbers {
		out = appendHead(out, majorUint, n)
	}
	return out
}

func appendHead(out []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(out, major|byte(n))
	case n <= 0xff:
		return append(out, major|24, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(out, major|25), uint16(n))
	case n <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(out, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(out, major|27), n)
	}
}

// DecodeNumbers reads what [EncodeNumbers] wrote, under the rule of [Load]: anything else is a broken store and panics.
func DecodeNumbers(key, raw []byte, into ...*uint64) {
	r := reader{raw}
	major, count, _, ok := r.head()
	ok = ok && major == majorArray && count == uint64(len(into))
	for _, to := range into {
		if ok {
			*to, ok = r.number()
		}
	}
	if !ok || len(r.raw) > 0 {
		panic(fmt.Sprintf("ledger: the record at %q is not an array of %d numbers", key, len(into)))
	}
}
