package rewards_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
)

func aVote() rewards.Vote {
	a, b := ledgertest.Account(1), ledgertest.Account(2)
	if b < a {
		a, b = b, a
	}
	binding := ledger.Hash(sha256.Sum256([]byte("binding")))
	return rewards.Vote{
		Task: ledger.TaskID(ledgertest.Network, a, 1), Account: ledgertest.Account(3),
		Entries: []rewards.Entry{
			{Solver: a, Score: 50_000, Correct: 7, Total: 9, Intervals: []uint32{1, 3}, Bindings: []ledger.Hash{binding, binding}},
			{
				Solver: b, Score: 1, Total: 9, Intervals: []uint32{0}, Bindings: []ledger.Hash{binding}, Note: "differs",
				Fault: &rewards.Fault{Interval: 0, Step: 2, Kind: rewards.FaultMismatch},
			},
		},
	}
}

func TestVoteSurvivesItsEncoding(t *testing.T) {
	doc, err := aVote().Encode()
	require.NoError(t, err)
	got, err := rewards.DecodeVote(doc)
	require.NoError(t, err)
	require.Equal(t, aVote(), got)
	require.Equal(t, ledger.DocCID(doc), rewards.DocCID(doc))
	require.True(t, got.Entries[1].Mismatch())
	require.False(t, got.Entries[1].Unusable())
	require.False(t, got.Entries[0].Mismatch())
}

func TestVoteThatIsNotWellFormedIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*rewards.Vote){
		"task":                  func(v *rewards.Vote) { v.Task = "" },
		"account":               func(v *rewards.Vote) { v.Account = "x" },
		"no entries":            func(v *rewards.Vote) { v.Entries = nil },
		"order":                 func(v *rewards.Vote) { v.Entries[0], v.Entries[1] = v.Entries[1], v.Entries[0] },
		"twice":                 func(v *rewards.Vote) { v.Entries[1] = v.Entries[0] },
		"solver":                func(v *rewards.Vote) { v.Entries[0].Solver = "1" },
		"more correct":          func(v *rewards.Vote) { v.Entries[0].Correct = 10 },
		"long note":             func(v *rewards.Vote) { v.Entries[0].Note = strings.Repeat("x", 65) },
		"missing binding":       func(v *rewards.Vote) { v.Entries[0].Bindings = v.Entries[0].Bindings[:1] },
		"binding too many":      func(v *rewards.Vote) { v.Entries[0].Intervals = v.Entries[0].Intervals[:1] },
		"fault without replay":  func(v *rewards.Vote) { v.Entries[1].Bindings, v.Entries[1].Intervals = nil, nil },
		"interval order":        func(v *rewards.Vote) { v.Entries[0].Intervals = []uint32{3, 1} },
		"interval out of bound": func(v *rewards.Vote) { v.Entries[0].Intervals = []uint32{3, 5000} },
		"unknown fault":         func(v *rewards.Vote) { v.Entries[1].Fault.Kind = "ugly" },
		"score of malformed":    func(v *rewards.Vote) { v.Entries[1].Fault.Kind = rewards.FaultMalformed },
		"replay of unretrievable": func(v *rewards.Vote) {
			v.Entries[1].Fault.Kind, v.Entries[1].Score = rewards.FaultUnretrievable, 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := aVote()
			spoil(&v)
			_, err := v.Encode()
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			doc, err := ledger.Marshal(v)
			require.NoError(t, err)
			_, err = rewards.DecodeVote(doc)
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
		})
	}
	_, err := rewards.DecodeVote(make([]byte, rewards.MaxVoteBytes+1))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
}

func TestVoteOnAnUnusableSolutionNeedsNoReplay(t *testing.T) {
	for _, kind := range []string{rewards.FaultMalformed, rewards.FaultUnretrievable} {
		v := aVote()
		v.Entries[1] = rewards.Entry{Solver: v.Entries[1].Solver, Total: 9, Fault: &rewards.Fault{Kind: kind}}
		doc, err := v.Encode()
		require.NoError(t, err)
		got, err := rewards.DecodeVote(doc)
		require.NoError(t, err)
		require.True(t, got.Entries[1].Unusable())
	}
}

func TestMessagesCheckTheirForm(t *testing.T) {
	id := aVote().Task
	require.NoError(t, rewards.CommitVote{Task: id, Commitment: ledger.Hash{1}}.Validate())
	require.Error(t, rewards.CommitVote{Task: id}.Validate())
	require.Error(t, rewards.CommitVote{Task: "x", Commitment: ledger.Hash{1}}.Validate())
	require.NoError(t, rewards.RevealVote{Task: id, Doc: []byte{1}}.Validate())
	require.Error(t, rewards.RevealVote{Task: id}.Validate())
	require.Error(t, rewards.RevealVote{Task: "x", Doc: []byte{1}}.Validate())
	require.Error(t, rewards.RevealVote{Task: id, Doc: make([]byte, rewards.MaxVoteBytes+1)}.Validate())
	for _, m := range rewards.Messages() {
		require.True(t, strings.HasPrefix(m.Kind(), "rewards/"))
	}
	for _, e := range rewards.Events() {
		require.True(t, strings.HasPrefix(e.EventKind(), "rewards/"))
	}
}

func FuzzDecodeVote(f *testing.F) {
	doc, err := aVote().Encode()
	require.NoError(f, err)
	f.Add(doc)
	f.Add(append(bytes.Clone(doc), 0))
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := rewards.DecodeVote(doc)
		if err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			return
		}
		again, err := v.Encode()
		require.NoError(t, err)
		require.Equal(t, doc, again)
	})
}
