package node_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/node"
	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/proofs"
)

// startedLight runs the light node of a home until the test ends.
func startedLight(t *testing.T, dir string, trust []byte) (c *client.Client, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	up, ended := make(chan struct{}), make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		result = node.Start(ctx, node.StartOptions{Home: dir, Version: "test", Light: true, Trust: trust, Started: func(node.Endpoint) { close(up) }})
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-ended
		require.NoError(t, result)
	}
	t.Cleanup(stop)
	select {
	case <-up:
	case <-ended:
		require.NoError(t, result)
		require.FailNow(t, "the light node ended by itself")
	}
	c, err := client.Open(dir)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, stop
}

func TestALightNodeFollowsAFullOneAndReadsByProofs(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a full node and a light one")
	}
	root := t.TempDir()
	full := filepath.Join(root, "full")
	res := founded(t, full)
	a := started(t, full)
	a.until(t, "the full node works", working)
	inv, err := a.Invite(t.Context(), types.InviteRequest{})
	require.NoError(t, err)
	dir := filepath.Join(root, "light")
	_, err = node.Init(t.Context(), node.InitOptions{Home: dir, Name: "light", Network: inv.Invite, Loopback: true})
	require.NoError(t, err)
	header, err := a.Header(t.Context(), 0) // a devnet's genesis is soon too old to begin with
	require.NoError(t, err)

	c, stop := startedLight(t, dir, header.Document)
	var st types.Status
	ahead := func(than int64) {
		require.Eventually(t, func() bool {
			st, err = c.Status(t.Context())
			return err == nil && st.Light != nil && st.Light.Height > than
		}, 60*time.Second, 50*time.Millisecond)
	}
	ahead(header.Height)
	require.Empty(t, st.Light.Conflict)
	require.Empty(t, st.Light.Refused)
	require.Positive(t, st.Light.Sources)

	want, err := a.Account(t.Context(), res.PeerID)
	require.NoError(t, err)
	got, err := c.Account(t.Context(), res.PeerID)
	require.NoError(t, err)
	require.Equal(t, want.Stakes, got.Stakes)
	require.Equal(t, want.Governor, got.Governor)
	require.InDelta(t, float64(want.BalanceNatn), float64(got.BalanceNatn), float64(ledger.ATN), "fees may have been paid between")
	l, err := c.Ledger(t.Context())
	require.NoError(t, err)
	require.True(t, l.Supply.Conserved)
	require.Positive(t, l.Supply.TotalNatn)

	p, err := c.Proof(t.Context(), []string{"heartbeat"}, 0)
	require.NoError(t, err)
	hash, err := proofs.ParseHash(p.Proven.HeaderHash)
	require.NoError(t, err)
	proven, err := proofs.Verify(p.Document, hash, nil)
	require.NoError(t, err)
	require.True(t, proven.Found)
	block, err := a.Block(t.Context(), p.Proven.Header)
	require.NoError(t, err)
	require.Equal(t, block.Hash, p.Proven.HeaderHash, "the full node has the same header")

	_, err = c.Tasks(t.Context())
	require.ErrorContains(t, err, "light node")
	_, err = c.Invite(t.Context(), types.InviteRequest{GrantNatn: 1})
	require.ErrorContains(t, err, "light node")
	kept, err := filepath.Glob(filepath.Join(dir, "data", "ledger", "*"))
	require.NoError(t, err)
	require.Empty(t, kept, "it keeps no ledger")

	// A restart goes on from what it trusted.
	height := st.Light.Height
	stop()
	c, _ = startedLight(t, dir, nil)
	st, err = c.Status(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, st.Light.Height, height)
	ahead(st.Light.Height)
}

func TestAFullNodesProofsQueriesAndExplanationsAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a full node")
	}
	dir := filepath.Join(t.TempDir(), "full")
	res := founded(t, dir)
	a := started(t, dir)
	a.until(t, "the node works", working)
	found, err := a.LedgerEvents(t.Context(), types.EventQuery{Kind: "heartbeat/pulsed", Limit: 1})
	require.NoError(t, err)
	require.Len(t, found.Events, 1)
	require.NotEmpty(t, found.Events[0].TxHash)
	tx, err := a.Tx(t.Context(), found.Events[0].TxHash)
	require.NoError(t, err)
	require.Equal(t, "heartbeat/pulse", tx.Kind)
	require.Equal(t, res.PeerID, tx.Sender)
	require.NotEmpty(t, tx.Events)
	mine, err := a.LedgerEvents(t.Context(), types.EventQuery{Account: res.PeerID, Kind: "heartbeat/pulsed", Cursor: found.Cursor})
	require.NoError(t, err)
	for _, e := range mine.Events {
		require.Greater(t, e.Height, found.Events[0].Height)
	}
	_, err = a.LedgerEvents(t.Context(), types.EventQuery{Cursor: "yesterday"})
	require.Equal(t, types.CodeUsage, code(t, err))
	_, err = a.LedgerEvents(t.Context(), types.EventQuery{Account: "me"})
	require.Equal(t, types.CodeUsage, code(t, err))
	_, err = a.Proof(t.Context(), []string{"wealth"}, 0)
	require.Equal(t, types.CodeUsage, code(t, err))
	_, err = a.Tx(t.Context(), "00"+found.Events[0].TxHash[2:])
	require.Equal(t, types.CodeNotFound, code(t, err))
	_, err = a.Explain(t.Context(), "0123456789abcdef0123456789abcdef", true)
	require.Equal(t, types.CodeNotFound, code(t, err))
	_, err = a.Explain(t.Context(), "task", true)
	require.Equal(t, types.CodeUsage, code(t, err))
}
