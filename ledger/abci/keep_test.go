package abci_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

func TestOldBlocksAreForgottenAndEventsAreNot(t *testing.T) {
	cfg := solo(t)
	cfg.RetainBlocks, cfg.SnapshotEvery = 132, -1
	n := start(t, cfg)
	sender := key("sender")
	for nonce := range uint64(160) {
		commit(t, n, put(t, sender, nonce, "k", fmt.Sprint(nonce)))
	}
	require.Eventually(t, func() bool { return n.Status().First > 1 }, 20*time.Second, 10*time.Millisecond)
	s := n.Status()
	require.GreaterOrEqual(t, s.Height-s.First+1, int64(132)-2)
	_, err := n.Block(s.First - 1)
	require.ErrorIs(t, err, abci.ErrNoBlock)
	_, err = n.LightBlock(1)
	require.NoError(t, err, "evidence may still name it")
	require.Len(t, allEvents(t, n, 160, 1000), 160)
	n.stop()
	require.NoError(t, n.err)
	n = start(t, cfg)
	require.NoError(t, commit(t, n, put(t, sender, 160, "k", "v")).Err())
}

func TestBlocksAfterTheOldestSnapshotAreKept(t *testing.T) {
	for _, c := range []struct {
		retain, snapshot, height, from int64
	}{
		{retain: -1, height: 1000, from: 0},
		{retain: 200, height: 100, from: 0},
		{retain: 200, height: 1000, from: 0}, // the first snapshot is not there yet
		{retain: 200, snapshot: 100, height: 1000, from: 100},
		{retain: 200, snapshot: 900, height: 1000, from: 801},
	} {
		require.Equal(t, c.from, abci.RetainFrom(c.retain, c.snapshot, c.height), c)
	}
}

func TestOwnClockIsComparedWithTheLedgers(t *testing.T) {
	for _, off := range []time.Duration{0, time.Hour, -30 * time.Second} {
		cfg := solo(t)
		e, err := abci.NewTestEngine(cfg)
		require.NoError(t, err)
		e.ShiftClock(off, e.Ready()) // it would wait for its network to begin
		n := run(t, e)
		from := n.Status().Height
		reaches(t, n, from+12)
		got := time.Duration(n.Status().SkewMS) * time.Millisecond
		require.InDelta(t, off.Seconds(), got.Seconds(), 10)
	}
}

func TestSkewedValidatorsNeitherMoveTimeNorTurnItBack(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		root := t.TempDir()
		cfgs, keys := make([]abci.Config, 4), make([][]byte, 4)
		for i := range cfgs {
			cfgs[i], keys[i] = config(t, root, fmt.Sprint("v", i))
		}
		began := time.Now()
		require.NoError(t, abci.WriteTestGenesis(cfgs[0].GenesisFile, network, began, keys...))
		var nodes []*node
		for i, cfg := range cfgs {
			e, err := abci.NewTestEngine(cfg)
			require.NoError(t, err)
			if i == 0 {
				e.SkewVotes(off)
			}
			nodes = append(nodes, run(t, e))
		}
		meet(t, nodes...)
		sender := key("sender")
		for nonce := range uint64(12) {
			require.NoError(t, commit(t, nodes[1], put(t, sender, nonce, "k", "v")).Err())
		}
		top := nodes[1].Status().Height
		last := began.UnixMilli() - 1
		for height := int64(1); height <= top; height++ {
			block, err := nodes[1].Block(height)
			require.NoError(t, err)
			require.Greater(t, block.TimeMS, last, "time goes forward")
			require.LessOrEqual(t, block.TimeMS, time.Now().UnixMilli()+1000, "and not ahead")
			last = block.TimeMS
		}
		require.InDelta(t, time.Now().UnixMilli(), last, 60_000)
		for _, n := range nodes {
			n.stop()
		}
	}
}

func TestProposalsHaveEachSendersTransactionsInOrder(t *testing.T) {
	a, b := key("a"), key("b")
	tx := func(who string, nonce uint64) []byte {
		return put(t, map[string]ed25519.PrivateKey{"a": a, "b": b}[who], nonce, "k", "v")
	}
	junk := []byte("junk")
	got := abci.InOrder([][]byte{tx("a", 2), tx("b", 0), junk, tx("a", 0), tx("b", 1), tx("a", 1)})
	require.Equal(t, [][]byte{tx("a", 0), tx("b", 0), junk, tx("a", 1), tx("b", 1), tx("a", 2)}, got)
}

func TestLightClientAttackIsReported(t *testing.T) {
	cfg := solo(t)
	n := start(t, cfg)
	commit(t, n, put(t, key("sender"), 0, "k", "v"))
	reaches(t, n, 4)
	require.NoError(t, n.AttackLightClients(network, consSeed("solo"), 2))
	require.Eventually(t, func() bool {
		var faults []uint64
		require.NoError(t, n.Read(func(kv ledger.KV) error {
			faults = []uint64{abci.Faults(kv), abci.Attacks(kv)}
			return nil
		}))
		return faults[0] == 1 && faults[1] == 1
	}, 20*time.Second, 10*time.Millisecond)
}
