package abci

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cosmos/iavl"

	"autonet/ledger"
)

const (
	treeCache  = 20_000 // nodes that each of the trees keeps in memory
	keepStates = 100    // committed states that readers may still hold
	pruneEvery = 16     // blocks between two prunings
)

// stateTree is the committed state: one iavl version per height. Only the consensus connection writes.
//
// Readers have trees of their own over the same store. iavl calls its old versions safe to read, but its writer sets
// fields of nodes that it shares with them through the cache of nodes. And since every node read takes the cache's lock,
// the execution of blocks, the checks of transactions and the views each have their own, so that none waits for another.
type stateTree struct {
	dir    string
	db     dbm.DB
	tree   *iavl.MutableTree // written, and read by the execution of blocks
	checks *iavl.MutableTree
	views  *iavl.MutableTree

	mu      sync.Mutex
	readers map[int64]int // of a version, so that pruning leaves it alone
}

func openState(dir string) (*stateTree, error) {
	s := &stateTree{dir: dir, readers: make(map[int64]int)}
	return s, s.open()
}

func (s *stateTree) open() error {
	db, err := openDB(s.dir, "state")
	if err != nil {
		return err
	}
	s.db, s.tree, s.checks, s.views = db, newTree(db, treeCache), newTree(db, treeCache), newTree(db, treeCache)
	if _, err := s.tree.Load(); err != nil {
		return errors.Join(fmt.Errorf("load the state: %w", err), s.close())
	}
	return nil
}

// clear makes the state empty again. Nobody may be reading.
func (s *stateTree) clear() error {
	if err := s.close(); err != nil {
		return err
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("clear the state: %w", err)
	}
	return s.open()
}

// newTree leaves out iavl's fast nodes, a second copy of the latest values that has no versions: a reader could see half
// of a block in them.
func newTree(db dbm.DB, cache int) *iavl.MutableTree {
	return iavl.NewMutableTree(treeDB{db}, cache, true, iavl.NewNopLogger(), iavl.FlushThresholdOption(math.MaxInt))
}

func (s *stateTree) close() error {
	return errors.Join(s.tree.Close(), s.checks.Close(), s.views.Close(), s.db.Close())
}

// version is the height of the last saved state, 0 before the first.
func (s *stateTree) version() int64 { return s.tree.Version() }

// hash is the root of the last saved state.
func (s *stateTree) hash() ledger.Hash { return toHash(s.tree.Hash()) }

// apply replaces the unsaved changes by those of the overlays, in order, and returns the root they lead to.
func (s *stateTree) apply(overlays ...*ledger.Overlay) (ledger.Hash, error) {
	s.tree.Rollback()
	var failed error
	for _, overlay := range overlays {
		overlay.Changes(func(key, before, after []byte) {
			if failed == nil {
				failed = s.change(key, before, after)
			}
		})
	}
	if failed != nil {
		return ledger.Hash{}, failed
	}
	return toHash(s.tree.WorkingHash()), nil
}

func (s *stateTree) change(key, before, after []byte) error {
	var err error
	switch {
	case after == nil && before != nil:
		_, _, err = s.tree.Remove(key)
	case after != nil && (before == nil || string(before) != string(after)):
		_, err = s.tree.Set(key, after)
	}
	if err != nil {
		return fmt.Errorf("write the state at %q: %w", key, err)
	}
	return nil
}

// save makes the applied changes the state of the next height and forgets states nobody can be reading.
func (s *stateTree) save() (int64, error) {
	_, version, err := s.tree.SaveVersion()
	if err != nil {
		return version, fmt.Errorf("save the state of height %d: %w", version, err)
	}
	if version%pruneEvery == 0 {
		if err := s.prune(version - keepStates); err != nil {
			return version, err
		}
	}
	return version, nil
}

func (s *stateTree) prune(to int64) error {
	s.mu.Lock()
	for version := range s.readers {
		to = min(to, version-1)
	}
	s.mu.Unlock()
	if to < 1 {
		return nil
	}
	if err := s.tree.DeleteVersionsTo(to); err != nil {
		return fmt.Errorf("forget the states up to height %d: %w", to, err)
	}
	return nil
}

// readAt returns a saved state as one of the trees reads it.
func readAt(tree *iavl.MutableTree, version int64) (treeKV, error) {
	saved, err := tree.GetImmutable(version)
	if err != nil {
		return treeKV{}, fmt.Errorf("read the state of height %d: %w", version, err)
	}
	return treeKV{saved}, nil
}

// hold keeps a version from being pruned until the returned function is called.
func (s *stateTree) hold(version int64) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers[version]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.readers[version]--; s.readers[version] == 0 {
			delete(s.readers, version)
		}
	}
}

// treeKV reads one version. Modules have no error to return for a store that fails under them: it panics, and the
// engine turns the panic into the end of the block or of the view.
type treeKV struct{ tree *iavl.ImmutableTree }

// Get implements ledger.KV.
func (t treeKV) Get(key []byte) []byte {
	value, err := t.tree.Get(key)
	if err != nil {
		panic(fmt.Errorf("read the state at %q: %w", key, err))
	}
	return value
}

// Set implements ledger.KV; a committed state cannot change.
func (t treeKV) Set(key, _ []byte) { panic(fmt.Errorf("write %q: %w", key, errReadOnly)) }

// Delete implements ledger.KV; a committed state cannot change.
func (t treeKV) Delete(key []byte) { panic(fmt.Errorf("delete %q: %w", key, errReadOnly)) }

// Iterate implements ledger.KV.
func (t treeKV) Iterate(prefix []byte, fn func(key, value []byte) bool) {
	t.tree.IterateRange(prefix, prefixEnd(prefix), true, func(key, value []byte) bool { return !fn(key, value) })
}

var errReadOnly = errors.New("the state is read-only")

// emptyKV is the state before genesis.
type emptyKV struct{}

// Get implements ledger.KV.
func (emptyKV) Get([]byte) []byte { return nil }

// Set implements ledger.KV.
func (emptyKV) Set(key, _ []byte) { panic(fmt.Errorf("write %q: %w", key, errReadOnly)) }

// Delete implements ledger.KV.
func (emptyKV) Delete(key []byte) { panic(fmt.Errorf("delete %q: %w", key, errReadOnly)) }

// Iterate implements ledger.KV.
func (emptyKV) Iterate([]byte, func(key, value []byte) bool) {}

// prefixEnd is the first key after all those with the prefix; nil when there is none.
func prefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}

func toHash(raw []byte) ledger.Hash {
	var h ledger.Hash
	copy(h[:], raw)
	return h
}
