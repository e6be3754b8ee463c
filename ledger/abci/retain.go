package abci

import (
	"encoding/binary"
	"fmt"
)

// EventsGoneError reports a cursor below the events that this node has: it took its state from a snapshot, or has forgotten
// them. Reading on from First leaves out what lies between.
type EventsGoneError struct{ First Cursor }

// Error implements error.
func (e *EventsGoneError) Error() string {
	return fmt.Sprintf("the events before height %d are not on this node", e.First.Height)
}

func (l *eventLog) loadFirst() error {
	raw, err := l.db.Get([]byte{keyFirst})
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	l.first.Store(1)
	if len(raw) == 8 {
		l.first.Store(int64(binary.BigEndian.Uint64(raw)))
	}
	return nil
}

// begin says that the log has no events below a height.
func (l *eventLog) begin(height int64) error {
	if err := l.db.Set([]byte{keyHeight}, encodeHeight(height-1)); err != nil {
		return fmt.Errorf("write the event log: %w", err)
	}
	if err := l.db.SetSync([]byte{keyFirst}, encodeHeight(height)); err != nil {
		return fmt.Errorf("write the event log: %w", err)
	}
	l.first.Store(height)
	return nil
}

const (
	defaultRetain = 100_000 // blocks
	// minRetain blocks can always be executed again over the states that are kept.
	minRetain = keepStates + 2*pruneEvery
)

// retainFrom is the first height whose block is kept, 0 for all: a joiner needs those after the oldest snapshot. Of
// blocks that evidence may still name, CometBFT keeps the headers whatever is asked.
func (c *chain) retainFrom(height int64) int64 {
	if c.retain <= 0 {
		return 0
	}
	from := height - c.retain + 1
	if c.photos != nil {
		if oldest := c.photos.into.oldest(); oldest > 0 {
			from = min(from, oldest)
		} else if c.photos.every > 0 {
			return 0
		}
	}
	return max(from, 0)
}
