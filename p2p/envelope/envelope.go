package envelope

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
)

const (
	// MaxSize is the largest encoded envelope in bytes.
	MaxSize = 128 << 10
	// Overhead bounds what an envelope adds to its payload in bytes: key, payload type, signature and field headers.
	Overhead = 256
	// MaxPayload is the largest payload that always fits.
	MaxPayload = MaxSize - Overhead
	// MaxKind is the longest kind in bytes.
	MaxKind = 96

	domainPrefix = "autonet/"
	// payloadType is the multicodec of CBOR.
	payloadType = 0x51
)

var (
	// ErrKind marks a kind that cannot name a signing domain.
	ErrKind = errors.New("envelope kind must be 1 to 96 characters of a-z, 0-9, '-', '_', '.' and '/'")
	// ErrTooLarge marks a payload or an envelope beyond the limit.
	ErrTooLarge = errors.New("envelope too large")
	// ErrKey marks a key that is not Ed25519: accounts are Ed25519 keys.
	ErrKey = errors.New("envelope key is not Ed25519")
	// ErrMalformed marks bytes that are not an envelope in its one encoding.
	ErrMalformed = errors.New("malformed envelope")
	// ErrSignature marks a signature that does not hold for the content and the kind.
	ErrSignature = errors.New("envelope signature does not hold for this kind")
)

// sealed is a payload on its way into or out of a libp2p record.
type sealed struct {
	kind    string
	payload []byte
}

func (s *sealed) Domain() string                 { return domainPrefix + s.kind }
func (s *sealed) Codec() []byte                  { return []byte{payloadType} }
func (s *sealed) MarshalRecord() ([]byte, error) { return s.payload, nil }

func (s *sealed) UnmarshalRecord(b []byte) error {
	s.payload = b
	return nil
}

// Seal signs payload under the domain "autonet/<kind>" and returns the encoded envelope, at most [MaxSize] bytes.
func Seal(priv crypto.PrivKey, kind string, payload []byte) ([]byte, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	if priv == nil || priv.Type() != crypto.Ed25519 {
		return nil, ErrKey
	}
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("%w: payload of %d bytes, at most %d", ErrTooLarge, len(payload), MaxPayload)
	}
	env, err := record.Seal(&sealed{kind: kind, payload: payload}, priv)
	if err != nil {
		return nil, fmt.Errorf("sign the envelope: %w", err)
	}
	raw, err := env.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode the envelope: %w", err)
	}
	return raw, nil
}

// Open returns the signer and the payload of an envelope sealed for kind. It fails with [ErrTooLarge], [ErrMalformed],
// [ErrKey] or [ErrSignature]; another kind's envelope fails with ErrSignature. The payload shares no memory with raw.
func Open(raw []byte, kind string) (signer peer.ID, payload []byte, err error) {
	if err := checkKind(kind); err != nil {
		return "", nil, err
	}
	if len(raw) > MaxSize {
		return "", nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(raw), MaxSize)
	}
	env, err := record.UnmarshalEnvelope(raw)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if env.PublicKey.Type() != crypto.Ed25519 {
		return "", nil, ErrKey
	}
	if !bytes.Equal(env.PayloadType, []byte{payloadType}) {
		return "", nil, fmt.Errorf("%w: payload type %x", ErrMalformed, env.PayloadType)
	}
	if again, err := env.Marshal(); err != nil || !bytes.Equal(again, raw) {
		return "", nil, fmt.Errorf("%w: not in its canonical encoding", ErrMalformed)
	}
	rec := sealed{kind: kind}
	if _, err := record.ConsumeTypedEnvelope(raw, &rec); err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	signer, err = peer.IDFromPublicKey(env.PublicKey)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return signer, rec.payload, nil
}

func checkKind(kind string) error {
	if kind == "" || len(kind) > MaxKind {
		return ErrKind
	}
	for _, c := range []byte(kind) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '/':
		default:
			return ErrKind
		}
	}
	return nil
}
