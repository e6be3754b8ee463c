package abci

import (
	"math"

	"autonet/ledger"
)

// TestLog is an event log without an engine.
type TestLog struct{ log *eventLog }

// OpenTestLog opens the log in a folder.
func OpenTestLog(dir string) (*TestLog, error) {
	log, err := openEvents(dir)
	return &TestLog{log}, err
}

// Close closes it.
func (l *TestLog) Close() error { return l.log.close() }

// Write writes a block's events.
func (l *TestLog) Write(height int64, events []ledger.Event) error {
	return l.log.write(height, events, nil)
}

// WriteLazily writes a block's events without waiting for the disk.
func (l *TestLog) WriteLazily(height int64, events []ledger.Event) error {
	batch := l.log.db.NewBatch()
	defer batch.Close() //nolint:errcheck // a test
	for _, event := range events {
		if err := put(batch, eventKey(event.Height, event.Index), event); err != nil {
			return err
		}
		if err := l.log.putIndex(batch, event); err != nil {
			return err
		}
	}
	l.log.last = max(l.log.last, height)
	return batch.Write()
}

// Query answers a query over the whole log.
func (l *TestLog) Query(q EventQuery, from Cursor, most int) ([]ledger.Event, Cursor, bool, error) {
	if q.To == 0 {
		q.To = math.MaxInt64 - 1
	}
	return l.log.query(q, from, most)
}

// SpoilIndex leaves the log with half an index, as a crash does while it is made.
func (l *TestLog) SpoilIndex() error {
	if _, err := l.log.clearSome(); err != nil {
		return err
	}
	return l.log.db.DeleteSync([]byte{keyIndexFormat})
}
