package abci_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

func TestBlockIsReplayedIntoTheSameBytesWhereverItWasCut(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	sender := key("sender")
	block := func(height int64) [][]byte {
		return [][]byte{
			put(t, sender, uint64(2*height-2), "k", fmt.Sprint(height)),
			put(t, sender, uint64(2*height-1), fmt.Sprint(height), "v"),
		}
	}
	play := func(b *abci.Bench, height int64) ledger.Hash {
		hash, err := b.Execute(height, at.Add(time.Duration(height)*time.Second), block(height)...)
		require.NoError(t, err)
		return hash
	}
	reopen := func(b *abci.Bench, dir string) *abci.Bench {
		require.NoError(t, b.Close())
		b, err := abci.OpenBench(dir, network)
		require.NoError(t, err)
		if b.Height() == 0 {
			require.NoError(t, b.Init(at))
		}
		return b
	}

	// The blocks without an accident.
	dir := t.TempDir()
	b, err := abci.OpenBench(dir, network)
	require.NoError(t, err)
	require.NoError(t, b.Init(at))
	var hashes []ledger.Hash
	for height := int64(1); height <= 3; height++ {
		hashes = append(hashes, play(b, height))
		require.NoError(t, b.Commit())
	}
	want, _, err := b.Events(abci.Cursor{}, 100)
	require.NoError(t, err)
	require.Len(t, want, 6)
	require.NoError(t, b.Close())

	cuts := map[string]func(b *abci.Bench, height int64){
		"before the block": func(*abci.Bench, int64) {},
		"after executing":  func(b *abci.Bench, height int64) { play(b, height) },
		"after the events": func(b *abci.Bench, height int64) {
			play(b, height)
			require.NoError(t, b.WriteEvents())
		},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, err := abci.OpenBench(dir, network)
			require.NoError(t, err)
			require.NoError(t, b.Init(at))
			for height := int64(1); height <= 3; height++ {
				cut(b, height)
				seen, _, err := b.Events(abci.Cursor{}, 100)
				require.NoError(t, err)
				require.Len(t, seen, int(2*height-2), "events of a block that is not committed are not seen")
				b = reopen(b, dir)
				require.Equal(t, height-1, b.Height())
				require.Equal(t, hashes[height-1], play(b, height))
				require.Equal(t, hashes[height-1], play(b, height), "executing again starts over")
				require.NoError(t, b.Commit())
				b = reopen(b, dir)
			}
			got, _, err := b.Events(abci.Cursor{}, 100)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.NoError(t, b.Close())
		})
	}
}

func TestOldStatesAreForgotten(t *testing.T) {
	b, err := abci.OpenBench(t.TempDir(), network)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	at := time.UnixMilli(1_700_000_000_000)
	require.NoError(t, b.Init(at))
	sender := key("sender")
	for height := int64(1); height <= 320; height++ {
		var txs [][]byte
		if height%3 == 0 { // blocks that change nothing share their state with the one before
			txs = append(txs, put(t, sender, uint64(height/3-1), fmt.Sprint(height%7), fmt.Sprint(height)))
		}
		_, err := b.Execute(height, at, txs...)
		require.NoError(t, err)
		require.NoError(t, b.Commit())
	}
	require.Less(t, len(b.Versions()), 120)
	require.GreaterOrEqual(t, len(b.Versions()), 100)
}

func TestBlockOutOfOrderIsAFault(t *testing.T) {
	b, err := abci.OpenBench(t.TempDir(), network)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.NoError(t, b.Init(time.UnixMilli(0)))
	_, err = b.Execute(2, time.UnixMilli(0))
	require.Error(t, err)
	require.ErrorIs(t, b.Fault, err)
	require.Error(t, b.Commit(), "nothing was executed")
}

func TestBlockWhoseEventsCannotBeWrittenIsNotCommitted(t *testing.T) {
	dir := t.TempDir()
	b, err := abci.OpenBench(dir, network)
	require.NoError(t, err)
	require.NoError(t, b.Init(time.UnixMilli(0)))
	_, err = b.Execute(1, time.UnixMilli(0), put(t, key("sender"), 0, "k", "v"))
	require.NoError(t, err)
	require.NoError(t, b.FailDisk())
	require.ErrorContains(t, b.Commit(), "closed")
	require.ErrorContains(t, b.Fault, "events of height 1")
	require.Zero(t, b.Height())
	_ = b.Close()
}

func TestWaitingTransactionsCountUntilTheirBlock(t *testing.T) {
	b, err := abci.OpenBench(t.TempDir(), network)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	at := time.UnixMilli(1_700_000_000_000)
	sender, other := key("sender"), key("other")
	require.Equal(t, ledger.CodeInternal, b.Check(put(t, sender, 0, "k", "v")), "before genesis")
	require.NoError(t, b.Init(at))
	txs := make([][]byte, 6)
	for i := range txs {
		txs[i] = put(t, sender, uint64(i), "k", fmt.Sprint(i))
	}
	require.Equal(t, ledger.CodeNonce, b.Check(txs[1]))
	for _, raw := range txs[:4] {
		require.Equal(t, ledger.CodeOK, b.Check(raw))
	}
	require.Equal(t, ledger.CodeOK, b.Check(txs[1]), "the same again")
	require.Equal(t, ledger.CodeOK, b.Check(put(t, other, 0, "k", "v")))

	_, err = b.Execute(1, at, txs[0], txs[1])
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	require.Equal(t, ledger.CodeNonce, b.Check(txs[5]), "2 and 3 still wait")
	require.Equal(t, ledger.CodeOK, b.Check(txs[4]))
	require.Equal(t, ledger.CodeOK, b.Check(put(t, other, 1, "k", "v")))

	// Another transaction took the place of the waiting ones: they are not counted on any more.
	_, err = b.Execute(2, at, put(t, sender, 2, "other", ""), put(t, sender, 3, "other", ""))
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	require.Equal(t, ledger.CodeOK, b.Check(txs[5]), "4 still waits")
}
