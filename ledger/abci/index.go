package abci

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	dbm "github.com/cometbft/cometbft-db"

	"autonet/ledger"
)

// The index of the event log says which events an account, a task, a project or a kind has. It lies in the log's own
// store and is written in the same batch: an event and its entries are there together or not at all.
const (
	keyIndex       = 'i' // dimension, name, height, index
	keyIndexFormat = 'v'

	indexFormat = 1
	indexBatch  = 4096 // events of one batch while the index is made anew
	// maxQueryScan bounds the entries that one query looks at; the next one goes on where it ended.
	maxQueryScan = 1 << 16
)

// Dimensions of the index.
const (
	byAccount = 'a'
	byTask    = 't'
	byProject = 'p'
	byKind    = 'k'
)

// EventQuery says which events are wanted: those for which everything given holds.
type EventQuery struct {
	Account ledger.Account // the event names it
	Task    string
	Project string
	Kind    string // "module/what"
	From    int64  // least height; 0: from the first on
	To      int64  // greatest height; 0: to the last
}

// Events returns up to most (never more than 1024) of the events that a query asks for, in ledger order from the cursor
// on, and the cursor after them. done says that there are no further ones up to now; without it a call may return
// fewer than wanted, even none, and the next one goes on at the cursor. It never waits.
func (e *Engine) Events(query EventQuery, from Cursor, most int) (events []ledger.Event, next Cursor, done bool, err error) {
	r, release, err := e.use()
	if err != nil {
		return nil, from, false, err
	}
	defer release()
	if most <= 0 || most > maxEvents {
		most = maxEvents
	}
	now, _ := r.chain.snapshot()
	if query.To <= 0 || query.To > now.height {
		query.To = now.height
	}
	return r.stores.log.query(query, from, most)
}

// EventsOf calls fn with every event that a query asks for, in ledger order, until fn returns an error.
func (e *Engine) EventsOf(ctx context.Context, query EventQuery, fn func(ledger.Event) error) error {
	var cursor Cursor
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		events, next, done, err := e.Events(query, cursor, maxEvents)
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := fn(event); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
		cursor = next
	}
}

