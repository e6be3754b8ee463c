package node

import (
	"context"
	"slices"
	"strings"

	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/node/api/types"
)

// Tasks implements api.TaskBackend.
func (b taskBackend) Tasks(context.Context) ([]types.Task, error) {
	out := []types.Task{}
	err := b.n.engine.View(func(v app.View) error {
		for _, t := range v.Tasks() {
			out = append(out, b.taskOf(v, t))
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b types.Task) int { return int(b.Height - a.Height) })
	return out, err
}

// Task implements api.TaskBackend.
func (b taskBackend) Task(_ context.Context, id string) (types.Task, error) {
	var out types.Task
	err := b.n.engine.View(func(v app.View) error {
		t, ok := v.Task(id)
		if !ok {
			return types.NewError(types.CodeNotFound, "there is no task "+id, "", "list them with: autonet task ls")
		}
		out = b.taskOf(v, t)
		return nil
	})
	if err != nil {
		return out, err
	}
	if e, ok := b.n.proposer.Evaluation(id); ok {
		out.Evaluation = &types.Evaluation{BeforeCorrect: e.Before, AfterCorrect: e.After, Total: e.Total, Done: e.Done}
	}
	return out, nil
}

func (b taskBackend) taskOf(v app.View, t task.Task) types.Task {
	created, history := b.n.tally.phases(t.ID)
	out := types.Task{
		ID: t.ID, Project: t.Project, Proposer: string(t.Proposer), State: string(t.State), Phase: string(t.Phase), Reason: t.Cause,
		DeadlineMS: t.Deadline, DeadlineLeftMS: max(0, t.Deadline-v.WorkClock().WorkMS), Spec: t.Spec, EvaluateOnly: t.EvaluateOnly, Model: t.Model,
		Steps: t.Steps, Interval: t.Interval, Batch: t.Batch, Slots: uint32(len(t.Slots)), Replay: t.Replay,
		Committee: []string{}, Solutions: []types.Solution{}, Votes: []types.Vote{}, Disputes: []types.Dispute{},
		Aggregator: string(t.Aggregator), EscrowNatn: escrowOf(t), CreatedMS: created.TimeMS, Height: created.Height, History: history,
	}
	for _, m := range t.Committee {
		out.Committee = append(out.Committee, string(m.Account))
	}
	records := v.Votes(t.ID)
	for _, m := range t.Committee {
		out.Votes = append(out.Votes, voteOf(m, records))
	}
	for _, s := range t.Slots {
		if s.Account == "" {
			continue
		}
		sol := solutionOf(t, s)
		switch sol.State {
		case "accepted":
			out.Accepted++
		case "rejected", "dropped", "fraud":
			out.Rejected++
		}
		out.Solutions = append(out.Solutions, sol)
	}
	for _, d := range v.Disputes(t.ID) {
		out.Disputes = append(out.Disputes, disputeOf(v, d))
	}
	if r := t.Result; r != nil {
		out.Version = r.Version
		out.Result = &types.ModelVersion{
			Version: r.Version, CID: r.Manifest, Root: r.Root.String(), SizeBytes: r.Size, Parameters: r.Parameters, Task: t.ID,
		}
	}
	return out
}

func solutionOf(t task.Task, s task.Slot) types.Solution {
	out := types.Solution{
		Account: string(s.Account), Slot: s.Index, State: "claimed", Step: s.Step, CID: s.DocCID, Samples: t.Samples(), BondNatn: uint64(s.Bond),
	}
	switch {
	case s.Verdict != nil && s.Verdict.Fraud:
		out.State = "fraud"
	case s.Dropped != "":
		out.State = "dropped"
	case s.Verdict != nil && s.Verdict.Final && s.Verdict.Accepted:
		out.State = "accepted"
	case s.Verdict != nil && s.Verdict.Final:
		out.State = "rejected"
	case s.Revealed && s.Complete() && len(s.Drawn) > 0:
		out.State = "opened"
	case s.Revealed:
		out.State = "revealed"
	case !s.Commitment.IsZero():
		out.State = "committed"
	}
	out.Reason = s.Dropped
	if v := s.Verdict; v != nil {
		out.Score, out.Suspended = v.Score, v.Suspended
		if out.Reason == "" {
			out.Reason = v.Reason
		}
	}
	return out
}

func voteOf(m task.Member, records []rewards.Record) types.Vote {
	out := types.Vote{Account: string(m.Account), Committed: m.Committed, Revealed: m.Revealed}
	for _, r := range records {
		if r.Account != m.Account {
			continue
		}
		for _, j := range r.Entries {
			e := types.VoteEntry{
				Solver: string(j.Entry.Solver), Score: j.Entry.Score, Correct: j.Entry.Correct, Total: j.Entry.Total,
				Intervals: j.Entry.Intervals, Backed: j.Status == rewards.Backed, Note: j.Entry.Note,
			}
			if j.Entry.Fault != nil {
				e.Fault, e.FaultInterval = j.Entry.Fault.Kind, j.Entry.Fault.Interval
			}
			out.Entries = append(out.Entries, e)
		}
	}
	return out
}

func disputeOf(v app.View, d dispute.Dispute) types.Dispute {
	out := types.Dispute{Challenger: string(d.Challenger), Solver: string(d.Solver), Interval: d.Interval, Step: d.Step}
	switch d.Status {
	case dispute.Awaiting:
		out.State = "opening"
	case dispute.Proven:
		out.State = "fraud"
	case dispute.Dismissed:
		out.State = "cleared"
	default:
		out.State = strings.ToLower(string(d.Status))
	}
	p, _ := v.Panel(d.Task, dispute.Question{Solver: d.Solver, Interval: d.Interval, Step: d.Step})
	for _, j := range p.Judges {
		if j.Revealed {
			out.Judges++
		}
	}
	return out
}
