package life_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node/life"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(s string) { d.mu.Lock(); defer d.mu.Unlock(); d.lines = append(d.lines, s) }

func (d *diary) service(name string) life.Service {
	up := make(chan struct{})
	return life.Service{
		Name: name,
		Run: func(ctx context.Context) error {
			d.add("start " + name)
			close(up)
			<-ctx.Done()
			d.add("stop " + name)
			return nil
		},
		Ready: func(context.Context) error { <-up; return nil },
	}
}

func TestLayersStartUpwardsAndStopDownwards(t *testing.T) {
	d := &diary{}
	ctx, cancel := context.WithCancel(t.Context())
	layers := []life.Layer{
		{Name: "low", Services: []life.Service{d.service("store")}, Close: func() error { d.add("close store"); return nil }},
		{Name: "high", Services: []life.Service{d.service("api")}},
	}
	require.NoError(t, life.Run(ctx, slog.New(slog.DiscardHandler), life.DefaultLimits(), layers, cancel))
	require.Equal(t, []string{"start store", "start api", "stop api", "stop store", "close store"}, d.lines)
}

func TestAFailingServiceEndsTheOthersAndIsNamed(t *testing.T) {
	d := &diary{}
	boom := errors.New("disk is gone")
	layers := []life.Layer{
		{Name: "low", Services: []life.Service{d.service("store")}},
		{Name: "high", Services: []life.Service{{Name: "engine", Run: func(context.Context) error { return boom }}}},
	}
	err := life.Run(t.Context(), slog.New(slog.DiscardHandler), life.DefaultLimits(), layers, nil)
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "high/engine")
	require.Contains(t, d.lines, "stop store")
}

func TestAHungServiceIsNamed(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	layers := []life.Layer{{Name: "net", Services: []life.Service{{Name: "gossip", Run: func(context.Context) error { <-release; return nil }}}}}
	limits := life.Limits{Start: time.Second, Stop: 20 * time.Millisecond}
	err := life.Run(ctx, slog.New(slog.DiscardHandler), limits, layers, cancel)
	require.ErrorIs(t, err, life.ErrHung)
	require.ErrorContains(t, err, "gossip")
}

func TestAServiceThatNeverGetsReadyIsNamed(t *testing.T) {
	d := &diary{}
	s := d.service("dht")
	s.Ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	limits := life.Limits{Start: 20 * time.Millisecond, Stop: time.Second}
	err := life.Run(t.Context(), slog.New(slog.DiscardHandler), limits, []life.Layer{{Name: "net", Services: []life.Service{s}}}, nil)
	require.ErrorIs(t, err, life.ErrHung)
	require.ErrorContains(t, err, "net/dht")
}

func TestAServiceThatFailsWhileOthersWaitForItIsNamed(t *testing.T) {
	boom := errors.New("port in use")
	s := life.Service{
		Name:  "host",
		Run:   func(context.Context) error { return boom },
		Ready: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	}
	err := life.Run(t.Context(), slog.New(slog.DiscardHandler), life.DefaultLimits(), []life.Layer{{Name: "net", Services: []life.Service{s}}}, nil)
	require.ErrorIs(t, err, boom)
}
