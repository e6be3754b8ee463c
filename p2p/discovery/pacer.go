package discovery

import (
	"context"
	"time"
)

// pacer gives waits that grow from low to high.
type pacer struct {
	low, high, now time.Duration
	factor         float64
}

func (p *pacer) reset() { p.now = 0 }

func (p *pacer) next() time.Duration {
	if p.now == 0 {
		p.now = p.low
	} else {
		p.now = min(p.high, time.Duration(float64(p.now)*p.factor))
	}
	return jitter(p.now)
}

// signal is a poke that is never lost and never blocks.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) poke() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// wait returns whether it was poked, after at most d or the end of ctx.
func (s signal) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(d, time.Millisecond))
	defer timer.Stop()
	select {
	case <-s:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
