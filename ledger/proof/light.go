package proof

import (
	"bytes"
	"fmt"

	cometproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
)

// maxValidators bounds the validators of a light block.
const maxValidators = 1024

// Facts are what a header says.
type Facts struct {
	Network    string      `json:"network"`
	Height     int64       `json:"height"`
	TimeMS     int64       `json:"time_ms"`
	Hash       ledger.Hash `json:"hash"`
	AppHash    ledger.Hash `json:"app_hash"` // of the state before this block
	Validators int         `json:"validators"`
}

// Light decodes a light block and checks that it agrees with itself: it is of the network, its validators are those that
// its header names, and its commit is for this header. It verifies no signature: see [Signed].
func Light(raw []byte, network string) (block *types.LightBlock, err error) {
	if len(raw) == 0 || len(raw) > MaxLight {
		return nil, fmt.Errorf("a light block of %d bytes; the bound is %d: %w", len(raw), MaxLight, ErrMalformed)
	}
	err = guarded(func() error {
		var pb cometproto.LightBlock
		if err := pb.Unmarshal(raw); err != nil {
			return err
		}
		if pb.ValidatorSet == nil || len(pb.ValidatorSet.Validators) > maxValidators ||
			pb.SignedHeader == nil || pb.SignedHeader.Commit == nil || len(pb.SignedHeader.Commit.Signatures) > maxValidators {
			return fmt.Errorf("no header, no validators, or more than %d of them", maxValidators)
		}
		if block, err = types.LightBlockFromProto(&pb); err != nil {
			return err
		}
		return block.ValidateBasic(network)
	})
	if err != nil {
		return nil, fmt.Errorf("light block: %w: %w", ErrMalformed, err)
	}
	return block, nil
}

// EncodeLight returns the bytes that [Light] decodes.
func EncodeLight(block *types.LightBlock) ([]byte, error) {
	pb, err := block.ToProto()
	if err != nil {
		return nil, fmt.Errorf("encode a light block: %w", err)
	}
	return pb.Marshal()
}

// Signed verifies that more than two thirds of a light block's validators signed it.
func Signed(block *types.LightBlock) error {
	err := guarded(func() error {
		return block.ValidatorSet.VerifyCommitLight(block.ChainID, block.Commit.BlockID, block.Height, block.Commit)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return nil
}

func factsOf(block *types.LightBlock) Facts {
	return Facts{
		Network: block.ChainID, Height: block.Height, TimeMS: block.Time.UnixMilli(), Hash: hashOf(block.Hash()),
		AppHash: hashOf(block.AppHash), Validators: block.ValidatorSet.Size(),
	}
}

// FactsOf tells what a light block's header says.
func FactsOf(block *types.LightBlock) Facts { return factsOf(block) }

func hashOf(raw []byte) ledger.Hash {
	var h ledger.Hash
	copy(h[:], raw)
	return h
}

// Trusted is what a verifier believes before it sees a proof. One of Hash and Header is needed; both may be given.
type Trusted struct {
	// Network refuses proofs of others. Optional: the trusted header names its network.
	Network string
	// Hash is that of the very header a proof builds on.
	Hash ledger.Hash
	// Header is an encoded [Header]: the very one that a proof builds on, or one whose validators (at its height or the
	// next) are those of the proof's header.
	Header []byte
}

// accept reports whether a block that agrees with itself follows from what is trusted.
func (t Trusted) accept(block *types.LightBlock) error {
	if t.Network != "" && t.Network != block.ChainID {
		return fmt.Errorf("it is of network %q, not %q: %w", block.ChainID, t.Network, ErrUntrusted)
	}
	if t.Hash.IsZero() && len(t.Header) == 0 {
		return fmt.Errorf("nothing is trusted: %w", ErrUntrusted)
	}
	if err := Signed(block); err != nil {
		return err
	}
	if hash := hashOf(block.Hash()); !t.Hash.IsZero() && hash != t.Hash {
		return fmt.Errorf("the header of height %d has hash %s, trusted is %s: %w", block.Height, hash, t.Hash, ErrUntrusted)
	}
	if len(t.Header) == 0 {
		return nil
	}
	known, _, err := DecodeHeader(t.Header)
	if err != nil {
		return fmt.Errorf("the trusted header: %w", err)
	}
	anchor, err := Light(known.Light, known.Network)
	if err != nil {
		return fmt.Errorf("the trusted header: %w", err)
	}
	return follows(anchor, block)
}

// follows reports whether a signed block is the trusted one, or one of its validators' at another height.
func follows(anchor, block *types.LightBlock) error {
	switch {
	case anchor.ChainID != block.ChainID:
		return fmt.Errorf("it is of network %q, the trusted header of %q: %w", block.ChainID, anchor.ChainID, ErrUntrusted)
	case anchor.Height == block.Height:
		if !bytes.Equal(anchor.Hash(), block.Hash()) {
			return fmt.Errorf("it is another header of height %d than the trusted one: %w", block.Height, ErrUntrusted)
		}
		return nil
	case bytes.Equal(anchor.ValidatorsHash, block.ValidatorsHash):
		return nil
	case block.Height > anchor.Height && bytes.Equal(anchor.NextValidatorsHash, block.ValidatorsHash):
		return nil
	default:
		return fmt.Errorf("the validators of height %d are not those of the trusted height %d; trust the header of height %d itself: %w",
			block.Height, anchor.Height, block.Height, ErrUntrusted)
	}
}

// guarded turns a panic of a library over outside bytes into an error.
func guarded(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return fn()
}
