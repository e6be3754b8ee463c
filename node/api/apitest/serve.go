package apitest

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api"
)

// Serve serves the node from a fresh home until the test ends and returns that home.
func Serve(t *testing.T, n *Node) string {
	t.Helper()
	home := t.TempDir()
	Run(t, n, api.DefaultConfig(home))
	return home
}

// Run serves the node with a configuration of the caller's until the test ends or the returned function is called.
func Run(t *testing.T, n *Node, cfg api.Config) (stop func()) {
	t.Helper()
	srv, err := api.New(cfg, n.Backend(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	select {
	case <-srv.Ready():
	case err := <-done:
		done <- nil
		require.NoError(t, err)
	}
	return stop
}
