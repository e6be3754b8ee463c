package app_test

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/forcederror"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/shards/merkle"
)

// plot is a task in which one solver's solution may be bad, some members may be lazy, and a governor sealed something.
type plot struct {
	*chain
	id      string
	bad     ledger.Account // whose steps are not what replay gives; empty: nobody
	lazy    bool           // the first member of the committee does not replay
	secrets []forcederror.Secret
}

// newPlot plays one honest task, so that the solvers have a history, and proposes the next.
func newPlot(t *testing.T) *plot {
	t.Helper()
	return plotOn(newChain(t))
}

func plotOn(c *chain) *plot {
	c.t.Helper()
	project := c.funded()
	first := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(project))
	require.Equal(c.t, task.StateAggregated, c.play(first).State)
	p := &plot{chain: c, id: ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))}
	c.must(owner, c.proposal(project))
	return p
}

func (p *plot) task() task.Task {
	t, ok := p.view().Task(p.id)
	require.True(p.t, ok)
	return t
}

func badSteps(t task.Task, account ledger.Account) [][]ledger.Hash {
	all := steps(t, account)
	for i := range all {
		for j := range all[i] {
			all[i][j] = digest("bad", all[i][j])
		}
	}
	return all
}

func badSolution(t task.Task, account ledger.Account) []byte {
	s, err := task.DecodeSolution(solution(t, account))
	if err != nil {
		panic(err)
	}
	all := badSteps(t, account)
	s.StepRoot = merkle.RootHashes(roots(all))
	for i, hashes := range all {
		s.Boundary[i+1] = hashes[len(hashes)-1]
	}
	doc, err := s.Encode()
	if err != nil {
		panic(err)
	}
	return doc
}

// altered is what the cast sends instead, given who is bad and who is lazy.
func (p *plot) altered(t task.Task, m move) move {
	switch msg := m.msg.(type) {
	case task.Commit:
		if acct(m.from) == p.bad {
			msg.Commitment = commitment(commitreveal.KindSolution, t, p.bad, badSolution(t, p.bad))
		}
		m.msg = msg
	case task.Reveal:
		if acct(m.from) == p.bad {
			msg.Doc = badSolution(t, p.bad)
		}
		m.msg = msg
	case task.OpenSteps:
		if acct(m.from) == p.bad {
			all := badSteps(t, p.bad)
			for i, opening := range msg.Intervals {
				msg.Intervals[i].Hashes = all[opening.Index]
				msg.Intervals[i].Path = hashes(merkle.Path(roots(all), int(opening.Index)))
			}
		}
		m.msg = msg
	case rewards.CommitVote:
		msg.Commitment = commitment(commitreveal.KindVote, t, acct(m.from), p.vote(t, m.from))
		m.msg = msg
	case rewards.RevealVote:
		msg.Doc = p.vote(t, m.from)
		m.msg = msg
	}
	return m
}

// vote is a member's vote: the lazy one finds everything good and binds nothing.
func (p *plot) vote(t task.Task, from int) []byte {
	seat, _ := t.MemberOf(acct(from))
	doc, _ := vote(t, seat, from)
	v, err := rewards.DecodeVote(doc)
	require.NoError(p.t, err)
	for i := range v.Entries {
		e := &v.Entries[i]
		switch {
		case p.lazy && seat == 0:
			for j := range e.Bindings {
				e.Bindings[j] = digest("nothing", j)
			}
		case e.Solver == p.bad:
			e.Fault = &rewards.Fault{Interval: e.Intervals[0], Kind: rewards.FaultMismatch}
		}
	}
	doc, err = v.Encode()
	require.NoError(p.t, err)
	return doc
}

// step runs one block in which everybody does what it would, but for the challenge window.
func (p *plot) step() {
	p.t.Helper()
	p.beat()
	t := p.task()
	var txs [][]byte
	if t.State != task.StateChallenge {
		for _, m := range p.moves(t) {
			m = p.altered(t, m)
			txs = append(txs, p.sign(m.from, m.msg))
		}
	}
	for _, res := range p.block(200, txs...).Txs {
		require.Equal(p.t, ledger.CodeOK, res.Code, "%s in %s %s: %s", res.Kind, t.State, t.Phase, res.Text)
	}
}

// until plays to the end of the block in which the task is in a state and a phase.
func (p *plot) until(state task.State, phase task.Phase) {
	p.t.Helper()
	for range 100 {
		if t := p.task(); t.State == state && t.Phase == phase {
			return
		}
		p.step()
	}
	p.t.Fatalf("the task never reached %s %s", state, phase)
}

// claimed plays until every slot is taken; nobody has committed yet.
func (p *plot) claimed() {
	p.t.Helper()
	p.until(task.StateOpen, "")
	for n := range p.task().Slots {
		p.must(solver+n, task.Claim{Task: p.id, Slot: uint32(n)})
	}
}

