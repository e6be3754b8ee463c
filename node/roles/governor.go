package roles

import (
	"context"
	"log/slog"
	"time"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/heartbeat"
)

// firstBlockPoll is how often a governor looks for the first block.
const firstBlockPoll = 100 * time.Millisecond

// Governor signs a pulse in every interval while its account is in the register.
type Governor struct{ d Deps }

// NewGovernor returns a governor.
func NewGovernor(d Deps) *Governor { return &Governor{d: d} }

// Run pulses until ctx ends.
func (g *Governor) Run(ctx context.Context) error {
	var done uint64
	for ctx.Err() == nil {
		interval, wait, err := g.pulse(ctx, done)
		if err == nil {
			done = interval
		} else if ctx.Err() == nil {
			g.d.Log.WarnContext(ctx, "no pulse", slog.Uint64("interval", interval), slog.Any("error", err))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
	return nil
}

// pulse sends the pulse of the present interval unless it is done, and says how long to wait for the next try.
func (g *Governor) pulse(ctx context.Context, done uint64) (interval uint64, wait time.Duration, err error) {
	var block app.LastBlock
	var length int64
	registered := false
	if err := g.d.Ledger.View(func(v app.View) error {
		block = v.LastBlock()
		length = v.Params().PulseIntervalMS
		registered = v.Governor(g.d.Ledger.Account())
		return nil
	}); err != nil {
		return 0, time.Second, err
	}
	now := time.Now().UnixMilli()
	interval = uint64(now / length)
	wait = time.Duration(length-now%length)*time.Millisecond + 10*time.Millisecond
	if block.Height == 0 {
		return done, min(wait, firstBlockPoll), nil // there is no block to name yet
	}
	if !registered || interval == done {
		return done, wait, nil
	}
	_, err = g.d.Ledger.Send(ctx, heartbeat.Pulse{Interval: interval, BlockHeight: block.Height, BlockHash: block.Hash})
	if refused(err, ledger.CodeRefused, ledger.CodeLate, ledger.CodeEarly) {
		g.d.Log.DebugContext(ctx, "pulse refused", slog.Any("error", err))
		return interval, wait, nil
	}
	if err != nil {
		return interval, min(wait, time.Second), err
	}
	return interval, wait, nil
}
