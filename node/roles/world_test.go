package roles_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/lease"
	"autonet/consensus/lease/leasetest"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/node/journal"
	"autonet/node/roles"
	"autonet/work/engine"
)

// world is the whole network in one process: the real rules of the ledger over a store in memory, a shelf of files
// that everybody reaches, and every role of every account, each stepped in turn.
type world struct {
	t      testing.TB
	files  *shelf
	engine *engine.Engine
	clock  *leasetest.Clock
	keeper *lease.Keeper
	data   string
	crew   []*actor
	holds  []*roles.Provider
	passes int

	mu     sync.Mutex // guards what follows
	app    *app.App
	kv     *ledgertest.KV
	height int64
	timeMS int64
	events []any
	taken  atomic.Int64 // messages of roles that the ledger took
	silent bool         // no heartbeat but that of the governors' role
}

// actor is one role of one account, which can die and come back with nothing but its journal.
type actor struct {
	*seat
	name string
	make func(roles.Deps) roles.Role
	deps roles.Deps
	role roles.Role
	errs []error
}

func newWorld(tb testing.TB, c cast) *world {
	tb.Helper()
	w := &world{
		t: tb, app: app.New(), kv: ledgertest.NewKV(), timeMS: start, engine: engine.New(1), data: smallData(tb),
		files: &shelf{files: map[string][]byte{}},
	}
	_, w.clock, w.keeper = leasetest.Live(tb)
	_, err := w.app.InitGenesis(w.kv, genesis(c), start)
	require.NoError(tb, err)
	w.block()
	w.hire(owner, "proposer", "", func(d roles.Deps) roles.Role { return roles.NewProposer(d) })
	for i, cheat := range c.solvers {
		w.hire(solver+i, "solver", cheat, func(d roles.Deps) roles.Role { return roles.NewSolver(d) }).deps.Slot = i
	}
	for i, cheat := range c.members {
		w.hire(member+i, "coordinator", cheat, func(d roles.Deps) roles.Role { return roles.NewCoordinator(d, saltSeed(member+i)) })
	}
	w.hire(aggregator, "aggregator", "", func(d roles.Deps) roles.Role { return roles.NewAggregator(d) })
	for i := range validators {
		w.hire(i, "judge", "", func(d roles.Deps) roles.Role { return roles.NewJudge(d) })
	}
	for _, a := range w.crew {
		a.rise()
	}
	w.openStores()
	return w
}

// hire adds a role, without bringing it to life yet.
func (w *world) hire(i int, name, cheat string, with func(roles.Deps) roles.Role) *actor {
	w.t.Helper()
	j, err := journal.Open(filepath.Join(w.t.TempDir(), name))
	require.NoError(w.t, err)
	s := &seat{w: w, key: ledgertest.Key(i), account: ledgertest.Account(i)}
	a := &actor{seat: s, name: name, make: with}
	a.deps = roles.Deps{
		Ledger: s, Files: tray{s}, Engine: w.engine, Lease: w.keeper, Journal: j, Salts: roles.NewSalts(fmt.Sprintf("seat %d", i)),
		Report: func(roles.Progress) {}, Announce: func(context.Context, string, string, []byte) error { return nil },
		Log: slog.New(slog.DiscardHandler), Slot: -1, Cheat: cheat,
	}
	w.crew = append(w.crew, a)
	return a
}

// rise makes the role anew, as a process that starts does.
func (a *actor) rise() {
	a.deps.Stuff = roles.NewMaterials(a.deps.Files)
	a.role = a.make(a.deps)
}

// openStores starts the providers, which announce what they hold while others wait for it.
func (w *world) openStores() {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	for i := range providers {
		a := w.hire(provider+i, "provider", "", nil)
		w.crew = w.crew[:len(w.crew)-1] // it is told of manifests, not stepped
		a.column = i + 1
		p := roles.NewProvider(a.deps)
		w.holds = append(w.holds, p)
		wg.Go(func() { _ = p.Run(ctx) })
	}
	w.t.Cleanup(func() { cancel(); wg.Wait() })
}

func (w *world) actor(name string, i int) *actor {
	for _, a := range w.crew {
		if a.name == name && a.account == ledgertest.Account(i) {
			return a
		}
	}
	require.FailNow(w.t, "nobody plays that")
	return nil
}

// propose founds a project and proposes a task in it.
func (w *world) propose(p roles.Proposal) roles.Proposed {
	w.t.Helper()
	a := w.actor("proposer", owner)
	var id string
	_, err := a.SendBuilt(w.t.Context(), func(nonce uint64) (ledger.Msg, error) {
		id = ledger.ProjectID(network, a.account, nonce)
		return project.Create{Name: "digits", Goal: 5000 * atn, DeadlineMS: 1 << 30, PTBase: uint64(atn), Model: "simplenet"}, nil
	})
	require.NoError(w.t, err)
	_, err = a.Send(w.t.Context(), project.Fund{Project: id, Amount: 5000 * atn})
	require.NoError(w.t, err)
	p.Project, p.Data = id, w.data
	proposer, ok := a.role.(*roles.Proposer)
	require.True(w.t, ok)
	out, err := proposer.Propose(w.t.Context(), p)
	require.NoError(w.t, err)
	return out
}

