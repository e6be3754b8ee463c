package roles

import (
	"context"
	"time"

	"autonet/ledger/task"
	"autonet/work/dataset"
	"autonet/work/engine"
	"autonet/work/train"
	"autonet/work/truth"
)

// MaxQueued and MaxCached are the bounds of a runner's queue and of the cache of materials.
const (
	MaxQueued = maxQueued
	MaxCached = maxCached
)

// Halted reports whether err says that governance is silent.
func Halted(err error) bool { return halted(err) }

// Padded completes the hashes of a diverged replay.
func Padded(hashes [][32]byte, n int) [][32]byte { return padded(hashes, n) }

// InventedHashes are a cheat's step hashes.
func InventedHashes(s engine.Spec, interval int, end train.State) [][32]byte {
	return inventedHashes(s, interval, end)
}

// ScaleOf is the proposer's scale of scores.
func ScaleOf(sample dataset.Set, correct, total uint32) truth.Truth {
	return exampleTruth(sample, correct, total)
}

// Wishes lists the slots a solver would claim, in order.
func (s *Solver) Wishes(t task.Task) []uint32 { return s.wishes(t) }

// Chain finds the salt behind a head.
func (c *Coordinator) Chain(head [32]byte) ([32]byte, error) { return c.chainSalt(head) }

// Pulse sends the pulse of the present interval.
func (g *Governor) Pulse(ctx context.Context, done uint64) (interval uint64, wait time.Duration, err error) {
	return g.pulse(ctx, done)
}

// Waiting is how many tasks wait in the queue.
func (r *Runner) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}
