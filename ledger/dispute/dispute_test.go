package dispute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
)

func TestJudgementsDecideByRevealedStake(t *testing.T) {
	right, wrong := state(hash("one")), state(hash(1)) // the solver showed hash(1)
	third := state(hash("third"))
	for name, c := range map[string]struct {
		stakes []ledger.Natn
		found  map[int]dispute.Finding
		want   dispute.Status
		lost   []ledger.Account
	}{
		"all get the challenger's bits": {
			[]ledger.Natn{10, 10, 10}, map[int]dispute.Finding{10: right, 11: right, 12: right}, dispute.Proven, accounts(accused),
		},
		"all get the solver's bits": {
			[]ledger.Natn{10, 10, 10}, map[int]dispute.Finding{10: wrong, 11: wrong, 12: wrong}, dispute.Dismissed, accounts(challenger),
		},
		"bits that are neither side's prove the fraud": {
			[]ledger.Natn{10}, map[int]dispute.Finding{10: third}, dispute.Proven, accounts(accused),
		},
		"stake decides, not heads": {
			[]ledger.Natn{10, 10, 100}, map[int]dispute.Finding{10: right, 11: right, 12: wrong}, dispute.Dismissed, accounts(challenger),
		},
		"exactly half is no majority": {
			[]ledger.Natn{10, 10}, map[int]dispute.Finding{10: right, 11: wrong}, dispute.Void, nil,
		},
		"a relative majority is none": {
			[]ledger.Natn{10, 9, 9}, map[int]dispute.Finding{10: right, 11: wrong, 12: third}, dispute.Void, nil,
		},
		"what cannot be recomputed is void": {
			[]ledger.Natn{10, 10, 10}, map[int]dispute.Finding{10: {Unusable: true}, 11: {Unusable: true}, 12: right}, dispute.Void, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			court := newCourt(c.stakes...)
			court.challenge(t, challenger)
			court.judged(t, step(), c.found)
			require.Equal(t, c.want, court.dispute(t, challenger).Status)
			require.Equal(t, c.lost, court.lost)
			require.Empty(t, court.locks, "bonds are released or gone")
			require.False(t, court.keeper.Pending(court.kv, taskID))
			require.Equal(t, c.want == dispute.Void, court.keeper.Void(court.kv, taskID, ledgertest.Account(accused)))
			require.Equal(t, c.want == dispute.Proven, court.keeper.Fraud(court.kv, taskID, ledgertest.Account(accused)))
			if c.want == dispute.Void {
				require.Empty(t, court.paid)
			}
		})
	}
}

func TestTheLoserPaysTheJudgesOfTheMajority(t *testing.T) {
	c := newCourt(10, 10, 10)
	c.challenge(t, challenger)
	c.judged(t, step(), map[int]dispute.Finding{10: state(hash("one")), 11: state(hash("one")), 12: state(hash(1))})
	require.Equal(t, map[ledger.Account]ledger.Natn{
		ledgertest.Account(10): 250, ledgertest.Account(11): 250, // half of what the solver lost
	}, c.paid)

	c = newCourt(10, 10, 10)
	c.challenge(t, challenger)
	c.judged(t, step(), map[int]dispute.Finding{10: state(hash(1)), 11: state(hash(1)), 12: state(hash(1))})
	require.Len(t, c.paid, 3)
	for _, amount := range c.paid {
		require.Equal(t, ledger.DevnetParams().Disputes.JudgeFee, amount, "half of the bond is more than their fees")
	}
}

