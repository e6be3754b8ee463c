package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"autonet/node/api/types"
)

const (
	barWidth = 30
	barPause = 100 * time.Millisecond
	barDelay = 300 * time.Millisecond
)

// bar is a progress bar on a terminal's standard error, or nothing at all. It appears only for what takes a while.
type bar struct {
	w     io.Writer // nil = silent
	what  string
	start time.Time

	mu    sync.Mutex
	last  time.Time
	drawn bool
	ended bool
}

func (a *app) bar(what string) *bar {
	b := &bar{what: what, start: time.Now()}
	if a.terminal(a.streams.Err) {
		b.w = a.streams.Err
	}
	return b
}

// move draws how far it is; it is called often and draws seldom.
func (b *bar) move(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	finished := done == total
	if b.w == nil || b.ended || now.Sub(b.start) < barDelay || (!finished && now.Sub(b.last) < barPause) {
		return
	}
	b.last, b.drawn = now, true
	_, _ = fmt.Fprint(b.w, "\r"+barText(b.what, done, total, now.Sub(b.start))+"\x1b[K")
}

// end leaves the bar's line.
func (b *bar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn && !b.ended {
		_, _ = fmt.Fprintln(b.w)
	}
	b.ended = true
}

func barText(what string, done, total int64, took time.Duration) string {
	rate := types.Bytes(int64(float64(done)/max(took.Seconds(), 0.001))) + "/s"
	switch {
	case total < 0:
		return fmt.Sprintf("%s %s, %s", what, types.Bytes(done), rate)
	case done >= total:
		return fmt.Sprintf("%s %s [%s] %s, finishing", what, "100%", strings.Repeat("█", barWidth), types.Bytes(total))
	}
	full := int(done * barWidth / max(total, 1))
	return fmt.Sprintf("%s %3d%% [%s%s] %s of %s, %s", what, done*100/max(total, 1),
		strings.Repeat("█", full), strings.Repeat("░", barWidth-full), types.Bytes(done), types.Bytes(total), rate)
}
