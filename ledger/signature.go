package ledger

import (
	"crypto/ed25519"

	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// verifyRule is the one rule by which all nodes accept signatures: that of crypto/ed25519. The equation is checked without the
// cofactor, S must be reduced and R canonical; keys may be of small order or not canonical.
//
//nolint:gochecknoglobals // read-only: a constant that Go cannot spell as such
var verifyRule = voi.Options{Verify: voi.VerifyOptionsStdLib}

// VerifySignature reports whether sig is the Ed25519 signature of a message by a 32-byte public key. Every signature that the
// ledger checks is checked here: nodes that accept different ones would part.
func VerifySignature(key, message, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && len(sig) == ed25519.SignatureSize &&
		voi.VerifyWithOptions(key, message, sig, &verifyRule)
}

// VerifyKey is a public key that is prepared for many signatures: each is verified, by the rule of [VerifySignature], at three
// quarters of the cost. It takes about 1.5 KiB and is safe for concurrent use. The zero VerifyKey accepts nothing.
type VerifyKey struct{ expanded *voi.ExpandedPublicKey }

// PrepareKey prepares a public key. Bytes that are none give a key that accepts nothing.
func PrepareKey(key []byte) VerifyKey {
	if len(key) != ed25519.PublicKeySize {
		return VerifyKey{}
	}
	expanded, err := voi.NewExpandedPublicKey(key)
	if err != nil {
		return VerifyKey{}
	}
	return VerifyKey{expanded: expanded}
}

// Verify is [VerifySignature] with this key.
func (k VerifyKey) Verify(message, sig []byte) bool {
	return k.expanded != nil && len(sig) == ed25519.SignatureSize &&
		voi.VerifyExpandedWithOptions(k.expanded, message, sig, &verifyRule)
}
