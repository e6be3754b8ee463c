package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"

	"autonet/consensus/commitreveal"
	"autonet/internal/atomicfile"
	"autonet/internal/freeport"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/node/config"
	"autonet/node/founding"
	"autonet/node/home"
	"autonet/node/invite"
	"autonet/node/roles"
	"autonet/p2p/host"
)

// NewNetwork as InitOptions.Network founds a network.
const NewNetwork = "new"

// ErrHomeNotEmpty says that a folder holds something, but no node.
var ErrHomeNotEmpty = errors.New("the folder holds other files and no node; choose an empty or a new one with --home")

// InitOptions say which node to make.
type InitOptions struct {
	Home string
	// Name is shown to people; empty is "node".
	Name string
	// Network is NewNetwork, an invitation, or the path of a genesis file.
	Network string
	// Preset names the numbers of a new network, see founding.Presets; empty is founding.PresetPublic.
	Preset string
	// Bootstrap lists members to meet first when Network is a genesis file.
	Bootstrap []string
	// Port is the TCP and QUIC port; 0 chooses a free one now and keeps it.
	Port int
	// Roles the node works as beside the defaults.
	Roles []string
	// Loopback confines the node to this machine.
	Loopback bool
}

// InitResult says what was made.
type InitResult struct {
	Home    string `json:"home"`
	PeerID  string `json:"peer_id"`
	Network string `json:"network"`
	Genesis string `json:"genesis_hash"`
	Port    int    `json:"port"`
}

// Init makes a node's home: key, configuration and genesis. The home appears whole or not at all.
func Init(ctx context.Context, o InitOptions) (InitResult, error) {
	h := home.At(o.Home)
	if h.Initialised() {
		if genesisFile(o.Network) && !exists(h.Genesis()) {
			return adopt(h, o)
		}
		return InitResult{}, fmt.Errorf("%s: %w", h.Dir(), home.ErrExists)
	}
	return initIn(h, func(stage home.Home) (InitResult, error) { return build(ctx, stage, o) })
}

// initIn makes a home with fn in a folder beside it and puts it in place whole.
func initIn(h home.Home, fn func(stage home.Home) (InitResult, error)) (InitResult, error) {
	if err := emptyOrMissing(h.Dir()); err != nil {
		return InitResult{}, err
	}
	parent := filepath.Dir(h.Dir())
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return InitResult{}, fmt.Errorf("make %s: %w", parent, err)
	}
	stage, err := os.MkdirTemp(parent, ".autonet-init-*")
	if err != nil {
		return InitResult{}, fmt.Errorf("make a folder beside the home: %w", err)
	}
	defer func() { _ = os.RemoveAll(stage) }() // empty, or not what was asked for
	res, err := fn(home.At(stage))
	if err != nil {
		return InitResult{}, err
	}
	res.Home = h.Dir()
	if err := os.Remove(h.Dir()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return InitResult{}, fmt.Errorf("replace the empty home: %w", err)
	}
	if err := os.Rename(stage, h.Dir()); err != nil {
		return InitResult{}, fmt.Errorf("put the home in place: %w", err)
	}
	return res, nil
}

func emptyOrMissing(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the home: %w", err)
	}
	return fmt.Errorf("%s: %w", dir, ErrHomeNotEmpty)
}

func build(ctx context.Context, h home.Home, o InitOptions) (InitResult, error) {
	cfg, err := o.config()
	if err != nil {
		return InitResult{}, err
	}
	first := o.Network == NewNetwork
	var inv invite.Invite
	switch {
	case first:
		cfg.Roles.Enabled = foundersRoles(o.Roles)
	case genesisFile(o.Network):
		cfg.Network.Bootstrap = o.Bootstrap
	default:
		if inv, err = invite.Decode(o.Network); err != nil {
			return InitResult{}, err
		}
		cfg.Network.Bootstrap = inv.Addresses
	}
	id, err := MakeHome(h, cfg, Secrets{})
	if err != nil {
		return InitResult{}, err
	}
	switch {
	case first:
		err = foundersGenesis(h, id, cfg, o.Preset)
	case genesisFile(o.Network):
		err = copyGenesis(h, o.Network)
	default:
		err = joinGenesis(ctx, h, id, inv)
		if err == nil && len(inv.Grant) > 0 {
			err = saveGrant(h, inv.Grant)
		}
	}
	if err != nil {
		return InitResult{}, err
	}
	return initResult(h, string(id.Account), cfg.Network.Port)
}

