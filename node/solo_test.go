package node_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/node"
	"autonet/node/roles"
)

const soloNetwork = "solo"

// Accounts of the solo ledger.
const (
	soloProposer = 1
	soloCitizen  = 2
	soloHeir     = 3
)

// engineOf makes a ledger of one validator, two accounts with money, one of them a proposer, and does not run it.
func engineOf(tb testing.TB) *abci.Engine {
	tb.Helper()
	dir := tb.TempDir()
	c := abci.Config{
		Dir: filepath.Join(dir, "ledger"), GenesisFile: filepath.Join(dir, "genesis.json"), NodeKey: ledgertest.Key(0),
		ValidatorKeyFile: filepath.Join(dir, "key.json"), ValidatorStateFile: filepath.Join(dir, "state.json"),
	}
	cons, err := abci.EnsureValidatorKey(c.ValidatorKeyFile, c.ValidatorStateFile, nil)
	require.NoError(tb, err)
	account := func(i int, stakes ...app.GenStake) app.GenAccount {
		return app.GenAccount{Account: ledgertest.Account(i), Balance: 1000 * ledger.ATN, Stakes: stakes}
	}
	require.NoError(tb, abci.WriteGenesis(c.GenesisFile, app.Genesis{
		Network: soloNetwork, Params: ledger.DevnetParams(), Treasury: ledger.ATN,
		Accounts: []app.GenAccount{
			account(0, app.GenStake{Role: ledger.RoleValidator, Amount: 10_000 * ledger.ATN, ConsKey: cons}),
			account(soloProposer, app.GenStake{Role: ledger.RoleProposer, Amount: 100 * ledger.ATN}),
			account(soloCitizen),
		},
	}, time.Now()))
	e, err := abci.New(c)
	require.NoError(tb, err)
	return e
}

// run runs the ledger until the test ends.
func run(t *testing.T, e *abci.Engine) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	select {
	case <-e.Ready():
	case <-time.After(20 * time.Second):
		require.FailNow(t, "the ledger did not start")
	}
	require.Eventually(t, func() bool { return e.Status().Height > 1 }, 20*time.Second, 10*time.Millisecond)
}

func peerOf(t *testing.T, i int) peer.ID {
	t.Helper()
	id, err := peer.Decode(string(ledgertest.Account(i)))
	require.NoError(t, err)
	return id
}

func TestMessagesSentAtOnceAreSignedWithConsecutiveNonces(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a ledger")
	}
	e := engineOf(t)
	run(t, e)
	s := node.NewSender(e, soloNetwork, ledgertest.Key(soloCitizen))
	require.Equal(t, ledgertest.Account(soloCitizen), s.Account())
	const many = 40
	receipts := make([]roles.Receipt, many)
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { receipts[i], errs[i] = s.Send(t.Context(), penny()) })
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for i, r := range receipts {
		require.NoError(t, errs[i])
		require.Positive(t, r.Height)
		seen[r.Nonce] = true
	}
	require.Len(t, seen, many)
	for i := range uint64(many) {
		require.True(t, seen[i], "nonce %d", i)
	}
	require.Equal(t, uint64(many), saved(t, e))
}

func TestAMessageIsNeverTakenTwiceWhoeverElseUsesTheKey(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a ledger")
	}
	e := engineOf(t)
	run(t, e)
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := uint64(0)
	for _, amount := range []uint64{1, 1000} { // two processes that do not know of each other
		s := node.NewSender(e, soloNetwork, ledgertest.Key(soloCitizen))
		wg.Go(func() {
			for range 10 {
				m := penny()
				m.Amount = amount
				if _, err := s.Send(t.Context(), m); err != nil {
					assert.Equal(t, ledger.CodeNonce, ledger.CodeOf(err), "%v", err)
					continue
				}
				mu.Lock()
				taken += amount
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Positive(t, taken)
	require.Equal(t, taken, saved(t, e))
}

func TestARefusalStopsOnlyItsOwnMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a ledger")
	}
	e := engineOf(t)
	s := node.NewSender(e, soloNetwork, ledgertest.Key(soloCitizen))
	_, err := s.Send(t.Context(), penny())
	require.Error(t, err, "the ledger has not started")
	run(t, e)
	_, err = s.Send(t.Context(), bank.Send{To: ledgertest.Account(0), Denom: ledger.DenomATN, Amount: uint64(5000 * ledger.ATN)})
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(err), "%v", err)
	_, err = s.Send(t.Context(), penny())
	require.NoError(t, err)
	refused := errors.New("nothing to say")
	_, err = s.SendBuilt(t.Context(), func(uint64) (ledger.Msg, error) { return nil, refused })
	require.ErrorIs(t, err, refused)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Send(ctx, penny())
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Send(t.Context(), penny())
	require.NoError(t, err)
}

// penny is money for somebody who has none.
func penny() bank.Send {
	return bank.Send{To: ledgertest.Account(soloHeir), Denom: ledger.DenomATN, Amount: 1}
}

// saved is what the heir has got.
func saved(t *testing.T, e *abci.Engine) (amount uint64) {
	t.Helper()
	require.NoError(t, e.View(func(v app.View) error {
		amount = v.Balance(ledgertest.Account(soloHeir), ledger.DenomATN)
		return nil
	}))
	return amount
}
