package ledger

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/mr-tron/base58"
)

// Account is the libp2p peer ID text of an Ed25519 key ("12D3Koo…"). The key is inlined in the ID, so that an account
// and its public key are the same information.
type Account string

// ErrAccount reports text that is not the peer ID of an Ed25519 key.
var ErrAccount = errors.New("not the peer ID of an Ed25519 key")

const (
	accountBytes   = 38 // identity multihash header (2) + protobuf key header (4) + key (32)
	accountTextMax = 64
)

// accountHeader is the constant head of every Ed25519 peer ID: identity multihash of 36 bytes, then the protobuf
// fields "type = Ed25519" and "data = 32 bytes".
func accountHeader() []byte { return []byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20} }

// AccountFromKey returns the account of a public key. A key that is not 32 bytes long has none: the result is empty.
func AccountFromKey(pub ed25519.PublicKey) Account {
	if len(pub) != ed25519.PublicKeySize {
		return ""
	}
	return Account(base58.Encode(append(accountHeader(), pub...)))
}

// ParseAccount checks outside text and returns it as an account. Only the canonical spelling is accepted.
func ParseAccount(text string) (Account, error) {
	if _, err := Account(text).Key(); err != nil {
		return "", err
	}
	return Account(text), nil
}

// Key returns the account's public key.
func (a Account) Key() (ed25519.PublicKey, error) {
	if len(a) == 0 || len(a) > accountTextMax {
		return nil, fmt.Errorf("account of %d characters: %w", len(a), ErrAccount)
	}
	raw, err := base58.Decode(string(a))
	if err != nil {
		return nil, fmt.Errorf("account %q: %w: %w", string(a), ErrAccount, err)
	}
	head := accountHeader()
	if len(raw) != accountBytes || !bytes.HasPrefix(raw, head) || base58.Encode(raw) != string(a) {
		return nil, fmt.Errorf("account %q: %w", string(a), ErrAccount)
	}
	return ed25519.PublicKey(raw[len(head):]), nil
}

// Validate reports whether the account is well formed.
func (a Account) Validate() error {
	_, err := a.Key()
	return err
}
