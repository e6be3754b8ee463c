package roles

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/task"
)

// Role is one kind of work. Step looks at one task and does what this node has to do about it now; it is called again
// after every event of the task, and later after an error. It must do nothing that is already done.
type Role interface {
	Name() string
	Step(ctx context.Context, t task.Task) error
}

// Retry bounds.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
	maxQueued  = 4096
)

// Runner feeds tasks to one role, one at a time, in the order in which they woke. A task that wakes while it waits is
// queued once.
type Runner struct {
	role   Role
	ledger Ledger
	keeper *lease.Keeper
	log    *slog.Logger

	mu       sync.Mutex
	queue    []string
	queued   map[string]bool
	retrying map[string]bool // a later try is on its way already
	wake     chan struct{}
}

// NewRunner returns a runner that has nothing to do yet.
func NewRunner(r Role, d Deps) *Runner {
	return &Runner{
		role: r, ledger: d.Ledger, keeper: d.Lease, log: d.Log.With(slog.String("role", r.Name())),
		queued: map[string]bool{}, retrying: map[string]bool{}, wake: make(chan struct{}, 1),
	}
}

// Wake queues a task. It never blocks; beyond 4 096 waiting tasks it drops the oldest, which the next event of that task
// brings back.
func (r *Runner) Wake(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queued[id] {
		return
	}
	if len(r.queue) >= maxQueued {
		delete(r.queued, r.queue[0])
		r.queue = r.queue[1:]
	}
	r.queue = append(r.queue, id)
	r.queued[id] = true
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Runner) next() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return "", false
	}
	id := r.queue[0]
	r.queue = r.queue[1:]
	delete(r.queued, id)
	return id, true
}

// Run works until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	failures := map[string]int{}
	var retries sync.WaitGroup
	defer retries.Wait()
	for {
		id, ok := r.next()
		if !ok {
			select {
			case <-ctx.Done():
				return nil
			case <-r.wake:
			}
			continue
		}
		err := r.step(ctx, id)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			delete(failures, id)
			continue
		}
		if !r.startRetry(id) {
			continue
		}
		failures[id]++
		delay := min(firstRetry<<min(failures[id]-1, 10), lastRetry)
		r.log.InfoContext(ctx, "job will be tried again", slog.String("task", id), slog.Duration("in", delay), slog.Any("error", err))
		retries.Go(func() {
			due := r.pause(ctx, delay, halted(err))
			r.endRetry(id)
			if due {
				r.Wake(id)
			}
		})
	}
}

func (r *Runner) step(ctx context.Context, id string) error {
	var t task.Task
	found := false
	if err := r.ledger.View(func(v app.View) error {
		t, found = v.Task(id)
		return nil
	}); err != nil || !found {
		return err
	}
	return r.role.Step(ctx, t)
}

// startRetry notes that a task will be tried again, and reports whether it was not noted before: however many events
// fail, one try waits.
func (r *Runner) startRetry(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retrying[id] {
		return false
	}
	r.retrying[id] = true
	return true
}

func (r *Runner) endRetry(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.retrying, id)
}

// pause waits before another try, first for a lease when the reason was its absence. It reports whether the try is due.
func (r *Runner) pause(ctx context.Context, delay time.Duration, needsLease bool) bool {
	if needsLease {
		if _, err := r.keeper.Wait(ctx); err != nil {
			return false
		}
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// halted reports whether err says that governance is silent, which no retry mends.
func halted(err error) bool {
	var refusal *ledger.Error
	return errors.Is(err, lease.ErrLapsed) || errors.Is(err, lease.ErrNoLease) ||
		errors.As(err, &refusal) && refusal.Code == ledger.CodeHalted
}

// refused reports whether the ledger refused with that code.
func refused(err error, codes ...ledger.Code) bool {
	refusal, ok := errors.AsType[*ledger.Error](err)
	return ok && slices.Contains(codes, refusal.Code)
}