func TestOnePanelSettlesEveryDisputeAboutAStep(t *testing.T) {
	c := newCourt(10)
	c.challenge(t, 3)
	c.challenge(t, challenger)
	c.judged(t, step(), map[int]dispute.Finding{10: state(hash("one"))})
	require.Equal(t, dispute.Proven, c.dispute(t, challenger).Status)
	require.Equal(t, dispute.Proven, c.dispute(t, 3).Status)
	require.Len(t, c.lost, 1, "the bond is taken once")
	for _, e := range c.events {
		if s, ok := e.(dispute.EventSlashed); ok {
			require.Equal(t, ledgertest.Account(3), s.Reporter, "the first to challenge is the reporter")
		}
	}
	require.Equal(t, "proven", c.keeper.Challenger(c.kv, taskID, ledgertest.Account(accused), ledgertest.Account(3)))
	c.challenge(t, 4)
	require.Equal(t, dispute.Proven, c.dispute(t, 4).Status, "what was judged is not judged again")
}

func TestOthersCoordinatorsAreDrawnBeforeValidatorsAndPartiesNever(t *testing.T) {
	c := newCourt(10, 10, 10)
	c.others = []ledger.Natn{5, 5, 5}
	c.insiders = accounts(fresh, judges)
	c.challenge(t, fresh+1)
	require.Equal(t, dispute.Drawing, c.panel(t, step()).Stage)
	refusedWith(t, ledger.CodeEarly, c.seal(fresh+2, step(), state(hash("one"))))
	c.block(t)
	p := c.panel(t, step())
	require.Equal(t, dispute.Sealing, p.Stage)
	require.Equal(t, hash("block", c.height), p.DrawHash, "the hash of a block after the challenge")
	var drawn []ledger.Account
	for _, j := range p.Judges {
		drawn = append(drawn, j.Account)
	}
	require.ElementsMatch(t, accounts(fresh+2, judges+1, judges+2), drawn)
	require.Equal(t, ledger.RoleCoordinator, p.Judges[0].Role)
	refusedWith(t, ledger.CodeRefused, c.seal(fresh+1, step(), state(hash("one"))))
	refusedWith(t, ledger.CodeRefused, c.seal(judges, step(), state(hash("one"))))
	refusedWith(t, ledger.CodeRefused, c.keeper.Challenge(c.context(judges+1), c.kv, c.message()))
}

func TestThePanelIsNeverLargerThanItsParameter(t *testing.T) {
	c := newCourt(10, 10, 10, 10, 10, 10, 10, 10)
	c.challenge(t, challenger)
	c.block(t)
	require.Len(t, c.panel(t, step()).Judges, int(ledger.DevnetParams().Disputes.Judges))
}

func TestAPanelOfNobodyVoids(t *testing.T) {
	c := newCourt()
	c.challenge(t, challenger)
	c.block(t)
	require.Equal(t, dispute.Void, c.dispute(t, challenger).Status)
	require.Equal(t, dispute.Undecided, c.panel(t, step()).Stage)
	require.Empty(t, c.lost)
	require.Empty(t, c.locks)
	c.validators = []ledger.Natn{10}
	c.challenge(t, 3)
	c.judged(t, step(), map[int]dispute.Finding{10: state(hash("one"))})
	require.Equal(t, dispute.Proven, c.dispute(t, 3).Status, "a void dispute does not protect the solver from the next")
	require.Equal(t, dispute.Void, c.dispute(t, challenger).Status)
}

