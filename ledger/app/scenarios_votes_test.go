package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/forcederror"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
)

func bankSend(to int, amount ledger.Natn) bank.Send {
	return bank.Send{To: acct(to), Denom: ledger.DenomATN, Amount: uint64(amount)}
}

// voting is a task whose committee votes now.
func voting(t *testing.T) *plot {
	t.Helper()
	p := newPlot(t)
	p.until(task.StateVoting, task.PhaseVoteCommit)
	return p
}

// commitVote is a member's honest commitment.
func (p *plot) commitVote(seat int) (from int, m rewards.CommitVote) {
	t := p.task()
	account := t.Committee[seat].Account
	return index(account), rewards.CommitVote{
		Task: p.id, Commitment: commitment(commitreveal.KindVote, t, account, p.vote(t, index(account))),
	}
}

func (p *plot) revealVote(seat int) (from int, m rewards.RevealVote) {
	t := p.task()
	account := t.Committee[seat].Account
	doc, salt := vote(t, seat, index(account))
	return index(account), rewards.RevealVote{Task: p.id, Doc: doc, Salt: digest("salt", account), ChainSalt: salt}
}

// scored lets the members of the committee, in order, give every solution these scores.
func (p *plot) scored(scores ...uint16) {
	p.t.Helper()
	doc := func(seat int) (int, []byte, [32]byte) {
		now := p.task()
		from := index(now.Committee[seat].Account)
		raw, salt := vote(now, seat, from)
		v, err := rewards.DecodeVote(raw)
		require.NoError(p.t, err)
		for i := range v.Entries {
			v.Entries[i].Score = scores[seat]
		}
		raw, err = v.Encode()
		require.NoError(p.t, err)
		return from, raw, salt
	}
	for seat := range scores {
		p.beat()
		from, raw, _ := doc(seat)
		p.must(from, rewards.CommitVote{Task: p.id, Commitment: commitment(commitreveal.KindVote, p.task(), acct(from), raw)})
	}
	for seat := range scores {
		p.beat()
		from, raw, salt := doc(seat)
		p.must(from, rewards.RevealVote{Task: p.id, Doc: raw, Salt: digest("salt", acct(from)), ChainSalt: salt})
	}
}

func voteScenarios() []scenario {
	return []scenario{
		{"several coordinators make one verdict", func(t stage) {
			p := newPlot(t.T)
			done := p.ended()
			require.Len(t, p.view().Votes(p.id), 3)
			for _, slot := range done.Slots {
				require.Equal(t, uint16(49151), slot.Verdict.Score, "all three gave the same")
				require.True(t, slot.Verdict.Accepted)
			}
		}},
		{"a vote is committed once", func(t stage) {
			p := voting(t.T)
			from, m := p.commitVote(0)
			p.must(from, m)
			p.refuses(from, ledger.CodeRefused, m)
			m.Commitment = digest("second thoughts")
			p.refuses(from, ledger.CodeRefused, m)
		}},
		{"a vote is revealed once", func(t stage) {
			p := newPlot(t.T)
			p.until(task.StateVoting, task.PhaseVoteReveal)
			p.beat()
			from, m := p.revealVote(0)
			p.must(from, m)
			p.refuses(from, ledger.CodeRefused, m)
			committee := p.task().Committee
			require.Equal(t, []bool{true, false, false}, []bool{committee[0].Revealed, committee[1].Revealed, committee[2].Revealed})
		}},
		{"only the committee votes", func(t stage) {
			p := voting(t.T)
			for i := member; i < aggregator; i++ {
				if _, in := p.task().MemberOf(acct(i)); !in {
					p.refuses(i, ledger.CodeRefused, rewards.CommitVote{Task: p.id, Commitment: digest("v")})
				}
			}
			p.refuses(solver, ledger.CodeRefused, rewards.CommitVote{Task: p.id, Commitment: digest("v")})
		}},
		{"stake weighs, at most a third each", func(t stage) {
			p := voting(t.T)
			sum, staked := uint64(0), ledger.Natn(0)
			for _, m := range p.task().Committee {
				sum += m.Weight
				staked += p.stake(m.Account, ledger.RoleCoordinator)
				require.LessOrEqual(t, m.Weight, uint64(p.stake(m.Account, ledger.RoleCoordinator)))
			}
			for _, m := range p.task().Committee {
				require.LessOrEqual(t, 3*m.Weight, sum+3)
			}
			require.NotZero(t, sum)
			require.LessOrEqual(t, sum, uint64(staked))
		}},
		{"the stake's median decides between scores", func(t stage) {
			p := voting(t.T)
			p.scored(60_000, 49_151, 10)
			for _, slot := range p.ended().Slots {
				require.Equal(t, uint16(49_151), slot.Verdict.Score, "the largest that half of the stake supports")
			}
		}},
		{"a silent coordinator is slashed", func(t stage) {
			p := voting(t.T)
			before := p.stake(p.task().Committee[2].Account, ledger.RoleCoordinator)
			for seat := range 2 {
				p.beat()
				from, m := p.commitVote(seat)
				p.must(from, m)
			}
			silent := p.task().Committee[2].Account
			p.wait(p.view().Params().VoteCommitMS + 1000)
			require.Equal(t, before-25*atn, p.stake(silent, ledger.RoleCoordinator))
			require.Equal(t, task.PhaseVoteReveal, p.task().Phase, "two thirds go on")
			p.sound()
		}},
		{"bonds are kept after the epoch and raise the fee", func(t stage) {
			p := newPlot(t.T)
			done := p.ended()
			p.wait(p.view().Params().EpochMS + 1000)
			for _, m := range done.Committee {
				require.NotEmpty(t, p.view().Bonds(done.Project, m.Account))
			}
			p.sound()
		}},
	}
}

