package dispute

import (
	"fmt"

	"autonet/ledger"
)

// voice is how an account voted on an appeal.
type voice struct {
	Support bool        `json:"support"`
	Power   ledger.Natn `json:"power"`
}

// Appeal asks governance for another score of a solution.
func (k Keeper) Appeal(ctx *ledger.Context, kv ledger.KV, m AppealScore) error {
	s, ok := k.ports.Tasks.Subject(kv, m.Task, m.Solver, ctx.Sender, 0)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "task %s has no solution of %s", m.Task, m.Solver)
	}
	switch {
	case s.Early:
		return ledger.Refuse(ledger.CodeEarly, "task %s has no verdict to appeal yet", m.Task)
	case !s.Open || ctx.WorkMS >= s.Deadline:
		return ledger.Refuse(ledger.CodeLate, "the challenge window of task %s is over", m.Task)
	case !s.Candidate || !s.Judged:
		return refused("the solution of %s has no verdict in task %s", m.Solver, m.Task)
	case s.Fraud:
		return refused("the fraud of %s is proven: scores may be appealed, bits may not", m.Solver)
	case m.Score == s.Score:
		return refused("the score of %s is %d already", m.Solver, s.Score)
	}
	if _, ok := ledger.Load[Appeal](kv, keyAppeal(m.Task, m.Solver, ctx.Sender)); ok {
		return refused("%s has appealed the score of %s in this task already", ctx.Sender, m.Solver)
	}
	a := Appeal{
		Task: m.Task, Solver: m.Solver, Appellant: ctx.Sender, Was: s.Score, Score: m.Score, Reasons: m.Reasons,
		Status: AppealOpen, Bond: ctx.Params.Disputes.AppealBond, Snapshot: ctx.Height,
		Deadline: ctx.WorkMS + ctx.Params.Disputes.AppealMS,
	}
	var err error
	if a.BondRole, err = k.lockBond(ctx, kv, purposeAppeal(&a), a.Bond); err != nil {
		return err
	}
	ctx.Emit(EventAppealed{
		Task: a.Task, Solver: a.Solver, Appellant: a.Appellant, Was: a.Was, Score: a.Score, Reasons: a.Reasons,
		Bond: a.Bond, BondRole: a.BondRole, Snapshot: a.Snapshot, Deadline: a.Deadline,
	})
	saveAppeal(kv, &a)
	return nil
}

// VoteAppeal puts the sender's governance power, as at the end of the block of the appeal, for or against it.
func (k Keeper) VoteAppeal(ctx *ledger.Context, kv ledger.KV, m VoteAppeal) error {
	a, ok := ledger.Load[Appeal](kv, keyAppeal(m.Task, m.Solver, m.Appellant))
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "%s has not appealed the score of %s in task %s", m.Appellant, m.Solver, m.Task)
	case a.Status != AppealOpen || ctx.WorkMS >= a.Deadline:
		return ledger.Refuse(ledger.CodeLate, "the vote on the appeal of %s is over", m.Appellant)
	case ctx.Height <= a.Snapshot:
		return ledger.Refuse(ledger.CodeEarly, "the vote on the appeal of %s begins with block %d", m.Appellant, a.Snapshot+1)
	}
	if kv.Get(keyVoice(&a, ctx.Sender)) != nil {
		return refused("%s has voted on this appeal already", ctx.Sender)
	}
	power := k.ports.Governance.PowerAt(kv, ctx.Sender, a.Snapshot)
	if power == 0 {
		return ledger.Refuse(ledger.CodeFunds, "%s had no governance power at height %d", ctx.Sender, a.Snapshot)
	}
	if m.Support {
		a.Yes += power
	} else {
		a.No += power
	}
	ledger.Save(kv, keyVoice(&a, ctx.Sender), voice{Support: m.Support, Power: power})
	saveAppeal(kv, &a)
	ctx.Emit(EventAppealVoted{
		Task: a.Task, Solver: a.Solver, Appellant: a.Appellant, Voter: ctx.Sender, Support: m.Support, Power: power,
	})
	return nil
}

// count closes an appeal whose window is over, or whose outcome no further vote can change.
func (k Keeper) count(ctx *ledger.Context, kv ledger.KV, a *Appeal) error {
	s, ok := k.ports.Tasks.Subject(kv, a.Task, a.Solver, a.Appellant, 0)
	if !ok {
		return fmt.Errorf("the task has no solution of %s", a.Solver)
	}
	if s.Fraud {
		k.closeAppeal(ctx, kv, a, AppealMoot, s.Score, "the solution was proven a fraud meanwhile")
		return nil
	}
	if ctx.Height <= a.Snapshot {
		return nil
	}
	p := ctx.Params.Disputes
	a.Total = k.ports.Governance.TotalAt(kv, a.Snapshot)
	cast := a.Yes + a.No
	rest := a.Total - min(a.Total, cast)
	over := ctx.WorkMS >= a.Deadline
	quorate := cast > 0 && p.AppealQuorum.Reached(cast, a.Total)
	carried := over && p.AppealMajority.Reached(a.Yes, cast) || p.AppealMajority.Reached(a.Yes, cast+rest)
	beyond := cast+rest == 0 || !p.AppealMajority.Reached(a.Yes+rest, cast+rest) // no further vote could carry it
	switch {
	case quorate && carried:
		return k.pass(ctx, kv, a)
	case over && !quorate:
		k.lose(ctx, kv, a, s.Score, "no quorum voted on the appeal")
	case over, beyond:
		k.lose(ctx, kv, a, s.Score, "no majority supports the appeal")
	}
	return nil
}

func (k Keeper) pass(ctx *ledger.Context, kv ledger.KV, a *Appeal) error {
	reason := fmt.Sprintf("governance replaced the score of %d on an appeal of %s", a.Was, a.Appellant)
	if err := k.ports.Tasks.ReplaceScore(ctx, kv, a.Task, a.Solver, a.Score, reason); err != nil {
		return err
	}
	k.closeAppeal(ctx, kv, a, AppealPassed, a.Score, reason)
	return nil
}

func (k Keeper) lose(ctx *ledger.Context, kv ledger.KV, a *Appeal, score uint16, outcome string) {
	k.slashBond(ctx, kv, purposeAppeal(a), Penalty{
		Account: a.Appellant, Role: a.BondRole, Amount: a.Bond, Task: a.Task, Cause: "appeal lost: " + outcome,
		Evidence: fmt.Sprintf("yes %s, no %s, of %s", a.Yes, a.No, a.Total),
	})
	k.closeAppeal(ctx, kv, a, AppealLost, score, outcome)
}

func (k Keeper) closeAppeal(ctx *ledger.Context, kv ledger.KV, a *Appeal, status AppealStatus, score uint16, outcome string) {
	a.Status, a.Deadline, a.Outcome = status, 0, outcome
	k.ports.Stakes.Unlock(ctx, kv, a.Appellant, a.BondRole, purposeAppeal(a))
	ctx.Emit(EventAppealClosed{
		Task: a.Task, Solver: a.Solver, Appellant: a.Appellant, Status: status, Score: score,
		Yes: a.Yes, No: a.No, Total: a.Total, Outcome: outcome,
	})
	saveAppeal(kv, a)
}
