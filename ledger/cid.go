package ledger

import (
	"encoding/base32"
	"errors"
	"fmt"

	"lukechampine.com/blake3"
)

// ErrCID reports text that is not a CID of the form the ledger knows.
var ErrCID = errors.New("not a CIDv1 in base32 with a 32-byte BLAKE3 or SHA-256 digest")

// Codecs of the CIDs on the ledger.
const (
	CodecRaw     byte = 0x55 // documents: specs, solutions, votes
	CodecDagCBOR byte = 0x71 // manifests
)

const (
	hashSHA256 = 0x12
	hashBLAKE3 = 0x1e
	cidBytes   = 36 // version, codec, hash function, length, digest
	cidText    = 59 // 'b' and ⌈36·8/5⌉ digits
)

const base32Lower = "abcdefghijklmnopqrstuvwxyz234567"

// DocCID is the CID of a document: CIDv1, raw leaf, BLAKE3-256.
func DocCID(doc []byte) string { return cidOf(CodecRaw, doc) }

// ManifestCID is the CID of a manifest block: CIDv1, dag-cbor, BLAKE3-256.
func ManifestCID(block []byte) string { return cidOf(CodecDagCBOR, block) }

func cidOf(codecByte byte, data []byte) string {
	digest := blake3.Sum256(data)
	raw := append([]byte{1, codecByte, hashBLAKE3, byte(len(digest))}, digest[:]...)
	return "b" + cidEncoding().EncodeToString(raw)
}

func cidEncoding() *base32.Encoding {
	return base32.NewEncoding(base32Lower).WithPadding(base32.NoPadding)
}

// CheckCID checks that text is the canonical spelling of a CID with this codec.
func CheckCID(text string, codecByte byte) error {
	if len(text) != cidText || text[0] != 'b' {
		return fmt.Errorf("CID of %d characters: %w", len(text), ErrCID)
	}
	raw, err := cidEncoding().DecodeString(text[1:])
	if err != nil || len(raw) != cidBytes || cidEncoding().EncodeToString(raw) != text[1:] {
		return fmt.Errorf("CID %q: %w", text, ErrCID)
	}
	if raw[0] != 1 || (raw[2] != hashBLAKE3 && raw[2] != hashSHA256) || raw[3] != 32 {
		return fmt.Errorf("CID %q: %w", text, ErrCID)
	}
	if raw[1] != codecByte {
		return fmt.Errorf("CID %q has codec %#x instead of %#x: %w", text, raw[1], codecByte, ErrCID)
	}
	return nil
}
