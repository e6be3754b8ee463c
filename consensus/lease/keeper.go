package lease

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Lengths of PROTOCOL.md §8, and the keeper's own beat.
const (
	// DefaultLease is how long a heartbeat gives the right to work.
	DefaultLease = 120 * time.Second
	// DefaultMaxSkew is how far the wall clock may be off the latest block's time.
	DefaultMaxSkew = 30 * time.Second
	// poll bounds how late a jump of the wall clock is seen by Context; Err sees
	// it at once.
	poll = time.Second
	// shortest keeps the timer from spinning at the instant of a deadline.
	shortest = time.Millisecond
)

// Params are the lengths of the network, from its genesis; a heartbeat may carry a newer one.
type Params struct {
	// Lease is how long a heartbeat gives the right to work.
	Lease time.Duration
	// MaxSkew is how far the wall clock may be off the latest block's time.
	MaxSkew time.Duration
}

// DefaultParams returns 120 s and 30 s.
func DefaultParams() Params { return Params{Lease: DefaultLease, MaxSkew: DefaultMaxSkew} }

// Heartbeat is the ledger's record that enough governance power pulsed.
type Heartbeat struct {
	// LedgerTime is the time of the header of the block that holds the record.
	LedgerTime time.Time
	// Lease is how long it gives the right to work: the network's number when it
	// formed. Zero keeps the length there was.
	Lease time.Duration
}

// Status is what a person may know about the right to work.
type Status struct {
	// Live says whether a lease can be had now.
	Live bool
	// Left is the time to the end of the lease if no newer heartbeat comes; zero
	// when there is none.
	Left time.Duration
	// Reason says why there is none; empty while Live.
	Reason string
}

// Keeper derives leases from what the node observes of the ledger. Its methods
// may be called concurrently.
type Keeper struct {
	params Params
	clock  Clock
	mono   func() time.Duration

	mu      sync.Mutex
	seen    bool          // whether a heartbeat was observed
	beat    time.Time     // ledger time of the newest heartbeat
	receipt time.Duration // monotonic time at which it was first observed
	block   time.Time     // time of the latest block
	syncing bool
	running bool
	stopped bool
	live    bool          // liveness at the last settle, to wake waiters on a change
	term    *term         // the current term, nil when none has been acquired
	changed chan struct{} // closed and replaced at every observation
}

// NewKeeper returns a keeper that has seen nothing and so grants nothing.
// Lengths that are not positive take their defaults; a nil clock is SystemClock.
func NewKeeper(p Params, clock Clock) *Keeper {
	if p.Lease <= 0 {
		p.Lease = DefaultLease
	}
	if p.MaxSkew <= 0 {
		p.MaxSkew = DefaultMaxSkew
	}
	if clock == nil {
		clock = SystemClock{}
	}
	return &Keeper{params: p, clock: clock, mono: clock.Stopwatch(), changed: make(chan struct{})}
}

// Observe takes note of a heartbeat, received now. One that is not newer than
// the newest seen changes nothing, so that replaying events renews nothing.
func (k *Keeper) Observe(h Heartbeat) {
	k.update(func() {
		if k.seen && !h.LedgerTime.After(k.beat) {
			return
		}
		if h.Lease > 0 {
			k.params.Lease = h.Lease
		}
		k.seen, k.beat, k.receipt = true, h.LedgerTime.Round(0), k.mono()
		k.advance(k.beat)
	})
}

// ObserveBlock takes note of the time of the latest block.
func (k *Keeper) ObserveBlock(blockTime time.Time) {
	k.update(func() { k.advance(blockTime.Round(0)) })
}

// SetSyncing says whether the node is catching up with the ledger.
func (k *Keeper) SetSyncing(syncing bool) {
	k.update(func() { k.syncing = syncing })
}

// Acquire returns a live lease, or an error wrapping ErrNoLease that says why
// there is none.
func (k *Keeper) Acquire() (Lease, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, _, err := k.acquire()
	return l, err
}

