package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/task"
	"autonet/work/engine"
	"autonet/work/train"
)

// Judge re-executes the disputed step of a task when its validator sits on the panel.
type Judge struct{ d Deps }

// NewJudge returns a judge.
func NewJudge(d Deps) *Judge { return &Judge{d: d} }

// Name is shown in logs and job lists.
func (*Judge) Name() string { return "judge" }

// Step implements Role.
func (j *Judge) Step(ctx context.Context, t task.Task) error {
	if t.State != task.StateChallenge {
		return nil
	}
	var open []dispute.Dispute
	if err := j.d.Ledger.View(func(v app.View) error {
		for _, d := range v.Disputes(t.ID) {
			if d.Status == dispute.Judging && j.waitedFor(d) {
				open = append(open, d)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, d := range open {
		if err := j.judge(ctx, t, d); err != nil {
			return fmt.Errorf("judge interval %d of %s: %w", d.Interval, d.Solver, err)
		}
	}
	return nil
}

func (j *Judge) waitedFor(d dispute.Dispute) bool {
	for _, juror := range d.Panel {
		if juror.Account == j.d.Ledger.Account() {
			return !juror.Voted
		}
	}
	return false
}

// judge replays the interval from its checkpoint and publishes the state hash after the step in question.
func (j *Judge) judge(ctx context.Context, t task.Task, d dispute.Dispute) (err error) {
	defer func() { j.d.Report(Progress{Kind: "judge", Task: t.ID, Done: true, Err: err}) }()
	i, ok := t.SlotOf(d.Solver)
	if !ok || t.Slots[i].Solution == nil {
		return errors.New("the solver has no solution in this task")
	}
	l, err := j.d.Lease.Wait(ctx)
	if err != nil {
		return err
	}
	mat, err := j.d.Stuff.Load(ctx, t)
	if err != nil {
		return err
	}
	from, err := fetchCheckpoint(ctx, j.d.Files, mat, *t.Slots[i].Solution, int(d.Interval))
	if err != nil {
		return err
	}
	a := engine.Assignment{Spec: mat.Spec, Task: t.ID, Slot: t.Slots[i].Index, Account: string(d.Solver)}
	hashes, _, err := j.d.Engine.Replay(l, a, mat.Set, from, int(d.Interval))
	if err != nil && !errors.Is(err, train.ErrNotFinite) {
		return err
	}
	hashes = padded(hashes, int(t.StepsIn(d.Interval)))
	_, err = j.d.Ledger.Send(ctx, dispute.Judge{Task: t.ID, Solver: d.Solver, Interval: d.Interval, Step: d.Step, Hash: hashes[d.Step]})
	if refused(err, ledger.CodeRefused, ledger.CodeLate) {
		j.d.Log.InfoContext(ctx, "judgement came too late", slog.String("task", t.ID), slog.Any("error", err))
		return nil
	}
	return err
}
