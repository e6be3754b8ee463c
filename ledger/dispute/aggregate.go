package dispute

import (
	"fmt"

	"autonet/ledger"
)

// ChallengeAggregate disputes a task's published model.
func (k Keeper) ChallengeAggregate(ctx *ledger.Context, kv ledger.KV, m ChallengeAggregate) error {
	s, ok := k.ports.Tasks.Published(kv, m.Task)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "no task %s", m.Task)
	}
	if err := k.checkAggregate(ctx, kv, m, s); err != nil {
		return err
	}
	d := AggregateDispute{
		Task: m.Task, Aggregator: s.Aggregator, Challenger: ctx.Sender, Status: Judging,
		Bond: ctx.Params.Disputes.AggregateBond, Published: s.Model, Claim: m.claim(),
	}
	var err error
	if d.BondRole, err = k.lockBond(ctx, kv, purposeAggregate(&d), d.Bond); err != nil {
		return err
	}
	ctx.Emit(EventAggregateChallenged{
		Task: d.Task, Aggregator: d.Aggregator, Challenger: d.Challenger, Bond: d.Bond, BondRole: d.BondRole,
		Published: d.Published, Claim: d.Claim,
	})
	saveAggregate(kv, &d)
	call(ctx, kv, d.Task, Question{})
	return nil
}

func (k Keeper) checkAggregate(ctx *ledger.Context, kv ledger.KV, m ChallengeAggregate, s Published) error {
	switch {
	case s.Early:
		return ledger.Refuse(ledger.CodeEarly, "task %s has published no model yet", m.Task)
	case !s.Open || ctx.WorkMS >= s.Deadline:
		return ledger.Refuse(ledger.CodeLate, "the window to challenge the model of task %s is over", m.Task)
	case ctx.Sender == s.Aggregator:
		return refused("nobody can challenge its own model")
	case m.claim() == s.Model:
		return refused("this is the model that %s published: there is nothing to dispute", s.Aggregator)
	}
	for _, d := range k.Aggregates(kv, m.Task) {
		switch {
		case d.Challenger == ctx.Sender:
			return refused("%s has challenged the model of task %s already", ctx.Sender, m.Task)
		case d.Status == Judging:
			return refused("the model of task %s is being judged: one answer is enough", m.Task)
		case d.Status != Void:
			return refused("the model of task %s has been judged", m.Task)
		}
	}
	return nil
}

// settleAggregate closes the dispute about a model by the model of the panel and returns the judges' share.
func (k Keeper) settleAggregate(ctx *ledger.Context, kv ledger.KV, d *AggregateDispute, majority Model) (ledger.Natn, error) {
	d.Majority = majority
	evidence := fmt.Sprintf("published %s, challenger %s, panel %s", d.Published.Manifest, d.Claim.Manifest, majority.Manifest)
	if majority == d.Published {
		outcome := "the panel got the published model"
		taken := k.slashBond(ctx, kv, purposeAggregate(d), Penalty{
			Account: d.Challenger, Role: d.BondRole, Amount: d.Bond, Task: d.Task, Cause: "challenge lost: " + outcome, Evidence: evidence,
		})
		k.closeAggregate(ctx, kv, d, Dismissed, outcome)
		return judgesShare(ctx.Params, taken, false)
	}
	outcome := "the panel got another model"
	k.closeAggregate(ctx, kv, d, Proven, outcome)
	p := Penalty{
		Account: d.Aggregator, Role: ledger.RoleAggregator, Reporter: d.Challenger, Task: d.Task,
		Cause: "wrong aggregate proven: " + outcome, Evidence: evidence,
	}
	taken, err := k.ports.Tasks.ReplaceAggregate(ctx, kv, d.Task, majority, d.Challenger, p.Cause, p.Evidence)
	if err != nil {
		return 0, err
	}
	emitSlashed(ctx, p, taken)
	return judgesShare(ctx.Params, taken, true)
}

func (k Keeper) closeAggregate(ctx *ledger.Context, kv ledger.KV, d *AggregateDispute, status Status, outcome string) {
	d.Status, d.Outcome = status, outcome
	k.ports.Stakes.Unlock(ctx, kv, d.Challenger, d.BondRole, purposeAggregate(d))
	ctx.Emit(EventAggregateClosed{
		Task: d.Task, Aggregator: d.Aggregator, Challenger: d.Challenger, Status: status,
		Published: d.Published, Claim: d.Claim, Majority: d.Majority, Outcome: outcome,
	})
	saveAggregate(kv, d)
}
