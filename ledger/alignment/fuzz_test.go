package alignment_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/stance"
	"autonet/ledger"
	"autonet/ledger/alignment"
)

// FuzzMessages decodes outside bytes as every message of the module: what is accepted is what would be sent.
func FuzzMessages(f *testing.F) {
	cid := ledger.DocCID([]byte("x"))
	for _, m := range []ledger.Msg{
		alignment.Publish{Name: "a", Text: "x"},
		alignment.Publish{Name: "a", CID: cid, Vector: stance.Vector{}.Bytes()},
		alignment.Join{Community: "a"},
		alignment.Leave{},
		alignment.SetValues{Text: "x"},
		alignment.Ask{Text: "x"},
		alignment.CommitScore{Round: proj, Commitment: ledger.Hash{1}},
		alignment.RevealScore{Round: proj},
	} {
		raw, err := ledger.Marshal(m)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		decoded[alignment.Publish](t, raw)
		decoded[alignment.Join](t, raw)
		decoded[alignment.Leave](t, raw)
		decoded[alignment.SetValues](t, raw)
		decoded[alignment.Ask](t, raw)
		decoded[alignment.CommitScore](t, raw)
		decoded[alignment.RevealScore](t, raw)
	})
}

func decoded[M ledger.Msg](t *testing.T, raw []byte) {
	t.Helper()
	var m M
	if ledger.Unmarshal(raw, &m) != nil {
		return
	}
	if err := m.Validate(); err != nil {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
		return
	}
	again, err := ledger.Marshal(m)
	require.NoError(t, err)
	require.True(t, bytes.Equal(raw, again))
}

// FuzzQuote prices any text at any base: the price adds up and is never above twice the base.
func FuzzQuote(f *testing.F) {
	f.Add("help refugees", "deny them asylum", uint64(1000), uint64(1))
	f.Add(good, bad, uint64(1)<<62, uint64(1)<<63)
	f.Add("\xff", "", uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, text, values string, base, units uint64) {
		w := rich(t)
		if m := (alignment.SetValues{Text: values}); m.Validate() == nil {
			require.NoError(t, w.SetValues(w.ctx(bob), w.kv, m))
		}
		q, err := w.Quote(w.ctx(bob), w.kv, alignment.Query{User: bob, Project: proj, Base: ledger.Natn(base), Units: units, Text: text})
		if err != nil {
			require.NotEqual(t, ledger.CodeInternal, ledger.CodeOf(err))
			return
		}
		require.Equal(t, q.Base+q.Premium-q.Subsidy, q.Pay)
		require.LessOrEqual(t, q.Premium, q.Base)
		require.LessOrEqual(t, q.Subsidy, q.Base)
		require.LessOrEqual(t, q.Subsidy, w.Pool(w.kv).Opening/100)
	})
}
