package dispute

import (
	"fmt"

	"autonet/ledger"
)

// Challenge disputes an interval of a solution with the sender's own step hashes.
func (k Keeper) Challenge(ctx *ledger.Context, kv ledger.KV, m Challenge) error {
	s, ok := k.ports.Tasks.Subject(kv, m.Task, m.Solver, ctx.Sender, m.Interval)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "task %s has no solution of %s", m.Task, m.Solver)
	}
	if err := k.checkChallenge(ctx, kv, m, s); err != nil {
		return err
	}
	opened := k.ports.Tasks.Opening(kv, m.Task, m.Solver, m.Interval)
	if opened != nil && firstDifference(opened, m.Hashes) < 0 {
		return refused("the steps of interval %d that %s opened are the same: there is nothing to dispute", m.Interval, m.Solver)
	}
	d := Dispute{
		Task: m.Task, Solver: m.Solver, Challenger: ctx.Sender, Order: uint32(len(k.about(kv, m.Task, m.Solver))) + 1,
		Interval: m.Interval, Status: Awaiting,
		Deadline: ctx.WorkMS + ctx.Params.OpeningMS, Bond: ctx.Params.ChallengeBond, Hashes: m.Hashes,
	}
	var err error
	if d.BondRole, err = k.lockBond(ctx, kv, purposeDispute(&d), d.Bond); err != nil {
		return err
	}
	ctx.Emit(EventChallenged{
		Task: d.Task, Solver: d.Solver, Challenger: d.Challenger, Interval: d.Interval, Bond: d.Bond, BondRole: d.BondRole,
		Demanded: opened == nil, Deadline: d.Deadline,
	})
	if opened != nil {
		return k.meet(ctx, kv, &d, opened)
	}
	save(kv, &d)
	return nil
}

func (k Keeper) checkChallenge(ctx *ledger.Context, kv ledger.KV, m Challenge, s Subject) error {
	switch {
	case s.Early:
		return ledger.Refuse(ledger.CodeEarly, "task %s has no verdict to challenge yet", m.Task)
	case !s.Open || ctx.WorkMS >= s.Deadline:
		return ledger.Refuse(ledger.CodeLate, "the challenge window of task %s is over", m.Task)
	case s.EvaluateOnly:
		return refused("task %s is evaluated only: nobody can replay a step of it", m.Task)
	case !s.Candidate:
		return refused("the solution of %s is out of task %s already", m.Solver, m.Task)
	case ctx.Sender == m.Solver:
		return refused("nobody can challenge its own solution")
	case s.Fraud && !s.Member:
		return refused("the fraud of %s is proven already", m.Solver)
	case m.Interval >= s.Intervals:
		return refused("interval %d of a solution of %d", m.Interval, s.Intervals)
	case uint32(len(m.Hashes)) != s.Steps:
		return refused("%d step hashes for interval %d, which has %d steps", len(m.Hashes), m.Interval, s.Steps)
	}
	if _, ok := k.Dispute(kv, m.Task, m.Solver, ctx.Sender); ok {
		return refused("%s has challenged %s in this task already", ctx.Sender, m.Solver)
	}
	for _, p := range k.Panels(kv, m.Task) {
		if p.Question.Solver == m.Solver && !p.Stage.Closed() && p.Seat(ctx.Sender) >= 0 {
			return refused("%s judges %s and cannot be a party", ctx.Sender, m.Solver)
		}
	}
	return nil
}

// Opened tells that the solver opened a demanded interval: every dispute that waits for it goes on.
func (k Keeper) Opened(ctx *ledger.Context, kv ledger.KV, task string, solver ledger.Account, interval uint32, hashes []ledger.Hash) error {
	for _, d := range k.about(kv, task, solver) {
		if d.Status != Awaiting || d.Interval != interval {
			continue
		}
		if err := k.meet(ctx, kv, &d, hashes); err != nil {
			return err
		}
	}
	return nil
}

