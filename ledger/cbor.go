package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// ErrEncoding reports bytes that are not the deterministic encoding of what they claim to be.
var ErrEncoding = errors.New("not deterministic CBOR of the expected form")

// Bounds of every decoded item. Callers bound the byte size first; these bound what a small input may make us allocate.
const (
	maxCBORElements = 16384
	maxCBORDepth    = 8
)

// modes holds the two CBOR modes.
type modes struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

// codec is immutable after construction; building the modes costs more than most uses of them.
//
//nolint:gochecknoglobals // read-only: the two modes are constants that Go cannot spell as such
var codec = newCodec()

func newCodec() modes {
	enc, err := encOptions().EncMode()
	if err != nil {
		panic("ledger: CBOR encoding options: " + err.Error())
	}
	dec, err := decOptions().DecMode()
	if err != nil {
		panic("ledger: CBOR decoding options: " + err.Error())
	}
	return modes{enc: enc, dec: dec}
}

func encOptions() cbor.EncOptions { return cbor.CoreDetEncOptions() }

func decOptions() cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		UTF8:              cbor.UTF8RejectInvalid,
		IntDec:            cbor.IntDecConvertNone,
		MaxArrayElements:  maxCBORElements,
		MaxMapPairs:       maxCBORElements,
		MaxNestedLevels:   maxCBORDepth,
	}
}

// Marshal returns the core deterministic CBOR of v.
func Marshal(v any) ([]byte, error) {
	raw, err := codec.enc.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return raw, nil
}

// Unmarshal decodes outside bytes into v, a pointer to a struct. It accepts exactly the bytes that [Marshal] would
// produce: anything else (unknown, missing or repeated keys, other orders, longer integers, trailing bytes) is refused.
func Unmarshal(raw []byte, v any) error {
	return planOf(reflect.TypeOf(v).Elem()).decode(raw, v)
}

// unmarshal is Unmarshal by way of decoding and encoding again.
func unmarshal(raw []byte, v any) error {
	if err := codec.dec.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode %T: %w: %w", v, ErrEncoding, err)
	}
	again, err := codec.enc.Marshal(v)
	if err != nil {
		return fmt.Errorf("decode %T: %w: %w", v, ErrEncoding, err)
	}
	if !bytes.Equal(raw, again) {
		return fmt.Errorf("decode %T: %w", v, ErrEncoding)
	}
	return nil
}

// Load reads the record at key. Records are written by [Save] only, so one that does not decode is a broken store:
// Load panics, which stops the node loudly instead of letting it guess.
func Load[T any](kv KV, key []byte) (T, bool) {
	var v T
	raw := kv.Get(key)
	if raw == nil {
		return v, false
	}
	DecodeRecord(key, raw, &v)
	return v, true
}

// DecodeRecord decodes a record met while iterating, under the rule of [Load].
func DecodeRecord(key, raw []byte, v any) {
	if err := codec.dec.Unmarshal(raw, v); err != nil {
		panic(fmt.Sprintf("ledger: the record at %q does not decode as %T: %v", key, v, err))
	}
}

// Save writes a record. Every record is a plain struct of encodable fields; one that is not is a programming error and
// panics at its first use.
func Save(kv KV, key []byte, v any) {
	raw, err := codec.enc.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ledger: the record %T at %q does not encode: %v", v, key, err))
	}
	kv.Set(key, raw)
}