// tiny is the smallest task that has checkpoints, intervals that are drawn and some that are not.
func tiny(slots int) roles.Proposal {
	return roles.Proposal{
		Model: "simplenet", Rule: "fedavg", Seed: sha256.Sum256([]byte("tiny")),
		Steps: 16, Interval: 4, Batch: 8, Slots: uint32(slots), Replay: 2, LearningRateMicro: 20_000, MomentumMicro: 900_000,
		RewardPerSample: atn / 100, CoordinatorFee: 30 * atn, AggregatorFee: 10 * atn, StorageFee: 14 * atn, ProposerReward: 20 * atn,
	}
}

// run steps every role in turn until the task is over and measured. When nobody has anything to do, time passes.
func (w *world) run(id string) task.Task {
	w.t.Helper()
	for w.passes = 1; w.passes < 400; w.passes++ {
		before := w.taken.Load()
		for _, a := range w.crew {
			w.step(a, id)
		}
		t := w.task(id)
		if w.taken.Load() > before {
			continue
		}
		if t.Final() {
			return t
		}
		w.wait(500)
	}
	require.FailNow(w.t, "the task did not end", "it is %s", w.task(id).State)
	return task.Task{}
}

// errDeath ends a role in the middle of what it does.
var errDeath = errors.New("the process died")

// step lets a role do what is to do. A role that dies rises at its next turn.
func (w *world) step(a *actor, id string) {
	defer func() {
		switch r := recover(); {
		case r == nil:
		case r == any(errDeath):
			a.deaths, a.ops = a.deaths+1, 0
			a.rise()
		default:
			panic(r)
		}
	}()
	if err := a.role.Step(w.t.Context(), w.task(id)); err != nil {
		a.errs = append(a.errs, err)
	}
}

func (w *world) task(id string) (t task.Task) {
	w.t.Helper()
	_ = w.view(func(v app.View) error {
		var ok bool
		t, ok = v.Task(id)
		require.True(w.t, ok)
		return nil
	})
	return t
}

func (w *world) view(fn func(app.View) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fn(w.app.View(w.kv))
}

func (w *world) info() app.BlockInfo {
	return app.BlockInfo{
		Network: network, Height: w.height, TimeMS: w.timeMS, Hash: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(w.height))),
	}
}

// block runs one block; the caller holds the lock once there is somebody else.
func (w *world) block(txs ...[]byte) []app.TxResult {
	w.height++
	w.timeMS += 10
	res, err := w.app.ExecBlock(w.kv, w.info(), txs)
	require.NoError(w.t, err)
	for _, e := range res.Events {
		data, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(w.t, err)
		w.events = append(w.events, data)
		if e.Kind == "shardreg/registered" {
			for _, p := range w.holds {
				p.Registered(manifestOf(data))
			}
		}
	}
	return res.Txs
}

// wait lets time pass while governance lives.
func (w *world) wait(ms int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timeMS += ms
	w.beat()
	w.block()
}

// beat makes the heartbeat of the present interval if it is missing.
func (w *world) beat() {
	v := w.app.View(w.kv)
	interval := uint64(w.timeMS / v.Params().PulseIntervalMS)
	if b := v.Heartbeat(); w.silent || b.Count > 0 && b.Interval >= interval {
		return
	}
	var txs [][]byte
	last := v.LastBlock()
	for i := range validators {
		raw, err := ledger.SignTx(ledgertest.Key(i), network, v.Nonce(ledgertest.Account(i)), heartbeat.Pulse{
			Interval: interval, BlockHeight: last.Height, BlockHash: last.Hash,
		})
		require.NoError(w.t, err)
		txs = append(txs, raw)
	}
	for _, res := range w.block(txs...) {
		require.Equal(w.t, ledger.CodeOK, res.Code, res.Text)
	}
}

// lapseAt ends the lease when that many more files are stored.
func (w *world) lapseAt(pins int) {
	w.files.onPut(pins, func() { w.clock.Advance(lease.DefaultLease) })
}

// revive gives the right to work back.
func (w *world) revive() {
	w.keeper.ObserveBlock(w.clock.Wall())
	w.keeper.Observe(lease.Heartbeat{LedgerTime: w.clock.Wall()})
}

// slashed adds up what an account lost, with the causes.
func (w *world) slashed(i int) (sum ledger.Natn, causes []string) {
	for _, e := range w.events {
		if s, ok := e.(staking.Slashed); ok && s.Account == ledgertest.Account(i) {
			sum += s.Amount
			causes = append(causes, s.Cause)
		}
	}
	return sum, causes
}

// paid adds up what an account got from a pot.
func (w *world) paid(i int, pot string) (sum ledger.Natn) {
	for _, e := range w.events {
		if p, ok := e.(task.EventPaid); ok && p.Account == ledgertest.Account(i) && p.Pot == pot {
			sum += p.Amount
		}
	}
	return sum
}

// sound checks that money is conserved and nothing is left in escrow.
func (w *world) sound(id string) {
	w.t.Helper()
	_ = w.view(func(v app.View) error {
		s := v.Supply()
		require.True(w.t, s.Conserved, s.Breach)
		return nil
	})
	require.Zero(w.t, w.task(id).Escrow.Total())
}

func manifestOf(data any) string {
	r, ok := data.(shardreg.Registered)
	if !ok {
		panic(fmt.Sprintf("%T is no registration", data))
	}
	return r.Manifest
}
