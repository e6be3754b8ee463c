package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// punch gives the disk space of a stretch back and keeps the file's length.
// Where the file system cannot, the space comes back with the segment.
func punch(f File, off, n int64) {
	if file, ok := f.(*os.File); ok {
		_ = unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	}
}
