package roles_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/ledgertest"
	"autonet/ledger/task"
	"autonet/node/roles"
)

// board is a ledger that knows some tasks and takes no message.
type board struct {
	roles.Ledger
	app *app.App
	kv  *ledgertest.KV
}

func (b board) View(fn func(app.View) error) error { return fn(b.app.View(b.kv)) }

// boardOf is a board with a task, made by the real rules.
func boardOf(t *testing.T) (board, string) {
	t.Helper()
	w := newWorld(t, honest(1))
	p := w.propose(tiny(1))
	return board{app: w.app, kv: w.kv}, p.Task
}

// scripted is a role that notes when it was called and answers by a function.
type scripted struct {
	mu     sync.Mutex
	at     []time.Duration
	ids    []string
	began  time.Time
	answer func(call int) error
}

func (*scripted) Name() string { return "scripted" }

func (s *scripted) Step(_ context.Context, t task.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Since(s.began))
	s.ids = append(s.ids, t.ID)
	return s.answer(len(s.at))
}

func (s *scripted) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

// running runs the role in a bubble of its own time.
func running(t *testing.T, role *scripted, keeper *lease.Keeper, b board, then func(*roles.Runner)) {
	t.Helper()
	role.began = time.Now()
	r := roles.NewRunner(role, roles.Deps{Ledger: b, Lease: keeper, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	then(r)
	cancel()
	require.NoError(t, <-ended)
}

func TestATaskThatWakesWhileItWaitsIsQueuedOnce(t *testing.T) {
	b, id := boardOf(t)
	r := roles.NewRunner(&scripted{}, roles.Deps{Ledger: b, Log: slog.New(slog.DiscardHandler)})
	for range 10 {
		r.Wake(id)
		r.Wake("another")
	}
	require.Equal(t, 2, r.Waiting())
	for i := range 2 * roles.MaxQueued {
		r.Wake(fmt.Sprint(i))
	}
	require.Equal(t, roles.MaxQueued, r.Waiting(), "the queue is bounded")
}

func TestAFailedJobIsTriedAgainLaterAndLater(t *testing.T) {
	b, id := boardOf(t)
	synctest.Test(t, func(t *testing.T) {
		role := &scripted{answer: func(int) error { return errors.New("not yet") }}
		running(t, role, lease.NewKeeper(lease.DefaultParams(), nil), b, func(r *roles.Runner) {
			r.Wake(id)
			time.Sleep(time.Minute)
			synctest.Wait()
		})
		want := []time.Duration{0, 250, 750, 1750, 3750, 7750, 15750, 25750, 35750, 45750, 55750}
		require.Len(t, role.at, len(want))
		for i, ms := range want {
			require.Equal(t, ms*time.Millisecond, role.at[i])
		}
	})
}

func TestHoweverManyEventsFailOneTryWaits(t *testing.T) {
	b, id := boardOf(t)
	synctest.Test(t, func(t *testing.T) {
		role := &scripted{answer: func(int) error { return errors.New("not yet") }}
		running(t, role, lease.NewKeeper(lease.DefaultParams(), nil), b, func(r *roles.Runner) {
			for range 100 {
				r.Wake(id)
				synctest.Wait()
			}
			require.Equal(t, 100, role.calls())
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
		})
		require.Equal(t, 101, role.calls(), "a hundred failures do not make a hundred retries")
	})
}

func TestAJobThatSucceedsIsNotTriedAgainAndStartsAfreshWhenItFails(t *testing.T) {
	b, id := boardOf(t)
	synctest.Test(t, func(t *testing.T) {
		role := &scripted{answer: func(call int) error {
			if call == 3 {
				return nil
			}
			return errors.New("not yet")
		}}
		running(t, role, lease.NewKeeper(lease.DefaultParams(), nil), b, func(r *roles.Runner) {
			r.Wake(id)
			time.Sleep(time.Minute)
			require.Equal(t, 3, role.calls())
			r.Wake(id)
			time.Sleep(300 * time.Millisecond)
			require.Equal(t, 5, role.calls(), "the first delay is the short one again")
		})
	})
}

func TestAJobWithoutLeaseWaitsForOne(t *testing.T) {
	for _, silence := range []error{lease.ErrLapsed, lease.ErrNoLease, ledger.Refuse(ledger.CodeHalted, "no heartbeat")} {
		b, id := boardOf(t)
		synctest.Test(t, func(t *testing.T) {
			keeper := lease.NewKeeper(lease.DefaultParams(), nil)
			role := &scripted{answer: func(call int) error {
				if call == 1 {
					return fmt.Errorf("train: %w", silence)
				}
				return nil
			}}
			running(t, role, keeper, b, func(r *roles.Runner) {
				r.Wake(id)
				time.Sleep(time.Hour)
				require.Equal(t, 1, role.calls(), "no retry mends a silent governance")
				keeper.Observe(lease.Heartbeat{LedgerTime: time.Now()})
				time.Sleep(time.Second)
				require.Equal(t, 2, role.calls())
			})
		})
	}
}

func TestUnknownTasksAreLeftAlone(t *testing.T) {
	b, id := boardOf(t)
	synctest.Test(t, func(t *testing.T) {
		role := &scripted{answer: func(int) error { return nil }}
		running(t, role, lease.NewKeeper(lease.DefaultParams(), nil), b, func(r *roles.Runner) {
			r.Wake("00000000000000000000000000000000")
			r.Wake(id)
			synctest.Wait()
		})
		require.Equal(t, []string{id}, role.ids)
	})
}
