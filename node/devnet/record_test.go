package devnet_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node/api/types"
	"autonet/node/devnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestARecordHasALinePerEventWithItsNode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	require.NoError(t, os.WriteFile(path, []byte("of an earlier run\n"), 0o600))
	r, err := devnet.NewRecorder(path)
	require.NoError(t, err)
	const nodes, events = 4, 50
	var wg sync.WaitGroup
	for n := range nodes {
		wg.Go(func() {
			for i := range events {
				assert.NoError(t, r.Write(fmt.Sprintf("node-%d", n), types.Event{Seq: uint64(i + 1), Kind: "test/event"}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "closing twice is no error")

	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	next := map[string]uint64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Node string `json:"node"`
			Seq  uint64 `json:"seq"`
			Kind string `json:"kind"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), lines.Text())
		next[line.Node]++
		require.Equal(t, next[line.Node], line.Seq)
		require.Equal(t, "test/event", line.Kind)
	}
	require.Len(t, next, nodes)
	for name, n := range next {
		require.Equal(t, uint64(events), n, name)
	}
}

func TestWithoutAPathNothingIsRecorded(t *testing.T) {
	r, err := devnet.NewRecorder("")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	_, err = devnet.NewRecorder(filepath.Join(t.TempDir(), "no", "such", "folder"))
	require.ErrorContains(t, err, "--record")
}
