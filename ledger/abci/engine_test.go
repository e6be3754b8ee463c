package abci_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	cometproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

func TestSingleValidatorCommitsTransactions(t *testing.T) {
	n := start(t, solo(t))
	sender := key("sender")
	reaches(t, n, 2)
	for nonce := range uint64(3) {
		result := commit(t, n, put(t, sender, nonce, "k", fmt.Sprint(nonce)))
		require.NoError(t, result.Err())
		require.Positive(t, result.Height)
	}
	require.EqualValues(t, 3, nonceOf(t, n, account(sender)))
	s := n.Status()
	require.Equal(t, network, s.Network)
	require.True(t, s.IsValidator)
	require.False(t, s.CatchingUp)
	require.Len(t, s.Validators, 1)
	require.NotZero(t, s.Hash)
	require.NotZero(t, s.AppHash)

	block, err := n.Block(0)
	require.NoError(t, err)
	require.GreaterOrEqual(t, block.Height, s.Height)
	_, err = n.Block(1 << 40)
	require.ErrorIs(t, err, abci.ErrNoBlock)
	n.stop()
	require.NoError(t, n.err)
	require.ErrorIs(t, n.Read(func(ledger.KV) error { return nil }), abci.ErrNotRunning)
	_, err = n.Submit(t.Context(), put(t, sender, 9, "k", "v"))
	require.ErrorIs(t, err, abci.ErrNotRunning)
}

func TestIdleChainMakesEmptyBlocksAtItsInterval(t *testing.T) {
	n := start(t, solo(t))
	reaches(t, n, 3)
	from, began := n.Status(), time.Now()
	reaches(t, n, from.Height+4)
	took := time.Since(began)
	require.Greater(t, took, 2*tick, "blocks without a reason")
	require.Equal(t, from.AppHash, n.Status().AppHash)
}

func TestSenderHasSeveralTransactionsOnTheWay(t *testing.T) {
	n := start(t, solo(t))
	sender := key("sender")
	var last ledger.Hash
	for nonce := range uint64(300) {
		hash, err := n.Submit(t.Context(), put(t, sender, nonce, "k", fmt.Sprint(nonce)))
		require.NoError(t, err)
		last = hash
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	result, err := n.Await(ctx, last)
	require.NoError(t, err)
	require.NoError(t, result.Err())
	for i, event := range allEvents(t, n, 300, 70) {
		require.EqualValues(t, i, binary.BigEndian.Uint64(event.Data))
	}
}

func TestRefusalsAreTyped(t *testing.T) {
	n := start(t, solo(t))
	sender := key("sender")
	refused := func(raw []byte) ledger.Code {
		_, err := n.Submit(t.Context(), raw)
		var refusal *ledger.Error
		require.ErrorAs(t, err, &refusal)
		return refusal.Code
	}
	require.Equal(t, ledger.CodeInvalid, refused(nil))
	require.Equal(t, ledger.CodeInvalid, refused([]byte("not a transaction")))
	require.Equal(t, ledger.CodeInvalid, refused(make([]byte, ledger.MaxTxBytes+1)))
	require.Equal(t, ledger.CodeNonce, refused(put(t, sender, 7, "k", "v")))
	elsewhere, err := ledger.SignTx(sender, "other", 0, abci.Put{Key: "k"})
	require.NoError(t, err)
	require.Equal(t, ledger.CodeInvalid, refused(elsewhere))

	result := commit(t, n, put(t, sender, 0, abci.KeyRefuse, ""))
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(result.Err()))
}

func TestResubmissionIsNoError(t *testing.T) {
	n := start(t, solo(t))
	raw := put(t, key("sender"), 0, "k", "v")
	first, err := n.Submit(t.Context(), raw)
	require.NoError(t, err)
	_, err = n.Submit(t.Context(), raw)
	require.NoError(t, err)
	commit(t, n, raw)
	again, err := n.Submit(t.Context(), raw)
	require.NoError(t, err)
	require.Equal(t, first, again)
}

func TestFullMempoolAsksToTryAgain(t *testing.T) {
	cfg := solo(t)
	cfg.MempoolTxs = 80
	n := start(t, cfg)
	var err error
	for i := 0; err == nil && i < 5000; i++ {
		_, err = n.Submit(t.Context(), put(t, key(fmt.Sprint("sender", i)), 0, "k", "v"))
	}
	require.ErrorIs(t, err, abci.ErrMempoolFull)
	var refusal *ledger.Error
	require.NotErrorAs(t, err, &refusal)
}

