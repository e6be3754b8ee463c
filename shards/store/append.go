package store

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"

	"autonet/shards/manifest"
)

// coalesce is the payload size up to which records are gathered into one write.
const coalesce = 32 << 10

// Put writes blocks and returns once they are on the disk.
func (s *Store) Put(blocks ...Block) error {
	if err := s.Write(Batch{Blocks: blocks}); err != nil {
		return err
	}
	return s.Sync()
}

// Write appends a batch without waiting for the disk: Sync does. Blocks the
// store has already are not written again. It is all or nothing, except for a
// crash before Sync.
func (s *Store) Write(b Batch) error {
	recs, err := batchRecords(b)
	if err != nil {
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	return s.append(s.fresh(recs))
}

// Remove forgets blocks. Those the store does not have are skipped. Sync makes
// it last and gives the space back; without it a crash may bring them back.
func (s *Store) Remove(cids ...cid.Cid) error {
	recs := make([]record, 0, len(cids))
	for _, c := range cids {
		k, err := keyOf(c)
		if err != nil {
			return err
		}
		recs = append(recs, record{header: header{kind: kindBlockGone, key: k}})
	}
	s.write.Lock()
	defer s.write.Unlock()
	return s.append(s.fresh(recs))
}

// Delete is Remove and Sync.
func (s *Store) Delete(cids ...cid.Cid) error {
	if err := s.Remove(cids...); err != nil {
		return err
	}
	return s.Sync()
}

// RemoveValue forgets a value as Remove forgets blocks.
func (s *Store) RemoveValue(name string) error {
	if name == "" || len(name) > maxKey {
		return fmt.Errorf("%w: a name of %d bytes", ErrTooLarge, len(name))
	}
	rec := record{name: name, header: header{kind: kindValueGone}, payload: encodeValue(name, nil)}
	s.write.Lock()
	defer s.write.Unlock()
	return s.append(s.fresh([]record{rec}))
}

// Values is the names of all values that begin with prefix, sorted.
func (s *Store) Values(prefix string) []string {
	s.index.RLock()
	defer s.index.RUnlock()
	var names []string
	for name := range s.values {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Sync returns once everything written before the call is on the disk.
// Concurrent calls share one sync of the disk.
func (s *Store) Sync() error {
	s.write.Lock()
	want := s.last
	s.write.Unlock()

	s.flush.Lock()
	defer s.flush.Unlock()
	if s.synced >= want {
		return nil
	}
	s.write.Lock()
	seg, upTo, failed := s.active, s.last, s.failed
	s.write.Unlock()
	if failed != nil {
		return failed
	}
	if err := seg.file.Sync(); err != nil {
		s.write.Lock()
		defer s.write.Unlock()
		return s.fail(fmt.Errorf("store: sync %s: %w", segmentPath(s.dir, seg.id), err))
	}
	s.synced = upTo
	s.reclaim(upTo)
	return nil
}

// fail remembers that the disk can no longer be trusted with what was written:
// after a failed sync the system may have dropped it. Only a restart helps.
func (s *Store) fail(err error) error {
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	if s.failed == nil {
		s.failed = fmt.Errorf("store: stopped after a failed write; make room or replace the disk, then restart: %w", err)
	}
	return err
}

type record struct {
	header
	name    string
	payload []byte
}

func batchRecords(b Batch) ([]record, error) {
	recs := make([]record, 0, len(b.Blocks)+len(b.Values))
	for _, block := range b.Blocks {
		k, err := keyOf(block.CID)
		if err != nil {
			return nil, err
		}
		if len(block.Data) > manifest.MaxBlock {
			return nil, fmt.Errorf("%w: block %s has %d bytes", ErrTooLarge, block.CID, len(block.Data))
		}
		recs = append(recs, record{header: header{kind: kindBlock, key: k}, payload: block.Data})
	}
	for _, v := range b.Values {
		if v.Name == "" || len(v.Name) > maxKey || len(v.Data) > manifest.MaxBlock {
			return nil, fmt.Errorf("%w: value %q has %d bytes", ErrTooLarge, v.Name, len(v.Data))
		}
		recs = append(recs, record{header: header{kind: kindValue}, name: v.Name, payload: encodeValue(v.Name, v.Data)})
	}
	return recs, nil
}

// fresh drops the records that would change nothing.
func (s *Store) fresh(recs []record) []record {
	s.index.RLock()
	defer s.index.RUnlock()
	seen := make(map[key]bool, len(recs))
	return slices.DeleteFunc(recs, func(r record) bool {
		switch r.kind {
		case kindBlock, kindBlockGone:
			_, has := s.blocks[r.key]
			if seen[r.key] || has == (r.kind == kindBlock) {
				return true
			}
			seen[r.key] = true
		case kindValueGone:
			_, has := s.values[r.name]
			return !has
		}
		return false
	})
}

// append writes records at the end of the active segment and enters them into
// the index. On an error nothing has changed. The caller holds write.
func (s *Store) append(recs []record) error {
	if s.failed != nil {
		return s.failed
	}
	if len(recs) == 0 {
		return nil
	}
	var need int64
	var grows uint64
	for i := range recs {
		r := &recs[i]
		r.length, r.sum = uint32(len(r.payload)), castagnoli(r.payload)
		need += headerSize + int64(r.length)
		if r.kind == kindBlock || r.kind == kindValue {
			grows += headerSize + uint64(r.length)
		}
	}
	if q := s.opt.Quota; q > 0 && grows > 0 {
		s.index.RLock()
		used := s.used
		s.index.RUnlock()
		if used+grows > q {
			return fmt.Errorf("%w: %d of %d bytes of quota are used, %d more are needed", ErrFull, used, q, grows)
		}
	}
	if s.active.size+need > s.opt.SegmentSize && s.active.size > preambleSize {
		if err := s.roll(); err != nil {
			return err
		}
	}
	start := s.active.size
	if err := s.writeRecords(recs); err != nil {
		err = fmt.Errorf("store: write to %s: %w", segmentPath(s.dir, s.active.id), err)
		if undo := s.active.file.Truncate(start); undo != nil {
			return s.fail(errors.Join(err, undo))
		}
		if isFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		return err
	}
	s.last++
	s.index.Lock()
	defer s.index.Unlock()
	off := start
	for _, r := range recs {
		s.enter(s.active, off, r.header, r.name)
		off += headerSize + int64(r.length)
	}
	s.active.size = off
	return nil
}

func (s *Store) writeRecords(recs []record) error {
	var buf []byte
	off := s.active.size
	flush := func(b []byte) error {
		n, err := s.active.file.WriteAt(b, off)
		off += int64(n)
		return err
	}
	for _, r := range recs {
		buf = r.encode(buf, s.active.nonce)
		if len(r.payload) <= coalesce {
			buf = append(buf, r.payload...)
			if len(buf) < 4*coalesce {
				continue
			}
		}
		if err := flush(buf); err != nil {
			return err
		}
		buf = buf[:0]
		if len(r.payload) > coalesce {
			if err := flush(r.payload); err != nil {
				return err
			}
		}
	}
	if len(buf) == 0 {
		return nil
	}
	return flush(buf)
}

// enter makes the index say what a record says. The caller holds index.
func (s *Store) enter(seg *segment, off int64, h header, name string) {
	at := place{seg: seg, offset: off, length: h.length, sum: h.sum}
	switch h.kind {
	case kindBlock, kindBlockGone:
		old, had := s.blocks[h.key]
		if had {
			s.free(old, seg)
		}
		if h.kind == kindBlockGone {
			delete(s.blocks, h.key)
			return
		}
		s.blocks[h.key] = at
	case kindValue, kindValueGone:
		old, had := s.values[name]
		if had {
			s.free(old, seg)
		}
		if h.kind == kindValueGone {
			delete(s.values, name)
			return
		}
		s.values[name] = at
	}
	seg.live++
	s.used += headerSize + uint64(h.length)
}

// free says that the record at old is superseded by one in seg.
func (s *Store) free(old place, by *segment) {
	old.seg.live--
	s.used -= headerSize + uint64(old.length)
	if old.seg != by {
		by.kills[old.seg.id] = struct{}{}
	}
	s.hollow = append(s.hollow, hole{seg: old.seg, offset: old.offset + headerSize, length: int64(old.length), after: s.last})
}

// roll seals the active segment and begins another. The caller holds write.
func (s *Store) roll() error {
	if err := s.active.file.Sync(); err != nil {
		return s.fail(fmt.Errorf("store: sync %s: %w", segmentPath(s.dir, s.active.id), err))
	}
	next, err := createSegment(s.dir, s.active.id+1, s.opt.OpenFile)
	if err != nil {
		if isFull(err) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		return fmt.Errorf("store: begin a segment: %w", err)
	}
	s.index.Lock()
	s.segments[next.id] = next
	s.index.Unlock()
	s.active = next
	return nil
}

// reclaim gives back the space of records whose end is synced.
func (s *Store) reclaim(upTo uint64) {
	s.write.Lock()
	defer s.write.Unlock()
	keep := s.hollow[:0]
	for _, h := range s.hollow {
		if h.after > upTo {
			keep = append(keep, h)
			continue
		}
		const page = 4 << 10
		if h.length >= page {
			punch(h.seg.file, h.offset, h.length)
		}
	}
	s.hollow = keep
	s.index.Lock()
	defer s.index.Unlock()
	for gone := true; gone; {
		gone = false
		for id, seg := range s.segments {
			if seg == s.active || seg.live > 0 || s.needed(seg) {
				continue
			}
			if os.Remove(segmentPath(s.dir, id)) == nil {
				_ = seg.file.Close() // nothing in it is wanted any more
				delete(s.segments, id)
				gone = true
			}
		}
	}
}

// needed says whether seg supersedes a record that is still on the disk.
func (s *Store) needed(seg *segment) bool {
	for id := range seg.kills {
		if s.segments[id] != nil {
			return true
		}
	}
	return false
}
