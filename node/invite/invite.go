package invite

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// prefix marks the string and its version.
const prefix = "autonet1-"

const (
	maxLength    = 4096
	maxAddresses = 16
	sumLength    = 4
	grantLength  = 32
)

// ErrBroken says that a string is not a whole invitation.
var ErrBroken = errors.New("the invitation is broken; ask for it again and copy all of it, from \"" + prefix + "\" to the end")

// Invite is the content of an invitation.
type Invite struct {
	Network     string   `cbor:"1,keyasint"`
	GenesisHash [32]byte `cbor:"2,keyasint"`
	Addresses   []string `cbor:"3,keyasint"` // multiaddresses that end in /p2p/PEER
	// Grant is the seed of a one-use key to escrowed ATN, 32 bytes, or empty. Whoever holds the invitation can claim it.
	Grant []byte `cbor:"4,keyasint,omitempty"`
}

// Encode writes i as one word that survives chat programs and terminals.
func (i Invite) Encode() (string, error) {
	if err := i.validate(); err != nil {
		return "", err
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return "", fmt.Errorf("encode the invitation: %w", err)
	}
	body, err := mode.Marshal(i)
	if err != nil {
		return "", fmt.Errorf("encode the invitation: %w", err)
	}
	sum := sha256.Sum256(body)
	return prefix + base64.RawURLEncoding.EncodeToString(append(body, sum[:sumLength]...)), nil
}

// Decode reads an invitation; any damage is ErrBroken with the reason.
func Decode(s string) (Invite, error) {
	s = strings.TrimSpace(s)
	body, found := strings.CutPrefix(s, prefix)
	if !found || len(s) > maxLength {
		return Invite{}, fmt.Errorf("%w (it does not begin with %q)", ErrBroken, prefix)
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || len(raw) <= sumLength {
		return Invite{}, fmt.Errorf("%w (letters are missing or wrong)", ErrBroken)
	}
	raw, sum := raw[:len(raw)-sumLength], raw[len(raw)-sumLength:]
	if want := sha256.Sum256(raw); !bytes.Equal(want[:sumLength], sum) {
		return Invite{}, fmt.Errorf("%w (its checksum does not match)", ErrBroken)
	}
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		MaxArrayElements: maxAddresses, MaxMapPairs: 16, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode()
	if err != nil {
		return Invite{}, fmt.Errorf("decode the invitation: %w", err)
	}
	var i Invite
	if err := mode.Unmarshal(raw, &i); err != nil {
		return Invite{}, fmt.Errorf("%w (%w)", ErrBroken, err)
	}
	return i, i.validate()
}

func (i Invite) validate() error {
	if i.Network == "" || len(i.Network) > 48 {
		return fmt.Errorf("%w (no network name)", ErrBroken)
	}
	if len(i.Addresses) == 0 || len(i.Addresses) > maxAddresses {
		return fmt.Errorf("%w (it names %d addresses; 1 to %d are possible)", ErrBroken, len(i.Addresses), maxAddresses)
	}
	if n := len(i.Grant); n != 0 && n != grantLength {
		return fmt.Errorf("%w (its grant has a key of %d bytes)", ErrBroken, n)
	}
	for _, a := range i.Addresses {
		if _, err := peer.AddrInfoFromString(a); err != nil {
			return fmt.Errorf("%w (address %q: %w)", ErrBroken, a, err)
		}
	}
	return nil
}
