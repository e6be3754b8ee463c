package lease_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/consensus/lease"
	"autonet/consensus/lease/leasetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a keeper, its clock, and a chain whose blocks carry the wall time.
type world struct {
	t *testing.T
	*leasetest.Clock
	*lease.Keeper
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := leasetest.NewClock()
	return world{t, c, lease.NewKeeper(lease.DefaultParams(), c)}
}

func at(d time.Duration) time.Time { return leasetest.Start().Add(d) }

func (w world) beat(d time.Duration) { w.Observe(lease.Heartbeat{LedgerTime: at(d)}) }

// pass lets time run with a block every 5 s.
func (w world) pass(d time.Duration) {
	for ; d > 0; d -= 5 * time.Second {
		w.Advance(min(d, 5*time.Second))
		w.ObserveBlock(w.Wall())
	}
}

func (w world) live() lease.Lease {
	w.t.Helper()
	w.beat(0)
	l, err := w.Acquire()
	require.NoError(w.t, err)
	require.NoError(w.t, l.Err())
	return l
}

func (w world) lapsed(l lease.Lease, why lease.Reason) {
	w.t.Helper()
	require.ErrorIs(w.t, l.Err(), lease.ErrLapsed)
	require.ErrorContains(w.t, l.Err(), string(why))
	require.ErrorIs(w.t, context.Cause(l.Context()), lease.ErrLapsed)
	require.Error(w.t, l.Context().Err())
}

func TestTheZeroLeaseIsDead(t *testing.T) {
	var l lease.Lease
	require.ErrorIs(t, l.Err(), lease.ErrNoLease)
	child, cancel := context.WithCancel(l.Context())
	defer cancel()
	for _, ctx := range []context.Context{l.Context(), child} {
		<-ctx.Done()
		require.ErrorIs(t, ctx.Err(), context.Canceled)
		require.ErrorIs(t, context.Cause(ctx), lease.ErrNoLease)
	}
}

func TestALeaseHasNoFieldToFillIn(t *testing.T) {
	for f := range reflect.TypeFor[lease.Lease]().Fields() {
		require.False(t, f.IsExported(), f.Name)
	}
}

func TestNothingIsGrantedBeforeAHeartbeat(t *testing.T) {
	w := newWorld(t)
	w.ObserveBlock(w.Wall())
	_, err := w.Acquire()
	require.ErrorIs(t, err, lease.ErrNoLease)
	require.Equal(t, lease.Status{Reason: string(lease.ReasonNoHeartbeat)}, w.Status())
}

func TestALeaseEndsByTheLedgersClock(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.pass(100 * time.Second)
	w.ObserveBlock(at(120*time.Second - 1))
	require.NoError(t, l.Err())
	w.ObserveBlock(at(120 * time.Second))
	w.lapsed(l, lease.ReasonLedgerClock)
}

func TestALeaseEndsByTheWallClockSetForward(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.pass(100 * time.Second)
	w.ShiftWall(20*time.Second - 1)
	require.NoError(t, l.Err())
	w.ShiftWall(1)
	w.lapsed(l, lease.ReasonWallClock)
	w.ShiftWall(-20 * time.Second)
	w.lapsed(l, lease.ReasonWallClock)
	fresh, err := w.Acquire()
	require.NoError(t, err, "the clock is right again and the heartbeat is not old")
	require.NoError(t, fresh.Err())
	w.lapsed(l, lease.ReasonWallClock)
}

func TestAWallClockSetBackDoesNotLengthenALease(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.pass(100 * time.Second)
	w.ShiftWall(-25 * time.Second)
	w.Advance(20*time.Second - 1)
	require.NoError(t, l.Err())
	w.Advance(1)
	w.lapsed(l, lease.ReasonMonotonic)
}

func TestAClockFarOffTheLatestBlockHoldsNoLease(t *testing.T) {
	for _, shift := range []time.Duration{lease.DefaultMaxSkew, -lease.DefaultMaxSkew} {
		w := newWorld(t)
		l := w.live()
		w.ShiftWall(shift)
		require.NoError(t, l.Err())
		w.ShiftWall(shift / shift.Abs())
		w.lapsed(l, lease.ReasonSkew)
		_, err := w.Acquire()
		require.ErrorIs(t, err, lease.ErrNoLease)
	}
}

func TestAStalledChainEndsTheLease(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.Advance(lease.DefaultMaxSkew)
	require.NoError(t, l.Err())
	w.Advance(1)
	w.lapsed(l, lease.ReasonSkew)
}

func TestASyncingNodeHoldsNoLease(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.SetSyncing(true)
	w.lapsed(l, lease.ReasonSyncing)
	_, err := w.Acquire()
	require.ErrorIs(t, err, lease.ErrNoLease)
	w.SetSyncing(false)
	w.lapsed(l, lease.ReasonSyncing)
	_, err = w.Acquire()
	require.NoError(t, err)
}

