package lease_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/consensus/lease"
	"autonet/consensus/lease/leasetest"
)

// shifted is the machine's clock with a time of day that a test may set.
type shifted struct {
	lease.SystemClock
	by *atomic.Int64
}

func (c shifted) Wall() time.Time { return c.SystemClock.Wall().Add(time.Duration(c.by.Load())) }

// running calls fn with a keeper that runs, in virtual time.
func running(t *testing.T, fn func(t *testing.T, k *lease.Keeper, shift *atomic.Int64)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		shift := new(atomic.Int64)
		k := lease.NewKeeper(lease.DefaultParams(), shifted{by: shift})
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		synctest.Wait()
		fn(t, k, shift)
		cancel()
		require.NoError(t, <-done)
	})
}

// blocks observes a block every 5 s of virtual time, for d.
func blocks(k *lease.Keeper, d time.Duration) {
	for ; d > 0; d -= 5 * time.Second {
		time.Sleep(min(d, 5*time.Second))
		k.ObserveBlock(time.Now())
	}
	synctest.Wait()
}

func TestTheContextIsCancelledWhenTheLeaseEnds(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, _ *atomic.Int64) {
		t.Helper()
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		l, err := k.Acquire()
		require.NoError(t, err)
		blocks(k, 119*time.Second)
		require.NoError(t, l.Context().Err())
		time.Sleep(time.Second)
		synctest.Wait()
		require.ErrorIs(t, context.Cause(l.Context()), lease.ErrLapsed)
		require.ErrorIs(t, l.Err(), lease.ErrLapsed)
	})
}

func TestTheContextLivesOnWithHeartbeats(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, _ *atomic.Int64) {
		t.Helper()
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		l, err := k.Acquire()
		require.NoError(t, err)
		for range 5 {
			blocks(k, 100*time.Second)
			k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		}
		require.NoError(t, l.Context().Err())
		time.Sleep(30*time.Second + 2*time.Millisecond)
		synctest.Wait()
		require.ErrorContains(t, context.Cause(l.Context()), string(lease.ReasonSkew))
	})
}

func TestAJumpOfTheWallClockCancelsTheContextWithinASecond(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, shift *atomic.Int64) {
		t.Helper()
		for _, jump := range []time.Duration{time.Hour, -time.Hour} {
			k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
			l, err := k.Acquire()
			require.NoError(t, err)
			shift.Store(int64(jump))
			time.Sleep(time.Second)
			synctest.Wait()
			require.ErrorIs(t, context.Cause(l.Context()), lease.ErrLapsed)
			shift.Store(0)
		}
	})
}

func TestWaitReturnsWithTheHeartbeat(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, _ *atomic.Int64) {
		t.Helper()
		got := make(chan error, 1)
		go func() {
			l, err := k.Wait(t.Context())
			got <- errors.Join(err, l.Err())
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, got)
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		require.NoError(t, <-got)
	})
}

func TestWaitReturnsWhenTheWallClockIsSetRight(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, shift *atomic.Int64) {
		t.Helper()
		shift.Store(int64(time.Hour))
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		got := make(chan error, 1)
		go func() {
			_, err := k.Wait(t.Context())
			got <- err
		}()
		time.Sleep(2 * time.Second)
		shift.Store(0)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, got, 1)
		require.NoError(t, <-got)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	running(t, func(t *testing.T, k *lease.Keeper, _ *atomic.Int64) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := k.Wait(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, string(lease.ReasonNoHeartbeat))
	})
}

func TestStoppingEndsEveryLeaseForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k := lease.NewKeeper(lease.DefaultParams(), nil)
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		synctest.Wait()
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		l, err := k.Wait(ctx)
		require.NoError(t, err)
		require.ErrorIs(t, k.Run(ctx), lease.ErrStopped, "a keeper runs once")
		cancel()
		require.NoError(t, <-done)
		require.ErrorIs(t, l.Err(), lease.ErrLapsed)
		require.ErrorIs(t, context.Cause(l.Context()), lease.ErrLapsed)
		k.Observe(lease.Heartbeat{LedgerTime: time.Now()})
		_, err = k.Acquire()
		require.ErrorIs(t, err, lease.ErrNoLease)
		_, err = k.Wait(t.Context())
		require.ErrorIs(t, err, lease.ErrStopped)
		require.ErrorIs(t, k.Run(t.Context()), lease.ErrStopped)
	})
}

func TestTheKeeperRunsByAClockTurnedByHand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, clock, k := leasetest.Live(t)
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	deadline := time.After(20 * time.Second)
	for turning := true; turning; {
		clock.Advance(time.Second)
		select {
		case <-l.Context().Done():
			turning = false
		case <-deadline:
			require.Fail(t, "the lease did not end")
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	require.NoError(t, <-done)
	require.ErrorIs(t, l.Err(), lease.ErrLapsed)
}