// query answers a query; its To is set.
func (l *eventLog) query(q EventQuery, from Cursor, most int) (events []ledger.Event, next Cursor, done bool, err error) {
	if from.Height < q.From {
		from = Cursor{Height: q.From}
	}
	next = Cursor{Height: max(from.Height, 0), Index: max(from.Index, 0)}
	if next.Height > q.To {
		return nil, next, true, nil
	}
	prefix, indexed := q.prefix()
	it, err := l.db.Iterator(place(prefix, next.Height, next.Index), place(prefix, q.To+1, 0))
	if err != nil {
		return nil, next, false, fmt.Errorf("read the event index: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	size := 0
	for scanned := 0; it.Valid(); it.Next() {
		if len(events) == most || size >= maxEventsBytes || scanned == maxQueryScan {
			return events, next, false, nil
		}
		scanned++
		event, raw, err := l.entry(it.Key(), it.Value(), indexed)
		if err != nil {
			return nil, from, false, err
		}
		if raw == 0 {
			continue
		}
		next = Cursor{Height: event.Height, Index: event.Index + 1}
		if !l.matches(q, event) {
			continue
		}
		events = append(events, event)
		size += raw
	}
	return events, next, true, it.Error()
}

// entry returns the event that an entry of the log or of its index stands for, and its size; 0 when there is none, which
// another format of events can leave behind.
func (l *eventLog) entry(key, value []byte, indexed bool) (event ledger.Event, size int, err error) {
	if indexed {
		at := key[len(key)-(eventKeyBytes-1):]
		if value, err = l.db.Get(append([]byte{keyEvent}, at...)); err != nil {
			return event, 0, fmt.Errorf("read the event log: %w", err)
		}
		if value == nil {
			return event, 0, nil
		}
	}
	if err := ledger.Unmarshal(value, &event); err != nil {
		return event, 0, fmt.Errorf("the event log holds an event that cannot be read: %w", err)
	}
	return event, len(value), nil
}

// prefix is that of the entries in which to look; without a criterion it is the log itself.
func (q EventQuery) prefix() (prefix []byte, indexed bool) {
	switch {
	case q.Task != "":
		return indexPrefix(byTask, q.Task), true
	case q.Account != "":
		return indexPrefix(byAccount, string(q.Account)), true
	case q.Project != "":
		return indexPrefix(byProject, q.Project), true
	case q.Kind != "":
		return indexPrefix(byKind, q.Kind), true
	default:
		return []byte{keyEvent}, false
	}
}

// matches reports whether an event is what a query asks for.
func (l *eventLog) matches(q EventQuery, event ledger.Event) bool {
	if q.Kind != "" && q.Kind != event.Kind {
		return false
	}
	if q.Task == "" && q.Account == "" && q.Project == "" {
		return true
	}
	about, err := l.reader.Subjects(event.Kind, event.Data)
	return err == nil &&
		(q.Task == "" || slices.Contains(about.Tasks, q.Task)) &&
		(q.Account == "" || slices.Contains(about.Accounts, q.Account)) &&
		(q.Project == "" || slices.Contains(about.Projects, q.Project))
}

// indexKeys are the entries of an event. One that cannot be decoded is found by its kind alone.
func (l *eventLog) indexKeys(event ledger.Event) [][]byte {
	keys := [][]byte{place(indexPrefix(byKind, event.Kind), event.Height, event.Index)}
	about, err := l.reader.Subjects(event.Kind, event.Data)
	if err != nil {
		return keys
	}
	for _, name := range about.Accounts {
		keys = append(keys, place(indexPrefix(byAccount, string(name)), event.Height, event.Index))
	}
	for _, name := range about.Tasks {
		keys = append(keys, place(indexPrefix(byTask, name), event.Height, event.Index))
	}
	for _, name := range about.Projects {
		keys = append(keys, place(indexPrefix(byProject, name), event.Height, event.Index))
	}
	return keys
}

func (l *eventLog) putIndex(batch dbm.Batch, event ledger.Event) error {
	for _, key := range l.indexKeys(event) {
		if err := batch.Set(key, []byte{}); err != nil {
			return fmt.Errorf("write the event index: %w", err)
		}
	}
	return nil
}

// dropIndex removes the entries of an event, given as the log holds it.
func (l *eventLog) dropIndex(batch dbm.Batch, raw []byte) error {
	var event ledger.Event
	if err := ledger.Unmarshal(raw, &event); err != nil {
		return fmt.Errorf("the event log holds an event that cannot be read: %w", err)
	}
	for _, key := range l.indexKeys(event) {
		if err := batch.Delete(key); err != nil {
			return fmt.Errorf("write the event index: %w", err)
		}
	}
	return nil
}

// ensureIndex makes the index of a log that has none, or one of another format. A crash while it does leaves the log
// without a format, and the next start begins again.
func (l *eventLog) ensureIndex() error {
	format, err := l.db.Get([]byte{keyIndexFormat})
	if err != nil {
		return fmt.Errorf("read the event index: %w", err)
	}
	if len(format) == 1 && format[0] == indexFormat {
		return nil
	}
	if err := l.clearIndex(); err != nil {
		return err
	}
	for from := []byte{keyEvent}; from != nil; {
		if from, err = l.indexSome(from); err != nil {
			return err
		}
	}
	if err := l.db.SetSync([]byte{keyIndexFormat}, []byte{indexFormat}); err != nil {
		return fmt.Errorf("write the event index: %w", err)
	}
	return nil
}

// indexSome writes the entries of the next events from a key on and returns where to go on; nil at the end.
func (l *eventLog) indexSome(from []byte) (next []byte, err error) {
	it, err := l.db.Iterator(from, []byte{keyEvent + 1})
	if err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	batch := l.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	for done := 0; it.Valid(); it.Next() {
		if done++; done > indexBatch {
			next = append(next, it.Key()...)
			break
		}
		event, _, err := l.entry(nil, it.Value(), false)
		if err != nil {
			return nil, err
		}
		if err := l.putIndex(batch, event); err != nil {
			return nil, err
		}
	}
	if err := it.Error(); err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	if err := batch.Write(); err != nil {
		return nil, fmt.Errorf("write the event index: %w", err)
	}
	return next, nil
}

// clearIndex removes every entry, in batches.
func (l *eventLog) clearIndex() error {
	for {
		removed, err := l.clearSome()
		if err != nil || removed == 0 {
			return err
		}
	}
}

func (l *eventLog) clearSome() (removed int, err error) {
	it, err := l.db.Iterator([]byte{keyIndex}, []byte{keyIndex + 1})
	if err != nil {
		return 0, fmt.Errorf("read the event index: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	batch := l.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	for ; it.Valid() && removed < indexBatch; it.Next() {
		if err := batch.Delete(append([]byte(nil), it.Key()...)); err != nil {
			return 0, fmt.Errorf("write the event index: %w", err)
		}
		removed++
	}
	if err := it.Error(); err != nil || removed == 0 {
		return 0, err
	}
	return removed, batch.Write()
}

// block returns all events of a height.
func (l *eventLog) block(height int64) ([]ledger.Event, error) {
	var all []ledger.Event
	from := Cursor{Height: height}
	for {
		events, next, err := l.read(from, height, maxEvents)
		if err != nil || len(events) == 0 {
			return all, err
		}
		all, from = append(all, events...), next
	}
}

func indexPrefix(dimension byte, name string) []byte {
	key := make([]byte, 0, 3+len(name)+eventKeyBytes)
	key = append(key, keyIndex, dimension, byte(min(len(name), math.MaxUint8)))
	return append(key, name[:min(len(name), math.MaxUint8)]...)
}

// place is the key under a prefix for a position in the log.
func place(prefix []byte, height int64, index int) []byte {
	key := append(make([]byte, 0, len(prefix)+eventKeyBytes), prefix...)
	key = binary.BigEndian.AppendUint64(key, uint64(height))
	return binary.BigEndian.AppendUint32(key, uint32(index))
}
