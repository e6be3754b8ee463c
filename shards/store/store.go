package store

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/ipfs/go-cid"

	"autonet/shards/manifest"
)

// Errors a caller decides on.
var (
	// ErrNotFound says that the store has no such block or value.
	ErrNotFound = errors.New("store: not found")
	// ErrFull says that the disk or the quota is full. Nothing was written.
	ErrFull = errors.New("store: full")
	// ErrCorrupt says that the disk returned other bytes than were written.
	ErrCorrupt = errors.New("store: the disk returned damaged bytes")
	// ErrLocked says that another process owns the folder.
	ErrLocked = errors.New("store: the folder is in use by another process")
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("store: closed")
	// ErrTooLarge says that a block or a value is over its bound.
	ErrTooLarge = errors.New("store: too large")
)

// Block is a block and its name. The caller has verified that they belong
// together.
type Block struct {
	CID  cid.Cid
	Data []byte
}

// Value is a small named value. The name is 1 to 255 bytes, the data at most
// 1 MiB.
type Value struct {
	Name string
	Data []byte
}

// Batch is written as one: all of it or nothing, and its values after its
// blocks.
type Batch struct {
	Blocks []Block
	Values []Value
}

// Options bound a store.
type Options struct {
	// Quota is the most bytes of live records; 0 means no quota.
	Quota uint64
	// SegmentSize is where a new segment begins, in bytes; 0 means 1 GiB.
	SegmentSize int64
	// OpenFile opens or creates a segment; nil means os.OpenFile.
	OpenFile func(path string) (File, error)
}

// Usage is what a store holds.
type Usage struct {
	// Blocks and Values are counts, Bytes the live bytes with their headers.
	Blocks, Values int
	Bytes          uint64
	// Quota is the configured bound, 0 without one.
	Quota uint64
	// Free is what may still be written: the lesser of quota and disk.
	Free uint64
	// Damaged counts stretches of segments that recovery stepped over.
	Damaged int
}

type place struct {
	seg    *segment
	offset int64
	length uint32
	sum    uint32
}

// Store keeps blocks and values in one folder. It is safe for concurrent use.
type Store struct {
	dir  string
	opt  Options
	lock *os.File

	// write is held to append. It guards active, segments' sizes, last, hollow and failed.
	write  sync.Mutex
	active *segment
	last   uint64 // of appends, counted from 1
	hollow []hole
	failed error

	// flush is held to sync. It guards synced.
	flush  sync.Mutex
	synced uint64

	// index guards what readers need.
	index    sync.RWMutex
	segments map[uint32]*segment
	blocks   map[key]place
	values   map[string]place
	used     uint64
	damaged  int
	closed   bool
}

// hole is a stretch to give back once the append that freed it is synced.
type hole struct {
	seg    *segment
	offset int64
	length int64
	after  uint64
}

const defaultSegment = 1 << 30

// Open takes the folder, creating it, and rebuilds the index. Close gives the
// folder back.
func Open(dir string, opt Options) (*Store, error) {
	if opt.SegmentSize == 0 {
		opt.SegmentSize = defaultSegment
	}
	if opt.SegmentSize < preambleSize+headerSize {
		return nil, fmt.Errorf("store: a segment size of %d bytes holds nothing", opt.SegmentSize)
	}
	if opt.OpenFile == nil {
		opt.OpenFile = func(path string) (File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: create the folder: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, opt: opt, lock: lock,
		segments: map[uint32]*segment{}, blocks: map[key]place{}, values: map[string]place{},
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close syncs what was written and gives the folder back. Calls after it
// return ErrClosed.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	s.index.Lock()
	defer s.index.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.failed == nil {
		s.failed = ErrClosed
	}
	var errs []error
	if s.active != nil {
		errs = append(errs, s.active.file.Sync())
	}
	for _, seg := range s.segments {
		errs = append(errs, seg.file.Close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}

func keyOf(c cid.Cid) (key, error) {
	h, d, err := manifest.Split(c)
	if err != nil {
		return key{}, err
	}
	var k key
	k[0] = byte(h)
	copy(k[1:], d[:])
	return k, nil
}

// Has says whether the store has the block, whatever the codec of its CID.
func (s *Store) Has(c cid.Cid) bool {
	_, err := s.Size(c)
	return err == nil
}

// Size is the length of a block, or ErrNotFound.
func (s *Store) Size(c cid.Cid) (int, error) {
	k, err := keyOf(c)
	if err != nil {
		return 0, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	p, ok := s.blocks[k]
	if !ok {
		return 0, fmt.Errorf("%w: block %s", ErrNotFound, c)
	}
	return int(p.length), nil
}

// Get reads a block: the bytes that were written, ErrNotFound, or ErrCorrupt.
func (s *Store) Get(c cid.Cid) ([]byte, error) {
	k, err := keyOf(c)
	if err != nil {
		return nil, err
	}
	data, err := s.read(func() (place, bool) { p, ok := s.blocks[k]; return p, ok })
	if err != nil {
		return nil, fmt.Errorf("%w: block %s", err, c)
	}
	return data, nil
}

// Value reads a value: the bytes that were written, ErrNotFound, or ErrCorrupt.
func (s *Store) Value(name string) ([]byte, error) {
	data, err := s.read(func() (place, bool) { p, ok := s.values[name]; return p, ok })
	if err == nil {
		_, data, err = decodeValue(data)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: value %q", err, name)
	}
	return data, nil
}

// read reads the payload at a place, which find looks up under the index lock.
// A place that was freed meanwhile is looked up again.
func (s *Store) read(find func() (place, bool)) ([]byte, error) {
	var before place
	for {
		s.index.RLock()
		p, ok := find()
		closed := s.closed
		s.index.RUnlock()
		switch {
		case closed:
			return nil, ErrClosed
		case !ok:
			return nil, ErrNotFound
		case p == before:
			return nil, ErrCorrupt
		}
		data := make([]byte, p.length)
		if _, err := p.seg.file.ReadAt(data, p.offset+headerSize); err == nil && castagnoli(data) == p.sum {
			return data, nil
		}
		before = p
	}
}

// Usage counts what the store holds.
func (s *Store) Usage() Usage {
	s.index.RLock()
	u := Usage{Blocks: len(s.blocks), Values: len(s.values), Bytes: s.used, Quota: s.opt.Quota, Damaged: s.damaged}
	s.index.RUnlock()
	free, known := diskFree(s.dir)
	if u.Quota > 0 {
		left := u.Quota - min(u.Bytes, u.Quota)
		if !known || left < free {
			free = left
		}
	}
	u.Free = free
	return u
}

// Blocks calls fn with a raw-codec CID of every block, in no order, until it
// returns false. Blocks that come or go meanwhile may or may not be among them.
func (s *Store) Blocks(fn func(c cid.Cid) bool) {
	s.index.RLock()
	keys := make([]key, 0, len(s.blocks))
	for k := range s.blocks {
		keys = append(keys, k)
	}
	s.index.RUnlock()
	for _, k := range keys {
		if !fn(manifest.Hash(k[0]).CID(cid.Raw, manifest.Digest(k[1:]))) {
			return
		}
	}
}
