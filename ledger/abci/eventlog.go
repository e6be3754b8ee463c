package abci

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	dbm "github.com/cometbft/cometbft-db"

	"autonet/ledger"
	"autonet/ledger/app"
)

// Cursor is a position in the event log: the next event to read. The zero cursor is the beginning.
type Cursor struct {
	Height int64 `json:"height"`
	Index  int   `json:"index"`
}

// TxResult is what became of a transaction in its block.
type TxResult struct {
	Hash   ledger.Hash    `json:"hash"`
	Height int64          `json:"height"`
	Index  int            `json:"index"` // in the block
	TimeMS int64          `json:"time_ms"`
	Code   ledger.Code    `json:"code"`
	Text   string         `json:"text"`
	Sender ledger.Account `json:"sender"`
	Kind   string         `json:"kind"`
	Fee    ledger.Natn    `json:"fee"` // charged
	Nonce  uint64         `json:"nonce"`
}

// Err is nil for an accepted transaction and the refusal, a [*ledger.Error], otherwise.
func (r TxResult) Err() error {
	if r.Code == ledger.CodeOK {
		return nil
	}
	return &ledger.Error{Code: r.Code, Text: r.Text}
}

// Keys of the log: one letter, then the position or the name.
const (
	keyEvent   = 'e' // height, index
	keyResult  = 't' // transaction hash
	keyGenesis = 'g'
	keyHeight  = 'h' // last height that was written
	keyFirst   = 'b' // first height with all its events here; none: 1
)

// eventLog holds the events and the results of all blocks.
type eventLog struct {
	db     dbm.DB
	last   int64 // greatest height with an event
	reader *app.EventReader
	first  atomic.Int64 // smallest height whose events are all here
}

