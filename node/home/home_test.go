package home_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/home"
)

func TestOneProcessHoldsAHome(t *testing.T) {
	h := home.At(filepath.Join(t.TempDir(), "n"))
	_, err := h.Acquire()
	require.ErrorIs(t, err, home.ErrNotInitialised)

	require.NoError(t, h.Make())
	require.NoError(t, os.WriteFile(h.Config(), nil, 0o600))
	lock, err := h.Acquire()
	require.NoError(t, err)
	_, err = h.Acquire()
	require.ErrorIs(t, err, home.ErrRunning)
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))
	require.NoError(t, lock.Release())

	lock, err = h.Acquire()
	require.NoError(t, err)
	require.NoError(t, lock.Release())
	require.NoFileExists(t, filepath.Join(h.Dir(), "node.lock"))
}

func TestAHomeIsMadeOnce(t *testing.T) {
	h := home.At(filepath.Join(t.TempDir(), "n"))
	require.NoError(t, h.Make())
	require.False(t, h.Initialised())
	require.NoError(t, os.WriteFile(h.Config(), nil, 0o600))
	require.ErrorIs(t, h.Make(), home.ErrExists)
}
