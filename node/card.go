package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"

	"autonet/internal/atomicfile"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/node/config"
	"autonet/node/founding"
	"autonet/node/home"
	"autonet/p2p/host"
)

// foundersTreasury is what the treasury of a network begins with where nothing else is said.
const foundersTreasury = 1_000_000 * ledger.ATN

// ErrOtherGenesis says that a home's keys do not belong to the genesis it shall start from.
var ErrOtherGenesis = errors.New("the home is for another network")

// Card makes a home without a genesis, for an operator who founds a network together with others, and returns the card to
// hand to them. o.Network is the name of the network.
func Card(o InitOptions) (founding.Card, error) {
	h := home.At(o.Home)
	if h.Initialised() {
		return founding.Card{}, fmt.Errorf("%s: %w", h.Dir(), home.ErrExists)
	}
	if err := emptyOrMissing(h.Dir()); err != nil {
		return founding.Card{}, err
	}
	var card founding.Card
	_, err := initIn(h, func(stage home.Home) (InitResult, error) {
		cfg, err := o.config()
		if err != nil {
			return InitResult{}, err
		}
		cfg.Roles.Enabled = foundersRoles(o.Roles)
		id, err := MakeHome(stage, cfg, Secrets{})
		if err != nil {
			return InitResult{}, err
		}
		card, err = cardOf(id, cfg, o.Network)
		return InitResult{}, err
	})
	return card, err
}

// cardOf signs an operator's card.
func cardOf(id Identity, cfg config.Config, network string) (founding.Card, error) {
	raw, err := id.Key.Raw()
	if err != nil || len(raw) != ed25519.PrivateKeySize {
		return founding.Card{}, fmt.Errorf("the identity of %s is no Ed25519 key", id.Account)
	}
	return founding.Card{
		Network: network, Name: cfg.Name, Account: id.Account, ConsKey: id.ConsKey, Salts: id.SaltHead,
		Capacity: cfg.Shards.CapacityMiB << 20, Addrs: cardAddrs(cfg, id.Account),
	}.Sign(raw)
}

// cardAddrs names this machine's loopback address for a home confined to it; other homes are dialled by what their
// operators tell each other.
func cardAddrs(cfg config.Config, account ledger.Account) []string {
	if !cfg.Network.Loopback {
		return []string{}
	}
	return []string{fmt.Sprintf("/ip4/127.0.0.1/tcp/%d/p2p/%s", cfg.Network.Port, account)}
}

// genesisFile reports whether the choice of a network is a file's path.
func genesisFile(text string) bool { return strings.HasSuffix(text, ".json") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// copyGenesis verifies a genesis file and puts it into a home.
func copyGenesis(h home.Home, path string) error {
	if _, err := founding.Verify(path); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the genesis: %w", err)
	}
	return atomicfile.Write(h.Genesis(), raw, 0o644)
}

// adopt gives the home of a founder the genesis that the founders agreed on.
func adopt(h home.Home, o InitOptions) (InitResult, error) {
	cfg, err := config.Load(h.Config())
	if err != nil {
		return InitResult{}, err
	}
	key, err := host.LoadOrCreateKey(h.Identity())
	if err != nil {
		return InitResult{}, err
	}
	pub, err := key.GetPublic().Raw()
	if err != nil {
		return InitResult{}, fmt.Errorf("read the public key: %w", err)
	}
	account := ledger.AccountFromKey(pub)
	g, _, err := abci.ReadGenesis(o.Network)
	if err != nil {
		return InitResult{}, err
	}
	founder := false
	for _, a := range g.Accounts {
		founder = founder || a.Account == account
	}
	if !founder {
		return InitResult{}, fmt.Errorf("%s is not among the founders in %s: %w", account, o.Network, ErrOtherGenesis)
	}
	cfg.Network.Bootstrap = append(cfg.Network.Bootstrap, o.Bootstrap...)
	if err := cfg.Save(h.Config()); err != nil {
		return InitResult{}, err
	}
	if err := copyGenesis(h, o.Network); err != nil {
		return InitResult{}, err
	}
	return initResult(h, string(account), cfg.Network.Port)
}
