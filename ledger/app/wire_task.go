package app

import (
	"autonet/internal/fixed"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/project"
	"autonet/ledger/task"
)

func (a *App) taskRoutes() map[string]route {
	return map[string]route{
		"task/propose":      on(a.task.Propose),
		"task/open":         on(a.task.Open),
		"task/claim":        work(a.task.Claim),
		"task/checkpoint":   work(a.task.Checkpoint),
		"task/commit":       work(a.task.Commit),
		"task/reveal-truth": work(a.task.RevealTruth),
		"task/reveal":       work(a.task.Reveal),
		"task/open-steps":   work(a.task.OpenSteps),
		"task/aggregate":    work(a.task.Aggregate),
	}
}

// Publish implements task.Budget. Project names the sender as a version's publisher; where a dispute replaces a model, the
// sender is whoever closed the dispute, or nobody.
func (b budgetPort) Publish(
	ctx *ledger.Context, kv ledger.KV, id, taskID string, publisher ledger.Account, r task.Result,
) (uint64, error) {
	sender := ctx.Sender
	ctx.Sender = publisher
	defer func() { ctx.Sender = sender }()
	return b.project.Publish(ctx, kv, id, taskID, project.Model{
		Manifest: r.Manifest, Root: r.Root, Size: r.Size, Parameters: r.Parameters,
	})
}

// disputeTasks is task as dispute sees it.
type disputeTasks struct{ *App }

// Subject implements dispute.Tasks.
func (d disputeTasks) Subject(
	kv ledger.KV, id string, solver, sender ledger.Account, interval uint32,
) (dispute.Subject, bool) {
	t, ok := d.task.Record(kv, id)
	if !ok {
		return dispute.Subject{}, false
	}
	i, ok := t.SlotOf(solver)
	if !ok {
		return dispute.Subject{}, false
	}
	slot := t.Slots[i]
	_, member := t.MemberOf(sender)
	s := dispute.Subject{
		Early: t.Before(task.StateChallenge), Open: t.State == task.StateChallenge, Deadline: t.Deadline,
		EvaluateOnly: t.EvaluateOnly, Candidate: slot.Candidate(), Member: member, Intervals: t.Intervals,
	}
	if v := slot.Verdict; v != nil {
		s.Judged, s.Score, s.Fraud = true, v.Score, v.Fraud
	}
	if interval < t.Intervals {
		s.Steps = t.StepsIn(interval)
	}
	return s, true
}

// Published implements dispute.Tasks.
func (d disputeTasks) Published(kv ledger.KV, id string) (dispute.Published, bool) {
	t, ok := d.task.Record(kv, id)
	if !ok {
		return dispute.Published{}, false
	}
	p := dispute.Published{
		Early: t.Before(task.StateAggregated), Open: t.Phase == task.PhaseAggregateChallenge, Deadline: t.Deadline,
		Aggregator: t.Aggregator,
	}
	if r := t.Result; r != nil {
		p.Model = dispute.Model{Manifest: r.Manifest, Root: r.Root, Size: r.Size, Parameters: r.Parameters}
	}
	return p, true
}

// Insiders implements dispute.Tasks.
func (d disputeTasks) Insiders(kv ledger.KV, id string) []ledger.Account {
	t, _ := d.task.Record(kv, id)
	return t.Insiders()
}

// Opening implements dispute.Tasks.
func (d disputeTasks) Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return d.task.Opening(kv, id, solver, interval)
}

// ProveFraud implements dispute.Tasks. A trap that counts costs its solver nothing; of what a proof takes of one that is opened
// later the treasury makes good what it got, which leaves out the reporter's share: else a trap proven first by a friend
// would bring that friend a part of the treasury as great as the bond is.
func (d disputeTasks) ProveFraud(
	ctx *ledger.Context, kv ledger.KV, id string, solver, reporter ledger.Account, cause, evidence string,
) (ledger.Natn, error) {
	if d.forcederror.Counts(kv, id, solver) {
		return 0, nil
	}
	taken, err := d.task.ProveFraud(ctx, kv, id, solver, reporter, cause, evidence)
	if err != nil {
		return 0, err
	}
	share, err := fixed.MulDiv(uint64(taken), ctx.Params.ReporterPerMille, 1000)
	if err != nil {
		return 0, err
	}
	d.forcederror.Taken(kv, id, solver, taken-ledger.Natn(share))
	return taken, nil
}

// ReplaceAggregate implements dispute.Tasks.
func (d disputeTasks) ReplaceAggregate(
	ctx *ledger.Context, kv ledger.KV, id string, right dispute.Model, reporter ledger.Account, cause, evidence string,
) (ledger.Natn, error) {
	return d.task.ReplaceAggregate(ctx, kv, id, task.Result{
		Manifest: right.Manifest, Root: right.Root, Size: right.Size, Parameters: right.Parameters,
	}, reporter, cause, evidence)
}

// ReplaceScore implements dispute.Tasks.
func (d disputeTasks) ReplaceScore(
	ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, score uint16, reason string,
) error {
	return d.task.ReplaceScore(ctx, kv, id, solver, score, reason)
}
