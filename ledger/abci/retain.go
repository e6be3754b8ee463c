package abci

import (
	"encoding/binary"
	"fmt"
)

// EventsGone reports a cursor below the events that this node has: it took its state from a snapshot, or has forgotten
// them. Reading on from First leaves out what lies between.
type EventsGone struct{ First Cursor }

// Error implements error.
func (e *EventsGone) Error() string {
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
	if err := l.db.SetSync([]byte{keyFirst}, encodeHeight(height)); err != nil {
		return fmt.Errorf("write the event log: %w", err)
	}
	l.first.Store(height)
	return nil
}
