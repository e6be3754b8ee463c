package abci_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// killed runs a validator in a process of its own that commits one transaction after the other, kills it after a span of
// time from its first commit on, and returns the last transaction that it had said to be committed, or the one given.
func killed(t *testing.T, root string, after time.Duration, last int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	first := true
	for ; lines.Scan(); first = false {
		var nonce int
		if _, err := fmt.Sscanf(strings.TrimSpace(lines.Text()), "committed %d", &nonce); err != nil {
			t.Fatal(lines.Text())
		}
		require.Greater(t, nonce, last, "a transaction that was acknowledged is gone")
		last = nonce
		if first {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	require.Error(t, cmd.Wait(), "it was killed")
	require.False(t, first, "it committed nothing in two minutes")
	return last
}

// intact starts the validator in this process and checks that nothing up to the acknowledged transaction is missing, that
// nothing is there twice, and that it goes on.
func intact(t *testing.T, cfg abci.Config, acknowledged int) *node {
	t.Helper()
	n := start(t, cfg)
	sender := key("sender")
	var nonce uint64
	require.NoError(t, n.Read(func(kv ledger.KV) error { // one state: the last block before the accident may follow
		nonce = abci.Nonce(kv, account(sender))
		for last := int(nonce) - 1; last >= max(int(nonce)-10, 0); last-- {
			require.Equal(t, fmt.Sprint(last), string(kv.Get(ledger.Key("value", fmt.Sprint(last%10)))))
		}
		return nil
	}))
	require.GreaterOrEqual(t, int(nonce), acknowledged+1)
	for i, event := range allEvents(t, n, int(nonce), 1000) {
		require.EqualValues(t, i, binary.BigEndian.Uint64(event.Data), "an event is missing or there twice")
		result, err := n.Await(t.Context(), event.TxHash)
		require.NoError(t, err)
		require.Equal(t, event.Height, result.Height)
	}
	require.NoError(t, commit(t, n, put(t, sender, nonce, fmt.Sprint(nonce%10), fmt.Sprint(nonce))).Err())
	return n
}

// rounds is how often an accident is tried: a few times, or as often as ABCI_ROUNDS says.
func rounds(t *testing.T, few int) int {
	t.Helper()
	if text := os.Getenv("ABCI_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return few
}

func TestNodeKilledAtAnyMomentLosesNothing(t *testing.T) {
	root := t.TempDir()
	cfg, pub := config(t, root, childName)
	require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), pub))
	acknowledged := -1
	for range rounds(t, 8) {
		acknowledged = killed(t, root, rand.N(150*time.Millisecond), acknowledged)
	}
	intact(t, cfg, acknowledged)
}

// tear damages the end of a file as a disk does that had not written it yet.
func tear(t *testing.T, path string, how int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	cut := min(1+rand.IntN(400), len(raw))
	switch how % 3 {
	case 0: // cut off
		raw = raw[:len(raw)-cut]
	case 1: // zeros where the last sectors should be
		clear(raw[len(raw)-cut:])
	default: // something else behind it
		raw = append(raw, bytes.Repeat([]byte{0x5a}, cut)...)
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

// tearLog leaves a record half written at the end of the write-ahead log. Whole records are never taken out of it: what a
// validator signs is on disk before it is signed again or sent, and without it a lone validator, which does not sign twice
// in one round, would wait for ever.
func tearLog(t *testing.T, path string, how int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	size := 1 + rand.IntN(400)
	switch how % 3 {
	case 0: // the beginning of a record
		raw = append(raw, raw[:min(size, 60)]...)
	case 1: // zeros where a record should be
		raw = append(raw, make([]byte, size)...)
	default: // something else
		raw = append(raw, bytes.Repeat([]byte{0x5a}, size)...)
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

// journal is the file that a store is writing to.
func journal(t *testing.T, dir string) string {
	t.Helper()
	var newest string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".log") && path > newest {
			newest = path
		}
		return err
	}))
	require.NotEmpty(t, newest)
	return newest
}

func TestTornFilesAreMadeWholeAgain(t *testing.T) {
	for name, torn := range map[string]func(dir string) string{
		"write-ahead log": func(dir string) string { return filepath.Join(dir, "comet", "data", "cs.wal", "wal") },
		"event log":       func(dir string) string { return filepath.Join(dir, "events") },
		"state":           func(dir string) string { return filepath.Join(dir, "app") },
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			cfg, pub := config(t, root, childName)
			require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), pub))
			acknowledged := -1
			for round := range rounds(t, 3) {
				acknowledged = killed(t, root, rand.N(100*time.Millisecond), acknowledged)
				if path := torn(cfg.Dir); name == "write-ahead log" {
					tearLog(t, path, round)
				} else {
					tear(t, journal(t, path), round)
				}
				n := intact(t, cfg, acknowledged)
				acknowledged = int(nonceOf(t, n, account(key("sender")))) - 1
				n.stop()
				require.NoError(t, n.err)
			}
		})
	}
}

func TestStoresThatHaveLostTooMuchAreAnError(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	cfg.Sync = around(nodes...)
	j := start(t, cfg)
	meet(t, nodes[0], j)
	reaches(t, j, 14)
	j.stop()
	require.NoError(t, abci.ForgetEvents(cfg.Dir, 3))
	e, err := abci.NewTestEngine(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, e.Run(t.Context()), abci.ErrTorn)
}

func TestAStateFromASnapshotWithoutItsEventsIsAnErrorBeforeTheFirstBlockToo(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	cfg.Sync = around(nodes...)
	j := start(t, cfg)
	require.Positive(t, j.Status().Height)
	j.stop() // it has met nobody to get a block from
	require.NoError(t, abci.ForgetEvents(cfg.Dir, 3))
	e, err := abci.NewTestEngine(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, e.Run(t.Context()), abci.ErrTorn)
}

func TestFullDiskStopsTheNodeAndLosesNothing(t *testing.T) {
	root := t.TempDir()
	cfg, pub := config(t, root, childName)
	disk := filepath.Join(root, "disk")
	require.NoError(t, os.Mkdir(disk, 0o700))
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skip("needs the privilege to mount a small disk: ", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	cfg.Dir = filepath.Join(disk, "data")
	require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), pub))
	sender, ballast := key("sender"), filepath.Join(disk, "ballast")
	nonce := uint64(0)
	for range rounds(t, 2) {
		n := intact(t, cfg, int(nonce)-1)
		nonce = nonceOf(t, n, account(sender))
		fill(t, ballast)
		var stopped error
		for end := time.Now().Add(60 * time.Second); stopped == nil; {
			require.True(t, time.Now().Before(end), "the node goes on without a disk")
			hash, err := n.Submit(t.Context(), put(t, sender, nonce, fmt.Sprint(nonce%10), fmt.Sprint(nonce)))
			if err == nil {
				_, err = n.Await(t.Context(), hash)
			}
			if err == nil {
				nonce++
			}
			stopped = err
		}
		<-n.Stopped()
		n.stop()
		require.ErrorContains(t, n.err, syscall.ENOSPC.Error(), "and says why")
		require.NoError(t, os.Remove(ballast))
	}
	intact(t, cfg, int(nonce)-1)
}

// fill takes the room that a disk has left, but for a little.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	block := make([]byte, 64<<10)
	for {
		if _, err = f.Write(block); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	info, err := f.Stat()
	require.NoError(t, err)
	require.NoError(t, f.Truncate(info.Size()-(300<<10)))
	require.NoError(t, errors.Join(f.Close()))
}
