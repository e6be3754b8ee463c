package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/internal/atomicfile"
)

func TestWriteReplacesTheWholeFileAndItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, atomicfile.Write(path, []byte("a long first version"), 0o644))
	require.NoError(t, atomicfile.Write(path, []byte("second"), 0o600))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "second", string(got))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAFailedWriteLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(path, 0o755))
	require.Error(t, atomicfile.Write(path, []byte("x"), 0o600))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "only the folder itself may remain")
}

func TestAMissingFolderIsAClearError(t *testing.T) {
	err := atomicfile.Write(filepath.Join(t.TempDir(), "none", "f"), nil, 0o600)
	require.ErrorIs(t, err, os.ErrNotExist)
}
