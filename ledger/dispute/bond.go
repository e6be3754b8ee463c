package dispute

import (
	"autonet/internal/fixed"
	"autonet/ledger"
)

// Purposes of the locks of bonds. An account has one of each per task and solution.
func purposeDispute(d *Dispute) string            { return "dispute-" + d.Task + "-" + string(d.Solver) }
func purposeAggregate(d *AggregateDispute) string { return "dispute-" + d.Task + "-aggregate" }
func purposeAppeal(a *Appeal) string              { return "appeal-" + a.Task + "-" + string(a.Solver) }

// lockBond locks the sender's bond in the first of its active stakes that has as much free, and returns the role.
func (k Keeper) lockBond(ctx *ledger.Context, kv ledger.KV, purpose string, amount ledger.Natn) (ledger.Role, error) {
	active := false
	for _, role := range []ledger.Role{
		ledger.RoleCoordinator, ledger.RoleValidator, ledger.RoleAggregator, ledger.RoleProposer, ledger.RoleSolver, ledger.RoleProvider,
	} {
		if !k.ports.Stakes.Active(ctx, kv, ctx.Sender, role) {
			continue
		}
		active = true
		err := k.ports.Stakes.Lock(ctx, kv, ctx.Sender, role, purpose, amount)
		if err == nil {
			return role, nil
		}
		if ledger.CodeOf(err) != ledger.CodeFunds {
			return "", err
		}
	}
	if !active {
		return "", ledger.Refuse(ledger.CodeFunds, "%s has no active stake: a bond of %s is locked in one", ctx.Sender, amount)
	}
	return "", ledger.Refuse(ledger.CodeFunds, "no stake of %s has %s free for the bond", ctx.Sender, amount)
}

// slashBond takes a party's whole bond and says so.
func (k Keeper) slashBond(ctx *ledger.Context, kv ledger.KV, purpose string, p Penalty) ledger.Natn {
	taken := k.ports.Stakes.SlashLocked(ctx, kv, purpose, p)
	emitSlashed(ctx, p, taken)
	return taken
}

func emitSlashed(ctx *ledger.Context, p Penalty, taken ledger.Natn) {
	ctx.Emit(EventSlashed{
		Task: p.Task, Account: p.Account, Role: p.Role, Amount: taken, Reporter: p.Reporter, Cause: p.Cause, Evidence: p.Evidence,
	})
}

// judgesShare is what of a loss the judges get together. With a reporter it never exceeds what the reporter leaves.
func judgesShare(p ledger.Params, taken ledger.Natn, reported bool) (ledger.Natn, error) {
	pot, err := fixed.MulDiv(uint64(taken), p.Disputes.JudgeSharePerMille, 1000)
	if err != nil || !reported {
		return ledger.Natn(pot), err
	}
	reporter, err := fixed.MulDiv(uint64(taken), p.ReporterPerMille, 1000)
	if err != nil {
		return 0, err
	}
	return min(ledger.Natn(pot), taken-min(taken, ledger.Natn(reporter))), nil
}

// payJudges pays the judges of the majority their fee, or equal parts of what the losers of the question leave to them when
// that is less.
func (k Keeper) payJudges(ctx *ledger.Context, kv ledger.KV, p *Panel, pot ledger.Natn) error {
	var winners ledger.Natn
	for _, j := range p.Judges {
		if j.Revealed && j.Finding == p.Majority {
			winners++
		}
	}
	if winners == 0 || pot/winners == 0 {
		return nil
	}
	fee := min(pot/winners, ctx.Params.Disputes.JudgeFee)
	for i := range p.Judges {
		j := &p.Judges[i]
		if !j.Revealed || j.Finding != p.Majority {
			continue
		}
		j.Paid = fee
		if err := k.ports.Bank.PayJudge(ctx, kv, j.Account, j.Paid, p.Task); err != nil {
			return err
		}
		ctx.Emit(EventPaid{
			Task: p.Task, Account: j.Account, Role: j.Role, Question: p.Question, Amount: j.Paid,
			Cause: "a judgement that the majority shares",
		})
	}
	return nil
}
