package abci_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/ledger"
	"autonet/ledger/abci"
)

const network = "test-1"

// TestMain plays the node that is killed when it finds itself started as one: see killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if args := os.Getenv(member); args != "" {
		if err := actAsMember(args); err != nil {
			fmt.Println("member:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m,
		// A closed goleveldb keeps this goroutine for one second to let readers give their buffers back.
		goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"),
		// CometBFT stops its write-ahead log without closing the file's own two goroutines.
		goleak.IgnoreTopFunction("github.com/cometbft/cometbft/libs/autofile.OpenAutoFile.func1"),
		goleak.IgnoreTopFunction("github.com/cometbft/cometbft/libs/autofile.(*AutoFile).closeFileRoutine"),
		// CometBFT does not wait for what it does for a peer; these notice after a sleep of up to two seconds.
		goleak.IgnoreAnyFunction("github.com/cometbft/cometbft/consensus.(*Reactor).queryMaj23Routine"),
		// It sleeps for the rest of the first seconds, in which it waits for peers.
		goleak.IgnoreAnyFunction("github.com/cometbft/cometbft/blocksync.(*BlockPool).makeRequestersRoutine"),
	)
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func account(priv ed25519.PrivateKey) ledger.Account {
	return ledger.AccountFromKey(priv.Public().(ed25519.PublicKey))
}

// tick is the time between empty blocks in tests.
const tick = 200 * time.Millisecond

// config prepares a node's home under the root and returns its configuration and consensus key.
func config(tb testing.TB, root, name string) (abci.Config, []byte) {
	tb.Helper()
	home := filepath.Join(root, name)
	cfg := abci.Config{
		Dir:                filepath.Join(home, "data"),
		GenesisFile:        filepath.Join(root, "genesis.json"),
		ValidatorKeyFile:   filepath.Join(home, "key.json"),
		ValidatorStateFile: filepath.Join(home, "state.json"),
		NodeKey:            key("node " + name),
		EmptyBlockInterval: tick,
	}
	if os.Getenv("ABCI_TEST_LOG") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil)).With(slog.String("node", name))
	}
	seed := sha256.Sum256([]byte("validator " + name))
	pub, err := abci.EnsureValidatorKey(cfg.ValidatorKeyFile, cfg.ValidatorStateFile, seed[:])
	require.NoError(tb, err)
	return cfg, pub
}

// solo prepares a network of one validator.
func solo(tb testing.TB) abci.Config {
	tb.Helper()
	root := tb.TempDir()
	cfg, pub := config(tb, root, "solo")
	require.NoError(tb, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), pub))
	return cfg
}

// node is a running engine.
type node struct {
	*abci.Engine
	stop func()
	err  error // of Run; read after stop
}

func start(tb testing.TB, cfg abci.Config) *node {
	tb.Helper()
	e, err := abci.NewTestEngine(cfg)
	require.NoError(tb, err)
	return run(tb, e)
}

func run(tb testing.TB, e *abci.Engine) *node {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background()) //nolint:usetesting // outlives the test's context to be stopped in order
	n := &node{Engine: e}
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.err = e.Run(ctx)
	}()
	n.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	tb.Cleanup(n.stop)
	select {
	case <-e.Ready():
	case <-done:
		require.NoError(tb, n.err)
		tb.Fatal("the engine ended by itself")
	case <-time.After(20 * time.Second):
		tb.Fatal("the engine did not start")
	}
	return n
}

func put(tb testing.TB, priv ed25519.PrivateKey, nonce uint64, k, v string) []byte {
	tb.Helper()
	raw, err := ledger.SignTx(priv, network, nonce, abci.Put{Key: k, Value: []byte(v)})
	require.NoError(tb, err)
	return raw
}

// commit submits a transaction and waits for its block.
func commit(tb testing.TB, n *node, raw []byte) abci.TxResult {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 15*time.Second)
	defer cancel()
	hash, err := n.Submit(ctx, raw)
	require.NoError(tb, err)
	result, err := n.Await(ctx, hash)
	require.NoError(tb, err)
	require.Equal(tb, hash, result.Hash)
	return result
}

func reaches(tb testing.TB, n *node, height int64) {
	tb.Helper()
	require.Eventually(tb, func() bool { return n.Status().Height >= height }, 20*time.Second, 5*time.Millisecond)
}

func nonceOf(tb testing.TB, n *node, who ledger.Account) uint64 {
	tb.Helper()
	var nonce uint64
	require.NoError(tb, n.Read(func(kv ledger.KV) error {
		nonce = abci.Nonce(kv, who)
		return nil
	}))
	return nonce
}

// allEvents reads the log until it holds count events.
func allEvents(tb testing.TB, n *node, count, most int) []ledger.Event {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 15*time.Second)
	defer cancel()
	var events []ledger.Event
	var cursor abci.Cursor
	for len(events) < count {
		got, next, err := n.EventsFrom(ctx, cursor, most)
		require.NoError(tb, err)
		require.LessOrEqual(tb, len(got), most)
		events, cursor = append(events, got...), next
	}
	return events
}

const (
	childDir  = "AUTONET_ABCI_TEST_CHILD"
	childName = "solo"
)

// child is a validator that commits transactions one after the other, saying so, until it is killed.
func child(root string) error {
	home := filepath.Join(root, childName)
	cfg := abci.Config{
		Dir: filepath.Join(home, "data"), GenesisFile: filepath.Join(root, "genesis.json"),
		ValidatorKeyFile: filepath.Join(home, "key.json"), ValidatorStateFile: filepath.Join(home, "state.json"),
		NodeKey: key("node " + childName), EmptyBlockInterval: tick, SnapshotEvery: 7,
	}
	e, err := abci.NewTestEngine(cfg)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Run(context.Background()) }()
	select {
	case <-e.Ready():
	case err := <-ended:
		return errors.Join(errors.New("the engine ended"), err)
	}
	out := bufio.NewWriter(os.Stdout)
	sender := key("sender")
	var nonce uint64
	if err := e.Read(func(kv ledger.KV) error { nonce = abci.Nonce(kv, account(sender)); return nil }); err != nil {
		return err
	}
	for ; ; nonce++ {
		raw, err := ledger.SignTx(sender, network, nonce, abci.Put{Key: fmt.Sprint(nonce % 10), Value: []byte(fmt.Sprint(nonce))})
		if err != nil {
			return err
		}
		hash, err := e.Submit(context.Background(), raw)
		if err != nil {
			return err
		}
		if _, err := e.Await(context.Background(), hash); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "committed", nonce); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}

// consSeed is the seed of a node's consensus key.
func consSeed(name string) []byte {
	seed := sha256.Sum256([]byte("validator " + name))
	return seed[:]
}
