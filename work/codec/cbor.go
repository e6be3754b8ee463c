package codec

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// EncodeCBOR returns the deterministic CBOR of v (RFC 8949 §4.2.1).
func EncodeCBOR(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, fmt.Errorf("CBOR: %w", err)
	}
	raw, err := mode.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("CBOR: %w", err)
	}
	return raw, nil
}

// DecodeCBOR reads raw, at most limit bytes, into v, a pointer to a struct. It
// refuses every encoding but the one EncodeCBOR gives, so that a content has one
// CID: duplicate or unknown keys, indefinite lengths, missing fields, longer
// integers than needed, trailing bytes.
func DecodeCBOR(raw []byte, limit int, v any) error {
	if len(raw) > limit {
		return fmt.Errorf("CBOR: %w: %d bytes, at most %d", ErrFormat, len(raw), limit)
	}
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  1 << 16,
		MaxMapPairs:       256,
	}.DecMode()
	if err != nil {
		return fmt.Errorf("CBOR: %w", err)
	}
	if err := mode.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("CBOR: %w: %w", ErrFormat, err)
	}
	again, err := EncodeCBOR(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, again) {
		return fmt.Errorf("CBOR: %w: not the deterministic encoding", ErrFormat)
	}
	return nil
}
