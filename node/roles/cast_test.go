package roles_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/ledgertest"
	"autonet/node/roles"
	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
)

const (
	network = "test"
	start   = int64(1_700_000_000_000)
	atn     = ledger.ATN
)

// Places in the cast.
const (
	owner      = 0 // proposer; with the next two the validators and governors
	validators = 3
	solver     = 3  // and on
	member     = 10 // and on: coordinators
	aggregator = 20
	provider   = 21 // and the next
	providers  = 2
)

// cast says who plays: the way of cheating of every solver and coordinator, empty for an honest one.
type cast struct {
	solvers, members []string
}

func honest(solvers int) cast {
	return cast{solvers: make([]string, solvers), members: make([]string, 3)}
}

func saltSeed(i int) [32]byte { return sha256.Sum256([]byte{byte(i), 's'}) }

func genesis(c cast) app.Genesis {
	g := app.Genesis{Network: network, Params: ledger.DevnetParams(), Treasury: 1000 * atn}
	add := func(i int, role ledger.Role, amount ledger.Natn) *app.GenAccount {
		g.Accounts = append(g.Accounts, app.GenAccount{
			Account: ledgertest.Account(i), Balance: 10_000 * atn, Stakes: []app.GenStake{{Role: role, Amount: amount}},
		})
		return &g.Accounts[len(g.Accounts)-1]
	}
	for i := range validators {
		a := add(i, ledger.RoleValidator, 10_000*atn)
		key := sha256.Sum256([]byte{byte(i), 'c'})
		a.Stakes[0].ConsKey, a.Governor = key[:], true
		if i == owner {
			a.Stakes = append(a.Stakes, app.GenStake{Role: ledger.RoleProposer, Amount: 1000 * atn})
		}
	}
	for i := range c.solvers {
		add(solver+i, ledger.RoleSolver, 500*atn)
	}
	for i := range c.members {
		a := add(member+i, ledger.RoleCoordinator, 1000*atn)
		a.Salts = commitreveal.SaltChain(saltSeed(member+i), roles.SaltChainLength)
	}
	add(aggregator, ledger.RoleAggregator, 1000*atn)
	for i := range providers {
		add(provider+i, ledger.RoleProvider, 50*atn).Capacity = 1 << 30
	}
	return g
}

// smallData writes a folder with a few digits.
func smallData(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	sets, err := digits()
	require.NoError(tb, err)
	for _, f := range []struct {
		name string
		raw  []byte
	}{
		{"train-images-idx3-ubyte", dataset.EncodeImages(sets[0])},
		{"train-labels-idx1-ubyte", dataset.EncodeLabels(sets[0])},
		{"t10k-images-idx3-ubyte", dataset.EncodeImages(sets[1])},
		{"t10k-labels-idx1-ubyte", dataset.EncodeLabels(sets[1])},
	} {
		require.NoError(tb, os.WriteFile(filepath.Join(dir, f.name), f.raw, 0o600))
	}
	return dir
}

var digits = sync.OnceValues(func() (sets [2]dataset.Set, err error) {
	training, err := mnist.Train()
	if err != nil {
		return sets, err
	}
	held, err := mnist.HeldOut()
	return [2]dataset.Set{training.Head(384), held.Head(64)}, err
})
