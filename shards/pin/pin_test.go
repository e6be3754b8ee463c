package pin_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"

	"autonet/shards/manifest"
	"autonet/shards/pin"
	"autonet/shards/store"
)

func TestAPinnedFileCanBeReadFromEveryNode(t *testing.T) {
	w := newSwarm(t, 8)
	for _, size := range []int{0, 1, 7, 300, 100_000, 1 << 20, 10<<20 + 5} {
		data := noise(size)
		info := w.pin(w.nodes[0], data, pin.PinOptions{})
		require.True(t, info.Complete, "%d bytes: %+v", size, info.Columns)
		require.Equal(t, 7, info.Providers)
		require.Equal(t, 2, info.MayFail)
		require.True(t, info.Mine)
		require.Zero(t, w.get(w.nodes[0], info.CID, data).Rebuilt)
		readers := w.nodes[1:]
		if size > 1<<20 {
			readers = readers[:1]
		}
		for _, n := range readers {
			w.get(n, info.CID, data)
		}
		stat, err := w.nodes[3].svc.Stat(t.Context(), info.CID)
		require.NoError(t, err)
		require.True(t, stat.Complete, "%+v", stat)
		require.Equal(t, info.Root, stat.Root)
		require.Equal(t, info.File, stat.File)
	}
}

func TestASmallFileIsPinnedAndReadFast(t *testing.T) {
	w := newSwarm(t, 8)
	data := noise(5000)
	w.pin(w.nodes[0], noise(4999), pin.PinOptions{}) // streams are negotiated
	start := time.Now()
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	pinned := time.Since(start)
	start = time.Now()
	w.get(w.nodes[0], info.CID, data)
	t.Logf("pin %v, get %v", pinned, time.Since(start))
	require.Less(t, pinned, 2*time.Second, "far beyond any machine's excuse")
}