// meet compares the two lists of a dispute and asks a panel about the first differing step.
func (k Keeper) meet(ctx *ledger.Context, kv ledger.KV, d *Dispute, opened []ledger.Hash) error {
	d.Opened, d.Deadline = opened, 0
	step := firstDifference(opened, d.Hashes)
	if step < 0 {
		k.dismiss(ctx, kv, d, "the steps the solver opened are those of the challenger")
		return nil
	}
	d.Step, d.SolverHash, d.OwnHash = uint32(step), opened[step], d.Hashes[step]
	d.Status = Judging
	ctx.Emit(EventJudging{
		Task: d.Task, Solver: d.Solver, Challenger: d.Challenger, Interval: d.Interval, Step: d.Step,
		SolverHash: d.SolverHash, OwnHash: d.OwnHash,
	})
	p, ok := k.Panel(kv, d.Task, d.question())
	if ok && p.Stage == Decided { // the same step was judged before: one answer is enough
		_, err := k.settle(ctx, kv, d, p.Majority.State)
		return err
	}
	save(kv, d)
	if !ok || p.Stage == Undecided {
		call(ctx, kv, d.Task, d.question())
	}
	return nil
}

// settle closes a dispute by the bits of the panel and returns what the loser lost for the judges to share.
func (k Keeper) settle(ctx *ledger.Context, kv ledger.KV, d *Dispute, majority ledger.Hash) (ledger.Natn, error) {
	d.Majority = majority
	at := fmt.Sprintf("state at step %d of interval %d", d.Step, d.Interval)
	if majority == d.SolverHash {
		return judgesShare(ctx.Params, k.dismiss(ctx, kv, d, "the panel got the solver's "+at), false)
	}
	taken, err := k.prove(ctx, kv, d, "the panel got another "+at)
	if err != nil {
		return 0, err
	}
	return judgesShare(ctx.Params, taken, true)
}

// firstDifference returns the first index at which two lists of one length differ; −1 when they are the same.
func firstDifference(a, b []ledger.Hash) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// prove closes a dispute against the solver and returns what it lost. The first proof takes its bond; the challenger's is
// released.
func (k Keeper) prove(ctx *ledger.Context, kv ledger.KV, d *Dispute, outcome string) (ledger.Natn, error) {
	s, ok := k.ports.Tasks.Subject(kv, d.Task, d.Solver, d.Challenger, d.Interval)
	if !ok {
		return 0, fmt.Errorf("dispute about a solution of %s that task %s does not have", d.Solver, d.Task)
	}
	k.close(ctx, kv, d, Proven, outcome)
	if s.Fraud {
		return 0, nil
	}
	p := Penalty{
		Account: d.Solver, Role: ledger.RoleSolver, Reporter: d.Challenger, Task: d.Task,
		Cause: "fraud proven: " + outcome, Evidence: evidence(d),
	}
	taken, err := k.ports.Tasks.ProveFraud(ctx, kv, d.Task, d.Solver, d.Challenger, p.Cause, p.Evidence)
	if err != nil {
		return 0, err
	}
	emitSlashed(ctx, p, taken)
	return taken, nil
}

// dismiss closes a dispute against the challenger and returns what it lost.
func (k Keeper) dismiss(ctx *ledger.Context, kv ledger.KV, d *Dispute, outcome string) ledger.Natn {
	taken := k.slashBond(ctx, kv, purposeDispute(d), Penalty{
		Account: d.Challenger, Role: d.BondRole, Amount: d.Bond, Task: d.Task, Cause: "challenge lost: " + outcome, Evidence: evidence(d),
	})
	k.close(ctx, kv, d, Dismissed, outcome)
	return taken
}

// close ends a dispute and releases what is left of the challenger's bond.
func (k Keeper) close(ctx *ledger.Context, kv ledger.KV, d *Dispute, status Status, outcome string) {
	d.Status, d.Outcome, d.Deadline = status, outcome, 0
	k.ports.Stakes.Unlock(ctx, kv, d.Challenger, d.BondRole, purposeDispute(d))
	ctx.Emit(EventClosed{
		Task: d.Task, Solver: d.Solver, Challenger: d.Challenger, Interval: d.Interval, Step: d.Step, Status: status,
		SolverHash: d.SolverHash, OwnHash: d.OwnHash, Majority: d.Majority, Outcome: outcome,
	})
	save(kv, d)
}

func evidence(d *Dispute) string {
	switch {
	case d.Opened == nil:
		return fmt.Sprintf("interval %d was not opened", d.Interval)
	case d.SolverHash.IsZero():
		return fmt.Sprintf("interval %d: both sides show the same %d steps", d.Interval, len(d.Opened))
	default:
		return fmt.Sprintf("interval %d step %d: solver %s, challenger %s, panel %s",
			d.Interval, d.Step, d.SolverHash, d.OwnHash, d.Majority)
	}
}
