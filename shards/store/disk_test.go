package store_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/store"
)

// limited is a disk of a few bytes that fills up in the middle of a write.
type limited struct {
	store.File
	disk *disk
}

type disk struct {
	mu       sync.Mutex
	left     int64
	failSync bool
}

func (l limited) WriteAt(b []byte, off int64) (int, error) {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	n := min(int64(len(b)), l.disk.left)
	l.disk.left -= n
	wrote, err := l.File.WriteAt(b[:n], off)
	if err == nil && n < int64(len(b)) {
		err = &os.PathError{Op: "write", Err: syscall.ENOSPC}
	}
	return wrote, err
}

func (l limited) Sync() error {
	if l.disk.failSync {
		return io.ErrUnexpectedEOF
	}
	return l.File.Sync()
}

func (d *disk) open(path string) (store.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	return limited{f, d}, err
}

func TestAFullDiskLeavesNothingHalfWritten(t *testing.T) {
	for left := int64(0); left < 900; left += 23 {
		dir := t.TempDir()
		d := &disk{left: 32 + 52 + 100}
		s, err := store.Open(dir, store.Options{OpenFile: d.open})
		require.NoError(t, err)
		a, b, c := numbered(1, 100), numbered(2, 300), numbered(3, 400)
		require.NoError(t, s.Put(a))
		d.left = left
		err = s.Put(b, c)
		if left >= 300+400+2*52 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, store.ErrFull)
			require.False(t, s.Has(b.CID) || s.Has(c.CID))
			info, err := os.Stat(segments(t, dir)[0])
			require.NoError(t, err)
			require.EqualValues(t, 32+52+100, info.Size())
			d.left = 1 << 20
			require.NoError(t, s.Put(c), "it works again once there is room")
		}
		require.NoError(t, s.Close())
		s, err = store.Open(dir, store.Options{})
		require.NoError(t, err)
		holds(t, s, a)
		holds(t, s, c)
		require.NoError(t, s.Close())
	}
}

func TestAFailedSyncStopsTheStore(t *testing.T) {
	d := &disk{left: 1 << 20}
	s, err := store.Open(t.TempDir(), store.Options{OpenFile: d.open})
	require.NoError(t, err)
	d.failSync = true
	require.ErrorIs(t, s.Put(numbered(1, 10)), io.ErrUnexpectedEOF)
	d.failSync = false
	require.ErrorContains(t, s.Put(numbered(2, 10)), "restart")
	require.NoError(t, s.Close())
}

func FuzzOpenTakesAnySegment(f *testing.F) {
	dir := f.TempDir()
	s, err := store.Open(dir, store.Options{})
	require.NoError(f, err)
	require.NoError(f, s.Put(numbered(1, 40), numbered(2, 50)))
	require.NoError(f, s.Delete(numbered(1, 40).CID))
	require.NoError(f, s.Write(store.Batch{Values: []store.Value{{Name: "n", Data: []byte("v")}}}))
	require.NoError(f, s.Close())
	whole, err := os.ReadFile(filepath.Join(dir, "00000001.seg"))
	require.NoError(f, err)
	f.Add(whole, uint16(0), byte(0))
	f.Add(whole[:100], uint16(40), byte(9))
	f.Add([]byte("autonet store 1\n"), uint16(3), byte(1))
	f.Add(binary.BigEndian.AppendUint32(whole[:32:32], 0xA7B10C52), uint16(3), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= flip
		}
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "00000001.seg"), data, 0o600))
		s, err := store.Open(dir, store.Options{})
		if err != nil {
			return
		}
		defer func() { require.NoError(t, s.Close()) }()
		b := numbered(9, 33)
		require.NoError(t, s.Put(b))
		holds(t, s, b)
	})
}
