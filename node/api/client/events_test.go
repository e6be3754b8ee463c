package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autonet/node/api"
	"autonet/node/api/apitest"
	"autonet/node/api/client"
	"autonet/node/api/feed"
	"autonet/node/api/types"
)

var errEnough = errors.New("enough")

func TestEventsArriveInOrderAndFiltered(t *testing.T) {
	n := apitest.NewNode()
	c := open(t, apitest.Serve(t, n))
	n.Feed.Publish(types.Event{Source: types.SourceGossip, Topic: "tx", Kind: "one", Data: []byte(`{"a":1}`), Summary: "line\nbreak"})
	n.Feed.Publish(types.Event{Source: types.SourceLedger, Kind: "skipped"})
	n.Feed.Publish(types.Event{Source: types.SourceGossip, Topic: "task", Kind: "skipped"})
	n.Feed.Publish(types.Event{Source: types.SourceGossip, Topic: "pulse", Kind: "two"})
	var kinds []string
	err := c.Events(t.Context(), client.Follow{Filter: types.EventFilter{Sources: []string{"gossip"}, Topics: []string{"tx", "pulse"}}}, func(e types.Event) error {
		kinds = append(kinds, e.Kind)
		if e.Kind == "two" {
			return errEnough
		}
		require.Equal(t, "line\nbreak", e.Summary)
		require.JSONEq(t, `{"a":1}`, string(e.Data))
		return nil
	})
	require.Equal(t, errEnough, err)
	require.Equal(t, []string{"one", "two"}, kinds)
}

func TestStreamFollowsARestartedNode(t *testing.T) {
	home := t.TempDir()
	first := apitest.NewNode()
	stop := apitest.Run(t, first, api.DefaultConfig(home))
	c := open(t, home)
	first.Feed.Publish(types.Event{Source: types.SourceWork, Kind: "first life"})
	var kinds []string
	err := c.Events(t.Context(), client.Follow{}, func(e types.Event) error {
		kinds = append(kinds, e.Kind)
		switch e.Kind {
		case "first life":
			stop()
			second := apitest.NewNode()
			second.Feed.Publish(types.Event{Source: types.SourceWork, Kind: "second life"})
			apitest.Run(t, second, api.DefaultConfig(home))
		case "second life":
			return errEnough
		}
		return nil
	})
	require.Equal(t, errEnough, err)
	require.Equal(t, []string{"first life", client.KindLost, client.KindResumed, "second life"}, kinds)
}

func TestBrokenStreamResumesWithoutLossOrRepetition(t *testing.T) {
	var connections atomic.Int32
	home := fakeStream(t, func(w http.ResponseWriter, r *http.Request) {
		switch connections.Add(1) {
		case 1:
			write(t, w, "id: 1\ndata: {\"seq\":1,\"source\":\"work\"}\n\nid: 2\ndata: {\"seq\":2,\"source\":\"work\"}\n\nid: 3\ndata: {\"seq\":3,")
		default:
			assert.Equal(t, "2", r.URL.Query().Get("after"))
			write(t, w, "data: {\"seq\":3,\"source\":\"work\"}\n\n")
		}
	})
	var seqs []uint64
	err := open(t, home).Events(t.Context(), client.Follow{}, func(e types.Event) error {
		if e.Source == types.SourceStream {
			return nil
		}
		seqs = append(seqs, e.Seq)
		if e.Seq == 3 {
			return errEnough
		}
		return nil
	})
	require.Equal(t, errEnough, err)
	require.Equal(t, []uint64{1, 2, 3}, seqs)
}

func TestSilentStreamCountsAsLost(t *testing.T) {
	home := fakeStream(t, func(w http.ResponseWriter, r *http.Request) {
		write(t, w, ": hello\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	err := open(t, home).Events(t.Context(), client.Follow{Silence: 30 * time.Millisecond}, func(e types.Event) error {
		require.Equal(t, client.KindLost, e.Kind)
		return errEnough
	})
	require.Equal(t, errEnough, err)
}

func TestNodeThatStaysAwayEndsTheStream(t *testing.T) {
	home := t.TempDir()
	n := apitest.NewNode()
	stop := apitest.Run(t, n, api.DefaultConfig(home))
	n.Feed.Publish(types.Event{Source: types.SourceNode, Kind: "up"})
	c := open(t, home)
	err := c.Events(t.Context(), client.Follow{Patience: 50 * time.Millisecond}, func(e types.Event) error {
		if e.Kind == "up" {
			stop()
		}
		return nil
	})
	require.Equal(t, types.ExitNoNode, code(t, err).Exit)
}

func TestSlowReaderIsToldThatItWasDropped(t *testing.T) {
	n := apitest.NewNode()
	f, err := feed.New(feed.Config{History: 64, Queue: 1, Readers: 2})
	require.NoError(t, err)
	n.Feed = f
	c := open(t, apitest.Serve(t, n))
	f.Publish(types.Event{Source: types.SourceWork, Kind: "first"})
	var kinds []string
	err = c.Events(t.Context(), client.Follow{}, func(e types.Event) error {
		kinds = append(kinds, e.Kind)
		if e.Kind == "first" {
			f.Close() // as the feed does to a reader behind its queue
			return nil
		}
		return errEnough
	})
	require.Equal(t, errEnough, err)
	require.Equal(t, []string{"first", types.KindDropped}, kinds)
}

func TestFirstConnectionIsNotRetried(t *testing.T) {
	n := apitest.NewNode()
	home := apitest.Serve(t, n)
	n.Feed.Close()
	err := open(t, home).Events(t.Context(), client.Follow{}, func(types.Event) error { return nil })
	require.Equal(t, types.CodeBusy, code(t, err).Code)
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	_, err := io.WriteString(w, text)
	assert.NoError(t, err)
}

// fakeStream serves handler as a node's API and returns its home.
func fakeStream(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	home := t.TempDir()
	raw := fmt.Sprintf(`{"addr":%q,"token":"t"}`, srv.Listener.Addr().String())
	require.NoError(t, os.WriteFile(filepath.Join(home, "api.json"), []byte(raw), 0o600))
	return home
}
