package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/project"
)

// FuzzCheckTx throws any bytes at the door.
func FuzzCheckTx(f *testing.F) {
	c := newChain(f)
	c.beat()
	for _, m := range everyMessage(project.Project{ID: ledger.ProjectID(network, acct(owner), 0)}) {
		f.Add(c.sign(citizen, m))
	}
	f.Add([]byte{})
	clean := c.kv.Dump()
	f.Fuzz(func(t *testing.T, raw []byte) {
		scratch := ledger.NewOverlay(c.kv)
		err := c.CheckTx(scratch, c.info(), raw)
		require.NotEqual(t, ledger.CodeInternal, ledger.CodeOf(err))
		require.Equal(t, clean, c.kv.Dump())
	})
}

// FuzzMessages throws any bytes at the decoder and the rules of every kind of message, properly signed and paid.
func FuzzMessages(f *testing.F) {
	c := newChain(f)
	id := c.funded()
	c.must(owner, c.proposal(id))
	c.beat()
	known, _ := c.view().Project(id)
	kinds := map[string]bool{}
	for _, m := range everyMessage(known) {
		raw, err := ledger.Marshal(m)
		require.NoError(f, err)
		f.Add(m.Kind(), raw)
		kinds[m.Kind()] = true
	}
	f.Add("bank/mint", []byte{0xa0})
	clean := c.kv.Clone()
	f.Fuzz(func(t *testing.T, kind string, msg []byte) {
		if len(msg) > ledger.MaxTxBytes {
			return
		}
		raw := sealed(t, 1, kind, msg, 1<<40)
		kv := clean.Clone()
		checked := c.CheckTx(ledger.NewOverlay(kv), c.info(), raw)
		res, err := c.ExecBlock(kv, c.info(), [][]byte{raw})
		require.NoError(t, err)
		require.NotEqual(t, ledger.CodeInternal, res.Txs[0].Code, res.Txs[0].Text)
		if ledger.CodeOf(checked) == ledger.CodeInvalid {
			require.Equal(t, ledger.CodeInvalid, res.Txs[0].Code, "what the door calls invalid no block accepts")
		}
		if !kinds[kind] && kind != "project/create" && kind != "shardreg/register" {
			require.Equal(t, ledger.CodeInvalid, res.Txs[0].Code)
		}
		require.NotEqual(t, ledger.CodeNonce, res.Txs[0].Code)
		require.True(t, c.View(kv).Supply().Conserved)
	})
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range app.EventKinds() {
		raw, err := ledger.Marshal(e)
		require.NoError(f, err)
		f.Add(e.EventKind(), raw)
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		event, err := app.DecodeEvent(kind, raw)
		if err != nil {
			return
		}
		again, err := ledger.Marshal(event)
		require.NoError(t, err)
		require.Equal(t, raw, again)
	})
}

func TestEveryKindOfEventHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range app.EventKinds() {
		require.False(t, seen[e.EventKind()], e.EventKind())
		seen[e.EventKind()] = true
		raw, err := ledger.Marshal(e)
		require.NoError(t, err)
		back, err := app.DecodeEvent(e.EventKind(), raw)
		require.NoError(t, err)
		require.IsType(t, e, back)
	}
	_, err := app.DecodeEvent("bank/minted", nil)
	require.Error(t, err)
}
