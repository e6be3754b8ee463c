package abci_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// meet makes every node dial every other one at its present address.
func meet(tb testing.TB, nodes ...*node) {
	tb.Helper()
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				require.NoError(tb, a.DialPeer(tb.Context(), b.NodeID(), b.P2PAddr()))
			}
		}
	}
}

func TestFourValidatorsAgreeWithOneStoppedAndBack(t *testing.T) {
	root := t.TempDir()
	cfgs, keys := make([]abci.Config, 5), make([][]byte, 5)
	for i := range cfgs {
		cfgs[i], keys[i] = config(t, root, fmt.Sprint("v", i))
	}
	require.NoError(t, abci.WriteTestGenesis(cfgs[0].GenesisFile, network, time.Now(), keys[:4]...))
	nodes := make([]*node, 4)
	for i := range nodes {
		nodes[i] = start(t, cfgs[i])
	}
	meet(t, nodes...)
	sender := key("sender")
	first := commit(t, nodes[0], put(t, sender, 0, "k", "0"))
	require.NoError(t, first.Err())
	reaches(t, nodes[1], first.Height) // which judges the next transaction by its own state

	// A transaction submitted to one node can be awaited at another.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	hash, err := nodes[1].Submit(ctx, put(t, sender, 1, "k", "1"))
	require.NoError(t, err)
	there, err := nodes[2].Await(ctx, hash)
	require.NoError(t, err)
	agree(t, there.Height, nodes...)

	nodes[3].stop()
	require.NoError(t, nodes[3].err)
	for nonce := uint64(2); nonce < 5; nonce++ {
		require.NoError(t, commit(t, nodes[0], put(t, sender, nonce, "k", fmt.Sprint(nonce))).Err())
	}

	// It comes back at another address: the others are told and meet it again.
	cfgs[3].Port = freePort(t)
	nodes[3] = start(t, cfgs[3])
	meet(t, nodes...)
	require.Eventually(t, func() bool {
		return nonceOf(t, nodes[3], account(sender)) == 5 && !nodes[3].Status().CatchingUp
	}, 20*time.Second, 10*time.Millisecond)
	agree(t, nodes[0].Status().Height, nodes...)
	require.Len(t, allEvents(t, nodes[3], 5, 100), 5)

	// A fifth node follows, and joins the validators when the rules say so.
	fifth := start(t, cfgs[4])
	nodes = slices.Concat(nodes, []*node{fifth})
	meet(t, nodes...)
	require.False(t, fifth.Status().IsValidator)
	require.NoError(t, commit(t, nodes[0], put(t, sender, 5, abci.KeyValidator, string(append(keys[4], 10)))).Err())
	require.Eventually(t, func() bool {
		s := fifth.Status()
		return s.IsValidator && len(s.Validators) == 5
	}, 20*time.Second, 10*time.Millisecond)
	agree(t, fifth.Status().Height, nodes...)
}

// agree waits until all nodes have a height and compares their block and state at it.
func agree(tb testing.TB, height int64, nodes ...*node) {
	tb.Helper()
	var want abci.BlockInfo
	for i, n := range nodes {
		reaches(tb, n, height+1)
		got, err := n.Block(height + 1)
		require.NoError(tb, err)
		if i == 0 {
			want = got
		}
		require.Equal(tb, want.Hash, got.Hash)
		require.Equal(tb, want.AppHash, got.AppHash)
		require.Equal(tb, want.Txs, got.Txs)
	}
}

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(tb, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(tb, l.Close())
	return port
}

func TestFaultStopsAFollowerThatCatchesUp(t *testing.T) {
	root := t.TempDir()
	cfg, pub := config(t, root, "v")
	require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), pub))
	v := start(t, cfg)
	sender := key("sender")
	for nonce := range uint64(3) {
		require.NoError(t, commit(t, v, put(t, sender, nonce, "k", "v")).Err())
	}
	faulty := func(name string) *node {
		cfg, _ := config(t, root, name)
		cfg.ValidatorKeyFile, cfg.ValidatorStateFile = "", ""
		e, err := abci.NewDissentingEngine(cfg, name == "rules")
		require.NoError(t, err)
		f := run(t, e)
		if name == "disk" {
			require.NoError(t, f.FailEvents())
		}
		require.NoError(t, f.DialPeer(t.Context(), v.NodeID(), v.P2PAddr()))
		return f
	}
	unsound, full := faulty("rules"), faulty("disk")
	for _, f := range []*node{unsound, full} {
		select {
		case <-f.Stopped():
		case <-time.After(20 * time.Second):
			t.Fatal("the follower goes on")
		}
		f.stop()
	}
	require.ErrorIs(t, unsound.err, abci.ErrTestBreach)
	require.ErrorContains(t, full.err, "write the events")
}

func TestNodeWaitsForItsNetworkToBegin(t *testing.T) {
	cfg := solo(t)
	pub, err := abci.EnsureValidatorKey(cfg.ValidatorKeyFile, cfg.ValidatorStateFile, nil)
	require.NoError(t, err)
	require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now().Add(time.Hour), pub))
	e, err := abci.NewTestEngine(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.NoError(t, e.Run(ctx), "and can be stopped while it waits")
}

func TestPeersAreChecked(t *testing.T) {
	e, err := abci.NewTestEngine(solo(t))
	require.NoError(t, err)
	other := abci.NodeIDOf(key("other").Public().(ed25519.PublicKey))
	require.Len(t, other, 40)
	require.NoError(t, e.DialPeer(t.Context(), other, "127.0.0.1:1"))
	require.NoError(t, e.DialPeer(t.Context(), other, "127.0.0.1:2"))
	e.DropPeer(other)
	for _, bad := range [][2]string{
		{e.NodeID(), "127.0.0.1:1"},
		{"", "127.0.0.1:1"},
		{"xyz", "127.0.0.1:1"},
		{other, ""},
		{other, "127.0.0.1"},
		{other, "somewhere:1"},
		{other, "127.0.0.1:99999"},
	} {
		require.ErrorIs(t, e.DialPeer(t.Context(), bad[0], bad[1]), abci.ErrPeer, bad)
	}
	require.Empty(t, abci.NodeIDOf(nil))
	require.Empty(t, ledger.AccountFromKey(nil))
}
