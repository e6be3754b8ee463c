package app_test

import (
	"math/big"

	"autonet/ledger"
	"autonet/ledger/dao"
)

// motion is a proposal.
type motion struct {
	by       who
	change   []ledger.Change
	grantTo  who
	grant    uint64
	state    dao.State
	opensMS  int64
	closesMS int64
	doneMS   int64
	snapshot int64
	total    uint64
	ballots  map[who]dao.Choice
}

// reaches reports whether part/whole is at least the ratio, exactly.
func reaches(x ledger.Ratio, part, whole uint64) bool { return compare(x, part, whole) >= 0 }

func compare(x ledger.Ratio, part, whole uint64) int {
	left := new(big.Int).Mul(new(big.Int).SetUint64(part), new(big.Int).SetUint64(x.Den))
	return left.Cmp(new(big.Int).Mul(new(big.Int).SetUint64(whole), new(big.Int).SetUint64(x.Num)))
}

// power is an account's own power unless delegated, and what was delegated to it.
func (r *ref) power(a who) (sum uint64) {
	for i := range castSize {
		from := acct(i)
		if to := r.delegate[from]; to == a || (to == "" && from == a) {
			sum += r.own(from)
		}
	}
	return sum
}

func (r *ref) powers() map[who]uint64 {
	out := map[who]uint64{}
	for i := range castSize {
		out[acct(i)] = r.power(acct(i))
	}
	return out
}

func (r *ref) giveTo(a, to who) bool {
	if to == a || r.delegate[a] == to {
		return false
	}
	r.delegate[a] = to
	return true
}

func (m *motion) open() bool {
	return m.state == dao.StateDelay || m.state == dao.StateVoting || m.state == dao.StateTimelock
}

func (r *ref) propose(a who, id string, m dao.Propose) bool {
	own := uint64(0)
	for _, p := range r.proposals {
		if p.by == a && p.open() {
			own++
		}
	}
	if own >= 4 || r.power(a) < uint64(r.rules.Governance.ProposePower)*(own+1) || uint64(m.Grant.Amount) > r.treasury {
		return false
	}
	if len(m.Changes) > 0 {
		if _, err := r.rules.With(m.Changes); err != nil {
			return false
		}
	}
	r.proposals[id] = &motion{
		by: a, change: m.Changes, grantTo: m.Grant.To, grant: uint64(m.Grant.Amount), state: dao.StateDelay,
		opensMS: r.timeMS + r.rules.Governance.DelayMS, ballots: map[who]dao.Choice{},
	}
	return true
}

func (r *ref) vote(a who, id string, choice dao.Choice) bool {
	p := r.proposals[id]
	if p == nil || p.state != dao.StateVoting || r.timeMS >= p.closesMS || p.ballots[a] != "" || r.past[p.snapshot][a] == 0 {
		return false
	}
	p.ballots[a] = choice
	return true
}

// counted is the power that a proposal's ballots of one choice stand for.
func (r *ref) counted(p *motion, choice dao.Choice) (sum uint64) {
	for a, c := range p.ballots {
		if c == choice {
			sum += r.past[p.snapshot][a]
		}
	}
	return sum
}

// decide moves every proposal by one state at most.
func (r *ref) decide() {
	needed := map[who]uint64{}
	for _, id := range keys(r.proposals) {
		p := r.proposals[id]
		if !p.open() {
			continue
		}
		if each := uint64(r.rules.Governance.ProposePower); p.state != dao.StateTimelock {
			if r.power(p.by) < needed[p.by]+each {
				p.state = dao.StateLapsed
				continue
			}
			needed[p.by] += each
		}
		switch {
		case p.state == dao.StateDelay && r.timeMS >= p.opensMS:
			p.state, p.snapshot, p.closesMS = dao.StateVoting, r.height-1, r.timeMS+r.rules.Governance.VoteMS
			for _, power := range r.past[p.snapshot] {
				p.total += power
			}
		case p.state == dao.StateVoting && r.timeMS >= p.closesMS:
			yes, no, all := r.tally(p)
			g := r.rules.Governance
			if reaches(g.Quorum, all, p.total) && compare(g.Majority, yes, yes+no) > 0 {
				p.state, p.doneMS = dao.StateTimelock, r.timeMS+g.TimelockMS
			} else {
				p.state = dao.StateRejected
			}
		case p.state == dao.StateTimelock && r.timeMS >= p.doneMS:
			p.state = dao.StateFailed
			if r.carryOut(p) {
				p.state = dao.StateExecuted
			}
		}
	}
}

