package abci

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"

	"autonet/internal/atomicfile"
)

// ErrValidatorState reports a validator key without the record of what it has signed. Signing without it may sign two
// blocks of one height, which the network punishes: restore the file, or wait until the key's stake is unbonded.
var ErrValidatorState = errors.New("the record of the validator key's signatures is missing")

const keyFileMode = 0o600

// EnsureValidatorKey returns the public consensus key in keyFile, creating the key and its state file when neither
// exists: from the 32-byte seed, or at random without one. An existing key is never replaced.
func EnsureValidatorKey(keyFile, stateFile string, seed []byte) (pub []byte, err error) {
	if seed != nil && len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("validator key: a seed of %d bytes instead of %d", len(seed), ed25519.SeedSize)
	}
	_, err = os.Stat(keyFile)
	if errors.Is(err, os.ErrNotExist) {
		err = createValidatorKey(keyFile, stateFile, seed)
	}
	if err != nil {
		return nil, fmt.Errorf("validator key: %w", err)
	}
	pv, err := loadValidator(keyFile, stateFile)
	if err != nil {
		return nil, err
	}
	return pv.Key.PubKey.Bytes(), nil
}

func createValidatorKey(keyFile, stateFile string, seed []byte) error {
	if seed == nil {
		seed = make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(rand.Reader, seed); err != nil {
			return fmt.Errorf("draw a key: %w", err)
		}
	}
	key := cometkey.PrivKey(ed25519.NewKeyFromSeed(seed))
	pv := privval.NewFilePV(key, keyFile, stateFile)
	rawState, err := json.MarshalIndent(pv.LastSignState, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	rawKey, err := json.MarshalIndent(pv.Key, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	for _, dir := range []string{filepath.Dir(keyFile), filepath.Dir(stateFile)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	// The state first: a key on disk always has its state beside it.
	if _, err := os.Stat(stateFile); errors.Is(err, os.ErrNotExist) {
		if err := atomicfile.Write(stateFile, rawState, keyFileMode); err != nil {
			return err
		}
	}
	return atomicfile.Write(keyFile, rawKey, keyFileMode)
}

// loadValidator reads what CometBFT's own loader reads, which ends the process on a bad file.
func loadValidator(keyFile, stateFile string) (*privval.FilePV, error) {
	var key privval.FilePVKey
	if err := readJSON(keyFile, &key); err != nil {
		return nil, fmt.Errorf("validator key: %w", err)
	}
	priv, ok := key.PrivKey.(cometkey.PrivKey)
	if !ok || len(priv) != cometkey.PrivateKeySize {
		return nil, fmt.Errorf("validator key: %s holds no Ed25519 key", keyFile)
	}
	pv := privval.NewFilePV(priv, keyFile, stateFile)
	var state privval.FilePVLastSignState
	if err := readJSON(stateFile, &state); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: %w", ErrValidatorState, err)
		}
		return nil, fmt.Errorf("validator state: %w", err)
	}
	if state.SignBytes != nil && state.Signature == nil {
		return nil, fmt.Errorf("validator state: %s records what was signed without the signature", stateFile)
	}
	pv.LastSignState.Height, pv.LastSignState.Round, pv.LastSignState.Step = state.Height, state.Round, state.Step
	pv.LastSignState.Signature, pv.LastSignState.SignBytes = state.Signature, state.SignBytes
	return pv, nil
}

func readJSON(file string, v any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// signer is the engine's consensus key: the configured one, or one that no validator set knows.
//
//nolint:ireturn // the interface that CometBFT asks for
func (c Config) signer() (types.PrivValidator, error) {
	if c.ValidatorKeyFile == "" {
		return types.NewMockPV(), nil
	}
	return loadValidator(c.ValidatorKeyFile, c.ValidatorStateFile)
}

// NodeIDOf is the identifier under which a node with this public key is known to CometBFT.
func NodeIDOf(pub ed25519.PublicKey) string {
	if len(pub) != ed25519.PublicKeySize {
		return ""
	}
	return string(p2p.PubKeyToID(cometkey.PubKey(pub)))
}
