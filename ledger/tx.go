package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Bounds of a transaction.
const (
	MaxTxBytes      = 256 << 10
	MaxNetworkBytes = 48
	MaxKindBytes    = 48
)

// The price of a transaction (*fixed* until governance can change it).
const (
	FeeBase    Natn = 1000
	FeePerByte Natn = 1
)

const txTag = "autonet/tx/v1"

// sealRoom is the most that the fee's own digits, the key, the signature and the map around them add to a body.
const sealRoom = 140

// Tx is a signed transaction. Body is the deterministic CBOR of a [Body]; Sig is Ed25519 by Key over
// "autonet/tx/v1" ‖ network ‖ Body. A network is [a-z0-9-] and a body begins with a CBOR map, so the bytes are unambiguous.
type Tx struct {
	Body []byte `cbor:"body"`
	Key  []byte `cbor:"key"`
	Sig  []byte `cbor:"sig"`
}

// Body is what is signed.
type Body struct {
	Network string          `cbor:"network"`
	Nonce   uint64          `cbor:"nonce"`
	Kind    string          `cbor:"kind"`
	Msg     cbor.RawMessage `cbor:"msg"`
	Fee     Natn            `cbor:"fee"` // most the sender pays; the price is [Fee] of the transaction's size
}

// Fee is the price of a transaction of this many bytes.
func Fee(size int) Natn { return FeeBase + FeePerByte*Natn(max(size, 0)) }

// TxHash is the hash by which a transaction is known: SHA-256 of its bytes.
func TxHash(raw []byte) Hash { return sha256.Sum256(raw) }

// ValidNetwork reports whether text can name a network: 1 to 48 of [a-z0-9-].
func ValidNetwork(text string) bool {
	if text == "" || len(text) > MaxNetworkBytes {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func signBytes(network string, body []byte) []byte {
	out := make([]byte, 0, len(txTag)+len(network)+len(body))
	out = append(out, txTag...)
	out = append(out, network...)
	return append(out, body...)
}

// SignTx builds and signs a transaction with the message and the fee its size costs.
func SignTx(priv ed25519.PrivateKey, network string, nonce uint64, m Msg) ([]byte, error) {
	if len(priv) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("sign %s: the key has %d bytes instead of %d", m.Kind(), len(priv), ed25519.PrivateKeySize)
	}
	if !ValidNetwork(network) {
		return nil, fmt.Errorf("sign %s: %q cannot name a network", m.Kind(), network)
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("sign %s: %w", m.Kind(), err)
	}
	msg, err := Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", m.Kind(), err)
	}
	body := Body{Network: network, Nonce: nonce, Kind: m.Kind(), Msg: msg}
	rawBody, err := Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", m.Kind(), err)
	}
	body.Fee = Fee(len(rawBody) + sealRoom)
	if rawBody, err = Marshal(body); err != nil {
		return nil, fmt.Errorf("sign %s: %w", m.Kind(), err)
	}
	raw, err := Marshal(Tx{
		Body: rawBody,
		Key:  priv[ed25519.SeedSize:],
		Sig:  ed25519.Sign(priv, signBytes(network, rawBody)),
	})
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", m.Kind(), err)
	}
	if len(raw) > MaxTxBytes {
		return nil, fmt.Errorf("sign %s: %d bytes exceed the bound of %d", m.Kind(), len(raw), MaxTxBytes)
	}
	return raw, nil
}

// DecodeTx decodes and bounds a transaction, which shares the memory of raw. It does not verify the signature: see
// [VerifyTx].
func DecodeTx(raw []byte) (Tx, Body, error) {
	if len(raw) == 0 || len(raw) > MaxTxBytes {
		return Tx{}, Body{}, Refuse(CodeInvalid, "a transaction of %d bytes; the bound is %d", len(raw), MaxTxBytes)
	}
	tx, ok := decodeTx(raw)
	if !ok {
		return tx, Body{}, Refuse(CodeInvalid, "the transaction is not the deterministic CBOR of {body, key, sig}")
	}
	if len(tx.Key) != ed25519.PublicKeySize || len(tx.Sig) != ed25519.SignatureSize {
		return tx, Body{}, Refuse(CodeInvalid, "transaction: key or signature of the wrong length")
	}
	body, ok := decodeBody(tx.Body)
	if !ok {
		return tx, body, Refuse(CodeInvalid, "the transaction's body is not the deterministic CBOR of {network, nonce, kind, msg, fee}")
	}
	if !ValidNetwork(body.Network) || body.Kind == "" || len(body.Kind) > MaxKindBytes {
		return tx, body, Refuse(CodeInvalid, "transaction body: network or kind out of bounds")
	}
	return tx, body, nil
}

// Sender is the account that signed the transaction.
func (t Tx) Sender() Account { return AccountFromKey(t.Key) }

// Signed returns the bytes that the transaction's signature is of, in a network.
func (t Tx) Signed(network string) []byte { return signBytes(network, t.Body) }

// VerifyTx checks that the transaction is for this network and signed by its key.
func VerifyTx(tx Tx, body Body, network string) error {
	if body.Network != network {
		return Refuse(CodeInvalid, "the transaction is for network %q, this is %q", body.Network, network)
	}
	if !VerifySignature(tx.Key, tx.Signed(network), tx.Sig) {
		return BadSignature()
	}
	return nil
}

// BadSignature is the refusal of a transaction whose signature is not its key's.
func BadSignature() error { return Refuse(CodeInvalid, "the signature does not verify") }
