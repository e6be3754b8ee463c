package abci

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/types"

	"autonet/ledger/app"
)

// Errors that a caller decides on.
var (
	// ErrNotRunning reports a call that needs the ledger before it has started or after it has stopped.
	ErrNotRunning = errors.New("the ledger is not running")
	// ErrMempoolFull reports that too many transactions wait for a block. Trying again a little later may succeed.
	ErrMempoolFull = errors.New("too many transactions wait for a block; try again in a moment")
	// ErrNoBlock reports a height that this node does not have.
	ErrNoBlock = errors.New("no such block")
	// ErrOtherGenesis reports a data folder that belongs to another network than the genesis file.
	ErrOtherGenesis = errors.New("the data folder belongs to another genesis")
	// ErrRunTwice reports a second Run.
	ErrRunTwice = errors.New("an engine runs once")
)

// Engine is one node's ledger. [New] makes it, [Engine.Run] lives it; the other methods are safe for concurrent use.
type Engine struct {
	cfg     Config
	rules   machine
	views   *app.App
	genesis func(path string) (genesis, error)
	signer  func() (types.PrivValidator, error)
	now     func() time.Time
	self    string // node identifier
	dialer  *dialer

	begun   atomic.Bool
	running atomic.Pointer[running]
	ready   chan struct{} // closed when CometBFT has started
	closing chan struct{} // closed when it begins to stop
	stopped chan struct{} // closed when Run returns

	failOnce sync.Once
	failed   chan struct{} // closed by the first fault
	fault    error         // the fault; read after failed is closed
}

// New checks the configuration and makes an engine for the rules of ledger/app. It starts nothing and opens nothing.
func New(cfg Config) (*Engine, error) { return newEngine(cfg, rules{app.New()}, checkedGenesis) }

func newEngine(cfg Config, m machine, load func(path string) (genesis, error)) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	self := NodeIDOf(cfg.NodeKey.Public().(ed25519.PublicKey))
	return &Engine{
		cfg: cfg.withDefaults(), rules: m, views: app.New(), genesis: load, now: time.Now, self: self,
		signer:  cfg.signer,
		dialer:  newDialer(self),
		ready:   make(chan struct{}),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		failed:  make(chan struct{}),
	}, nil
}

// NodeID is this node's identifier towards its peers.
func (e *Engine) NodeID() string { return e.self }

// Ready is closed when the node takes connections and transactions.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Stopped is closed when [Engine.Run] returns.
func (e *Engine) Stopped() <-chan struct{} { return e.stopped }

// P2PAddr is the loopback address for connections from peers; empty until [Engine.Ready].
func (e *Engine) P2PAddr() string {
	if r := e.running.Load(); r != nil {
		return r.listen
	}
	return ""
}

// fail keeps the first fault and wakes Run. It may be called from any goroutine.
func (e *Engine) fail(err error) {
	e.failOnce.Do(func() {
		e.fault = err
		close(e.failed)
	})
}

// Run starts the ledger and blocks until ctx ends, which is no error, or a fault stops it. The faults are those of
// which the node must not recover by itself: a block it cannot execute, a state that is not sound, a disk that does
// not take what it is given.
func (e *Engine) Run(ctx context.Context) error {
	if !e.begun.CompareAndSwap(false, true) {
		return ErrRunTwice
	}
	defer close(e.stopped)
	r, err := e.start(ctx)
	if err != nil {
		if fault := e.faulted(); fault != nil {
			err = fault
		} else if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return fmt.Errorf("start the ledger: %w", err)
	}
	e.running.Store(r)
	close(e.ready)

	var owned sync.WaitGroup
	dialing, stopDialing := context.WithCancel(ctx)
	defer stopDialing()
	owned.Go(func() { e.dialer.run(dialing, r.node.Switch(), e.cfg.Logger) })

	select {
	case <-ctx.Done():
	case <-e.failed:
		err = fmt.Errorf("the ledger has stopped: %w", e.fault)
	}
	stopDialing()
	e.running.Store(nil)
	close(e.closing)
	err = errors.Join(err, r.stop())
	owned.Wait()
	r.users.Lock() // for good
	return errors.Join(err, r.stores.close())
}

func (e *Engine) faulted() error {
	select {
	case <-e.failed:
		return e.fault
	default:
		return nil
	}
}

// use returns the running node, whose stores stay open until release is called.
func (e *Engine) use() (r *running, release func(), err error) {
	r = e.running.Load()
	if r == nil || !r.users.TryRLock() {
		return nil, nil, ErrNotRunning
	}
	return r, r.users.RUnlock, nil
}

// await returns the running node as soon as there is one.
func (e *Engine) await(ctx context.Context) (*running, error) {
	select {
	case <-e.ready:
		if r := e.running.Load(); r != nil {
			return r, nil
		}
		return nil, ErrNotRunning
	case <-e.stopped:
		return nil, ErrNotRunning
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// DialPeer keeps this node connected to a peer: it dials the address, again after every loss, until the engine stops.
// Another address for a known peer replaces the first and is used from the next attempt on. It does not wait for the
// connection.
func (e *Engine) DialPeer(ctx context.Context, nodeID, addr string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.dialer.add(nodeID, addr)
}

// DropPeer ends the care for a peer. An existing connection stays.
func (e *Engine) DropPeer(nodeID string) { e.dialer.drop(nodeID) }
