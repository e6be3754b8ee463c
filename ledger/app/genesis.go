package app

import (
	"crypto/ed25519"
	"fmt"

	"autonet/ledger"
)

// Bounds of a genesis.
const maxGenesisAccounts = 10_000

// Genesis is the agreed beginning of a network. Nothing mints after it.
type Genesis struct {
	Network  string        `json:"network"`
	Params   ledger.Params `json:"params"`
	Accounts []GenAccount  `json:"accounts"`
	Treasury ledger.Natn   `json:"treasury"`
}

// GenAccount is one account at the beginning. Stakes come on top of the balance.
type GenAccount struct {
	Account  ledger.Account `json:"account"`
	Balance  ledger.Natn    `json:"balance"`
	Stakes   []GenStake     `json:"stakes,omitempty"`
	Salts    ledger.Hash    `json:"salts"`              // head of a coordinator's salt chain; zero: none
	Governor bool           `json:"governor,omitempty"` // registered from the first block
	Capacity uint64         `json:"capacity,omitempty"` // bytes a provider offers; 0: not a registered provider
}

// GenStake is a stake at the beginning. ConsKey is a validator's consensus key.
type GenStake struct {
	Role    ledger.Role `json:"role"`
	Amount  ledger.Natn `json:"amount"`
	ConsKey []byte      `json:"cons_key,omitempty"`
}

// Validate reports the first thing that makes the genesis unusable.
func (g Genesis) Validate() error {
	if !ledger.ValidNetwork(g.Network) {
		return fmt.Errorf("genesis: %q cannot name a network: 1 to %d of [a-z0-9-]", ledger.Clip(g.Network), ledger.MaxNetworkBytes)
	}
	if err := g.Params.Validate(); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	if len(g.Accounts) == 0 || len(g.Accounts) > maxGenesisAccounts {
		return fmt.Errorf("genesis: %d accounts; between 1 and %d are needed", len(g.Accounts), maxGenesisAccounts)
	}
	total := g.Treasury
	seen := make(map[ledger.Account]bool, len(g.Accounts))
	validators := 0
	for _, a := range g.Accounts {
		if err := a.Account.Validate(); err != nil {
			return fmt.Errorf("genesis: %w", err)
		}
		if seen[a.Account] {
			return fmt.Errorf("genesis: account %s appears twice", a.Account)
		}
		seen[a.Account] = true
		sum, active, err := a.check(g.Params)
		if err != nil {
			return fmt.Errorf("genesis: account %s: %w", a.Account, err)
		}
		if total+sum < total || total+sum > maxSupply {
			return fmt.Errorf("genesis: the supply exceeds %s", ledger.Natn(maxSupply))
		}
		total += sum
		validators += active
	}
	if validators == 0 {
		return fmt.Errorf("genesis: no validator: one account must stake %s for that role", g.Params.Validator.MinStake)
	}
	return nil
}

// maxSupply leaves room for sums of two amounts in 64 bits and keeps voting power within the consensus engine's bound.
const maxSupply = 1 << 62

// check returns the account's sum and how many validators (0 or 1) it adds.
func (a GenAccount) check(p ledger.Params) (ledger.Natn, int, error) {
	sum, validators := a.Balance, 0
	roles := make(map[ledger.Role]bool, len(a.Stakes))
	staked := ledger.Natn(0)
	for _, s := range a.Stakes {
		if !s.Role.Valid() || roles[s.Role] {
			return 0, 0, fmt.Errorf("role %q is unknown or appears twice", ledger.Clip(string(s.Role)))
		}
		roles[s.Role] = true
		if s.Amount < p.Role(s.Role).MinStake || s.Amount > maxSupply {
			return 0, 0, fmt.Errorf("a stake of %s as %s; at least %s is needed", s.Amount, s.Role, p.Role(s.Role).MinStake)
		}
		if (s.Role == ledger.RoleValidator) != (len(s.ConsKey) == ed25519.PublicKeySize) || (s.Role != ledger.RoleValidator && len(s.ConsKey) > 0) {
			return 0, 0, fmt.Errorf("role %s: a validator, and only a validator, has a 32-byte consensus key", s.Role)
		}
		if s.Role == ledger.RoleValidator {
			validators++
		}
		staked += s.Amount
		if staked > maxSupply {
			return 0, 0, fmt.Errorf("its stakes exceed %s", ledger.Natn(maxSupply))
		}
	}
	if a.Governor && staked < p.GovernorPower {
		return 0, 0, fmt.Errorf("a governor needs %s staked, it has %s", p.GovernorPower, staked)
	}
	if a.Capacity > 0 && !roles[ledger.RoleProvider] {
		return 0, 0, fmt.Errorf("it offers capacity without a provider's stake")
	}
	if sum > maxSupply {
		return 0, 0, fmt.Errorf("its balance exceeds %s", ledger.Natn(maxSupply))
	}
	return sum + staked, validators, nil
}