func TestJudgementsAreSealedBeforeTheyAreShown(t *testing.T) {
	c := newCourt(10, 10, 10)
	c.challenge(t, challenger)
	c.block(t)
	require.NoError(t, c.seal(10, step(), state(hash("one"))))
	refusedWith(t, ledger.CodeRefused, c.seal(10, step(), state(hash(1))))
	refusedWith(t, ledger.CodeEarly, c.show(10, step(), state(hash("one"))))
	require.NoError(t, c.seal(11, step(), state(hash("one"))))
	copied := c.panel(t, step()).Judges
	for _, j := range copied {
		if j.Account == ledgertest.Account(10) {
			require.NoError(t, c.keeper.Commit(c.context(12), c.kv, dispute.Commit{Task: taskID, Question: step(), Commitment: j.Commitment}))
		}
	}
	c.block(t)
	require.Equal(t, dispute.Revealing, c.panel(t, step()).Stage, "all have sealed: nobody waits for the deadline")
	refusedWith(t, ledger.CodeLate, c.seal(10, step(), state(hash(1))))
	require.NoError(t, c.show(10, step(), state(hash("one"))))
	refusedWith(t, ledger.CodeRefused, c.show(10, step(), state(hash("one"))))
	err := c.show(12, step(), state(hash("one")))
	refusedWith(t, ledger.CodeRefused, err)
	err = c.keeper.Reveal(c.context(12), c.kv, dispute.Reveal{
		Task: taskID, Question: step(), Finding: state(hash("one")), Salt: hash("salt", 10),
	})
	require.ErrorContains(t, err, "cannot be opened by")
	refusedWith(t, ledger.CodeRefused, c.show(11, step(), state(hash(1))))
	refusedWith(t, ledger.CodeRefused, c.show(5, step(), state(hash(1))))
	require.NoError(t, c.show(11, step(), state(hash("one"))))
	c.workMS = c.panel(t, step()).Deadline
	refusedWith(t, ledger.CodeLate, c.show(12, step(), state(hash("one"))))
	c.block(t)
	require.Equal(t, dispute.Proven, c.dispute(t, challenger).Status)
	require.Equal(t, accounts(12, accused), c.lost, "who sealed and did not show is slashed")
	require.Len(t, c.paid, 2)
}

func TestSilentJudgesAreSlashedAndReplacedOnce(t *testing.T) {
	c := newCourt(10, 10, 10, 10, 10, 10, 10)
	c.challenge(t, challenger)
	c.block(t)
	first := c.panel(t, step())
	one := first.Judges[0].Account
	index := func(a ledger.Account) int {
		for i := range 60 {
			if ledgertest.Account(i) == a {
				return i
			}
		}
		return -1
	}
	require.NoError(t, c.seal(index(one), step(), state(hash("one"))))
	c.workMS = first.Deadline - 1
	c.block(t)
	require.Equal(t, dispute.Sealing, c.panel(t, step()).Stage)
	require.Empty(t, c.lost)
	c.workMS++
	refusedWith(t, ledger.CodeLate, c.seal(index(first.Judges[1].Account), step(), state(hash("one"))))
	c.block(t) // ends, and draws anew from the next block's hash
	require.ElementsMatch(t, []ledger.Account{first.Judges[1].Account, first.Judges[2].Account}, c.lost)
	second := c.panel(t, step())
	require.Equal(t, uint32(2), second.Draws)
	require.Len(t, second.Judges, 5)
	require.NotEqual(t, first.DrawHash, second.DrawHash)
	refusedWith(t, ledger.CodeRefused, c.seal(index(first.Judges[1].Account), step(), state(hash("one"))))
	require.NoError(t, c.seal(index(second.Judges[3].Account), step(), state(hash("one"))))
	c.workMS = second.Deadline
	c.block(t)
	third := c.panel(t, step())
	require.Equal(t, dispute.Revealing, third.Stage, "a replacement is not replaced")
	require.Contains(t, c.lost, second.Judges[4].Account)
	require.NoError(t, c.show(index(one), step(), state(hash("one"))))
	require.NoError(t, c.show(index(second.Judges[3].Account), step(), state(hash("one"))))
	c.block(t)
	require.Equal(t, dispute.Proven, c.dispute(t, challenger).Status)
}

func TestAPanelThatStaysSilentVoids(t *testing.T) {
	c := newCourt(10, 10)
	c.challenge(t, challenger)
	c.block(t)
	c.workMS = c.panel(t, step()).Deadline
	c.block(t)
	c.block(t)
	require.Equal(t, dispute.Void, c.dispute(t, challenger).Status)
	require.Equal(t, "void", c.keeper.Challenger(c.kv, taskID, ledgertest.Account(accused), ledgertest.Account(challenger)))
	require.ElementsMatch(t, accounts(10, 11), c.lost)
	require.Empty(t, c.locks)

	c = newCourt(10)
	c.challenge(t, challenger)
	c.block(t)
	require.NoError(t, c.seal(10, step(), state(hash("one"))))
	c.block(t)
	c.workMS = c.panel(t, step()).Deadline
	c.block(t)
	require.Equal(t, dispute.Void, c.dispute(t, challenger).Status, "sealed and never shown")
	require.Equal(t, accounts(10), c.lost)
}

