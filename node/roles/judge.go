package roles

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/task"
	"autonet/node/journal"
	"autonet/work/engine"
	"autonet/work/train"
)

// Judge recomputes what is disputed in a task when its account is drawn onto the panel: it seals what it found, and shows
// it when all judges have sealed theirs.
type Judge struct{ d Deps }

// NewJudge returns a judge.
func NewJudge(d Deps) *Judge { return &Judge{d: d} }

// Name is shown in logs and job lists.
func (*Judge) Name() string { return "judge" }

// judgement is what a judge must not lose between sealing and showing.
type judgement struct {
	Finding dispute.Finding
	Salt    [32]byte
}

// Step implements Role.
func (j *Judge) Step(ctx context.Context, t task.Task) error {
	var panels []dispute.Panel
	if err := j.d.Ledger.View(func(v app.View) error {
		panels = v.Panels(t.ID)
		return nil
	}); err != nil {
		return err
	}
	for _, p := range panels {
		seat := p.Seat(j.d.Ledger.Account())
		if seat < 0 || p.Judges[seat].Silent {
			continue
		}
		var err error
		switch me := p.Judges[seat]; {
		case p.Stage == dispute.Sealing && !me.Sealed():
			err = j.seal(ctx, t, p)
		case p.Stage == dispute.Revealing && !me.Revealed:
			err = j.show(ctx, p)
		}
		if refused(err, ledger.CodeRefused, ledger.CodeLate, ledger.CodeNotFound) {
			j.d.Log.InfoContext(ctx, "judgement came too late", slog.String("task", t.ID), slog.Any("error", err))
			continue
		}
		if err != nil {
			return fmt.Errorf("judge %s: %w", p.Question.ID(), err)
		}
	}
	return nil
}

// key names a panel's judgement in the journal. A second panel about the same question has judgements of its own.
func (*Judge) key(p dispute.Panel) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", p.Question.ID(), p.Called))
	return fmt.Sprintf("%s.judge.%x", p.Task, sum[:8])
}

// seal recomputes what the panel is asked, notes it and commits to it.
func (j *Judge) seal(ctx context.Context, t task.Task, p dispute.Panel) (err error) {
	defer func() { j.d.Report(Progress{Kind: "judge", Task: t.ID, Done: true, Err: err}) }()
	var own judgement
	err = j.d.Journal.Get(j.key(p), &own)
	if errors.Is(err, journal.ErrMissing) {
		if own.Finding, err = j.find(ctx, t, p.Question); err != nil {
			if !j.hopeless(ctx, p, err) {
				return err
			}
			own.Finding = dispute.Finding{Unusable: true}
		}
		own.Salt = j.d.Salts.For("verdict "+p.Question.ID(), t.ID)
		err = j.d.Journal.Put(j.key(p), own)
	}
	if err != nil {
		return err
	}
	doc, err := dispute.JudgementCID(t.ID, p.Question, own.Finding)
	if err != nil {
		return err
	}
	commitment := commitreveal.Commit(
		commitreveal.KindVerdict, j.d.Ledger.Network(), t.ID, string(j.d.Ledger.Account()), doc, own.Salt)
	_, err = j.d.Ledger.Send(ctx, dispute.Commit{Task: t.ID, Question: p.Question, Commitment: commitment})
	return err
}

// hopeless reports whether an error is the judge's answer: what it needs is malformed, or half of its time has gone by
// without it.
func (j *Judge) hopeless(ctx context.Context, p dispute.Panel, err error) bool {
	if ctx.Err() != nil || halted(err) {
		return false
	}
	late := false
	if err := j.d.Ledger.View(func(v app.View) error {
		late = p.Deadline-v.WorkClock().WorkMS < v.Params().JudgeMS/2
		return nil
	}); err != nil {
		return false
	}
	return late || errors.Is(err, ErrMaterial)
}

// show reveals the sealed judgement.
func (j *Judge) show(ctx context.Context, p dispute.Panel) error {
	var own judgement
	if err := j.d.Journal.Get(j.key(p), &own); err != nil {
		return fmt.Errorf("the sealed judgement: %w", err)
	}
	_, err := j.d.Ledger.Send(ctx, dispute.Reveal{Task: p.Task, Question: p.Question, Finding: own.Finding, Salt: own.Salt})
	return err
}

// find recomputes the state after a step, or the aggregate.
func (j *Judge) find(ctx context.Context, t task.Task, q dispute.Question) (dispute.Finding, error) {
	if q.Aggregate() {
		model, _, err := j.d.remake(ctx, t)
		return dispute.Finding{Model: model}, err
	}
	i, ok := t.SlotOf(q.Solver)
	if !ok || t.Slots[i].Solution == nil {
		return dispute.Finding{}, errors.New("the solver has no solution in this task")
	}
	l, err := j.d.Lease.Wait(ctx)
	if err != nil {
		return dispute.Finding{}, err
	}
	mat, err := j.d.Stuff.Load(ctx, t)
	if err != nil {
		return dispute.Finding{}, err
	}
	from, err := fetchCheckpoint(ctx, j.d.Files, mat, *t.Slots[i].Solution, int(q.Interval))
	if err != nil {
		return dispute.Finding{}, err
	}
	a := engine.Assignment{Spec: mat.Spec, Task: t.ID, Slot: t.Slots[i].Index, Account: string(q.Solver)}
	hashes, _, err := j.d.Engine.Replay(l, a, mat.Set, from, int(q.Interval))
	if err != nil && !errors.Is(err, train.ErrNotFinite) {
		return dispute.Finding{}, err
	}
	return dispute.Finding{State: padded(hashes, int(t.StepsIn(q.Interval)))[q.Step]}, nil
}

// remake recomputes a task's aggregate and stores it, which is how its manifest is known: where the published model is
// wrong, the right one must be there to be fetched.
func (d Deps) remake(ctx context.Context, t task.Task) (dispute.Model, Pinned, error) {
	made, err := d.combine(ctx, t)
	if err != nil {
		return dispute.Model{}, Pinned{}, err
	}
	pinned, err := d.Files.Pin(ctx, made.raw)
	if err != nil {
		return dispute.Model{}, Pinned{}, fmt.Errorf("store the recomputed model: %w", err)
	}
	return dispute.Model{Manifest: pinned.CID, Root: pinned.Root, Size: pinned.Size, Parameters: made.parameters}, pinned, nil
}
