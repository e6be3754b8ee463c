package store

import (
	"errors"
	"fmt"
	"os"
)

// recover rebuilds the index from the segments, cuts off the torn tail of the
// last one and makes it, or a first one, the active segment.
func (s *Store) recover() error {
	ids, err := listSegments(s.dir)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := s.load(id, i == len(ids)-1); err != nil {
			return fmt.Errorf("store: recover %s: %w", segmentPath(s.dir, id), err)
		}
	}
	if s.active == nil {
		next := uint32(1)
		if len(ids) > 0 {
			next = ids[len(ids)-1] + 1
		}
		seg, err := createSegment(s.dir, next, s.opt.OpenFile)
		if err != nil {
			return fmt.Errorf("store: begin a segment: %w", err)
		}
		s.segments[next], s.active = seg, seg
	}
	// What was freed before is given back again: the machine may have stopped
	// between the sync and the hole.
	s.last, s.synced = 1, 1
	s.reclaim(1)
	return nil
}

func (s *Store) load(id uint32, last bool) error {
	seg, err := openSegment(s.dir, id, s.opt.OpenFile)
	if errors.Is(err, errPreamble) && last {
		// The machine stopped while the segment was being made.
		return os.Remove(segmentPath(s.dir, id))
	}
	if err != nil {
		return err
	}
	s.segments[id] = seg
	end, damaged, err := seg.scan(last, func(r found) error {
		var name string
		if r.kind == kindValue || r.kind == kindValueGone {
			var err error
			if name, _, err = decodeValue(r.payload); err != nil {
				return err
			}
		}
		s.enter(seg, r.offset, r.header, name)
		return nil
	})
	if err != nil {
		return err
	}
	s.damaged += damaged
	if !last {
		return nil
	}
	s.active = seg
	if end < seg.size {
		if err := seg.file.Truncate(end); err != nil {
			return err
		}
		if err := seg.file.Sync(); err != nil {
			return err
		}
		seg.size = end
	}
	return nil
}
