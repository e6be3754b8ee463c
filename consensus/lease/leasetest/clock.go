package leasetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/consensus/lease"
)

// Start is the time of day at which every Clock begins.
func Start() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }

// Clock is a lease.Clock turned by hand.
type Clock struct {
	mu     sync.Mutex
	wall   time.Time
	mono   time.Duration
	timers map[*timer]struct{}
}

type timer struct {
	at    time.Duration
	armed bool
	fired chan time.Time
}

// NewClock returns a clock that shows Start.
func NewClock() *Clock { return &Clock{wall: Start(), timers: map[*timer]struct{}{}} }

// Wall returns the time of day.
func (c *Clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

// Stopwatch measures the time advanced since.
func (c *Clock) Stopwatch() func() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := c.mono
	return func() time.Duration {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.mono - start
	}
}

// NewTimer returns a timer that fires inside Advance.
func (c *Clock) NewTimer(d time.Duration) (<-chan time.Time, func(time.Duration), func()) {
	t := &timer{fired: make(chan time.Time, 1)}
	reset := func(d time.Duration) {
		c.mu.Lock()
		defer c.mu.Unlock()
		select {
		case <-t.fired:
		default:
		}
		t.at, t.armed = c.mono+d, true
		c.timers[t] = struct{}{}
		c.fire()
	}
	reset(d)
	return t.fired, reset, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// Advance lets both clocks run for d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono = c.wall.Add(d), c.mono+d
	c.fire()
}

// ShiftWall sets the time of day by d, forward or back, in no time.
func (c *Clock) ShiftWall(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

func (c *Clock) fire() {
	for t := range c.timers {
		if t.armed && t.at <= c.mono {
			t.armed = false
			t.fired <- c.wall
		}
	}
}

// Live returns a lease that lives until the clock returned is turned by
// lease.DefaultMaxSkew, and its keeper, which does not run.
func Live(tb testing.TB) (lease.Lease, *Clock, *lease.Keeper) {
	tb.Helper()
	c := NewClock()
	k := lease.NewKeeper(lease.DefaultParams(), c)
	k.Observe(lease.Heartbeat{LedgerTime: c.Wall()})
	l, err := k.Acquire()
	require.NoError(tb, err)
	return l, c, k
}
