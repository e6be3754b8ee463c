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
		Task: m.Task, Solver: m.Solver, Challenger: ctx.Sender, Interval: m.Interval, Status: Awaiting,
		Deadline: ctx.WorkMS + ctx.Params.OpeningMS, Bond: ctx.Params.ChallengeBond, Hashes: m.Hashes,
	}
	if err := k.ports.Stakes.Lock(ctx, kv, ctx.Sender, ledger.RoleCoordinator, lockPurpose(&d), d.Bond); err != nil {
		return err
	}
	ctx.Emit(EventChallenged{
		Task: d.Task, Solver: d.Solver, Challenger: d.Challenger, Interval: d.Interval, Bond: d.Bond,
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
	if !k.ports.Stakes.Active(ctx, kv, ctx.Sender, ledger.RoleCoordinator) {
		return ledger.Refuse(ledger.CodeFunds, "%s is no active coordinator: it needs a stake of %s",
			ctx.Sender, ctx.Params.Coordinator.MinStake)
	}
	if _, ok := k.Dispute(kv, m.Task, m.Solver, ctx.Sender); ok {
		return refused("%s has challenged %s in this task already", ctx.Sender, m.Solver)
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

// meet compares the two lists of a dispute and hands the first differing step to the panel.
func (k Keeper) meet(ctx *ledger.Context, kv ledger.KV, d *Dispute, opened []ledger.Hash) error {
	d.Opened = opened
	step := firstDifference(opened, d.Hashes)
	if step < 0 {
		k.dismiss(ctx, kv, d, "the steps the solver opened are those of the challenger")
		return nil
	}
	d.Step, d.SolverHash, d.OwnHash = uint32(step), opened[step], d.Hashes[step]
	d.Status, d.Deadline = Judging, ctx.WorkMS+ctx.Params.JudgeMS
	k.ports.Stakes.Holders(ctx, kv, ledger.RoleValidator, func(account ledger.Account, stake ledger.Natn) bool {
		if account != d.Solver && account != d.Challenger {
			d.Panel = append(d.Panel, Juror{Account: account, Stake: stake})
		}
		return true
	})
	ctx.Emit(EventJudging{
		Task: d.Task, Solver: d.Solver, Challenger: d.Challenger, Interval: d.Interval, Step: d.Step,
		SolverHash: d.SolverHash, OwnHash: d.OwnHash, Panel: d.Panel, Deadline: d.Deadline,
	})
	if len(d.Panel) == 0 {
		k.close(ctx, kv, d, Void, "no validator besides the parties can judge")
		return nil
	}
	save(kv, d)
	return nil
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

// prove closes a dispute against the solver. The first proof takes its bond; the challenger's is released.
func (k Keeper) prove(ctx *ledger.Context, kv ledger.KV, d *Dispute, outcome string) error {
	s, ok := k.ports.Tasks.Subject(kv, d.Task, d.Solver, d.Challenger, d.Interval)
	if !ok {
		return fmt.Errorf("dispute about a solution of %s that task %s does not have", d.Solver, d.Task)
	}
	k.close(ctx, kv, d, Proven, outcome)
	if s.Fraud {
		return nil
	}
	cause := "fraud proven: " + outcome
	taken, err := k.ports.Tasks.ProveFraud(ctx, kv, d.Task, d.Solver, d.Challenger, cause, evidence(d))
	if err != nil {
		return err
	}
	ctx.Emit(EventSlashed{
		Task: d.Task, Account: d.Solver, Role: ledger.RoleSolver, Amount: taken, Reporter: d.Challenger, Cause: cause,
		Interval: d.Interval, Step: d.Step, Evidence: evidence(d),
	})
	return nil
}

// dismiss closes a dispute against the challenger, which loses its bond.
func (k Keeper) dismiss(ctx *ledger.Context, kv ledger.KV, d *Dispute, outcome string) {
	cause := "challenge lost: " + outcome
	taken := k.ports.Stakes.SlashLocked(ctx, kv, lockPurpose(d), Penalty{
		Account: d.Challenger, Role: ledger.RoleCoordinator, Amount: d.Bond, Task: d.Task, Cause: cause, Evidence: evidence(d),
	})
	ctx.Emit(EventSlashed{
		Task: d.Task, Account: d.Challenger, Role: ledger.RoleCoordinator, Amount: taken, Cause: cause,
		Interval: d.Interval, Step: d.Step, Evidence: evidence(d),
	})
	k.close(ctx, kv, d, Dismissed, outcome)
}

// close ends a dispute and releases what is left of the challenger's bond.
func (k Keeper) close(ctx *ledger.Context, kv ledger.KV, d *Dispute, status Status, outcome string) {
	d.Status, d.Outcome, d.Deadline = status, outcome, 0
	k.ports.Stakes.Unlock(ctx, kv, d.Challenger, ledger.RoleCoordinator, lockPurpose(d))
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