func initResult(h home.Home, peerID string, port int) (InitResult, error) {
	r, err := founding.Verify(h.Genesis())
	if err != nil {
		return InitResult{}, err
	}
	return InitResult{Home: h.Dir(), PeerID: peerID, Network: r.Network, Genesis: r.Hash.String(), Port: port}, nil
}

func (o InitOptions) config() (config.Config, error) {
	cfg := config.Default()
	if o.Name != "" {
		cfg.Name = o.Name
	}
	cfg.Network.Port, cfg.Network.Loopback = o.Port, o.Loopback
	if cfg.Network.Port == 0 {
		ports, err := freeport.Find(1)
		if err != nil {
			return cfg, err
		}
		cfg.Network.Port = ports[0]
	}
	cfg.Roles.Enabled = append(cfg.Roles.Enabled, o.Roles...)
	return cfg, cfg.Validate()
}

func foundersRoles(more []string) []string {
	out := []string{"validator", "governor", "provider", "proposer"}
	for _, r := range more {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// joinGenesis fetches the genesis of an invitation into the home.
func joinGenesis(ctx context.Context, h home.Home, id Identity, inv invite.Invite) error {
	hostCfg := host.DefaultConfig()
	hostCfg.Listen, hostCfg.NAT = []string{"/ip4/127.0.0.1/tcp/0"}, false
	lp, err := host.New(hostCfg, id.Key) //nolint:contextcheck // it binds ports and returns
	if err != nil {
		return err
	}
	defer func() { _ = lp.Close() }() // it was only there to ask
	raw, err := fetchGenesis(ctx, lp, inv)
	if err != nil {
		return err
	}
	return atomicfile.Write(h.Genesis(), raw, 0o644)
}

// Identity is what MakeHome made.
type Identity struct {
	Key     crypto.PrivKey
	Account ledger.Account
	ConsKey []byte
	// SaltHead is the head of the coordinator's salt chain.
	SaltHead ledger.Hash
}

// Secrets fix a home's keys, for repeatable test swarms. Empty means random.
type Secrets struct{ Seed []byte }

// MakeHome writes the folders, keys and configuration of a home; the genesis is the caller's.
func MakeHome(h home.Home, cfg config.Config, s Secrets) (Identity, error) {
	if err := cfg.Validate(); err != nil {
		return Identity{}, err
	}
	if err := h.Make(); err != nil {
		return Identity{}, err
	}
	if s.Seed != nil {
		if err := writeSeededKey(h.Identity(), derive(s.Seed, "identity")); err != nil {
			return Identity{}, err
		}
	}
	key, err := host.LoadOrCreateKey(h.Identity())
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Key: key}
	pub, err := key.GetPublic().Raw()
	if err != nil {
		return Identity{}, fmt.Errorf("read the public key: %w", err)
	}
	id.Account = ledger.AccountFromKey(pub)
	var consSeed []byte
	salts := derive(s.Seed, "salts")
	if s.Seed != nil {
		seed := derive(s.Seed, "validator")
		consSeed = seed[:]
	} else {
		rand.Read(salts[:])
	}
	if id.ConsKey, err = abci.EnsureValidatorKey(h.ValidatorKey(), h.ValidatorState(), consSeed); err != nil {
		return Identity{}, err
	}
	if err := atomicfile.Write(h.Salts(), []byte(hex.EncodeToString(salts[:])+"\n"), 0o600); err != nil {
		return Identity{}, err
	}
	id.SaltHead = commitreveal.SaltChain(salts, roles.SaltChainLength)
	return id, cfg.Save(h.Config())
}

func derive(seed []byte, what string) [32]byte {
	return sha256.Sum256(append([]byte("autonet/devnet-key/v1 "+what+" "), seed...))
}

func writeSeededKey(path string, seed [32]byte) error {
	key, err := keyFromSeed(seed)
	if err != nil {
		return err
	}
	raw, err := crypto.MarshalPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the identity: %w", err)
	}
	return atomicfile.Write(path, raw, 0o600)
}

// foundersGenesis is a network of one: the founder validates, governs and keeps shards.
func foundersGenesis(h home.Home, id Identity, cfg config.Config, preset string) error {
	sum := sha256.Sum256([]byte(id.Account))
	card, err := cardOf(id, cfg, "net-"+hex.EncodeToString(sum[:4]))
	if err != nil {
		return err
	}
	return founding.New(h.Genesis(), preset, foundersTreasury, card, founding.DefaultShare(), time.Now())
}

func keyFromSeed(seed [32]byte) (crypto.PrivKey, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, fmt.Errorf("make the identity: %w", err)
	}
	return key, nil
}