func TestWithoutProvidersEverythingStaysHere(t *testing.T) {
	w := newSwarm(t, 1)
	data := noise(100_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.True(t, info.Complete)
	require.Equal(t, 1, info.Providers)
	require.Len(t, info.Held, 14)
	st := w.get(w.nodes[0], info.CID, data)
	require.Zero(t, st.Holders)
	require.Equal(t, 10, st.Local)
}

func TestThePinnerCountsAsAProviderWhenItIsOne(t *testing.T) {
	w := newSwarm(t, 3)
	w.providers = append(w.providers, w.nodes[0].Provider)
	info := w.pin(w.nodes[0], noise(1000), pin.PinOptions{})
	require.True(t, info.Complete)
	require.Equal(t, 3, info.Providers)
	var mine []int
	each := map[peer.ID]int{}
	for _, c := range info.Columns {
		each[c.Holder]++
		if c.Holder == w.nodes[0].ID {
			mine = append(mine, c.Index)
		}
	}
	require.Equal(t, []int{4, 5, 5}, slices.Sorted(maps.Values(each)), "whose share is the smaller follows from the hashes")
	require.Equal(t, mine, info.Held)
	require.LessOrEqual(t, w.nodes[0].store.Usage().Blocks, len(mine)+2)
}

func TestHoldKeepsEverythingHereToo(t *testing.T) {
	w := newSwarm(t, 8)
	data := noise(50_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{Hold: true})
	require.Len(t, info.Held, 14)
	require.Zero(t, w.get(w.nodes[0], info.CID, data).Remote)
	other := w.pin(w.nodes[0], noise(50_001), pin.PinOptions{})
	require.Empty(t, other.Held)
}

func TestEachProviderHoldsItsShareAtMost(t *testing.T) {
	w := newSwarm(t, 5)
	info := w.pin(w.nodes[0], noise(1000), pin.PinOptions{})
	each := map[peer.ID]int{}
	for _, c := range info.Columns {
		require.True(t, c.Confirmed)
		each[c.Holder]++
		require.LessOrEqual(t, each[c.Holder], 4)
	}
	require.Len(t, each, 4)
	require.Equal(t, 1, info.MayFail)
}

func TestProvidersThatFailAreReplacedByTheNext(t *testing.T) {
	w := newImpatient(t, 7, 3*time.Second)
	dead, refusing, hung := w.nodes[1], w.nodes[2], w.nodes[3]
	dead.kill()
	w.accept = func(from peer.ID) error { return nil }
	refusing.host.SetStreamHandler(pin.Protocol, func(s network.Stream) {
		_, _ = pin.ReadFrame(s, 1<<20)
		_ = pin.WriteFrame(s, pin.Answer{Code: pin.AnswerRefused, Text: "not today"})
		_ = s.Close()
	})
	hung.host.SetStreamHandler(pin.Protocol, func(s network.Stream) {
		for {
			// Words without progress are worth nothing.
			if pin.WriteFrame(s, pin.Answer{Code: pin.AnswerProgress, Done: 1}) != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	data := noise(5000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.True(t, info.Complete, "%+v", info.Columns)
	require.Equal(t, 3, info.Providers)
	for _, c := range info.Columns {
		require.NotContains(t, []peer.ID{dead.ID, refusing.ID, hung.ID}, c.Holder)
	}
	w.get(w.nodes[4], info.CID, data)
}

func TestAFullProviderSaysSoAndStoresNothing(t *testing.T) {
	w := newSwarm(t, 1)
	full := w.start(newHost(t), t.TempDir(), store.Options{Quota: 2000})
	w.providers = []pin.Provider{full.Provider}
	w.connectAll()
	data := noise(100_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.False(t, info.Complete)
	require.Len(t, info.Held, 14)
	for _, c := range info.Columns {
		require.False(t, c.Confirmed)
		require.Equal(t, w.nodes[0].ID, c.Holder)
		require.Contains(t, c.Reason, "full")
	}
	require.Zero(t, full.store.Usage().Blocks)
	w.get(w.nodes[0], info.CID, data)
}

func TestAnIncompletePinIsCompletedByPinningAgain(t *testing.T) {
	w := newSwarm(t, 4)
	down := true
	w.accept = func(peer.ID) error {
		if down {
			return io.ErrNoProgress
		}
		return nil
	}
	data := noise(9000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.False(t, info.Complete)
	list, err := w.nodes[0].svc.List(t.Context())
	require.NoError(t, err)
	require.False(t, list[0].Complete)
	down = false
	info = w.pin(w.nodes[0], data, pin.PinOptions{})
	require.True(t, info.Complete)
	require.Empty(t, info.Held)
	require.LessOrEqual(t, w.nodes[0].store.Usage().Blocks, 2, "manifest and UnixFS root")
}

func TestARecordOutlivesTheProcess(t *testing.T) {
	w := newSwarm(t, 8)
	w.silence()
	data := noise(70_000)
	dir := t.TempDir()
	h := newHost(t)
	a := w.start(h, dir, store.Options{})
	w.connectAll()
	info := w.pin(a, data, pin.PinOptions{})
	before, err := a.svc.List(t.Context())
	require.NoError(t, err)
	a.stop()
	w.mu.Lock()
	w.nodes, w.provided = w.nodes[:8], map[cid.Cid][]peer.ID{}
	w.mu.Unlock()
	a = w.start(h, dir, store.Options{})
	after, err := a.svc.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, info.CID, after[0].CID)
	require.True(t, after[0].Complete && after[0].Mine)
	w.get(a, info.CID, data)
}

func TestBlocksOfAnUnfinishedPinAreSweptAtTheStart(t *testing.T) {
	w := newSwarm(t, 0)
	dir := t.TempDir()
	st, err := store.Open(dir, store.Options{})
	require.NoError(t, err)
	left := noise(500)
	require.NoError(t, st.Put(store.Block{CID: manifest.BLAKE3.CID(0x55, manifest.BLAKE3.Sum(left)), Data: left}))
	require.NoError(t, st.Close())
	n := w.start(newHost(t), dir, store.Options{})
	require.Zero(t, n.store.Usage().Blocks)
}

func TestUnpinningFreesSpaceHereAndThere(t *testing.T) {
	w := newSwarm(t, 4)
	data := noise(30_000)
	// The second file shares all data blocks of the first: same bytes, more parity.
	one := w.pin(w.nodes[0], data, pin.PinOptions{Hold: true})
	two := w.pin(w.nodes[0], data, pin.PinOptions{K: 10, M: 5, Hold: true})
	require.NotEqual(t, one.CID, two.CID)
	require.NoError(t, w.nodes[0].svc.Unpin(t.Context(), one.CID))
	require.ErrorIs(t, w.nodes[0].svc.Unpin(t.Context(), one.CID), pin.ErrNotPinned)
	w.get(w.nodes[0], two.CID, data)
	for _, n := range w.nodes[1:] {
		w.get(n, two.CID, data)
	}
	require.NoError(t, w.nodes[0].svc.Unpin(t.Context(), two.CID))
	for _, n := range w.nodes {
		require.Zero(t, n.store.Usage().Blocks)
		require.Zero(t, n.store.Usage().Values)
	}
	_, err := w.nodes[0].svc.GetBytes(t.Context(), two.CID, 1<<20)
	require.ErrorIs(t, err, pin.ErrNotFound)
}

func TestADocumentIsReadByTheCIDOfItsBytes(t *testing.T) {
	w := newSwarm(t, 4)
	data := []byte(strings.Repeat("document ", 50))
	c, info, err := w.nodes[0].svc.PinBlock(t.Context(), data, 2, pin.PinOptions{})
	require.NoError(t, err)
	require.True(t, info.Complete)
	require.Equal(t, manifest.BLAKE3.CID(0x55, manifest.BLAKE3.Sum(data)), c)
	for _, n := range w.nodes {
		got, err := n.svc.GetBytes(t.Context(), c, 1000)
		require.NoError(t, err)
		require.Equal(t, data, got)
		w.get(n, c, data)
	}
	_, err = w.nodes[3].svc.GetBytes(t.Context(), c, 10)
	require.ErrorIs(t, err, pin.ErrTooLarge)
	_, err = w.nodes[3].svc.GetBytes(t.Context(), info.CID, 10)
	require.ErrorIs(t, err, pin.ErrTooLarge)
}

func TestStreamsOfTheWrongLengthLeaveNothing(t *testing.T) {
	w := newSwarm(t, 1)
	n := w.nodes[0]
	data := noise(5000)
	for _, size := range []int64{4999, 5001, 0} {
		_, err := n.svc.Pin(t.Context(), bytes.NewReader(data), size, pin.PinOptions{})
		require.ErrorIs(t, err, pin.ErrSize)
	}
	_, err := n.svc.Pin(t.Context(), io.MultiReader(bytes.NewReader(noise(11<<20)), iotest.ErrReader(io.ErrClosedPipe)), -1, pin.PinOptions{})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = n.svc.Pin(t.Context(), bytes.NewReader(data), 1<<50, pin.PinOptions{})
	require.ErrorIs(t, err, pin.ErrTooLarge)
	_, err = n.svc.Pin(t.Context(), bytes.NewReader(data), -1, pin.PinOptions{K: 100, M: 100})
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = n.svc.Pin(ctx, bytes.NewReader(noise(25<<20)), -1, pin.PinOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n.store.Usage().Blocks)
	info, err := n.svc.Pin(t.Context(), bytes.NewReader(data), -1, pin.PinOptions{Hash: manifest.SHA256})
	require.NoError(t, err)
	w.get(n, info.CID, data)
}

func TestAFullDiskFailsThePinAndLeavesNothing(t *testing.T) {
	w := newSwarm(t, 0)
	n := w.start(newHost(t), t.TempDir(), store.Options{Quota: 20 << 20})
	_, err := n.svc.Pin(t.Context(), bytes.NewReader(noise(25<<20)), -1, pin.PinOptions{})
	require.ErrorIs(t, err, store.ErrFull)
	require.Zero(t, n.store.Usage().Blocks)
}

func TestAFileOfEqualBlocksIsStoredOnceAndRead(t *testing.T) {
	w := newSwarm(t, 8)
	data := make([]byte, 21<<20)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.True(t, info.Complete)
	for _, n := range w.nodes[1:] {
		require.LessOrEqual(t, n.store.Usage().Blocks, 2+4)
	}
	w.get(w.nodes[0], info.CID, data)
}

func TestProgressIsTold(t *testing.T) {
	w := newSwarm(t, 3)
	var bytesSeen int64
	var landed int
	info, err := w.nodes[0].svc.Pin(t.Context(), bytes.NewReader(noise(15<<20)), -1, pin.PinOptions{Progress: func(b int64, l int) { bytesSeen, landed = b, l }})
	require.NoError(t, err)
	require.EqualValues(t, 15<<20, bytesSeen)
	require.Equal(t, 14, landed)
	var read int64
	_, err = w.nodes[0].svc.Get(t.Context(), info.CID, io.Discard, pin.GetOptions{Progress: func(b int64) { read = b }})
	require.NoError(t, err)
	require.EqualValues(t, 15<<20, read)
	c := w.nodes[0].svc.Counters()
	require.EqualValues(t, 1, c.Pins)
	require.EqualValues(t, 1, c.Gets)
	require.Greater(t, c.Sent, uint64(20<<20))
}

func TestHoldersAreFoundByTheRoutingAlone(t *testing.T) {
	w := newSwarm(t, 5)
	w.silence()
	data := noise(40_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.provided[info.CID]) >= 4
	}, 5*time.Second, time.Millisecond)
	late := w.start(newHost(t), t.TempDir(), store.Options{})
	w.get(late, info.CID, data)
}

func TestWhatCouldNotBeAnnouncedIsAnnouncedAgain(t *testing.T) {
	w := newSwarm(t, 1)
	w.provideErr = io.ErrNoProgress
	info := w.pin(w.nodes[0], noise(100), pin.PinOptions{})
	known := func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.provideErr = nil
		return len(w.provided[info.CID]) > 0
	}
	require.Eventually(t, known, 5*time.Second, 10*time.Millisecond)
}

func TestAnnouncementsThatMakeNoSenseAreIgnored(t *testing.T) {
	w := newSwarm(t, 1)
	n := w.nodes[0]
	m, err := manifest.New(0, 1, 0, manifest.BLAKE3, nil)
	require.NoError(t, err)
	c := m.CID().String()
	_, err = pin.ParseAnnouncement(pin.Announcement{Manifest: c, Columns: []uint16{0, 3, 127}})
	require.NoError(t, err)
	for _, a := range []pin.Announcement{
		{},
		{Manifest: "bafkqaaa"},
		{Manifest: strings.ToUpper(c)},
		{Manifest: strings.Repeat("b", 1000)},
		{Manifest: c, Columns: []uint16{3, 3}},
		{Manifest: c, Columns: []uint16{128}},
		{Manifest: c, Columns: make([]uint16, 60_000)},
	} {
		_, err := pin.ParseAnnouncement(a)
		require.Error(t, err)
		n.svc.HandleAnnouncement("someone", a)
	}
}

func TestConfigurationsOutOfBoundsAreRefused(t *testing.T) {
	for _, spoil := range []func(*pin.Config){
		func(c *pin.Config) { c.K = 0 },
		func(c *pin.Config) { c.Window = 0 },
		func(c *pin.Config) { c.Holds = 0 },
		func(c *pin.Config) { c.FindTimeout = 0 },
		func(c *pin.Config) { c.Queue = 0 },
		func(c *pin.Config) { c.Logger = nil },
	} {
		cfg := pin.DefaultConfig()
		spoil(&cfg)
		require.Error(t, cfg.Validate())
	}
	var h host.Host
	_, err := pin.New(h, nil, nil, pin.DefaultConfig(), pin.Ports{})
	require.Error(t, err)
}
