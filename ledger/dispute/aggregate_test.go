package dispute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
)

func claim(name string) dispute.ChallengeAggregate {
	m := model(name)
	return dispute.ChallengeAggregate{Task: taskID, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters}
}

func TestAPublishedModelStandsOrIsReplacedByWhatThePanelGets(t *testing.T) {
	published := dispute.Finding{Model: model("published")}
	right, other := dispute.Finding{Model: model("right")}, dispute.Finding{Model: model("else")}
	for name, c := range map[string]struct {
		found    map[int]dispute.Finding
		want     dispute.Status
		lost     []ledger.Account
		replaced []dispute.Model
	}{
		"wrong": {
			map[int]dispute.Finding{10: right, 11: right, 12: published}, dispute.Proven, accounts(aggregator), []dispute.Model{model("right")},
		},
		"wrong, and so is the challenger": {
			map[int]dispute.Finding{10: other, 11: other, 12: other}, dispute.Proven, accounts(aggregator), []dispute.Model{model("else")},
		},
		"right": {
			map[int]dispute.Finding{10: published, 11: published, 12: right}, dispute.Dismissed, accounts(challenger), nil,
		},
		"split": {
			map[int]dispute.Finding{10: published, 11: right, 12: {Unusable: true}}, dispute.Void, nil, nil,
		},
		"not to be recomputed": {
			map[int]dispute.Finding{10: {Unusable: true}, 11: {Unusable: true}, 12: right}, dispute.Void, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			court := newCourt(10, 10, 10)
			require.NoError(t, court.keeper.ChallengeAggregate(court.context(challenger), court.kv, claim("right")))
			require.True(t, court.keeper.Pending(court.kv, taskID))
			court.judged(t, dispute.Question{}, c.found)
			all := court.keeper.Aggregates(court.kv, taskID)
			require.Len(t, all, 1)
			require.Equal(t, c.want, all[0].Status, all[0].Outcome)
			require.Equal(t, c.lost, court.lost)
			require.Equal(t, c.replaced, court.replaced)
			require.Empty(t, court.locks)
			require.False(t, court.keeper.Pending(court.kv, taskID))
			err := court.keeper.ChallengeAggregate(court.context(3), court.kv, claim("right"))
			if c.want == dispute.Void {
				require.NoError(t, err, "a void dispute does not protect the aggregator from the next")
			} else {
				refusedWith(t, ledger.CodeRefused, err)
			}
		})
	}
}

func TestTheAggregatorDoesNotJudgeItself(t *testing.T) {
	c := newCourt(10, 10, 10)
	c.published.Aggregator = ledgertest.Account(11)
	require.NoError(t, c.keeper.ChallengeAggregate(c.context(10), c.kv, claim("right")))
	c.block(t)
	p := c.panel(t, dispute.Question{})
	require.Len(t, p.Judges, 1)
	require.Equal(t, ledgertest.Account(12), p.Judges[0].Account)
}

func TestChallengeOfAModelOutOfPlaceIsRefused(t *testing.T) {
	c := newCourt(10)
	challenge := func(who int, name string) error {
		return c.keeper.ChallengeAggregate(c.context(who), c.kv, claim(name))
	}
	refusedWith(t, ledger.CodeRefused, challenge(challenger, "published"))
	refusedWith(t, ledger.CodeRefused, challenge(aggregator, "right"))
	refusedWith(t, ledger.CodeFunds, challenge(poor, "right"))
	before := c.published
	c.published.Early = true
	refusedWith(t, ledger.CodeEarly, challenge(challenger, "right"))
	c.published = before
	c.published.Open = false
	refusedWith(t, ledger.CodeLate, challenge(challenger, "right"))
	c.published = before
	c.workMS = before.Deadline
	refusedWith(t, ledger.CodeLate, challenge(challenger, "right"))
	c.workMS = 0
	require.Empty(t, c.locks)
	require.NoError(t, challenge(challenger, "right"))
	refusedWith(t, ledger.CodeRefused, challenge(challenger, "right"))
	refusedWith(t, ledger.CodeRefused, challenge(3, "right"))
}
