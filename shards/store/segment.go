package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// File is what a segment is kept in. *os.File is one.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (os.FileInfo, error)
}

type segment struct {
	id    uint32
	file  File
	nonce nonce
	size  int64
	// live counts records the index points to; kills are the older segments
	// whose records this one supersedes. A segment goes when it is sealed, has
	// nothing live and kills nothing that still exists.
	live  int
	kills map[uint32]struct{}
}

const segmentSuffix = ".seg"

func segmentPath(dir string, id uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%08x%s", id, segmentSuffix))
}

// listSegments is the ids of the segments in dir, ascending.
func listSegments(dir string) ([]uint32, error) {
	entries, err := os.ReadDir(dir) // sorted by name, and so by id
	if err != nil {
		return nil, fmt.Errorf("store: list %s: %w", dir, err)
	}
	var ids []uint32
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok || len(name) != 8 {
			continue
		}
		id, err := strconv.ParseUint(name, 16, 32)
		if err != nil {
			continue
		}
		ids = append(ids, uint32(id))
	}
	return ids, nil
}

// createSegment makes an empty segment that is on the disk when it returns.
func createSegment(dir string, id uint32, open func(string) (File, error)) (*segment, error) {
	path := segmentPath(dir, id)
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, file: f, size: preambleSize, kills: map[uint32]struct{}{}}
	if _, err := rand.Read(s.nonce[:]); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	pre := append([]byte(preambleMagic), s.nonce[:]...)
	_, err = f.WriteAt(pre, 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return s, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// errPreamble says that a file has no readable beginning.
var errPreamble = errors.New("the segment has no valid beginning")

func openSegment(dir string, id uint32, open func(string) (File, error)) (*segment, error) {
	f, err := open(segmentPath(dir, id))
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, file: f, kills: map[uint32]struct{}{}}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.size = st.Size()
	var pre [preambleSize]byte
	if s.size < preambleSize {
		return nil, errors.Join(errPreamble, f.Close())
	}
	if _, err := f.ReadAt(pre[:], 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !bytes.HasPrefix(pre[:], []byte(preambleMagic)) {
		return nil, errors.Join(errPreamble, f.Close())
	}
	copy(s.nonce[:], pre[len(preambleMagic):])
	return s, nil
}

// found is one record met by a scan. payload is nil unless it was read.
type found struct {
	header
	offset  int64
	payload []byte
}

// scan calls fn for every sound record in order and returns where the last one
// ends and how many damaged stretches it stepped over. Payloads of values are
// always read; those of blocks only with verify, which a segment that may have
// been written to when the machine stopped needs.
func (s *segment) scan(verify bool, fn func(found) error) (end int64, damaged int, err error) {
	w := &window{file: s.file, size: s.size}
	off, end := int64(preambleSize), int64(preambleSize)
	for off < s.size {
		rec, err := s.record(w, off, verify)
		if errors.Is(err, errRecord) {
			next, err := s.resync(w, off+1)
			if err != nil {
				return end, damaged, err
			}
			if next < 0 {
				break
			}
			damaged++
			off = next
			continue
		}
		if err != nil {
			return end, damaged, err
		}
		if err := fn(rec); err != nil {
			return end, damaged, err
		}
		off += headerSize + int64(rec.length)
		end = off
	}
	return end, damaged, nil
}

// record reads the record at off. An error is errRecord or one of reading.
func (s *segment) record(w *window, off int64, verify bool) (found, error) {
	if off+headerSize > s.size {
		return found{}, errRecord
	}
	b, err := w.at(off, headerSize)
	if err != nil {
		return found{}, err
	}
	h, err := decodeHeader(b, s.nonce)
	if err != nil {
		return found{}, err
	}
	rec := found{header: h, offset: off}
	if off+headerSize+int64(h.length) > s.size {
		return rec, errRecord
	}
	if !verify && h.kind != kindValue && h.kind != kindValueGone {
		return rec, nil
	}
	rec.payload, err = w.at(off+headerSize, int(h.length))
	if err != nil {
		return rec, err
	}
	if castagnoli(rec.payload) != h.sum {
		return rec, errRecord
	}
	return rec, nil
}

// resync is the offset of the next sound record at or after off, or -1.
func (s *segment) resync(w *window, off int64) (int64, error) {
	var magic [4]byte
	binary.BigEndian.PutUint32(magic[:], recordMagic)
	const stride = 64 << 10
	for off+headerSize <= s.size {
		b, err := w.at(off, int(min(stride, s.size-off)))
		if err != nil {
			return 0, err
		}
		i := bytes.Index(b, magic[:])
		if i < 0 {
			off += int64(len(b) - len(magic) + 1)
			continue
		}
		off += int64(i)
		_, err = s.record(w, off, true)
		if err == nil {
			return off, nil
		}
		if !errors.Is(err, errRecord) {
			return 0, err
		}
		off++
	}
	return -1, nil
}

// window reads a file through one buffer. What at returns is valid until the
// next call.
type window struct {
	file  io.ReaderAt
	size  int64
	buf   []byte
	start int64
}

func (w *window) at(off int64, n int) ([]byte, error) {
	if off < w.start || off+int64(n) > w.start+int64(len(w.buf)) {
		want := int(min(max(int64(n), 64<<10), w.size-off))
		if cap(w.buf) < want {
			w.buf = make([]byte, want)
		}
		w.buf = w.buf[:want]
		if _, err := w.file.ReadAt(w.buf, off); err != nil {
			w.buf = w.buf[:0]
			return nil, err
		}
		w.start = off
	}
	i := int(off - w.start)
	return w.buf[i : i+n], nil
}
