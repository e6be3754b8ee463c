package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Hash is 32 bytes: hexadecimal in JSON and text, a byte string in CBOR.
//
//nolint:recvcheck // decoding needs the pointer, everything else the value
type Hash [32]byte

// ErrHash reports text that is not 64 hexadecimal digits.
var ErrHash = errors.New("not 64 hexadecimal digits")

// String returns the hash as lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether the hash is unset.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. An empty text is the zero hash.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash of %d characters: %w", len(text), ErrHash)
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("hash %q: %w", text, ErrHash)
	}
	return nil
}

// cborHash is the head of 32 bytes in CBOR.
const cborHash = "\x58\x20"

// MarshalCBOR implements cbor.Marshaler: a byte string. Messages carry thousands of hashes, which the codec, left alone, would
// visit byte by byte.
func (h Hash) MarshalCBOR() ([]byte, error) {
	out := make([]byte, 0, len(cborHash)+len(h))
	return append(append(out, cborHash...), h[:]...), nil
}

// UnmarshalCBOR implements cbor.Unmarshaler.
func (h *Hash) UnmarshalCBOR(raw []byte) error {
	if len(raw) != len(cborHash)+len(h) || string(raw[:len(cborHash)]) != cborHash {
		return fmt.Errorf("%w: not a byte string of 32", ErrEncoding)
	}
	copy(h[:], raw[len(cborHash):])
	return nil
}

// ParseHash reads a hash from its hexadecimal text.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if text == "" {
		return h, fmt.Errorf("empty hash: %w", ErrHash)
	}
	err := h.UnmarshalText([]byte(text))
	return h, err
}

// HashParts is SHA-256 over the parts, each prefixed by its length as four big-endian bytes, so that no two lists of
// parts share an image.
func HashParts(parts ...[]byte) Hash {
	sum := sha256.New()
	var size [4]byte
	for _, part := range parts {
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		sum.Write(size[:])
		sum.Write(part)
	}
	return Hash(sum.Sum(nil))
}

// Tags of derived identifiers.
const (
	TagTask    = "autonet/task/v1"
	TagProject = "autonet/project/v1"
)

// DeriveID returns the identifier of what an account creates with one transaction: the hexadecimal first 16 bytes of
// HashParts(tag, network, account, nonce as eight big-endian bytes). It is known before the transaction is sent.
func DeriveID(tag, network string, account Account, nonce uint64) string {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], nonce)
	sum := HashParts([]byte(tag), []byte(network), []byte(account), n[:])
	return hex.EncodeToString(sum[:16])
}

// TaskID is the identifier of the task proposed by the account's transaction with this nonce.
func TaskID(network string, account Account, nonce uint64) string {
	return DeriveID(TagTask, network, account, nonce)
}

// ProjectID is the identifier, and the token denomination, of the project created by the account's transaction with
// this nonce.
func ProjectID(network string, account Account, nonce uint64) string {
	return DeriveID(TagProject, network, account, nonce)
}

// ValidID reports whether text has the form of a derived identifier: 32 lower-case hexadecimal digits.
func ValidID(text string) bool {
	if len(text) != 32 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
