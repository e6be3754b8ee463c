package store

import (
	"bytes"
	"os"
)

// memory is a segment file in memory, for reading.
type memory struct{ *bytes.Reader }

func (memory) WriteAt([]byte, int64) (int, error) { return 0, os.ErrPermission }
func (memory) Close() error                       { return nil }
func (memory) Truncate(int64) error               { return os.ErrPermission }
func (memory) Sync() error                        { return nil }
func (memory) Stat() (os.FileInfo, error)         { return nil, os.ErrPermission }

// Record is a record as fuzzing sees it.
type Record struct {
	Kind byte
	Key  [33]byte
	Data []byte
}

// EncodeRecord appends a record of the segment with the zero nonce.
func EncodeRecord(to []byte, r Record) []byte {
	h := header{kind: r.Kind, key: r.Key, length: uint32(len(r.Data)), sum: castagnoli(r.Data)}
	return append(h.encode(to, nonce{}), r.Data...)
}

// ScanRecords reads the records of a segment with the zero nonce and no preamble.
func ScanRecords(data []byte) (recs []Record, end int64, damaged int, err error) {
	file := append(make([]byte, preambleSize), data...)
	s := &segment{file: memory{bytes.NewReader(file)}, size: int64(len(file))}
	end, damaged, err = s.scan(true, func(f found) error {
		recs = append(recs, Record{f.kind, f.key, bytes.Clone(f.payload)})
		return nil
	})
	return recs, end - preambleSize, damaged, err
}

// EncodeValue and DecodeValue are the payloads of values.
var (
	EncodeValue = encodeValue
	DecodeValue = decodeValue
)
