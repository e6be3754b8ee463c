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
	"autonet/ledger/app"
	"autonet/node/config"
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
	// Network is NewNetwork or an invitation.
	Network string
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
		return InitResult{}, fmt.Errorf("%s: %w", h.Dir(), home.ErrExists)
	}
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
	res, err := build(ctx, home.At(stage), o)
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
	founding := o.Network == NewNetwork
	var inv invite.Invite
	if !founding {
		if inv, err = invite.Decode(o.Network); err != nil {
			return InitResult{}, err
		}
		cfg.Network.Bootstrap = inv.Addresses
	}
	if founding {
		cfg.Roles.Enabled = foundersRoles(o.Roles)
	}
	id, err := MakeHome(h, cfg, Secrets{})
	if err != nil {
		return InitResult{}, err
	}
	res := InitResult{PeerID: string(id.Account), Network: inv.Network, Port: cfg.Network.Port}
	if founding {
		g := foundersGenesis(id, cfg)
		res.Network = g.Network
		err = abci.WriteGenesis(h.Genesis(), g, time.Now())
	} else {
		err = joinGenesis(ctx, h, id, inv)
	}
	if err != nil {
		return InitResult{}, err
	}
	hash, err := abci.GenesisHash(h.Genesis())
	if err != nil {
		return InitResult{}, err
	}
	res.Genesis = hash.String()
	return res, nil
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
func foundersGenesis(id Identity, cfg config.Config) app.Genesis {
	sum := sha256.Sum256([]byte(id.Account))
	return app.Genesis{
		Network:  "net-" + hex.EncodeToString(sum[:4]),
		Params:   ledger.DefaultParams(),
		Treasury: 1_000_000 * ledger.ATN,
		Accounts: []app.GenAccount{{
			Account: id.Account,
			Balance: 1_000_000 * ledger.ATN,
			Stakes: []app.GenStake{
				{Role: ledger.RoleValidator, Amount: 20_000 * ledger.ATN, ConsKey: id.ConsKey},
				{Role: ledger.RoleProposer, Amount: 1000 * ledger.ATN},
				{Role: ledger.RoleProvider, Amount: 100 * ledger.ATN},
			},
			Salts: id.SaltHead, Governor: true, Capacity: cfg.Shards.CapacityMiB << 20,
		}},
	}
}

func keyFromSeed(seed [32]byte) (crypto.PrivKey, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, fmt.Errorf("make the identity: %w", err)
	}
	return key, nil
}
