//go:build !(darwin || dragonfly || freebsd || linux)

package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir cannot exclude other processes on this system.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock %s: %w", dir, err)
	}
	return f, nil
}

func diskFree(string) (uint64, bool) { return 0, false }

func isFull(error) bool { return false }
