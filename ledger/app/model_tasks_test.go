package app_test

import (
	"autonet/ledger"
	"autonet/ledger/project"
	"autonet/ledger/task"
)

// job is a task, as far as the model follows it: until its truth should be shown. Its every interval is replayed, so that a bond
// is at its floor.
type job struct {
	project  string
	proposer who
	state    task.State
	steps    uint64
	reward   uint64 // of one solver
	escrow   uint64
	commitMS int64
	claimEnd int64
	deadline int64
	seats    []seat
}

type seat struct {
	solver    who
	bond      uint64
	step      uint64
	committed bool
	dropped   bool
}

func (r *ref) proposeTask(a who, id string, m task.Propose) bool {
	p := r.owned(a, m.Project)
	reward := uint64(m.RewardPerSample) * uint64(m.Steps) * uint64(m.Batch)
	escrow := reward*uint64(m.Slots) + uint64(m.CoordinatorFee+m.ProposerReward+m.AggregatorFee+m.StorageFee)
	if !r.active(a, ledger.RoleProposer) || p == nil || (p.state != project.Training && p.state != project.Deployed) || p.budget < escrow {
		return false
	}
	p.budget -= escrow
	p.reserved += escrow
	r.jobs[id] = &job{
		project: m.Project, proposer: a, state: task.StateProposed, steps: uint64(m.Steps), reward: reward, escrow: escrow,
		commitMS: int64(m.CommitMS), deadline: r.workMS + r.rules.OpenMS, seats: make([]seat, m.Slots),
	}
	return true
}

// at returns a task in a state whose time is not over, or nil.
func (r *ref) at(id string, state task.State) *job {
	if t := r.jobs[id]; t != nil && t.state == state && r.workMS < t.deadline {
		return t
	}
	return nil
}

func (r *ref) openTask(a who, id string) bool {
	t := r.at(id, task.StateProposed)
	if t == nil || t.proposer != a {
		return false
	}
	t.state, t.deadline = task.StateOpen, r.workMS+t.commitMS
	t.claimEnd = r.workMS + min(r.rules.ClaimMS, t.commitMS)
	return true
}

func ceil(amount, perMille uint64) uint64 { return (amount*perMille + 999) / 1000 }

func (r *ref) claim(a who, id string, slot uint32) bool {
	t := r.at(id, task.StateOpen)
	if t == nil || r.workMS >= t.claimEnd || a == t.proposer || !r.active(a, ledger.RoleSolver) || int(slot) >= len(t.seats) {
		return false
	}
	for _, s := range t.seats {
		if s.solver == a {
			return false
		}
	}
	bond := max(ceil(t.reward, r.rules.BondFloorPerMille), uint64(r.rules.MissSlash))
	if t.seats[slot].solver != "" || !r.lock(place{a, ledger.RoleSolver}, "task-"+id, bond) {
		return false
	}
	t.seats[slot] = seat{solver: a, bond: bond}
	return true
}

func (r *ref) seatOf(a who, id string) (*job, *seat) {
	t := r.at(id, task.StateOpen)
	if t == nil {
		return nil, nil
	}
	for i := range t.seats {
		if t.seats[i].solver == a && !t.seats[i].dropped {
			return t, &t.seats[i]
		}
	}
	return t, nil
}

func (r *ref) checkpoint(a who, id string, step uint64) bool {
	t, s := r.seatOf(a, id)
	if s == nil || s.committed || step > t.steps || step <= s.step {
		return false
	}
	s.step = step
	return true
}

func (r *ref) commitTo(a who, id string) bool {
	_, s := r.seatOf(a, id)
	if s == nil || s.committed {
		return false
	}
	s.committed = true
	return true
}

// lie is a truth that does not match: it costs once the solvers are bound.
func (r *ref) lie(a who, id string) bool {
	t := r.at(id, task.StateCommitted)
	if t == nil || t.proposer != a {
		return false
	}
	r.failTruth(id, t)
	return true
}

func (r *ref) failTruth(id string, t *job) {
	r.slash(place{t.proposer, ledger.RoleProposer}, part(uint64(r.rules.Proposer.MinStake), r.rules.TruthSlashPerMille, 1000), "")
	full := part(t.reward, r.rules.FloorPerMille, 1000)
	for _, s := range t.seats {
		if s.solver == "" || s.dropped {
			continue
		}
		done := s.step
		if s.committed {
			done = t.steps
		}
		floor := part(full, done, t.steps)
		t.escrow -= floor
		r.balance[s.solver] += floor
	}
	r.expire(id, t)
}

// expire releases the bonds and gives what is left to the project.
func (r *ref) expire(id string, t *job) {
	for _, s := range t.seats {
		if s.solver != "" && !s.dropped {
			r.unlock(place{s.solver, ledger.RoleSolver}, "task-"+id)
		}
	}
	p := r.projects[t.project]
	p.budget += t.escrow
	p.handed += t.escrow
	t.escrow, t.state = 0, task.StateExpired
}

// endTasks moves every task past its deadlines, and past phases in which everybody has acted.
func (r *ref) endTasks() {
	for _, id := range keys(r.jobs) {
		t := r.jobs[id]
		over := r.workMS >= t.deadline
		if t.state == task.StateProposed && over {
			r.slash(place{t.proposer, ledger.RoleProposer}, uint64(r.rules.MissSlash), "")
			r.expire(id, t)
		}
		if t.state == task.StateOpen {
			r.endCommits(id, t, over)
			over = r.workMS >= t.deadline
		}
		if t.state == task.StateCommitted && over {
			r.failTruth(id, t)
		}
	}
}

func (r *ref) endCommits(id string, t *job, over bool) {
	claimed, committed := 0, 0
	for _, s := range t.seats {
		if s.solver != "" {
			claimed++
		}
		if s.committed {
			committed++
		}
	}
	closed := claimed == len(t.seats) || r.workMS >= t.claimEnd
	if closed && claimed == 0 {
		r.expire(id, t)
		return
	}
	if !over && (!closed || committed < claimed) {
		return
	}
	for i := range t.seats {
		if s := &t.seats[i]; s.solver != "" && !s.committed {
			r.drop(id, s)
		}
	}
	if committed == 0 {
		r.expire(id, t)
		return
	}
	t.state, t.deadline = task.StateCommitted, r.workMS+r.rules.TruthMS
}

// drop takes a silent solver out: its miss is taken out of its bond first.
func (r *ref) drop(id string, s *seat) {
	p, due := place{s.solver, ledger.RoleSolver}, uint64(r.rules.MissSlash)
	s.dropped = true
	if taken := r.slashLocked(p, "task-"+id, due); taken < due {
		r.slash(p, due-taken, "")
	}
	r.unlock(p, "task-"+id)
}
