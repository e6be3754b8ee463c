package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNoLease says that there is no right to work now.
	ErrNoLease = errors.New("no lease to work")
	// ErrLapsed says that a lease once held has ended.
	ErrLapsed = errors.New("the lease to work has lapsed")
	// ErrStopped says that the keeper has stopped, or runs already.
	ErrStopped = errors.New("the lease keeper has stopped")
)

// Reason tells a person why there is no lease; it is empty while there is one.
type Reason string

// The reasons for having no lease.
const (
	ReasonLive        Reason = ""
	ReasonStopped     Reason = "the node is stopping"
	ReasonSyncing     Reason = "the node is still syncing the ledger"
	ReasonNoHeartbeat Reason = "no heartbeat of governance has been seen yet"
	ReasonLedgerClock Reason = "governance has been silent too long by the ledger's clock"
	ReasonWallClock   Reason = "governance has been silent too long by this machine's clock"
	ReasonMonotonic   Reason = "no newer heartbeat of governance has arrived in time"
	ReasonSkew        Reason = "this machine's clock is too far off the latest block's time: set the clock, or wait for new blocks"
)

// Lease is the right to work, for a time. It is a small value: copy it freely.
// The zero Lease is dead.
type Lease struct{ term *term }

// term is one unbroken stretch of time in which the right to work holds. All
// leases acquired during it share it.
type term struct {
	keeper *Keeper
	ctx    context.Context //nolint:containedctx // a term is a lifetime, and the context is how it is handed out
	cancel context.CancelCauseFunc
	err    error // why it ended, nil while it lives; guarded by keeper.mu
}

// Err returns nil while the lease lives, an error wrapping ErrLapsed once it
// has ended, and ErrNoLease for the zero Lease. It reads the clocks.
func (l Lease) Err() error {
	if l.term == nil {
		return ErrNoLease
	}
	k := l.term.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle()
	return l.term.err
}

// Context returns a context that is cancelled when the lease ends, with the
// error of Err as its cause. That of the zero Lease is cancelled already.
func (l Lease) Context() context.Context {
	if l.term == nil {
		return none{}
	}
	return l.term.ctx
}

// none is the context of the zero Lease: done from the start.
type none struct{}

func (none) Deadline() (time.Time, bool) { return time.Time{}, false }
func (none) Value(any) any               { return nil }
func (none) Err() error                  { return fmt.Errorf("%w: %w", context.Canceled, ErrNoLease) }

func (none) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (t *term) end(why Reason) {
	t.err = fmt.Errorf("%w: %s", ErrLapsed, why)
	t.cancel(t.err)
}