func TestUnsoundStateStopsTheNodeWithItsReason(t *testing.T) {
	for _, k := range []string{abci.KeyBreach, abci.KeyPanic} {
		n := start(t, solo(t))
		_, err := n.Submit(t.Context(), put(t, key("sender"), 0, k, ""))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, _, err = n.EventsFrom(ctx, abci.Cursor{}, 1)
		cancel()
		require.ErrorIs(t, err, abci.ErrNotRunning)
		n.stop()
		if k == abci.KeyBreach {
			require.ErrorIs(t, n.err, abci.ErrTestBreach)
		} else {
			require.ErrorContains(t, n.err, "as asked")
		}
	}
}

func TestDiskThatTakesNothingStopsTheNode(t *testing.T) {
	n := start(t, solo(t))
	commit(t, n, put(t, key("sender"), 0, "k", "v"))
	require.NoError(t, n.FailDisk())
	select {
	case <-n.Stopped():
	case <-time.After(10 * time.Second):
		t.Fatal("the node goes on")
	}
	n.stop()
	require.ErrorContains(t, n.err, "closed")
}

func TestEventCursorResumesAfterRestart(t *testing.T) {
	cfg := solo(t)
	n := start(t, cfg)
	sender := key("sender")
	for nonce := range uint64(4) {
		commit(t, n, put(t, sender, nonce, "k", "v"))
	}
	first, cursor, err := n.EventsFrom(t.Context(), abci.Cursor{}, 2)
	require.NoError(t, err)
	require.Len(t, first, 2)
	before := n.Status()
	n.stop()

	n = start(t, cfg)
	require.GreaterOrEqual(t, n.Status().Height, before.Height)
	rest, cursor, err := n.EventsFrom(t.Context(), cursor, 0)
	require.NoError(t, err)
	require.Len(t, rest, 2)
	require.EqualValues(t, 2, binary.BigEndian.Uint64(rest[0].Data))

	ctx, cancel := context.WithTimeout(t.Context(), 3*tick)
	defer cancel()
	_, same, err := n.EventsFrom(ctx, cursor, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, cursor, same)

	result, err := n.Await(t.Context(), first[0].TxHash)
	require.NoError(t, err, "results survive a restart")
	require.Equal(t, first[0].Height, result.Height)
	commit(t, n, put(t, sender, 4, "k", "v"))
}

func TestLightBlockVerifies(t *testing.T) {
	n := start(t, solo(t))
	commit(t, n, put(t, key("sender"), 0, "k", "v"))
	for _, height := range []int64{0, 1} {
		raw, err := n.LightBlock(height)
		require.NoError(t, err)
		var pb cometproto.LightBlock
		require.NoError(t, pb.Unmarshal(raw))
		light, err := types.LightBlockFromProto(&pb)
		require.NoError(t, err)
		require.NoError(t, light.ValidateBasic(network))
		require.NoError(t, light.ValidatorSet.VerifyCommitLight(network, light.Commit.BlockID, light.Height, light.Commit))
	}
	_, err := n.LightBlock(-1)
	require.ErrorIs(t, err, abci.ErrNoBlock)
}

func TestBlockTellsItsTransactions(t *testing.T) {
	n := start(t, solo(t))
	result := commit(t, n, put(t, key("sender"), 0, "k", "v"))
	block, err := n.Block(result.Height)
	require.NoError(t, err)
	require.Equal(t, []abci.TxResult{result}, block.Txs)
	require.Equal(t, n.Status().Validators[0].Address, block.Proposer)
}

func TestOtherGenesisIsRefused(t *testing.T) {
	cfg := solo(t)
	start(t, cfg).stop()
	require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), key("another")[:32]))
	e, err := abci.NewTestEngine(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, e.Run(t.Context()), abci.ErrOtherGenesis)
	require.ErrorIs(t, e.Run(t.Context()), abci.ErrRunTwice)
}

func TestEngineKeepsItsPort(t *testing.T) {
	cfg := solo(t)
	n := start(t, cfg)
	addr := n.P2PAddr()
	require.NotEmpty(t, addr)
	n.stop()
	n = start(t, cfg)
	require.Equal(t, addr, n.P2PAddr())
}

func TestConfigurationIsChecked(t *testing.T) {
	good := solo(t)
	require.NoError(t, good.Validate())
	for name, spoil := range map[string]func(*abci.Config){
		"no folder":       func(c *abci.Config) { c.Dir = "" },
		"no genesis":      func(c *abci.Config) { c.GenesisFile = "" },
		"half a key":      func(c *abci.Config) { c.ValidatorStateFile = "" },
		"no node key":     func(c *abci.Config) { c.NodeKey = nil },
		"negative time":   func(c *abci.Config) { c.EmptyBlockInterval = -1 },
		"negative bound":  func(c *abci.Config) { c.MempoolTxs = -1 },
		"impossible port": func(c *abci.Config) { c.Port = 1 << 20 },
	} {
		bad := good
		spoil(&bad)
		_, err := abci.New(bad)
		require.Error(t, err, name)
	}
}
