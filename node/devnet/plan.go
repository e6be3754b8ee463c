package devnet

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node"
	"autonet/node/config"
	"autonet/node/devnet/report"
	"autonet/node/home"
)

// Stakes and balances of a swarm's accounts.
const (
	walletATN      = 10_000 * ledger.ATN
	proposerATN    = 1_000_000 * ledger.ATN
	treasuryATN    = 1_000_000 * ledger.ATN
	validatorATN   = 20_000 * ledger.ATN
	roleStakeATN   = 2_000 * ledger.ATN
	providerATN    = 100 * ledger.ATN
	shardsCapacity = 4 << 10 // MiB per node
	validators     = 4
)

// member is one planned node.
type member struct {
	name, role string
	index      int // among the nodes of its role
	validator  bool
	cheat      string
	home       home.Home
	identity   node.Identity
}

// plan deals out roles, validators and cheats. The last solvers and coordinators cheat; validators are the proposer, the
// aggregator and the first coordinators, so that those who judge disputes are not those in them.
func plan(o report.Options) ([]*member, error) {
	var out []*member
	add := func(role string, n int) {
		for i := range n {
			out = append(out, &member{name: fmt.Sprintf("%s-%d", role, i+1), role: role, index: i})
		}
	}
	extra := o.Nodes - report.MinNodes
	solvers, coordinators := 1+min(extra, 2), 3
	rest := max(0, extra-2)
	solvers += (rest + 1) / 2
	coordinators += rest / 2
	add("proposer", 1)
	add("solver", solvers)
	add("coordinator", coordinators)
	add("aggregator", 1)
	judges := 0
	for _, role := range []string{"proposer", "aggregator", "coordinator"} {
		for _, m := range out {
			if m.role == role && judges < validators {
				m.validator = true
				judges++
			}
		}
	}
	return out, dealCheats(out, o)
}

// dealCheats gives each cheat in turn to the last honest node that can commit it.
func dealCheats(members []*member, o report.Options) error {
	kinds := o.Cheats
	if len(kinds) == 0 {
		kinds = report.CheatKinds()
	}
	for i := range o.Byzantine {
		kind := kinds[i%len(kinds)]
		role := "solver"
		if kind == config.CheatApproveAll {
			role = "coordinator"
		}
		at := slices.IndexFunc(backwards(members), func(m *member) bool { return m.role == role && m.cheat == "" })
		if at < 0 {
			return fmt.Errorf("%s: no honest %s is left to become a cheat; use more --nodes or fewer --byzantine", kind, role)
		}
		backwards(members)[at].cheat = kind
	}
	for _, role := range []string{"solver", "coordinator"} {
		if !slices.ContainsFunc(members, func(m *member) bool { return m.role == role && m.cheat == "" }) {
			return fmt.Errorf("every %s would cheat, and nobody could be trusted to find out; use more --nodes or fewer --byzantine", role)
		}
	}
	return nil
}

func backwards(in []*member) []*member {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

// settle writes every home and the common genesis.
func settle(root string, members []*member, o report.Options, ports []int) (string, error) {
	secret := o.Seed
	tag := make([]byte, 4)
	if secret != nil {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("autonet/devnet/v1"), *secret))
		copy(tag, sum[:])
	} else {
		rand.Read(tag)
	}
	g := app.Genesis{Network: "devnet-" + hex.EncodeToString(tag), Params: ledger.DevnetParams(), Treasury: treasuryATN}
	for i, m := range members {
		m.home = home.At(filepath.Join(root, m.name))
		var s node.Secrets
		if secret != nil {
			s.Seed = fmt.Appendf(nil, "%d %s", *secret, m.name)
		}
		var err error
		if m.identity, err = node.MakeHome(m.home, m.config(o, ports[i], bootstrap(members, ports, i)), s); err != nil {
			return "", fmt.Errorf("make the home of %s: %w", m.name, err)
		}
		g.Accounts = append(g.Accounts, m.account())
	}
	slices.SortFunc(g.Accounts, func(a, b app.GenAccount) int {
		if a.Account < b.Account {
			return -1
		}
		return 1
	})
	now := time.Now()
	for _, m := range members {
		if err := abci.WriteGenesis(m.home.Genesis(), g, now); err != nil {
			return "", fmt.Errorf("write the genesis: %w", err)
		}
	}
	return g.Network, nil
}

// bootstrap is the one address a node knows at first: that of the first node. The rest it finds through the DHT.
func bootstrap(members []*member, ports []int, i int) []string {
	if i == 0 {
		return nil
	}
	return []string{fmt.Sprintf("/ip4/127.0.0.1/tcp/%d/p2p/%s", ports[0], members[0].identity.Account)}
}

func (m *member) config(o report.Options, port int, boot []string) config.Config {
	c := config.Default()
	c.Name = m.name
	c.Network.Port, c.Network.Loopback, c.Network.Bootstrap = port, true, boot
	c.Roles.Enabled = []string{m.role, "provider"}
	if m.validator {
		c.Roles.Enabled = append(c.Roles.Enabled, "validator", "governor")
	}
	c.Roles.Threads = max(1, o.Threads)
	if m.role == "solver" {
		c.Roles.Slot = m.index % 32
	}
	c.Roles.Cheat = m.cheat
	if o.Seed != nil {
		c.Roles.Seed = fmt.Sprintf("%d %s", *o.Seed, m.name)
	}
	c.Shards.CapacityMiB = shardsCapacity
	c.Log.Level = "info"
	return c
}

func (m *member) account() app.GenAccount {
	a := app.GenAccount{
		Account: m.identity.Account, Balance: walletATN, Salts: m.identity.SaltHead, Governor: m.validator,
		Capacity: shardsCapacity << 20,
		Stakes: []app.GenStake{
			{Role: ledger.Role(m.role), Amount: roleStakeATN},
			{Role: ledger.RoleProvider, Amount: providerATN},
		},
	}
	if m.role == "proposer" {
		a.Balance = proposerATN
	}
	if m.validator {
		a.Stakes = append(a.Stakes, app.GenStake{Role: ledger.RoleValidator, Amount: validatorATN, ConsKey: m.identity.ConsKey})
	}
	return a
}
