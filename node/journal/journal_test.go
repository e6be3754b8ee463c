package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/journal"
)

type record struct {
	Salt [32]byte
	Doc  []byte
}

func TestARecordSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir)
	require.NoError(t, err)
	want := record{Salt: [32]byte{1, 2}, Doc: []byte("doc")}
	require.NoError(t, j.Put("task-1.solver", want))

	j, err = journal.Open(dir)
	require.NoError(t, err)
	var got record
	require.NoError(t, j.Get("task-1.solver", &got))
	require.Equal(t, want, got)
}

func TestAMissingRecordIsTold(t *testing.T) {
	j, err := journal.Open(t.TempDir())
	require.NoError(t, err)
	var got record
	require.ErrorIs(t, j.Get("nothing", &got), journal.ErrMissing)
	require.NoError(t, j.Delete("nothing"))
}

func TestStrangeKeysStayInsideTheFolder(t *testing.T) {
	j, err := journal.Open(t.TempDir())
	require.NoError(t, err)
	for i, key := range []string{"../up", "a/b", ".hidden", "ab"} {
		require.NoError(t, j.Put(key, i))
	}
	for i, key := range []string{"../up", "a/b", ".hidden", "ab"} {
		var got int
		require.NoError(t, j.Get(key, &got))
		require.Equal(t, i, got)
	}
}