// seal lets the second validator, a governor, seal one trap of the bad solver and a dummy, or dummies.
func (p *plot) seal(trapped bool) {
	p.t.Helper()
	p.secrets = []forcederror.Secret{{Nonce: digest("nonce", 1)}, {Nonce: digest("nonce", 2)}}
	if trapped {
		s := forcederror.Secret{Solver: p.bad, Doc: ledger.DocCID(badSolution(p.task(), p.bad)), Nonce: digest("nonce", 3), Key: p.bad}
		d := forcederror.ConsentDigest(network, p.id, acct(second), s)
		s.Consent = ed25519.Sign(key(index(p.bad)), d[:])
		p.secrets[1] = s
	}
	m := forcederror.Seal{Task: p.id}
	for _, s := range p.secrets {
		m.Commitments = append(m.Commitments, forcederror.Commitment(network, p.id, acct(second), s))
	}
	p.must(second, m)
}

func (p *plot) open() { p.must(second, forcederror.Open{Task: p.id, Secrets: p.secrets}) }

// challenge lets the last member of the committee, which is never lazy, prove the bad bits.
func (p *plot) challenge() {
	p.t.Helper()
	t := p.task()
	challenger := t.Committee[len(t.Committee)-1].Account
	p.must(index(challenger), dispute.Challenge{Task: p.id, Solver: p.bad, Interval: 0, Hashes: steps(t, p.bad)[0]})
	for _, slot := range p.task().Slots {
		if slot.Account == p.bad && !slices.Contains(slot.Opened, 0) {
			all := badSteps(t, p.bad)
			p.must(index(p.bad), task.OpenSteps{Task: p.id, Intervals: []task.IntervalOpening{{
				Index: 0, Hashes: all[0], Path: hashes(merkle.Path(roots(all), 0)),
			}}})
		}
	}
}

// judged lets the panel decide.
func (p *plot) judged() {
	p.t.Helper()
	for range 4 {
		p.beat()
		var txs [][]byte
		for _, m := range p.judgeMoves(p.task()) {
			txs = append(txs, p.sign(m.from, m.msg))
		}
		p.block(100, txs...)
	}
	require.Equal(p.t, dispute.Proven, p.view().Disputes(p.id)[0].Status)
}

// ended plays to the task's end.
func (p *plot) ended() task.Task {
	p.t.Helper()
	for range 200 {
		if t := p.task(); t.Final() {
			return t
		}
		p.step()
	}
	p.t.Fatal("the task did not end")
	return task.Task{}
}

func (p *plot) stake(account ledger.Account, role ledger.Role) ledger.Natn {
	for _, s := range p.view().Stake(account) {
		if s.Role == role {
			return s.Bonded
		}
	}
	return 0
}

func TestATrapRunsFromItsSealToItsJackpot(t *testing.T) {
	for _, when := range []string{"opened before the panel's judgement", "opened after it"} {
		t.Run(when, func(t *testing.T) {
			p := newPlot(t)
			p.bad, p.lazy = acct(solver), true
			p.claimed()
			p.seal(true)
			require.Equal(t, 2*(50*atn+atn/10*28), p.view().Supply().Traps)
			p.until(task.StateChallenge, "")
			if when == "opened before the panel's judgement" {
				p.open()
				p.challenge()
				p.judged()
			} else {
				p.challenge()
				p.judged()
				require.Less(t, p.stake(p.bad, ledger.RoleSolver), 100*atn, "as any fraud")
				p.open()
			}
			committee := p.task().Committee
			lazy, awake := committee[0].Account, committee[1:]
			before := p.stake(lazy, ledger.RoleCoordinator)
			done := p.ended()
			require.Equal(t, uint32(1), done.Accepted, "the trap never enters the aggregate")
			trap := p.view().Traps(p.id)[0]
			require.True(t, trap.Counts && trap.Proven && trap.Settled, trap.Reason)
			require.Equal(t, []ledger.Account{lazy}, trap.Missed)
			require.Len(t, trap.Caught, len(awake))
			require.Equal(t, 25*atn, trap.Share)
			if when == "opened before the panel's judgement" {
				require.Equal(t, 100*atn, p.stake(p.bad, ledger.RoleSolver), "a trap costs its solver nothing")
			} else {
				taken := 100*atn - p.stake(p.bad, ledger.RoleSolver)
				require.Equal(t, taken-taken/10, trap.Restored, "but what its reporter got meanwhile")
			}
			require.Empty(t, p.view().Locks(p.bad))
			require.LessOrEqual(t, p.stake(lazy, ledger.RoleCoordinator), before-25*atn)
			require.Zero(t, p.view().Supply().Traps)
			require.Zero(t, p.view().Supply().Escrows)
			figures := p.view().TrapFigures()
			require.Equal(t, uint64(2), figures.Caught)
			require.Equal(t, uint64(1), figures.Missed)
			require.Equal(t, uint64(666), figures.CatchPerMille)
			require.Len(t, figures.Coordinators, 3)
			require.Equal(t, uint64(1), p.view().Coordinator(lazy).Missed)
			p.sound()
		})
	}
}

