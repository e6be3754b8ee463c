package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api/types"
)

func TestFileIsPinnedAndFetched(t *testing.T) {
	s, _ := withNode(t)
	dir := t.TempDir()
	data := bytes.Repeat([]byte("weights"), 100_000)
	src, dst := filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "copy")
	require.NoError(t, os.WriteFile(src, data, 0o600))
	info := decode[types.Shard](t, s.run("shard", "pin", src, "--json").ok())
	require.Equal(t, "model.safetensors", info.Name)
	require.Contains(t, s.run("shard", "get", info.CID, "-o", dst).ok(), "from 1 holders")
	got, err := os.ReadFile(dst)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	require.Equal(t, string(data), s.run("shard", "get", info.CID).ok(), "without -o the file goes to standard output")
	require.EqualValues(t, len(data), decode[types.GetStats](t, s.run("shard", "get", info.CID, "-o", dst, "--json").ok()).Bytes)
	require.Contains(t, s.run("shard", "ls").ok(), info.CID)
	require.Contains(t, s.run("shard", "stat", info.CID).ok(), "10 + 4 shards")
	require.Contains(t, s.run("shard", "unpin", info.CID).ok(), "freed")
	require.Empty(t, decode[types.Shards](t, s.run("shard", "ls", "--json").ok()).Shards)
}

func TestStandardInputIsPinned(t *testing.T) {
	s, _ := withNode(t)
	s.in = strings.NewReader("from a pipe")
	info := decode[types.Shard](t, s.run("shard", "pin", "-", "--name", "pipe", "--json").ok())
	require.EqualValues(t, 11, info.Size)
	require.Equal(t, "pipe", info.Name)
}

func TestFileThatBreaksOffLeavesNothingBehind(t *testing.T) {
	s, n := withNode(t)
	n.CutAt = 5
	s.in = strings.NewReader("a file that breaks off")
	info := decode[types.Shard](t, s.run("shard", "pin", "-", "--json").ok())
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	require.NoError(t, os.WriteFile(kept, []byte("old"), 0o600))
	require.Contains(t, s.run("shard", "get", info.CID, "-o", kept).fails(types.ExitFailed), "only 9 of 14 columns")
	require.Contains(t, s.run("shard", "get", info.CID, "-o", filepath.Join(dir, "new")).fails(types.ExitFailed), "wait for its holders")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	old, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Equal(t, "old", string(old))
}

func TestPlacesThatCannotBeWrittenAreSaidFirst(t *testing.T) {
	s, _ := withNode(t)
	require.Contains(t, s.run("shard", "get", "bafk", "-o", "/nowhere/at/all").fails(types.ExitUsage), "choose another file")
	require.Contains(t, s.run("shard", "pin", t.TempDir()).fails(types.ExitUsage), "tar c")
}

func TestNodesRefusalOfAPinReachesThePerson(t *testing.T) {
	s, n := withNode(t)
	n.Fail("Pin", types.NewError(types.CodeFailed, "pin", "no space left on device", "free some space"))
	s.in = strings.NewReader("x")
	require.Equal(t, "autonet: pin: no space left on device; free some space\n", s.run("shard", "pin", "-").fails(types.ExitFailed))
}
