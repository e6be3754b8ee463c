package lease

import "time"

// Clock is where a Keeper reads the time. Its methods may be called
// concurrently.
type Clock interface {
	// Wall returns the time of day, without a monotonic reading. It may jump.
	Wall() time.Time
	// Stopwatch starts a measurement of monotonic time; the function returned
	// tells the time elapsed since, and never decreases.
	Stopwatch() func() time.Duration
	// NewTimer returns a channel that delivers once d of monotonic time has
	// passed, a function that arms the timer anew, dropping a delivery not yet
	// taken, and one that releases it.
	NewTimer(d time.Duration) (fired <-chan time.Time, reset func(time.Duration), stop func())
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Wall returns the time of day.
func (SystemClock) Wall() time.Time { return time.Now().Round(0) }

// Stopwatch measures by the operating system's monotonic clock. Where that
// clock stands still while the machine sleeps, the wall clock ends the lease.
func (SystemClock) Stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// NewTimer returns a timer of the runtime.
func (SystemClock) NewTimer(d time.Duration) (<-chan time.Time, func(time.Duration), func()) {
	t := time.NewTimer(d)
	return t.C, func(d time.Duration) { t.Reset(d) }, func() { t.Stop() }
}