// Wait returns a live lease as soon as there is one. It ends early with the
// cause of ctx, or with ErrStopped.
func (k *Keeper) Wait(ctx context.Context) (Lease, error) {
	for {
		k.mu.Lock()
		l, why, err := k.acquire()
		changed := k.changed
		k.mu.Unlock()
		if err == nil {
			return l, nil
		}
		if why == ReasonStopped {
			return Lease{}, fmt.Errorf("wait for a lease: %w", ErrStopped)
		}
		select {
		case <-ctx.Done():
			return Lease{}, fmt.Errorf("wait for a lease (%s): %w", why, context.Cause(ctx))
		case <-changed:
		}
	}
}

// Status reports on the right to work at this moment.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	why := k.settle()
	if why != ReasonLive {
		return Status{Reason: string(why)}
	}
	return Status{Live: true, Left: k.left(k.clock.Wall(), k.mono())}
}

// Run ends leases at their time and wakes waiters until ctx is done; then it
// ends what is left, for good, and returns nil. It owns the keeper's one timer.
// A keeper runs once: a second Run returns ErrStopped.
func (k *Keeper) Run(ctx context.Context) error {
	k.mu.Lock()
	if k.running || k.stopped {
		k.mu.Unlock()
		return ErrStopped
	}
	k.running = true
	k.mu.Unlock()
	defer k.update(func() { k.stopped = true })

	fired, reset, stop := k.clock.NewTimer(poll)
	defer stop()
	for {
		next, changed := k.tick()
		reset(next)
		select {
		case <-ctx.Done():
			return nil
		case <-fired:
		case <-changed:
		}
	}
}

// update applies one observation. Leases are settled before it too, so that a
// heartbeat that comes too late cannot save what had already ended.
func (k *Keeper) update(apply func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle()
	apply()
	k.settle()
	k.wake()
}

// advance moves the time of the latest block, never back.
func (k *Keeper) advance(t time.Time) {
	if t.After(k.block) {
		k.block = t
	}
}

func (k *Keeper) wake() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// tick settles and returns when to look again.
func (k *Keeper) tick() (time.Duration, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.live
	k.settle()
	if k.live != was {
		k.wake() // the wall clock moved and the right to work came back
	}
	next := poll
	if k.live {
		wall := k.clock.Wall()
		next = min(next, k.left(wall, k.mono()), k.block.Add(k.params.MaxSkew).Sub(wall))
	}
	return max(next, shortest), k.changed
}

func (k *Keeper) acquire() (Lease, Reason, error) {
	if why := k.settle(); why != ReasonLive {
		return Lease{}, why, fmt.Errorf("%w: %s", ErrNoLease, why)
	}
	if k.term == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		k.term = &term{keeper: k, ctx: ctx, cancel: cancel}
	}
	return Lease{term: k.term}, ReasonLive, nil
}

// settle reads the clocks and ends the current term if it may not go on. A term
// that ended is forgotten here and stays ended in the leases that hold it.
func (k *Keeper) settle() Reason {
	why := k.reason(k.clock.Wall(), k.mono())
	k.live = why == ReasonLive
	if !k.live && k.term != nil {
		k.term.end(why)
		k.term = nil
	}
	return why
}

func (k *Keeper) reason(wall time.Time, mono time.Duration) Reason {
	end := k.beat.Add(k.params.Lease)
	skew := wall.Sub(k.block)
	switch {
	case k.stopped:
		return ReasonStopped
	case k.syncing:
		return ReasonSyncing
	case !k.seen:
		return ReasonNoHeartbeat
	case !k.block.Before(end):
		return ReasonLedgerClock
	case mono-k.receipt >= k.params.Lease:
		return ReasonMonotonic
	case !wall.Before(end):
		return ReasonWallClock
	case skew > k.params.MaxSkew || skew < -k.params.MaxSkew:
		return ReasonSkew
	}
	return ReasonLive
}

// left is the time to the end of the newest heartbeat's lease by the clock that
// gets there first.
func (k *Keeper) left(wall time.Time, mono time.Duration) time.Duration {
	end := k.beat.Add(k.params.Lease)
	return min(end.Sub(k.block), end.Sub(wall), k.receipt+k.params.Lease-mono)
}