func openEvents(dir string) (*eventLog, error) {
	db, err := openDB(dir, "events")
	if err != nil {
		return nil, err
	}
	log := &eventLog{db: db, reader: app.NewEventReader()}
	if log.last, err = log.lastHeight(); err == nil {
		err = log.ensureIndex()
	}
	if err == nil {
		err = log.loadFirst()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return log, nil
}

func (l *eventLog) close() error { return l.db.Close() }

func (l *eventLog) lastHeight() (int64, error) {
	it, err := l.db.ReverseIterator([]byte{keyEvent}, []byte{keyEvent + 1})
	if err != nil {
		return 0, fmt.Errorf("read the event log: %w", err)
	}
	var last int64
	if it.Valid() && len(it.Key()) == eventKeyBytes {
		last = int64(binary.BigEndian.Uint64(it.Key()[1:9]))
	}
	return last, errors.Join(it.Error(), it.Close())
}

// syncLog is the number of blocks after which the log is forced onto the disk. What a power cut takes is made again from the
// blocks, which are on disk before they are executed: see repair. It is far below the states that are kept.
const syncLog = 16

// write hands a block's events and results to the disk before it returns. Writing a height again leaves what the last
// writing said.
func (l *eventLog) write(height int64, events []ledger.Event, results []TxResult) (err error) {
	if len(events) == 0 && len(results) == 0 && height > l.last {
		if err := l.db.Set([]byte{keyHeight}, encodeHeight(height)); err != nil { // losing it costs a replay
			return fmt.Errorf("write the events of height %d: %w", height, err)
		}
		return nil
	}
	batch := l.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	if height <= l.last {
		if err := l.dropHeight(batch, height); err != nil {
			return err
		}
	}
	for _, event := range events {
		if err := put(batch, eventKey(event.Height, event.Index), event); err != nil {
			return err
		}
		if err := l.putIndex(batch, event); err != nil {
			return err
		}
	}
	for _, result := range results {
		if err := put(batch, resultKey(result.Hash), result); err != nil {
			return err
		}
	}
	if err := batch.Set([]byte{keyHeight}, encodeHeight(height)); err != nil {
		return fmt.Errorf("write the events of height %d: %w", height, err)
	}
	flush := batch.Write
	if height%syncLog == 0 {
		flush = batch.WriteSync
	}
	if err := flush(); err != nil {
		return fmt.Errorf("write the events of height %d: %w", height, err)
	}
	if len(events) > 0 {
		l.last = max(l.last, height)
	}
	return nil
}

func (l *eventLog) dropHeight(batch dbm.Batch, height int64) (err error) {
	it, err := l.db.Iterator(eventKey(height, 0), eventKey(height+1, 0))
	if err != nil {
		return fmt.Errorf("read the events of height %d: %w", height, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ; it.Valid(); it.Next() {
		if err := l.dropIndex(batch, it.Value()); err != nil {
			return err
		}
		if err := batch.Delete(append([]byte(nil), it.Key()...)); err != nil {
			return fmt.Errorf("rewrite the events of height %d: %w", height, err)
		}
	}
	return it.Error()
}

// read returns up to count events from the cursor on, none above the height, and the cursor after them.
func (l *eventLog) read(from Cursor, height int64, count int) (events []ledger.Event, next Cursor, err error) {
	next = from
	if first := l.first.Load(); from.Height < first && first > 1 {
		return nil, next, &EventsGoneError{First: Cursor{Height: first}}
	}
	if from.Height > height {
		return nil, next, nil
	}
	it, err := l.db.Iterator(eventKey(max(from.Height, 0), max(from.Index, 0)), eventKey(height+1, 0))
	if err != nil {
		return nil, next, fmt.Errorf("read the event log: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for size := 0; it.Valid() && len(events) < count && size < maxEventsBytes; it.Next() {
		var event ledger.Event
		if err := ledger.Unmarshal(it.Value(), &event); err != nil {
			return nil, from, fmt.Errorf("the event log holds an event that cannot be read: %w", err)
		}
		size += len(it.Value())
		events = append(events, event)
		next = Cursor{Height: event.Height, Index: event.Index + 1}
	}
	return events, next, it.Error()
}

// result returns what became of a transaction, if it is in a block up to the height.
func (l *eventLog) result(hash ledger.Hash, height int64) (TxResult, bool, error) {
	var result TxResult
	raw, err := l.db.Get(resultKey(hash))
	if err != nil {
		return result, false, fmt.Errorf("read the result of transaction %s: %w", hash, err)
	}
	if raw == nil {
		return result, false, nil
	}
	if err := ledger.Unmarshal(raw, &result); err != nil {
		return result, false, fmt.Errorf("the result of transaction %s cannot be read: %w", hash, err)
	}
	return result, result.Height <= height, nil
}

// bind ties the log to a genesis at its first use and reports whether it is that genesis' log.
func (l *eventLog) bind(genesis ledger.Hash) (bool, error) {
	known, err := l.db.Get([]byte{keyGenesis})
	if err != nil {
		return false, fmt.Errorf("read the event log: %w", err)
	}
	if known != nil {
		return toHash(known) == genesis, nil
	}
	if err := l.db.SetSync([]byte{keyGenesis}, genesis[:]); err != nil {
		return false, fmt.Errorf("write the event log: %w", err)
	}
	return true, nil
}

func put(batch dbm.Batch, key []byte, record any) error {
	raw, err := ledger.Marshal(record)
	if err == nil {
		err = batch.Set(key, raw)
	}
	if err != nil {
		return fmt.Errorf("write the event log: %w", err)
	}
	return nil
}

const eventKeyBytes = 1 + 8 + 4

func eventKey(height int64, index int) []byte {
	key := make([]byte, 0, eventKeyBytes)
	key = append(key, keyEvent)
	key = binary.BigEndian.AppendUint64(key, uint64(height))
	return binary.BigEndian.AppendUint32(key, uint32(index))
}

func resultKey(hash ledger.Hash) []byte { return append([]byte{keyResult}, hash[:]...) }