func TestUnopenedIntervalProvesTheFraudAtItsDeadline(t *testing.T) {
	c := newCourt(10)
	steps := c.opened
	c.opened = nil
	c.challenge(t, challenger)
	require.True(t, c.keeper.Demanded(c.kv, taskID, ledgertest.Account(accused), 0))
	require.False(t, c.keeper.Demanded(c.kv, taskID, ledgertest.Account(accused), 1))
	c.challenge(t, 3)
	require.NoError(t, c.keeper.Opened(c.context(accused), c.kv, taskID, ledgertest.Account(accused), 1, steps))
	require.Equal(t, dispute.Awaiting, c.dispute(t, challenger).Status)
	c.workMS = c.dispute(t, challenger).Deadline - 1
	c.block(t)
	require.Equal(t, dispute.Awaiting, c.dispute(t, challenger).Status)
	c.workMS++
	c.block(t)
	require.Equal(t, dispute.Proven, c.dispute(t, challenger).Status)
	require.Equal(t, dispute.Proven, c.dispute(t, 3).Status)
	require.Len(t, c.lost, 1)
	require.Empty(t, c.paid, "nobody judged")
}

func TestOpenedIntervalGoesToThePanelOrDismisses(t *testing.T) {
	c := newCourt(10)
	steps := c.opened
	c.opened = nil
	c.challenge(t, challenger)
	m := c.message()
	m.Hashes = steps
	require.NoError(t, c.keeper.Challenge(c.context(3), c.kv, m))
	require.NoError(t, c.keeper.Opened(c.context(accused), c.kv, taskID, ledgertest.Account(accused), 0, steps))
	require.Equal(t, dispute.Judging, c.dispute(t, challenger).Status)
	require.Equal(t, uint32(1), c.dispute(t, challenger).Step)
	require.Equal(t, dispute.Dismissed, c.dispute(t, 3).Status)
	require.Equal(t, accounts(3), c.lost)
}

func TestChallengeOutOfPlaceIsRefused(t *testing.T) {
	c := newCourt(10)
	challenge := func(who int, m dispute.Challenge) error { return c.keeper.Challenge(c.context(who), c.kv, m) }
	m := c.message()
	refusedWith(t, ledger.CodeRefused, challenge(accused, m))
	refusedWith(t, ledger.CodeFunds, challenge(poor, m))
	m.Interval = 4
	refusedWith(t, ledger.CodeRefused, challenge(challenger, m))
	m = c.message()
	m.Hashes = m.Hashes[:2]
	refusedWith(t, ledger.CodeRefused, challenge(challenger, m))
	m.Hashes = c.opened
	refusedWith(t, ledger.CodeRefused, challenge(challenger, m))
	for code, spoil := range map[ledger.Code][]func(*dispute.Subject){
		ledger.CodeEarly: {func(s *dispute.Subject) { s.Early = true }},
		ledger.CodeLate:  {func(s *dispute.Subject) { s.Open = false }, func(s *dispute.Subject) { s.Deadline = 0 }},
		ledger.CodeRefused: {
			func(s *dispute.Subject) { s.EvaluateOnly = true },
			func(s *dispute.Subject) { s.Candidate = false },
			func(s *dispute.Subject) { s.Fraud, s.Member = true, false },
		},
	} {
		for _, change := range spoil {
			before := c.subject
			change(&c.subject)
			refusedWith(t, code, challenge(challenger, c.message()))
			c.subject = before
		}
	}
	require.Empty(t, c.locks)
	require.Empty(t, c.keeper.Disputes(c.kv, taskID))
	c.challenge(t, challenger)
	refusedWith(t, ledger.CodeRefused, challenge(challenger, c.message()))
}