func TestDummiesCostNothingAndUnopenedSealsDo(t *testing.T) {
	for _, opened := range []bool{true, false} {
		p := newPlot(t)
		p.claimed()
		treasury, stake := p.view().Supply().Treasury, p.stake(acct(second), ledger.RoleValidator)
		p.seal(false)
		p.until(task.StateChallenge, "")
		if opened {
			p.open()
		}
		p.ended()
		lost := stake - p.stake(acct(second), ledger.RoleValidator)
		require.Zero(t, p.view().Supply().Traps)
		require.GreaterOrEqual(t, p.view().Supply().Treasury, treasury+lost)
		require.Equal(t, !opened, lost > 0)
		p.sound()
	}
}

func TestACheatCannotPassForATrapAfterwards(t *testing.T) {
	p := newPlot(t)
	p.bad = acct(solver)
	p.claimed()
	p.until(task.StateChallenge, "")
	p.secrets = []forcederror.Secret{{Nonce: digest(1)}, {Nonce: digest(2)}}
	m := forcederror.Seal{Task: p.id}
	for _, s := range p.secrets {
		m.Commitments = append(m.Commitments, forcederror.Commitment(network, p.id, acct(second), s))
	}
	require.Equal(t, ledger.CodeLate, p.send(second, m).Code)
	p.challenge()
	p.judged()
	p.ended()
	require.Less(t, p.stake(p.bad, ledger.RoleSolver), 100*atn)
}

// shape is everything anybody can see of a chain, without the contents of hashes: keys and sizes of the state, kinds and
// sizes of events by height, sizes of what was sent, and every balance.
type shape struct {
	State  []string
	Events []string
	Money  []string
}

func (p *plot) shape() shape {
	var s shape
	for _, k := range p.kv.Keys() {
		s.State = append(s.State, fmt.Sprintf("%s %d", k, len(p.kv.Get([]byte(k)))))
	}
	for _, e := range p.events {
		s.Events = append(s.Events, fmt.Sprintf("%d %d %s %d", e.Height, e.TimeMS, e.Kind, len(e.Data)))
	}
	for i := range castSize {
		info, _ := p.view().Account(acct(i))
		s.Money = append(s.Money, fmt.Sprint(info.Balance, info.Bonded, info.Unbonding, info.Stakes))
	}
	supply := p.view().Supply()
	s.Money = append(s.Money, fmt.Sprint(supply.Treasury, supply.Traps, supply.Escrows))
	return s
}

// Until it is opened, a trap looks like a dummy beside a solution of the same kind; and until members vote, which tells what
// they found, even like a dummy beside a good one.
func TestNothingTellsATrapFromADummyBeforeItsOpening(t *testing.T) {
	play := func(bad, trapped bool, state task.State, phase task.Phase, lazy bool) shape {
		p := newPlot(t)
		p.lazy = lazy
		if bad {
			p.bad = acct(solver)
		}
		p.claimed()
		p.seal(trapped)
		p.until(state, phase)
		if state == task.StateChallenge {
			p.challenge()
			p.judged()
		}
		return p.shape()
	}
	trap := play(true, true, task.StateVoting, task.PhaseVoteReveal, false)
	require.Equal(t, play(true, false, task.StateVoting, task.PhaseVoteReveal, false), trap, "a cheat beside dummies")
	require.Equal(t, play(false, false, task.StateVoting, task.PhaseVoteReveal, false), trap, "an honest solver beside dummies")
	require.Equal(t, play(true, false, task.StateChallenge, "", true), play(true, true, task.StateChallenge, "", true),
		"even a proof of fraud treats a trap like a cheat")
}

// Random governors, openings and proofs: money is counted after every block by the ledger itself.
func TestRandomTrapsConserveMoney(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 8))
		p := newPlot(t)
		p.lazy = rng.IntN(2) == 0
		if rng.IntN(3) > 0 {
			p.bad = acct(solver + rng.IntN(2))
		}
		p.claimed()
		p.seal(p.bad != "" && rng.IntN(3) > 0)
		p.until(task.StateChallenge, "")
		early := rng.IntN(2) == 0
		if early {
			p.open()
		}
		if p.bad != "" && rng.IntN(4) > 0 {
			p.challenge()
			if rng.IntN(3) > 0 {
				p.judged()
			}
		}
		if !early && rng.IntN(3) > 0 && p.task().State == task.StateChallenge {
			p.open()
		}
		p.ended()
		require.Zero(t, p.view().Supply().Traps)
		require.Zero(t, p.view().Supply().Escrows)
		p.sound()
	}
}
