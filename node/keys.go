package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"autonet/internal/atomicfile"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/staking"
	"autonet/node/api/types"
	"autonet/node/home"
)

// Rotation of keys. An account keeps its name for ever; what signs for it on the ledger, and what signs blocks, may be
// replaced. The new key's seed lies in the home from before its message is sent until the ledger has put it in force, so
// that no crash in between loses it. The peer ID of the node, and with it the keys of its connections, never change.

// Errors of a rotation.
var errWaiting = types.NewError(types.CodeFailed, "rotate the key", "another new key waits for its epoch", "try again when it is in force")

// RotateKey implements api.StateBackend.
func (b stateBackend) RotateKey(ctx context.Context, req types.RotateKeyRequest) (types.Submitted, error) {
	n := b.n
	file := n.home.NextSigner()
	if req.Consensus {
		file = n.home.NextValidator()
	}
	seed, err := readSeed(file)
	if err != nil {
		return types.Submitted{}, err
	}
	if seed == nil { // else a message that was never accepted is sent again
		seed = make([]byte, ed25519.SeedSize)
		rand.Read(seed)
		if err := writeSeed(file, seed); err != nil {
			return types.Submitted{}, err
		}
	}
	key := ed25519.NewKeyFromSeed(seed)
	pub, _ := key.Public().(ed25519.PublicKey) // always, by the type of key
	var msg ledger.Msg = staking.RotateKey{Key: pub, Proof: staking.ProveKey(key, n.network, n.account)}
	if req.Consensus {
		msg = staking.RotateConsensusKey{Key: pub, Proof: staking.ProveConsensusKey(key, n.network, n.account)}
	}
	waiting := false
	if err := n.engine.View(func(v app.View) error {
		k := v.Keys(n.account)
		waiting = !req.Consensus && k.Signer == ledger.AccountFromKey(pub) || req.Consensus && k.Pending != nil
		return nil
	}); err != nil {
		return types.Submitted{}, err
	}
	if waiting {
		return types.Submitted{}, errWaiting
	}
	r, err := n.sender.Send(ctx, msg)
	if err != nil {
		return types.Submitted{}, ledgerError("rotate the key", err)
	}
	return b.submitted(ctx, msg.Kind(), n.account, r)
}

// takeKeys puts new keys to use once the ledger has put them in force.
func (n *Node) takeKeys(ctx context.Context) error {
	var k app.KeysInfo
	if err := n.engine.View(func(v app.View) error {
		k = v.Keys(n.account)
		return nil
	}); err != nil {
		return err
	}
	if err := n.takeSigner(ctx, k); err != nil {
		return err
	}
	return n.takeValidator(ctx, k)
}

func (n *Node) takeSigner(ctx context.Context, k app.KeysInfo) error {
	seed, err := readSeed(n.home.NextSigner())
	if err != nil || seed == nil || !k.SignerLive {
		return err
	}
	key := ed25519.NewKeyFromSeed(seed)
	if pub, _ := key.Public().(ed25519.PublicKey); ledger.AccountFromKey(pub) != k.Signer {
		return nil
	}
	if err := os.Rename(n.home.NextSigner(), n.home.Signer()); err != nil {
		return fmt.Errorf("put the new signing key in place: %w", err)
	}
	n.sender.rekey(key)
	n.log.LogAttrs(ctx, slog.LevelWarn, "a new key signs for the account", slog.String("key", string(k.Signer)))
	return nil
}

func (n *Node) takeValidator(ctx context.Context, k app.KeysInfo) error {
	seed, err := readSeed(n.home.NextValidator())
	if err != nil || seed == nil {
		return err
	}
	pub, _ := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !bytes.Equal(pub, k.ConsKey) {
		return nil
	}
	if err := n.replaceValidator(seed); err != nil {
		return err
	}
	n.log.LogAttrs(ctx, slog.LevelWarn, "a new consensus key is in force: start the node again to sign blocks with it")
	return nil
}

// replaceValidator keeps the old consensus key beside the new one. Crashing in between leaves the new key's seed, and the
// next look at it goes on.
func (n *Node) replaceValidator(seed []byte) error {
	keep := n.home.ValidatorKey() + "." + hex.EncodeToString(n.consKey[:4]) + ".old"
	if err := os.Rename(n.home.ValidatorKey(), keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep the old consensus key: %w", err)
	}
	if _, err := abci.EnsureValidatorKey(n.home.ValidatorKey(), n.home.ValidatorState(), seed); err != nil {
		return err
	}
	if err := os.Remove(n.home.NextValidator()); err != nil {
		return fmt.Errorf("remove the new consensus key's seed: %w", err)
	}
	return nil
}

// signingKey returns the key that signs for the home's account on the ledger: the identity's, unless it was rotated.
func signingKey(h home.Home, identity ed25519.PrivateKey) (ed25519.PrivateKey, error) {
	seed, err := readSeed(h.Signer())
	if err != nil || seed == nil {
		return identity, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// readSeed returns the seed in a file; nil if there is no file.
func readSeed(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s holds no key: restore it from a backup", path)
	}
	return seed, nil
}

func writeSeed(path string, seed []byte) error {
	return atomicfile.Write(path, []byte(hex.EncodeToString(seed)+"\n"), 0o600)
}
