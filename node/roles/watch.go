package roles

import (
	"bytes"
	"context"
	"log/slog"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/shardreg"
	"autonet/ledger/task"
)

// checkAggregate recomputes the published model of a task whose committee this node sits on, and challenges it when it
// is another: nobody else has the updates at hand already, and nobody can know beforehand who will look.
func (c *Coordinator) checkAggregate(ctx context.Context, t task.Task) error {
	if c.d.Cheat == CheatApproveAll || t.Result == nil {
		return nil
	}
	judged := false
	if err := c.d.Ledger.View(func(v app.View) error {
		judged = len(v.AggregateDisputes(t.ID)) > 0
		return nil
	}); err != nil || judged {
		return err
	}
	key := t.ID + ".checked"
	var checked string
	if err := c.d.Journal.Get(key, &checked); err == nil && checked == t.Result.Manifest {
		return nil
	}
	same, err := c.sameAggregate(ctx, t)
	if err != nil {
		return err
	}
	if !same {
		if err := c.challengeAggregate(ctx, t); err != nil {
			return err
		}
	}
	return c.d.Journal.Put(key, t.Result.Manifest)
}

// sameAggregate reports whether the published model is, to the byte, what the accepted updates give.
func (c *Coordinator) sameAggregate(ctx context.Context, t task.Task) (bool, error) {
	made, err := c.d.combine(ctx, t)
	if err != nil {
		return false, err
	}
	if made.parameters != t.Result.Parameters || uint64(len(made.raw)) != t.Result.Size {
		return false, nil
	}
	held, err := c.d.Files.Held(ctx, t.Result.Manifest)
	if err != nil {
		return false, err
	}
	if len(held.Columns) > 0 && held.Root != t.Result.Root {
		return false, nil
	}
	raw, err := c.d.Files.Fetch(ctx, t.Result.Manifest, MaxModelBytes)
	if err != nil {
		if ctx.Err() != nil || halted(err) {
			return false, err
		}
		return false, nil // what cannot be fetched is compared by its manifest
	}
	return bytes.Equal(raw, made.raw), nil
}

// challengeAggregate stores and registers the right model, then challenges the published one, unless they are the same
// after all.
func (c *Coordinator) challengeAggregate(ctx context.Context, t task.Task) error {
	right, pinned, err := c.d.remake(ctx, t)
	if err != nil {
		return err
	}
	r := t.Result
	if right == (dispute.Model{Manifest: r.Manifest, Root: r.Root, Size: r.Size, Parameters: r.Parameters}) {
		return nil
	}
	_, err = c.d.Ledger.Send(ctx, shardreg.Register{
		Manifest: pinned.CID, Root: pinned.Root, Size: pinned.Size, Data: pinned.Data, Parity: pinned.Parity, Strategy: shardreg.LayerWise,
	})
	if err != nil && !refused(err, ledger.CodeRefused) { // registered before: by another member
		return err
	}
	_, err = c.d.Ledger.Send(ctx, dispute.ChallengeAggregate{
		Task: t.ID, Manifest: right.Manifest, Root: right.Root, Size: right.Size, Parameters: right.Parameters,
	})
	if refused(err, ledger.CodeRefused, ledger.CodeLate, ledger.CodeFunds) {
		c.d.Log.InfoContext(ctx, "challenge of the model refused", slog.String("task", t.ID), slog.Any("error", err))
		return nil
	}
	return err
}
