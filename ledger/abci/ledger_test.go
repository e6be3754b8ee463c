package abci_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/heartbeat"
)

// testGenesis is a devnet of one validator, who governs it, and some accounts with money.
func testGenesis(consKey []byte) app.Genesis {
	params := ledger.DevnetParams()
	g := app.Genesis{Network: network, Params: params, Treasury: 1000 * ledger.ATN}
	g.Accounts = append(g.Accounts, app.GenAccount{
		Account: account(key("validator")), Balance: 1000 * ledger.ATN, Governor: true,
		Stakes: []app.GenStake{{Role: ledger.RoleValidator, Amount: params.Validator.MinStake, ConsKey: consKey}},
	})
	for i := range 50 {
		g.Accounts = append(g.Accounts, app.GenAccount{Account: account(key(fmt.Sprint("sender", i))), Balance: 1000 * ledger.ATN})
	}
	return g
}

// ledgerNode starts a validator under the rules of ledger/app.
func ledgerNode(tb testing.TB) (*node, abci.Config) {
	tb.Helper()
	cfg, pub := config(tb, tb.TempDir(), "solo")
	cfg.EmptyBlockInterval = 0 // as the genesis says
	require.NoError(tb, abci.WriteGenesis(cfg.GenesisFile, testGenesis(pub), time.Now()))
	e, err := abci.New(cfg)
	require.NoError(tb, err)
	return run(tb, e), cfg
}

func sign(tb testing.TB, priv ed25519.PrivateKey, nonce uint64, m ledger.Msg) []byte {
	tb.Helper()
	raw, err := ledger.SignTx(priv, network, nonce, m)
	require.NoError(tb, err)
	return raw
}

func TestLedgerMovesMoneyAndConservesIt(t *testing.T) {
	n, cfg := ledgerNode(t)
	from, to := key("sender0"), account(key("sender1"))
	var before app.SupplyReport
	require.NoError(t, n.View(func(v app.View) error {
		before = v.Supply()
		require.True(t, before.Conserved, before.Breach)
		require.EqualValues(t, 1000*ledger.ATN, v.Balance(to, ledger.DenomATN))
		return nil
	}))
	result := commit(t, n, sign(t, from, 0, bank.Send{To: to, Denom: ledger.DenomATN, Amount: uint64(5 * ledger.ATN)}))
	require.NoError(t, result.Err())
	require.Equal(t, account(from), result.Sender)
	require.Equal(t, "bank/send", result.Kind)
	require.NoError(t, n.View(func(v app.View) error {
		require.EqualValues(t, 1005*ledger.ATN, v.Balance(to, ledger.DenomATN))
		require.EqualValues(t, 1, v.Nonce(account(from)))
		after := v.Supply()
		require.True(t, after.Conserved, after.Breach)
		require.Equal(t, before.Total, after.Total)
		return nil
	}))
	_, err := n.Submit(t.Context(), sign(t, key("stranger"), 0, bank.Send{To: to, Denom: ledger.DenomATN, Amount: 1}))
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(err))

	events := allEvents(t, n, 1, 100)
	for i, event := range events {
		require.Positive(t, event.Height)
		if i > 0 && events[i-1].Height == event.Height {
			require.Equal(t, events[i-1].Index+1, event.Index)
		}
		_, err := app.DecodeEvent(event.Kind, event.Data)
		require.NoError(t, err)
	}

	// The same after a restart.
	s := n.Status()
	n.stop()
	require.NoError(t, n.err)
	e, err := abci.New(cfg)
	require.NoError(t, err)
	n = run(t, e)
	require.GreaterOrEqual(t, n.Status().Height, s.Height)
	require.NoError(t, n.View(func(v app.View) error {
		require.EqualValues(t, 1005*ledger.ATN, v.Balance(to, ledger.DenomATN))
		return nil
	}))
}

func TestGovernorsPulseMakesAHeartbeat(t *testing.T) {
	n, _ := ledgerNode(t)
	governor := key("validator")
	reaches(t, n, 2)
	var last app.LastBlock
	require.NoError(t, n.View(func(v app.View) error {
		last = v.LastBlock()
		return nil
	}))
	interval := uint64(time.Now().UnixMilli() / ledger.DevnetParams().PulseIntervalMS)
	pulse := heartbeat.Pulse{Interval: interval, BlockHeight: last.Height, BlockHash: last.Hash}
	require.NoError(t, commit(t, n, sign(t, governor, 0, pulse)).Err())
	require.NoError(t, n.View(func(v app.View) error {
		require.EqualValues(t, 1, v.Heartbeat().Count)
		return nil
	}))
}

func TestIdleLedgerKeepsItsPace(t *testing.T) {
	n, _ := ledgerNode(t)
	reaches(t, n, 3)
	from := n.Status().Height
	time.Sleep(2 * time.Second)
	blocks := n.Status().Height - from
	most := 4 * 2000 / ledger.DevnetParams().EmptyBlockMS
	require.LessOrEqual(t, blocks, most, "an idle chain must not change its state in every block")
	require.GreaterOrEqual(t, blocks, int64(2), "deadlines must come to pass on an idle chain")
}

func TestGenesisSaysWhatItsStateSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "genesis.json")
	at := time.UnixMilli(1_700_000_000_123)
	g := testGenesis(key("cons")[32:])
	require.NoError(t, abci.WriteGenesis(path, g, at))
	got, when, err := abci.ReadGenesis(path)
	require.NoError(t, err)
	require.Equal(t, g, got)
	require.True(t, at.Equal(when))
	hash, err := abci.GenesisHash(path)
	require.NoError(t, err)
	require.NotZero(t, hash)

	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var loose map[string]any
	require.NoError(t, json.Unmarshal(raw, &loose))
	respaced, err := json.Marshal(loose)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, respaced, 0o600))
	same, err := abci.GenesisHash(path)
	require.NoError(t, err)
	require.Equal(t, hash, same, "spaces and order do not matter")

	for name, bad := range map[string]string{
		"not JSON":              "genesis",
		"nothing in it":         "{}",
		"another power":         strings.Replace(string(raw), `"power": "1`, `"power": "2`, 1),
		"another block size":    strings.Replace(string(raw), `"max_bytes": "4194304"`, `"max_bytes": "4194305"`, 1),
		"another first height":  strings.Replace(string(raw), `"initial_height": "1"`, `"initial_height": "2"`, 1),
		"another network":       strings.Replace(string(raw), `"chain_id": "test-1"`, `"chain_id": "test-2"`, 1),
		"no beginning":          strings.Replace(string(raw), `"genesis_time"`, `"genesis_times"`, 1),
		"an unusable parameter": strings.Replace(string(raw), `"lease_ms": 10000`, `"lease_ms": -1`, 1),
	} {
		require.NotEqual(t, bad, string(raw), name)
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		_, _, err := abci.ReadGenesis(path)
		require.ErrorIs(t, err, abci.ErrGenesis, name)
	}
	g.Accounts = nil
	require.Error(t, abci.WriteGenesis(path, g, at))
	_, err = abci.GenesisHash(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzReadGenesis(f *testing.F) {
	path := filepath.Join(f.TempDir(), "genesis.json")
	small := testGenesis(key("cons")[32:])
	small.Accounts = small.Accounts[:2]
	require.NoError(f, abci.WriteGenesis(path, small, time.UnixMilli(1_700_000_000_000)))
	raw, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		hash, written, err := abci.ParseGenesis(raw)
		if err != nil {
			return
		}
		same, again, err := abci.ParseGenesis(written)
		require.NoError(t, err)
		require.Equal(t, hash, same)
		require.Equal(t, written, again)
	})
}

func TestValidatorKeyIsMadeOnceAndNeverReplaced(t *testing.T) {
	dir := t.TempDir()
	keyFile, stateFile := filepath.Join(dir, "v", "key.json"), filepath.Join(dir, "v", "state.json")
	pub, err := abci.EnsureValidatorKey(keyFile, stateFile, nil)
	require.NoError(t, err)
	require.Len(t, pub, ed25519.PublicKeySize)
	info, err := os.Stat(keyFile)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := abci.EnsureValidatorKey(keyFile, stateFile, make([]byte, 32))
	require.NoError(t, err)
	require.Equal(t, pub, again)

	require.NoError(t, os.Remove(stateFile))
	_, err = abci.EnsureValidatorKey(keyFile, stateFile, nil)
	require.ErrorIs(t, err, abci.ErrValidatorState)
	require.NoError(t, os.WriteFile(keyFile, []byte("{}"), 0o600))
	_, err = abci.EnsureValidatorKey(keyFile, stateFile, nil)
	require.Error(t, err)
	_, err = abci.EnsureValidatorKey(filepath.Join(dir, "other"), stateFile, []byte("short"))
	require.Error(t, err)

	seed := make([]byte, ed25519.SeedSize)
	seeded, err := abci.EnsureValidatorKey(filepath.Join(dir, "k"), filepath.Join(dir, "s"), seed)
	require.NoError(t, err)
	require.Equal(t, []byte(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)), seeded)
}

func TestReadersSeeWholeBlocksOfTheLedger(t *testing.T) {
	n, _ := ledgerNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 2)
	for range 2 {
		go func() {
			for ctx.Err() == nil {
				err := n.View(func(v app.View) error {
					if s := v.Supply(); !s.Conserved {
						return fmt.Errorf("half a block: %s", s.Breach)
					}
					return nil
				})
				if err != nil {
					done <- err
					return
				}
				time.Sleep(time.Millisecond)
			}
			done <- nil
		}()
	}
	from, to := key("sender0"), account(key("sender1"))
	for nonce := range uint64(20) {
		result := commit(t, n, sign(t, from, nonce, bank.Send{To: to, Denom: ledger.DenomATN, Amount: 1}))
		require.NoError(t, result.Err())
	}
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, <-done)
}
