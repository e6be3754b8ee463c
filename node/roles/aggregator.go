package roles

import (
	"context"
	"fmt"
	"time"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/shardreg"
	"autonet/ledger/task"
	"autonet/work/aggregate"
	"autonet/work/codec"
	"autonet/work/train"
)

// announceWait is how long an aggregator waits for providers to announce the columns they hold, so that the storage
// fee reaches them; those who are later get nothing for this task.
const announceWait = 5 * time.Second

// Aggregator combines the accepted updates, publishes the model and registers it.
type Aggregator struct{ d Deps }

// NewAggregator returns an aggregator.
func NewAggregator(d Deps) *Aggregator { return &Aggregator{d: d} }

// Name is the role's name on the ledger.
func (*Aggregator) Name() string { return string(ledger.RoleAggregator) }

// Step implements Role.
func (a *Aggregator) Step(ctx context.Context, t task.Task) error {
	if t.State != task.StateSettled || t.Aggregator != a.d.Ledger.Account() {
		return nil
	}
	return a.aggregate(ctx, t)
}

func (a *Aggregator) aggregate(ctx context.Context, t task.Task) (err error) {
	defer func() { a.d.Report(Progress{Kind: "aggregate", Task: t.ID, Done: true, Err: err}) }()
	made, err := a.d.combine(ctx, t)
	if err != nil {
		return err
	}
	pinned, err := a.d.Files.Pin(ctx, made.raw)
	if err != nil {
		return fmt.Errorf("publish the model: %w", err)
	}
	if err := a.register(ctx, pinned); err != nil {
		return err
	}
	_, err = a.d.Ledger.Send(ctx, task.Aggregate{
		Task: t.ID, Manifest: pinned.CID, Root: pinned.Root, Size: pinned.Size, Parameters: made.parameters,
	})
	return err
}

// combined is the model that the accepted updates of a task give: the same bytes for whoever combines them.
type combined struct {
	raw        []byte
	parameters uint64
}

// combine recomputes a task's aggregate from the accepted updates.
func (d Deps) combine(ctx context.Context, t task.Task) (combined, error) {
	l, err := d.Lease.Wait(ctx)
	if err != nil {
		return combined{}, err
	}
	mat, err := d.Stuff.Load(ctx, t)
	if err != nil {
		return combined{}, err
	}
	updates, err := d.updates(ctx, t, mat)
	if err != nil {
		return combined{}, err
	}
	rule := mat.Spec.Rule
	if t.EvaluateOnly {
		rule = task.RuleEvaluateOnly
	}
	weights, err := d.Engine.Aggregate(l, rule, updates)
	if err != nil {
		return combined{}, err
	}
	raw, err := codec.EncodeWeights(weights, mat.Spec.Model)
	return combined{raw: raw, parameters: parameters(weights)}, err
}

// updates fetches the accepted solutions' weights and checks each against the final state its solution states.
func (d Deps) updates(ctx context.Context, t task.Task, mat Material) ([]aggregate.Update, error) {
	var out []aggregate.Update
	for _, slot := range t.Slots {
		if slot.Verdict == nil || !slot.Verdict.Accepted || slot.Solution == nil {
			continue
		}
		state, err := fetchCheckpoint(ctx, d.Files, mat, *slot.Solution, int(t.Intervals))
		if err != nil {
			return nil, fmt.Errorf("update of %s: %w", slot.Account, err)
		}
		out = append(out, aggregate.Update{Account: string(slot.Account), Weights: state.Weights(), Samples: t.Samples()})
	}
	return out, nil
}

// register puts the model's manifest on the ledger and waits, for a while, until its holders have announced themselves.
func (a *Aggregator) register(ctx context.Context, p Pinned) error {
	_, err := a.d.Ledger.Send(ctx, shardreg.Register{
		Manifest: p.CID, Root: p.Root, Size: p.Size, Data: p.Data, Parity: p.Parity, Strategy: shardreg.LayerWise,
	})
	if err != nil && !refused(err, ledger.CodeRefused) { // registered before: the same content
		return fmt.Errorf("register the model: %w", err)
	}
	deadline := time.NewTimer(announceWait)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		announced := 0
		if err := a.d.Ledger.View(func(v app.View) error {
			announced = v.AnnouncedColumns(p.CID, p.Root)
			return nil
		}); err != nil {
			return err
		}
		if announced >= int(p.Data)+int(p.Parity) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return nil
		case <-tick.C:
		}
	}
}

func parameters(weights []train.Tensor) (n uint64) {
	for _, t := range weights {
		n += uint64(len(t.Data))
	}
	return n
}
