package founding

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"autonet/ledger"
)

// maxCardBytes bounds a card's file.
const maxCardBytes = 16 << 10

// ErrCard says that a file is not an operator's card, or not an authentic one.
var ErrCard = errors.New("not a valid card of an operator")

// Card is what an operator publishes to take part in founding a network.
type Card struct {
	Network  string         `json:"network"`
	Name     string         `json:"name"`
	Account  ledger.Account `json:"account"`
	ConsKey  []byte         `json:"cons_key"` // Ed25519 public key, 32 bytes
	Salts    ledger.Hash    `json:"salts"`    // head of the coordinator's salt chain
	Capacity uint64         `json:"capacity"` // bytes offered as a provider
	Addrs    []string       `json:"addrs"`    // multiaddresses at which others can dial the node
	Sig      []byte         `json:"sig"`      // by the account's key over the rest
}

// Bounds of a card.
const (
	maxNameBytes = 32
	maxAddrs     = 16
	maxAddrBytes = 256
)

// signed is what the signature covers: a tag and the card without it, as JSON in the fields' order.
func (c Card) signed() ([]byte, error) {
	c.Sig = nil
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode the card: %w", err)
	}
	return append([]byte("autonet/founding-card/v1\n"), raw...), nil
}

// Sign returns the card with the signature of the key, which must be the account's.
func (c Card) Sign(key ed25519.PrivateKey) (Card, error) {
	msg, err := c.signed()
	if err != nil {
		return c, err
	}
	c.Sig = ed25519.Sign(key, msg)
	return c, c.Verify()
}

// CheckName reports whether a text can name a network.
func CheckName(name string) error {
	if !ledger.ValidNetwork(name) {
		return fmt.Errorf("%q is no name of a network: that is 1 to 64 of [a-z0-9-]", ledger.Clip(name))
	}
	return nil
}

// Verify reports the first thing that makes the card unusable; the error wraps [ErrCard].
func (c Card) Verify() error {
	switch {
	case !ledger.ValidNetwork(c.Network):
		return fmt.Errorf("%w: %q cannot name a network", ErrCard, ledger.Clip(c.Network))
	case len(c.Name) > maxNameBytes:
		return fmt.Errorf("%w: the name has over %d bytes", ErrCard, maxNameBytes)
	case len(c.ConsKey) != ed25519.PublicKeySize:
		return fmt.Errorf("%w: the consensus key has %d bytes instead of %d", ErrCard, len(c.ConsKey), ed25519.PublicKeySize)
	case len(c.Addrs) > maxAddrs:
		return fmt.Errorf("%w: it names %d addresses; the bound is %d", ErrCard, len(c.Addrs), maxAddrs)
	}
	for _, a := range c.Addrs {
		if len(a) > maxAddrBytes || !strings.HasPrefix(a, "/") || !strings.Contains(a, "/p2p/"+string(c.Account)) {
			return fmt.Errorf("%w: %q is no multiaddress of its account", ErrCard, ledger.Clip(a))
		}
	}
	pub, err := c.Account.Key()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCard, err)
	}
	msg, err := c.signed()
	if err != nil {
		return err
	}
	if !ed25519.Verify(pub, msg, c.Sig) {
		return fmt.Errorf("%w: the signature is not that of %s", ErrCard, c.Account)
	}
	return nil
}

// ReadCard reads and verifies a card's file.
func ReadCard(path string) (Card, error) {
	var c Card
	f, err := os.Open(path)
	if err != nil {
		return c, fmt.Errorf("read the card: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	raw, err := io.ReadAll(io.LimitReader(f, maxCardBytes+1))
	if err != nil {
		return c, fmt.Errorf("read the card: %w", err)
	}
	c, err = DecodeCard(raw)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// DecodeCard reads and verifies a card.
func DecodeCard(raw []byte) (Card, error) {
	var c Card
	if len(raw) > maxCardBytes {
		return c, fmt.Errorf("%w: over %d bytes", ErrCard, maxCardBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("%w: %w", ErrCard, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("%w: something follows it", ErrCard)
	}
	return c, c.Verify()
}

// JSON writes the card as its file holds it.
func (c Card) JSON() []byte {
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil // numbers, texts and bytes always have an encoding
	}
	return append(raw, '\n')
}
