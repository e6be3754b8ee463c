package tui_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/tui"
	"autonet/node/api/apitest"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

// screen is what a console draws on.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) shows(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.buf.Bytes(), []byte(text))
}

func opened(t *testing.T, n *apitest.Node) *client.Client {
	t.Helper()
	c, err := client.Open(apitest.Serve(t, n))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestConsoleShowsALiveNodeUntilTheKeyToQuit(t *testing.T) {
	n := apitest.NewNode()
	n.Feed.Publish(event(0, "task/claim", "accept"))
	c := opened(t, n)
	keys, typed := io.Pipe()
	defer func() { require.NoError(t, typed.Close()) }()
	out := &screen{}
	var seen []string
	ended := make(chan error, 1)
	go func() {
		ended <- tui.ShowConsole(t.Context(), c, tui.Terminal{In: keys, Out: out, Plain: true}, func(e types.Event) error {
			seen = append(seen, e.Kind)
			return nil
		})
	}()
	require.Eventually(t, func() bool { return out.shows("task/claim") && out.shows("autonet-test") }, 10*time.Second, 10*time.Millisecond)
	_, err := typed.Write([]byte("q"))
	require.NoError(t, err)
	require.NoError(t, <-ended)
	require.Equal(t, []string{"task/claim"}, seen)
}

func TestConsoleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := tui.ShowConsole(ctx, opened(t, apitest.NewNode()), tui.Terminal{Out: &screen{}, Plain: true}, nil)
	require.NoError(t, err)
}

func TestConsoleEndsWhenItCannotRecord(t *testing.T) {
	n := apitest.NewNode()
	n.Feed.Publish(event(0, "task/claim", "accept"))
	full := errors.New("no space left on device")
	err := tui.ShowConsole(t.Context(), opened(t, n), tui.Terminal{Out: &screen{}, Plain: true}, func(types.Event) error { return full })
	require.ErrorIs(t, err, full)
}
