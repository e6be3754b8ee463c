package founding

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"autonet/internal/fixed"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
)

// Names of the sets of numbers a network can begin with.
const (
	// PresetPublic are the numbers of a public network: windows of hours, votes of days.
	PresetPublic = "public"
	// PresetDevnet are the same rules in seconds, for one machine or a trial.
	PresetDevnet = "devnet"
)

// Presets lists the sets of numbers.
func Presets() []string { return []string{PresetPublic, PresetDevnet} }

// Params returns the numbers of a preset; empty is PresetPublic.
func Params(preset string) (ledger.Params, error) {
	switch preset {
	case "", PresetPublic:
		return ledger.DefaultParams(), nil
	case PresetDevnet:
		return ledger.DevnetParams(), nil
	default:
		return ledger.Params{}, fmt.Errorf("there is no preset %q; choose among %v", ledger.Clip(preset), Presets())
	}
}

// Amount is a number of nano-ATN, for packages that do not know the ledger.
func Amount(natn uint64) ledger.Natn { return ledger.Natn(natn) }

// Share is what a founder begins with, in nano-ATN. The minimum stakes of a proposer and a provider come on top of Stake.
type Share struct {
	Stake   ledger.Natn // as validator
	Balance ledger.Natn
}

// DefaultShare is a founder's share where nothing else is said.
func DefaultShare() Share {
	return Share{Stake: 20_000 * ledger.ATN, Balance: 1_000_000 * ledger.ATN}
}

// Errors of assembling a genesis.
var (
	ErrExists  = errors.New("the file exists")
	ErrNetwork = errors.New("the card is for another network")
	ErrTwice   = errors.New("the genesis has this account or this consensus key already")
	ErrNoRoom  = errors.New("no card can be added any more: the network has begun")
)

// New writes the genesis of a network that begins at the given time with one founder. It never replaces a file.
func New(path, preset string, treasury ledger.Natn, first Card, share Share, begin time.Time) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err := first.Verify(); err != nil {
		return err
	}
	p, err := Params(preset)
	if err != nil {
		return err
	}
	g := app.Genesis{Network: first.Network, Params: p, Treasury: treasury}
	if g, err = withFounder(g, first, share); err != nil {
		return err
	}
	return abci.WriteGenesis(path, g, begin)
}

// Add puts another founder into the genesis. now must be before the network's beginning: afterwards nodes may run from it.
func Add(path string, c Card, share Share, now time.Time) error {
	g, begin, err := abci.ReadGenesis(path)
	if err != nil {
		return err
	}
	if !now.Before(begin) {
		return fmt.Errorf("%s began at %s: %w", g.Network, begin.Format(time.RFC3339), ErrNoRoom)
	}
	if err := c.Verify(); err != nil {
		return err
	}
	if c.Network != g.Network {
		return fmt.Errorf("%w: %s instead of %s", ErrNetwork, c.Network, g.Network)
	}
	if g, err = withFounder(g, c, share); err != nil {
		return err
	}
	return abci.WriteGenesis(path, g, begin)
}

func withFounder(g app.Genesis, c Card, share Share) (app.Genesis, error) {
	for _, a := range g.Accounts {
		if a.Account == c.Account || slices.ContainsFunc(a.Stakes, func(s app.GenStake) bool { return string(s.ConsKey) == string(c.ConsKey) }) {
			return g, fmt.Errorf("%s: %w", c.Account, ErrTwice)
		}
	}
	capacity := c.Capacity
	if capacity == 0 {
		capacity = 1 << 30
	}
	g.Accounts = append(g.Accounts, app.GenAccount{
		Account: c.Account,
		Balance: share.Balance,
		Stakes: []app.GenStake{
			{Role: ledger.RoleValidator, Amount: share.Stake, ConsKey: c.ConsKey},
			{Role: ledger.RoleProposer, Amount: g.Params.Proposer.MinStake},
			{Role: ledger.RoleProvider, Amount: g.Params.Provider.MinStake},
		},
		Salts: c.Salts, Governor: true, Capacity: capacity,
	})
	return g, nil
}

// Report is what a person checks before starting from a genesis.
type Report struct {
	Network      string      `json:"network"`
	Hash         ledger.Hash `json:"genesis_hash"`
	BeginsMS     int64       `json:"begins_ms"`
	SupplyNatn   ledger.Natn `json:"supply_natn"`
	TreasuryNatn ledger.Natn `json:"treasury_natn"`
	Founders     []Founder   `json:"founders"`
	Warnings     []string    `json:"warnings"`
}

// Founder is one account of a genesis.
type Founder struct {
	Account     ledger.Account `json:"account"`
	ConsKey     []byte         `json:"cons_key,omitempty"`
	StakedNatn  ledger.Natn    `json:"staked_natn"`
	BalanceNatn ledger.Natn    `json:"balance_natn"`
	PerMille    uint64         `json:"validator_per_mille"` // of all validators' power
	Governor    bool           `json:"governor"`
}

// Verify reads a genesis, checks all that a node would, and says what it grants to whom.
func Verify(path string) (Report, error) {
	g, begin, err := abci.ReadGenesis(path)
	if err != nil {
		return Report{}, err
	}
	hash, err := abci.GenesisHash(path)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Network: g.Network, Hash: hash, BeginsMS: begin.UnixMilli(), TreasuryNatn: g.Treasury, SupplyNatn: g.Treasury,
		Founders: []Founder{}, Warnings: []string{},
	}
	var power, governing ledger.Natn
	for _, a := range g.Accounts {
		f := Founder{Account: a.Account, BalanceNatn: a.Balance, Governor: a.Governor}
		for _, s := range a.Stakes {
			f.StakedNatn += s.Amount
			if len(s.ConsKey) == ed25519.PublicKeySize {
				f.ConsKey = s.ConsKey
				power += s.Amount
			}
		}
		if a.Governor {
			governing += f.StakedNatn
		}
		r.SupplyNatn += f.StakedNatn + f.BalanceNatn
		r.Founders = append(r.Founders, f)
	}
	r.weigh(g, power, governing)
	return r, nil
}

// weigh fills in shares of power and says where one founder could stop or own the network.
func (r *Report) weigh(g app.Genesis, power, governing ledger.Natn) {
	for i, a := range g.Accounts {
		f := &r.Founders[i]
		for _, s := range a.Stakes {
			if len(s.ConsKey) > 0 {
				f.PerMille, _ = fixed.MulDiv(uint64(s.Amount), 1000, uint64(power)) // at most 1000
			}
		}
		switch {
		case len(g.Accounts) == 1:
		case f.PerMille > 666:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s alone has over two thirds of the validators' power: it alone decides what is in a block", f.Account))
		case f.PerMille > 333:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s alone has over a third of the validators' power: without it no block is made", f.Account))
		}
		if f.Governor && len(g.Accounts) > 1 && f.StakedNatn > governing/3 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s alone has over a third of the governors' power: without it all work halts", f.Account))
		}
	}
}
