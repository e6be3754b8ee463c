package dispute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
)

func (c *court) appeal(who int, score uint16) error {
	return c.keeper.Appeal(c.context(who), c.kv, dispute.AppealScore{Task: taskID, Solver: ledgertest.Account(accused), Score: score})
}

func (c *court) voteAppeal(who, appellant int, support bool) error {
	return c.keeper.VoteAppeal(c.context(who), c.kv, dispute.VoteAppeal{
		Task: taskID, Solver: ledgertest.Account(accused), Appellant: ledgertest.Account(appellant), Support: support,
	})
}

func TestAppealsNeedAQuorumAndTwoThirds(t *testing.T) {
	for name, c := range map[string]struct {
		yes, no ledger.Natn
		early   bool // decided before the window is over
		want    dispute.AppealStatus
	}{
		"nobody votes":                        {0, 0, false, dispute.AppealLost},
		"a vote short of the quorum":          {199, 0, false, dispute.AppealLost},
		"a bare quorum":                       {200, 0, false, dispute.AppealPassed},
		"a bare majority of the votes":        {132, 68, false, dispute.AppealPassed},
		"less than the majority":              {131, 69, false, dispute.AppealLost},
		"all that is needed of all power":     {660, 0, true, dispute.AppealPassed},
		"more against than could be outvoted": {0, 341, true, dispute.AppealLost},
		"as many against as can be outvoted":  {0, 340, false, dispute.AppealLost},
		"everybody in favour":                 {1000, 0, true, dispute.AppealPassed},
	} {
		t.Run(name, func(t *testing.T) {
			court := newCourt()
			court.total = 1000
			court.power[ledgertest.Account(4)], court.power[ledgertest.Account(5)] = c.yes, c.no
			require.NoError(t, court.appeal(challenger, 200))
			refusedWith(t, ledger.CodeEarly, court.voteAppeal(4, challenger, true))
			court.block(t)
			for who, power := range map[int]ledger.Natn{4: c.yes, 5: c.no} {
				err := court.voteAppeal(who, challenger, who == 4)
				if power == 0 {
					refusedWith(t, ledger.CodeFunds, err)
				} else {
					require.NoError(t, err)
				}
			}
			court.block(t)
			if !c.early {
				require.True(t, court.keeper.Pending(court.kv, taskID), "the task waits")
				court.workMS = court.keeper.Appeals(court.kv, taskID)[0].Deadline
				refusedWith(t, ledger.CodeLate, court.voteAppeal(6, challenger, true))
				court.block(t)
			}
			a := court.keeper.Appeals(court.kv, taskID)[0]
			require.Equal(t, c.want, a.Status, a.Outcome)
			require.Equal(t, ledger.Natn(1000), a.Total)
			require.False(t, court.keeper.Pending(court.kv, taskID))
			require.Empty(t, court.locks)
			if c.want == dispute.AppealPassed {
				require.Equal(t, []uint16{200}, court.scores)
				require.Empty(t, court.lost, "the bond is released")
			} else {
				require.Empty(t, court.scores)
				require.Equal(t, accounts(challenger), court.lost)
			}
			refusedWith(t, ledger.CodeLate, court.voteAppeal(7, challenger, true))
		})
	}
}

func TestAnAccountVotesOnceOnAnAppeal(t *testing.T) {
	c := newCourt()
	c.total, c.power[ledgertest.Account(4)] = 1000, 100
	require.NoError(t, c.appeal(challenger, 200))
	c.block(t)
	require.NoError(t, c.voteAppeal(4, challenger, true))
	refusedWith(t, ledger.CodeRefused, c.voteAppeal(4, challenger, false))
	refusedWith(t, ledger.CodeNotFound, c.voteAppeal(4, 3, true))
}

func TestTheFraudOfASolutionMakesItsAppealMoot(t *testing.T) {
	c := newCourt(10)
	c.total = 1000
	require.NoError(t, c.appeal(3, 200))
	c.challenge(t, challenger)
	c.judged(t, step(), map[int]dispute.Finding{10: state(hash("one"))})
	require.Equal(t, dispute.AppealMoot, c.keeper.Appeals(c.kv, taskID)[0].Status)
	require.Empty(t, c.locks)
	require.Empty(t, c.scores)
	require.Equal(t, accounts(accused), c.lost)
}

func TestAppealOutOfPlaceIsRefused(t *testing.T) {
	c := newCourt()
	refusedWith(t, ledger.CodeRefused, c.appeal(challenger, c.subject.Score))
	refusedWith(t, ledger.CodeFunds, c.appeal(poor, 200))
	for code, spoil := range map[ledger.Code][]func(*dispute.Subject){
		ledger.CodeEarly: {func(s *dispute.Subject) { s.Early = true }},
		ledger.CodeLate:  {func(s *dispute.Subject) { s.Open = false }, func(s *dispute.Subject) { s.Deadline = 0 }},
		ledger.CodeRefused: {
			func(s *dispute.Subject) { s.Candidate = false },
			func(s *dispute.Subject) { s.Judged = false },
			func(s *dispute.Subject) { s.Fraud = true },
		},
	} {
		for _, change := range spoil {
			before := c.subject
			change(&c.subject)
			refusedWith(t, code, c.appeal(challenger, 200))
			c.subject = before
		}
	}
	require.Empty(t, c.locks)
	require.NoError(t, c.appeal(challenger, 200))
	refusedWith(t, ledger.CodeRefused, c.appeal(challenger, 300))
	require.NoError(t, c.appeal(3, 300), "another may ask for another score")
}
