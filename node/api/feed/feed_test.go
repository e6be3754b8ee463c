package feed_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node/api/feed"
	"autonet/node/api/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newFeed(t *testing.T, cfg feed.Config) *feed.Feed {
	t.Helper()
	f, err := feed.New(cfg)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

func publish(f *feed.Feed, n int) {
	for i := range n {
		f.Publish(types.Event{Source: types.SourceWork, Kind: fmt.Sprint(i)})
	}
}

func TestReaderResumesAfterTheEventItHas(t *testing.T) {
	f := newFeed(t, feed.Config{History: 8, Queue: 8, Readers: 1})
	publish(f, 5)
	ch, err := f.Subscribe(t.Context(), types.EventFilter{}, 3)
	require.NoError(t, err)
	publish(f, 1)
	for _, want := range []uint64{4, 5, 6} {
		require.Equal(t, want, (<-ch).Seq)
	}
}

func TestReaderIsToldOfEventsNoLongerHeld(t *testing.T) {
	f := newFeed(t, feed.Config{History: 4, Queue: 4, Readers: 1})
	publish(f, 10)
	ch, err := f.Subscribe(t.Context(), types.EventFilter{}, 2)
	require.NoError(t, err)
	gap := <-ch
	require.Equal(t, types.KindGap, gap.Kind)
	require.Equal(t, "4 events are no longer held", gap.Summary)
	require.EqualValues(t, 6, gap.Seq)
	require.EqualValues(t, 7, (<-ch).Seq)
}

func TestPositionOfAnEarlierLifeStartsOver(t *testing.T) {
	f := newFeed(t, feed.Config{History: 4, Queue: 4, Readers: 1})
	publish(f, 2)
	ch, err := f.Subscribe(t.Context(), types.EventFilter{}, 900)
	require.NoError(t, err)
	require.EqualValues(t, 1, (<-ch).Seq)
}

func TestSlowReaderIsCutOffAndNeverBlocksThePublisher(t *testing.T) {
	f := newFeed(t, feed.Config{History: 16, Queue: 2, Readers: 1})
	ch, err := f.Subscribe(t.Context(), types.EventFilter{}, 0)
	require.NoError(t, err)
	publish(f, 5)
	var got []uint64
	for e := range ch {
		got = append(got, e.Seq)
	}
	require.Equal(t, []uint64{1, 2}, got)
	_, err = f.Subscribe(t.Context(), types.EventFilter{}, 0)
	require.NoError(t, err, "its place is free again")
}

func TestFilterChoosesEvents(t *testing.T) {
	f := newFeed(t, feed.DefaultConfig())
	ch, err := f.Subscribe(t.Context(), types.EventFilter{Sources: []string{types.SourceGossip}, Topics: []string{"tx"}}, 0)
	require.NoError(t, err)
	f.Publish(types.Event{Source: types.SourceLedger, Kind: "a"})
	f.Publish(types.Event{Source: types.SourceGossip, Topic: "task", Kind: "b"})
	f.Publish(types.Event{Source: types.SourceGossip, Topic: "tx", Kind: "c"})
	require.Equal(t, "c", (<-ch).Kind)
}

func TestEndOfContextEndsTheStream(t *testing.T) {
	f := newFeed(t, feed.Config{History: 4, Queue: 4, Readers: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ch, err := f.Subscribe(ctx, types.EventFilter{}, 0)
	require.NoError(t, err)
	_, err = f.Subscribe(ctx, types.EventFilter{}, 0)
	require.ErrorContains(t, err, "1 readers are connected already")
	cancel()
	_, open := <-ch
	require.False(t, open)
}

func TestClosedFeedRefusesReaders(t *testing.T) {
	f := newFeed(t, feed.DefaultConfig())
	ch, err := f.Subscribe(t.Context(), types.EventFilter{}, 0)
	require.NoError(t, err)
	f.Close()
	_, open := <-ch
	require.False(t, open)
	publish(f, 1)
	require.Zero(t, f.Last())
	_, err = f.Subscribe(t.Context(), types.EventFilter{}, 0)
	require.ErrorContains(t, err, "stopping")
}

func TestBoundsMustBePositive(t *testing.T) {
	_, err := feed.New(feed.Config{})
	require.ErrorContains(t, err, "at least 1")
}
