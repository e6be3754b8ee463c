package alignment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/ledgertest"
)

// bench is a round asked for by bob, and its judges with their power in thousands of ATN.
func bench(t *testing.T, powers ...ledger.Natn) (*world, string) {
	t.Helper()
	w := rich(t)
	for i, p := range powers {
		w.power[judge(i)] = p * 1000 * atn
	}
	require.NoError(t, w.Ask(w.ctx(bob), w.kv, alignment.Ask{Text: bad}))
	return w, alignment.RoundID(ledgertest.Network, bob, 0)
}

func judge(i int) ledger.Account { return ledgertest.Account(10 + i) }

func sealed(round string, i int, score uint16) alignment.CommitScore {
	return alignment.CommitScore{Round: round, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, ledgertest.Network, round, string(judge(i)), alignment.ScoreDoc(score, ""), ledger.Hash{byte(i)},
	)}
}

func opened(round string, i int, score uint16) alignment.RevealScore {
	return alignment.RevealScore{Round: round, Score: score, Salt: ledger.Hash{byte(i)}}
}

// run lets the judges commit to scores and reveal them, and ends the round. A negative score is not revealed.
func run(t *testing.T, w *world, round string, scores ...int) {
	t.Helper()
	for i, s := range scores {
		require.NoError(t, w.CommitScore(w.ctx(judge(i)), w.kv, sealed(round, i, uint16(max(s, 0)))))
	}
	w.workMS += w.params.Pricing.JudgeCommitMS
	for i, s := range scores {
		if s >= 0 {
			require.NoError(t, w.RevealScore(w.ctx(judge(i)), w.kv, opened(round, i, uint16(s))))
		}
	}
	w.workMS += w.params.Pricing.JudgeRevealMS
	require.NoError(t, w.End(w.ctx(""), w.kv))
	_, open := w.Round(w.kv, round)
	require.False(t, open)
	w.sound()
}

func TestTheJudgesMedianReplacesTheHeuristic(t *testing.T) {
	w, round := bench(t, 1, 1, 1)
	before := w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: bad})
	require.Equal(t, alignment.RowPremium, before.Row)
	run(t, w, round, 10_000, 40_000, 60_000)
	q := w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: bad})
	require.True(t, q.Judged)
	require.Equal(t, uint16(40_000), q.TaskToOwn)
	require.Equal(t, alignment.RowBase, q.Row)
	refused(w, bob, ledger.CodeRefused, w.Ask, alignment.Ask{Text: bad})
	require.False(t, w.quote(alignment.Query{Base: 100 * atn, Units: 100, Text: bad + "."}).Judged, "another text is another text")
}

func TestPowerWeighsTheMedian(t *testing.T) {
	w, round := bench(t, 10, 1, 1)
	run(t, w, round, 1000, 60_000, 65_535)
	require.Equal(t, uint16(1000), w.quote(alignment.Query{Base: 1, Units: 1, Text: bad}).TaskToOwn)
}

func TestTooFewJudgesOrTooLittlePowerLeaveTheHeuristicInForce(t *testing.T) {
	for name, c := range map[string]struct {
		powers []ledger.Natn
		scores []int
	}{
		"nobody":                {nil, nil},
		"two":                   {[]ledger.Natn{1, 1}, []int{1, 2}},
		"three of whom one hid": {[]ledger.Natn{1, 1, 1}, []int{1, 2, -1}},
		"under a fifth of all":  {[]ledger.Natn{1, 1, 1, 90}, []int{1, 2, 3}},
	} {
		w, round := bench(t, c.powers...)
		run(t, w, round, c.scores...)
		require.False(t, w.quote(alignment.Query{Base: 1, Units: 1, Text: bad}).Judged, name)
		require.NoError(t, w.Ask(w.ctx(ann), w.kv, alignment.Ask{Text: bad}), name)
	}
}

func TestRefusalsOfJudging(t *testing.T) {
	w, round := bench(t, 1, 1, 1)
	w.power[bob] = 5000 * atn
	refused(w, bob, ledger.CodeRefused, w.CommitScore, alignment.CommitScore{Round: round, Commitment: ledger.Hash{1}})
	refused(w, eve, ledger.CodeFunds, w.CommitScore, alignment.CommitScore{Round: round, Commitment: ledger.Hash{1}})
	refused(w, judge(0), ledger.CodeNotFound, w.CommitScore, alignment.CommitScore{Round: proj, Commitment: ledger.Hash{1}})
	refused(w, judge(0), ledger.CodeNotFound, w.RevealScore, opened(proj, 0, 1))
	refused(w, judge(0), ledger.CodeNotFound, w.RevealScore, opened(round, 0, 1))
	require.NoError(t, w.CommitScore(w.ctx(judge(0)), w.kv, sealed(round, 0, 7)))
	refused(w, judge(0), ledger.CodeRefused, w.CommitScore, sealed(round, 0, 8))
	refused(w, judge(0), ledger.CodeEarly, w.RevealScore, opened(round, 0, 7))
	// A copied commitment cannot be opened by the copier.
	require.NoError(t, w.CommitScore(w.ctx(judge(1)), w.kv, sealed(round, 0, 7)))
	w.params.Pricing.MaxJudges = 2
	refused(w, judge(2), ledger.CodeRefused, w.CommitScore, sealed(round, 2, 7))
	w.workMS += w.params.Pricing.JudgeCommitMS
	refused(w, judge(2), ledger.CodeLate, w.CommitScore, sealed(round, 2, 7))
	refused(w, judge(1), ledger.CodeRefused, w.RevealScore, opened(round, 0, 7))
	refused(w, judge(0), ledger.CodeRefused, w.RevealScore, opened(round, 0, 8))
	require.NoError(t, w.RevealScore(w.ctx(judge(0)), w.kv, opened(round, 0, 7)))
	refused(w, judge(0), ledger.CodeRefused, w.RevealScore, opened(round, 0, 7))
	w.workMS += w.params.Pricing.JudgeRevealMS
	refused(w, judge(1), ledger.CodeLate, w.RevealScore, opened(round, 1, 7))

	refused(w, ann, ledger.CodeNotFound, w.Ask, alignment.Ask{Text: good, Community: "nobody"})
	refused(w, judge(0), ledger.CodeFunds, w.Ask, alignment.Ask{Text: good})
	refused(w, bob, ledger.CodeRefused, w.Ask, alignment.Ask{Text: good}) // the same nonce names the same round
	w.params.Pricing.MaxRounds = 1
	refused(w, ann, ledger.CodeRefused, w.Ask, alignment.Ask{Text: good})
}

func TestTheOwnerOfStandardsDoesNotJudgeUnderThem(t *testing.T) {
	w, _ := bench(t)
	require.NoError(t, w.Publish(w.ctx(ann), w.kv, alignment.Publish{Name: "a", Text: good, MaxPrice: 100 * atn}))
	require.NoError(t, w.Ask(w.ctx(eve), w.kv, alignment.Ask{Text: good, Community: "a"}))
	round := alignment.RoundID(ledgertest.Network, eve, 0)
	w.power[ann] = 5000 * atn
	refused(w, ann, ledger.CodeRefused, w.CommitScore, alignment.CommitScore{Round: round, Commitment: ledger.Hash{1}})
	rounds := 0
	w.Rounds(w.kv, func(r alignment.Round) bool {
		rounds++
		return true
	})
	require.Equal(t, 2, rounds)
}
