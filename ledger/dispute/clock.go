package dispute

import (
	"fmt"

	"autonet/ledger"
)

// Begin draws the judges that wait for this block's hash. An error is a fault of the ledger.
func (k Keeper) Begin(ctx *ledger.Context, kv ledger.KV) error {
	for _, p := range opened[Panel](kv, openPanel) {
		if p.Stage != Drawing || ctx.Height <= p.Called {
			continue
		}
		if err := k.draw(ctx, kv, &p); err != nil {
			return fmt.Errorf("panel about %s in task %s: %w", p.Question.ID(), p.Task, err)
		}
	}
	return nil
}

// End closes what is overdue or has everybody's answer: an unopened interval proves the fraud, panels go on or decide,
// appeals are counted. An error is a fault of the ledger.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	for _, d := range k.Open(kv) {
		if d.Status != Awaiting || ctx.WorkMS < d.Deadline {
			continue
		}
		if _, err := k.prove(ctx, kv, &d, fmt.Sprintf("the solver did not open the challenged interval %d", d.Interval)); err != nil {
			return err
		}
	}
	for _, p := range opened[Panel](kv, openPanel) {
		if err := k.advance(ctx, kv, &p); err != nil {
			return fmt.Errorf("panel about %s in task %s: %w", p.Question.ID(), p.Task, err)
		}
	}
	for _, a := range opened[Appeal](kv, openAppeal) {
		if err := k.count(ctx, kv, &a); err != nil {
			return fmt.Errorf("appeal of %s in task %s: %w", a.Appellant, a.Task, err)
		}
	}
	return nil
}