func TestNewerHeartbeatsExtendALiveLease(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	for i := range 10 {
		w.pass(60 * time.Second)
		w.beat(time.Duration(i+1) * 60 * time.Second)
		require.NoError(t, l.Err())
		require.NoError(t, l.Context().Err())
		require.Equal(t, lease.Status{Live: true, Left: 120 * time.Second}, w.Status())
	}
}

func TestAHeartbeatThatComesTooLateRevivesNothing(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.Advance(25 * time.Second)
	w.pass(90 * time.Second)
	w.Advance(5 * time.Second) // nobody looks at the lease at this moment
	w.beat(120 * time.Second)
	w.lapsed(l, lease.ReasonMonotonic)
	fresh, err := w.Acquire()
	require.NoError(t, err)
	require.NoError(t, fresh.Err())
	w.lapsed(l, lease.ReasonMonotonic)
}

func TestSeeingTheSameOrAnOlderHeartbeatAgainRenewsNothing(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.pass(60 * time.Second)
	w.ShiftWall(-20 * time.Second)
	w.beat(0)
	w.beat(-time.Second)
	w.Advance(30 * time.Second)
	w.ObserveBlock(at(80 * time.Second))
	w.Advance(30 * time.Second)
	w.lapsed(l, lease.ReasonMonotonic)
}

func TestOldBlocksDoNotTurnTheLedgersClockBack(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.ObserveBlock(at(25 * time.Second))
	w.ObserveBlock(at(-25 * time.Second))
	w.Advance(30 * time.Second)
	require.NoError(t, l.Err())
}

func TestLengthsThatAreNotPositiveTakeTheirDefaults(t *testing.T) {
	c := leasetest.NewClock()
	k := lease.NewKeeper(lease.Params{Lease: -1}, c)
	k.Observe(lease.Heartbeat{LedgerTime: c.Wall()})
	require.Equal(t, lease.DefaultLease, k.Status().Left)
}

// Whatever happens: a lease that was dead once is dead for ever, and one that
// lives satisfies every condition of the protocol.
func TestRandomHistoriesNeverReviveALease(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		var (
			newest  time.Time
			receipt time.Duration
			block   time.Time
			seen    bool
			syncing bool
			mono    time.Duration
			leases  []lease.Lease
			dead    = map[int]bool{}
		)
		observeBlock := func(b time.Time) {
			if b.After(block) {
				block = b
			}
		}
		for range 120 {
			switch r.IntN(7) {
			case 0, 1:
				d := time.Duration(r.IntN(20)) * time.Second
				w.Advance(d)
				mono += d
			case 2:
				w.ShiftWall(time.Duration(r.IntN(41)-20) * time.Second)
			case 3:
				h := w.Wall().Add(time.Duration(r.IntN(21)-10) * time.Second)
				w.Observe(lease.Heartbeat{LedgerTime: h})
				if !seen || h.After(newest) {
					seen, newest, receipt = true, h, mono
					observeBlock(h)
				}
			case 4:
				b := w.Wall().Add(time.Duration(r.IntN(21)-10) * time.Second)
				w.ObserveBlock(b)
				observeBlock(b)
			case 5:
				syncing = r.IntN(4) == 0
				w.SetSyncing(syncing)
			case 6:
				if l, err := w.Acquire(); err == nil {
					leases = append(leases, l)
				}
			}
			end, wall := newest.Add(lease.DefaultLease), w.Wall()
			allowed := seen && !syncing && block.Before(end) && wall.Before(end) &&
				mono-receipt < lease.DefaultLease && wall.Sub(block).Abs() <= lease.DefaultMaxSkew
			require.Equal(t, allowed, w.Status().Live, "seed %d", seed)
			for i, l := range leases {
				err := l.Err()
				require.False(t, err == nil && (dead[i] || !allowed), "seed %d: lease %d", seed, i)
				require.Equal(t, err == nil, l.Context().Err() == nil)
				dead[i] = err != nil
			}
		}
	}
}

func TestAKeeperMayBeUsedFromManyGoroutines(t *testing.T) {
	w := newWorld(t)
	w.beat(0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				w.beat(time.Duration(i))
				w.ObserveBlock(at(0))
				if l, err := w.Acquire(); err == nil {
					_ = l.Err()
				}
				_ = w.Status()
			}
		})
	}
	wg.Wait()
	require.True(t, w.Status().Live)
}

func TestAHeartbeatCarriesTheLengthThatGovernanceChose(t *testing.T) {
	w := newWorld(t)
	l := w.live()
	w.pass(60 * time.Second)
	w.Observe(lease.Heartbeat{LedgerTime: at(60 * time.Second), Lease: 10 * time.Second})
	require.Equal(t, 10*time.Second, w.Status().Left)
	w.pass(10 * time.Second)
	require.Error(t, l.Err(), "shorter from the heartbeat that says so")
	w.Observe(lease.Heartbeat{LedgerTime: at(70 * time.Second)})
	require.Equal(t, 10*time.Second, w.Status().Left, "and from then on")
}