func (r *ref) tally(p *motion) (yes, no, all uint64) {
	yes, no = r.counted(p, dao.Yes), r.counted(p, dao.No)
	return yes, no, yes + no + r.counted(p, dao.Abstain)
}

func (r *ref) carryOut(p *motion) bool {
	if len(p.change) > 0 {
		changed, err := r.rules.With(p.change)
		if err == nil {
			r.rules = changed
		}
		return err == nil
	}
	g := r.rules.Governance
	given := uint64(0)
	for _, one := range r.granted {
		if r.timeMS-one.endMS < g.GrantWindowMS {
			given += one.amount
		}
	}
	yes, no, all := r.tally(p)
	great := reaches(g.GrantQuorum, all, p.total) && reaches(g.GrantMajority, yes, yes+no)
	if !great && given+p.grant > part(r.treasury+given, g.GrantPerMille, 1000) || p.grant > r.treasury {
		return false
	}
	r.treasury -= p.grant
	r.balance[p.grantTo] += p.grant
	r.granted = append(r.granted, departure{amount: p.grant, endMS: r.timeMS})
	return true
}

// leased reports whether work is allowed.
func (r *ref) leased() bool { return r.beats > 0 && r.timeMS <= r.beatMS+r.rules.LeaseMS }

// clockAt is the work clock: ledger time that a lease covered, at most a step per block.
func (r *ref) clockAt() int64 {
	if r.beats == 0 {
		return r.clockWork
	}
	covered := min(r.timeMS, r.beatMS+r.rules.LeaseMS) - r.clockMS
	return r.clockWork + max(0, min(covered, r.rules.WorkStepMS))
}

// remember records a block; of blocks without transactions only one per empty-block interval.
func (r *ref) remember(hash ledger.Hash, txs int) {
	r.workMS = r.clockAt()
	if r.started && txs == 0 && r.timeMS-r.clockMS < r.rules.EmptyBlockMS {
		return
	}
	r.started, r.clockMS, r.clockWork = true, r.timeMS, r.workMS
	r.newest = pastBlock{height: r.height, timeMS: r.timeMS, hash: hash}
	r.recent[r.height%64] = r.newest
}

func (r *ref) register(a who) bool {
	if _, known := r.governors[a]; known || r.power(a) < uint64(r.rules.GovernorPower) {
		return false
	}
	r.governors[a] = r.workMS
	return true
}

func (r *ref) leave(a who) bool {
	_, known := r.governors[a]
	delete(r.governors, a)
	return known
}

// pulse is accepted once per governor and interval, of this interval, the last, or the one that is about to begin.
func (r *ref) pulse(a who, interval uint64, height int64, hash ledger.Hash) bool {
	_, known := r.governors[a]
	now := uint64(r.timeMS / r.rules.PulseIntervalMS)
	soon := uint64((r.timeMS + min(r.rules.PulseIntervalMS, 10_000)) / r.rules.PulseIntervalMS)
	named := r.recent[height%64]
	switch {
	case !known, r.power(a) < uint64(r.rules.GovernorPower), interval > soon, interval+1 < now, r.pulsed[interval][a],
		named.height != height || named.hash != hash, r.timeMS-named.timeMS > r.rules.PulseBlockAgeMS:
		return false
	}
	if r.pulsed[interval] == nil {
		r.pulsed[interval] = map[who]bool{}
	}
	r.pulsed[interval][a] = true
	r.governors[a] = r.workMS
	r.beat(interval)
	return true
}

func (r *ref) beat(interval uint64) {
	if r.beats > 0 && interval <= r.beatInterval {
		return
	}
	var registered, pulsed uint64
	for a := range r.governors {
		if power := r.power(a); power >= uint64(r.rules.GovernorPower) {
			registered += power
			if r.pulsed[interval][a] {
				pulsed += power
			}
		}
	}
	if pulsed == 0 || !reaches(r.rules.Governance.HeartbeatQuorum, pulsed, registered) {
		return
	}
	r.clockMS, r.clockWork = r.timeMS, r.clockAt()
	r.beats, r.beatMS, r.beatInterval = r.beats+1, r.timeMS, interval
	for a, seen := range r.governors {
		if r.workMS-seen > r.rules.GovernorAbsentMS {
			delete(r.governors, a)
		}
	}
}
