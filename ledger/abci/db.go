package abci

import (
	"errors"
	"fmt"
	"os"
	"sync"

	dbm "github.com/cometbft/cometbft-db"
	iavldb "github.com/cosmos/iavl/db"
)

// errClosed reports a write to a store that has been closed.
var errClosed = errors.New("the store is closed")

func openDB(dir, name string) (*dbm.GoLevelDB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the store's folder: %w", err)
	}
	db, err := dbm.NewGoLevelDB(name, dir)
	if err != nil {
		return nil, fmt.Errorf("open the store %s in %s: %w", name, dir, err)
	}
	return db, nil
}

// lastingDB is a store that CometBFT cannot close. Its reactors leave gossip goroutines behind that read for some
// milliseconds after the node has stopped, and a read from a closed store panics there. Here the engine closes the
// store, after which it reads as empty.
type lastingDB struct {
	mu     sync.RWMutex
	db     dbm.DB
	closed bool
}

func newLastingDB(db dbm.DB) *lastingDB { return &lastingDB{db: db} }

// shut closes the store below.
func (l *lastingDB) shut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	return l.db.Close()
}

// Close implements dbm.DB and does nothing: see the type.
func (l *lastingDB) Close() error { return nil }

// Get implements dbm.DB.
func (l *lastingDB) Get(key []byte) ([]byte, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, nil
	}
	return l.db.Get(key)
}

// Has implements dbm.DB.
func (l *lastingDB) Has(key []byte) (bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return false, nil
	}
	return l.db.Has(key)
}

func (l *lastingDB) write(fn func() error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return errClosed
	}
	return fn()
}

// Set implements dbm.DB.
func (l *lastingDB) Set(key, value []byte) error {
	return l.write(func() error { return l.db.Set(key, value) })
}

// SetSync implements dbm.DB.
func (l *lastingDB) SetSync(key, value []byte) error {
	return l.write(func() error { return l.db.SetSync(key, value) })
}

// Delete implements dbm.DB.
func (l *lastingDB) Delete(key []byte) error {
	return l.write(func() error { return l.db.Delete(key) })
}

// DeleteSync implements dbm.DB.
func (l *lastingDB) DeleteSync(key []byte) error {
	return l.write(func() error { return l.db.DeleteSync(key) })
}

// Iterator implements dbm.DB.
//
//nolint:ireturn // the interface that CometBFT asks for
func (l *lastingDB) Iterator(start, end []byte) (dbm.Iterator, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, errClosed
	}
	return l.db.Iterator(start, end)
}

// ReverseIterator implements dbm.DB.
//
//nolint:ireturn // the interface that CometBFT asks for
func (l *lastingDB) ReverseIterator(start, end []byte) (dbm.Iterator, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, errClosed
	}
	return l.db.ReverseIterator(start, end)
}

// NewBatch implements dbm.DB.
//
//nolint:ireturn // the interface that CometBFT asks for
func (l *lastingDB) NewBatch() dbm.Batch { return &lastingBatch{Batch: l.db.NewBatch(), db: l} }

// Print implements dbm.DB.
func (l *lastingDB) Print() error { return l.write(l.db.Print) }

// Stats implements dbm.DB.
func (l *lastingDB) Stats() map[string]string { return nil }

// Compact implements dbm.DB.
func (l *lastingDB) Compact(start, end []byte) error {
	return l.write(func() error { return l.db.Compact(start, end) })
}

type lastingBatch struct {
	dbm.Batch
	db *lastingDB
}

// Write implements dbm.Batch.
func (b *lastingBatch) Write() error { return b.db.write(b.Batch.Write) }

// WriteSync implements dbm.Batch.
func (b *lastingBatch) WriteSync() error { return b.db.write(b.Batch.WriteSync) }

// treeDB gives iavl its store. Batches never report a size: iavl writes a batch that has grown past a threshold before
// it is complete, and half a version on disk could not be told from a whole one after a crash.
type treeDB struct{ dbm.DB }

// Iterator implements iavldb.DB.
//
//nolint:ireturn // the interface that iavl asks for
func (t treeDB) Iterator(start, end []byte) (iavldb.Iterator, error) {
	return t.DB.Iterator(start, end)
}

// ReverseIterator implements iavldb.DB.
//
//nolint:ireturn // the interface that iavl asks for
func (t treeDB) ReverseIterator(start, end []byte) (iavldb.Iterator, error) {
	return t.DB.ReverseIterator(start, end)
}

// NewBatch implements iavldb.DB.
//
//nolint:ireturn // the interface that iavl asks for
func (t treeDB) NewBatch() iavldb.Batch { return treeBatch{t.DB.NewBatch()} }

// NewBatchWithSize implements iavldb.DB.
//
//nolint:ireturn // the interface that iavl asks for
func (t treeDB) NewBatchWithSize(int) iavldb.Batch { return t.NewBatch() }

type treeBatch struct{ dbm.Batch }

// GetByteSize implements iavldb.Batch.
func (treeBatch) GetByteSize() (int, error) { return 0, nil }
