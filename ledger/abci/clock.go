package abci

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	clockSamples = 9                // blocks whose median is told
	maxSkew      = 5 * time.Second  // beyond it a person is told
	tellSkew     = 10 * time.Minute // between two warnings
)

// clock compares this node's clock with the ledger's. A header's time is the median of the times at which the validators
// voted for the block before it, which is when this node saw that block decided.
//
// Headers need no clock to be right: a third of the validators can neither move the median nor turn it back. But this
// node refuses proposals more than a minute ahead of its own clock, and would stop following.
type clock struct {
	now    func() time.Time // nil compares nothing
	live   func() bool      // whether blocks are decided now rather than caught up with
	logger *slog.Logger

	height  int64 // last committed
	decided time.Time
	told    time.Time

	mu      sync.Mutex
	samples []time.Duration
}

// committed is told of each block by the consensus connection.
func (c *clock) committed(ctx context.Context, height, timeMS int64) {
	if c.now == nil || !c.live() {
		c.height = 0
		return
	}
	now := c.now()
	if c.height > 0 && c.height == height-1 {
		c.add(c.decided.Sub(time.UnixMilli(timeMS)))
		if skew := c.skew(); skew.Abs() > maxSkew && now.Sub(c.told).Abs() >= tellSkew {
			c.told = now
			c.logger.LogAttrs(ctx, slog.LevelWarn,
				"this machine's clock differs from the validators': set it, or blocks may be refused", slog.Duration("ahead", skew))
		}
	}
	c.height, c.decided = height, now.Round(0) // the clock on the wall, as it may be set meanwhile
}

func (c *clock) add(sample time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.samples) == clockSamples {
		c.samples = slices.Delete(c.samples, 0, 1)
	}
	c.samples = append(c.samples, sample)
}

// skew is how far this node's clock is ahead of the ledger's: the median of the last blocks; 0 before the first.
func (c *clock) skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(c.samples))
	return sorted[len(sorted)/2]
}