func trapScenarios() []scenario {
	// caught is a task with a trap that two members of the committee reported and one, the lazy, did not.
	caught := func(t *testing.T) *plot {
		t.Helper()
		p := newPlot(t)
		p.bad, p.lazy = acct(solver), true
		p.claimed()
		p.seal(true)
		p.until(task.StateChallenge, "")
		p.open()
		return p
	}
	return []scenario{
		{"injected", func(t stage) {
			p := newPlot(t.T)
			p.bad = acct(solver)
			p.claimed()
			treasury := p.view().Supply().Treasury
			p.seal(true)
			require.Equal(t, 2*(50*atn+atn/10*28), p.view().Supply().Traps, "jackpot and pay for each seal, trap or dummy")
			require.Less(t, p.view().Supply().Treasury, treasury)
			m := forcederror.Seal{Task: p.id, Commitments: []ledger.Hash{digest(1), digest(2)}}
			p.refuses(second, ledger.CodeRefused, m)
			p.refuses(citizen, ledger.CodeRefused, m)
			p.sound()
		}},
		{"caught", func(t stage) {
			p := caught(t.T)
			p.challenge()
			p.judged()
			p.ended()
			trap := p.view().Traps(p.id)[0]
			require.True(t, trap.Proven && trap.Settled, trap.Reason)
			require.Len(t, trap.Caught, 2)
			require.Equal(t, 25*atn, trap.Share, "two share one jackpot")
			p.sound()
		}},
		{"missed", func(t stage) {
			p := caught(t.T)
			lazy := p.task().Committee[0].Account
			before := p.stake(lazy, ledger.RoleCoordinator)
			p.challenge()
			p.judged()
			p.ended()
			require.Equal(t, []ledger.Account{lazy}, p.view().Traps(p.id)[0].Missed)
			require.LessOrEqual(t, p.stake(lazy, ledger.RoleCoordinator), before-25*atn)
		}},
		{"caught twice", func(t stage) {
			p := caught(t.T)
			p.refuses(second, ledger.CodeRefused, forcederror.Open{Task: p.id, Secrets: p.secrets})
			p.challenge()
			p.judged()
			p.ended()
			supply := p.view().Supply()
			res := p.send(second, forcederror.Open{Task: p.id, Secrets: p.secrets})
			require.NotEqual(t, ledger.CodeOK, res.Code, "a trap pays once")
			require.Equal(t, supply.Traps, p.view().Supply().Traps)
		}},
		{"jackpot balance", func(t stage) {
			p := caught(t.T)
			total := p.view().Supply().Total
			require.NotZero(t, p.view().Supply().Traps)
			p.challenge()
			p.judged()
			p.ended()
			require.Zero(t, p.view().Supply().Traps, "what nobody won returns to the treasury")
			require.Zero(t, p.view().Supply().Escrows)
			require.Equal(t, total, p.view().Supply().Total)
			p.sound()
		}},
		{"no trap, no jackpot", func(t stage) {
			p := newPlot(t.T)
			p.claimed()
			treasury := p.view().Supply().Treasury
			p.seal(false)
			p.until(task.StateChallenge, "")
			p.open()
			p.ended()
			require.Zero(t, p.view().Supply().Traps)
			require.GreaterOrEqual(t, p.view().Supply().Treasury, treasury)
		}},
	}
}
