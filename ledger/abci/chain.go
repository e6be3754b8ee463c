package abci

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	comet "github.com/cometbft/cometbft/abci/types"

	"autonet/ledger"
	"autonet/ledger/app"
)

const (
	appName    = "autonet"
	appVersion = 1
)

// snapshot is a committed state and the block that led to it. Height 0 is genesis.
type snapshot struct {
	height  int64
	timeMS  int64
	hash    ledger.Hash // of the block
	appHash ledger.Hash // of the state after it
	kv      ledger.KV
}

// staged is a block that has been executed and is not committed yet.
type staged struct {
	at      block
	appHash ledger.Hash
	hashes  []ledger.Hash // of the transactions
	outcome
}

// chain is the application behind CometBFT's four connections. The consensus connection alone changes the state;
// the mempool connection reads committed states.
type chain struct {
	comet.BaseApplication
	rules   machine
	network string
	state   *stateTree
	log     *eventLog
	checker *checker
	signed  *signatures
	// fail stops the node with the reason. It returns what CometBFT is told.
	fail func(error) error

	first      *ledger.Overlay // the genesis state until the first block is committed
	base       ledger.KV       // the last committed state
	staged     *staged
	committing bool // CometBFT holds the mempool's lock

	photos    *photographer // takes snapshots; nil takes none
	restoring *restoring    // a snapshot on its way into the empty state
	retain    int64         // blocks kept; 0 or less keeps all
	clock     clock         // this node's, compared with the ledger's

	mu         sync.Mutex
	current    snapshot
	validators map[string]int64 // power by consensus key
	changed    chan struct{}    // closed by the next commit
	waiters    map[ledger.Hash][]chan TxResult
}

func newChain(rules machine, network string, state *stateTree, log *eventLog, bound int, fail func(error) error) *chain {
	signed := newSignatures(network)
	return &chain{
		rules: rules, network: network, state: state, log: log, fail: fail, signed: signed,
		checker: newChecker(rules, bound, signed.valid),
		changed: make(chan struct{}),
		waiters: make(map[ledger.Hash][]chan TxResult),
	}
}

// resume takes up the last saved state; at is the block it belongs to.
func (c *chain) resume(at block) error {
	version := c.state.version()
	if version == 0 {
		return nil
	}
	return c.publish(at, c.state.hash(), nil)
}

// publish makes the saved state of a height the one that readers see.
func (c *chain) publish(at block, appHash ledger.Hash, txs []ledger.Hash) error {
	base, err := readAt(c.state.tree, at.height)
	if err != nil {
		return err
	}
	checks, err := readAt(c.state.checks, at.height)
	if err != nil {
		return err
	}
	views, err := readAt(c.state.views, at.height)
	if err != nil {
		return err
	}
	c.base = base
	c.checker.reset(checks, at, txs)
	c.show(snapshot{height: at.height, timeMS: at.timeMS, hash: at.hash, appHash: appHash, kv: views})
	return nil
}

func (c *chain) show(s snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = s
	close(c.changed)
	c.changed = make(chan struct{})
}

// snapshot returns the last committed state and a channel that the next commit closes.
func (c *chain) snapshot() (snapshot, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, c.changed
}

// Info implements the handshake: CometBFT replays the blocks after this height.
func (c *chain) Info(context.Context, *comet.RequestInfo) (*comet.ResponseInfo, error) {
	info := &comet.ResponseInfo{Data: appName, AppVersion: appVersion, LastBlockHeight: c.state.version()}
	if info.LastBlockHeight > 0 {
		hash := c.state.hash()
		info.LastBlockAppHash = hash[:]
	}
	return info, nil
}

// InitChain builds the state of genesis. It is saved with the first block; a node that stops before does this again.
func (c *chain) InitChain(_ context.Context, req *comet.RequestInitChain) (*comet.ResponseInitChain, error) {
	var res *comet.ResponseInitChain
	err := guarded("build the genesis state", func() error {
		first := ledger.NewOverlay(emptyKV{})
		updates, err := c.rules.genesis(first, req.AppStateBytes, req.Time.UnixMilli())
		if err != nil {
			return err
		}
		hash, err := c.state.apply(first)
		if err != nil {
			return err
		}
		c.first, c.base = first, first
		at := block{network: c.network, timeMS: req.Time.UnixMilli()}
		c.checker.reset(first, at, nil)
		c.setValidators(updates)
		c.show(snapshot{timeMS: at.timeMS, appHash: hash, kv: first})
		res = &comet.ResponseInitChain{AppHash: hash[:], Validators: toComet(updates)}
		return nil
	})
	if err != nil {
		return nil, c.fail(err)
	}
	return res, nil
}

// CheckTx implements the mempool's door.
func (c *chain) CheckTx(_ context.Context, req *comet.RequestCheckTx) (*comet.ResponseCheckTx, error) {
	err := guarded("check a transaction", func() error { return c.checker.check(req.Tx) })
	if err == nil {
		return &comet.ResponseCheckTx{}, nil
	}
	text := err.Error()
	if refusal, ok := errors.AsType[*ledger.Error](err); ok {
		text = refusal.Text
	}
	return &comet.ResponseCheckTx{Code: uint32(ledger.CodeOf(err)), Log: text}, nil
}

// FinalizeBlock executes a block without saving anything. Executing another one, or the same again, starts over.
func (c *chain) FinalizeBlock(_ context.Context, req *comet.RequestFinalizeBlock) (*comet.ResponseFinalizeBlock, error) {
	at := block{
		network: c.network, height: req.Height, timeMS: req.Time.UnixMilli(),
		hash: toHash(req.Hash), proposer: req.ProposerAddress, verified: c.signed.valid,
	}
	for _, m := range req.Misbehavior {
		at.faults = append(at.faults, fault{
			kind: offence(m.Type), address: m.Validator.Address, height: m.Height, timeMS: m.Time.UnixMilli(),
		})
	}
	var done *staged
	err := guarded(fmt.Sprintf("execute block %d", req.Height), func() (err error) {
		done, err = c.execute(at, req.Txs)
		return err
	})
	if err != nil {
		return nil, c.fail(err)
	}
	c.staged = done
	res := &comet.ResponseFinalizeBlock{
		AppHash: done.appHash[:], ValidatorUpdates: toComet(done.updates),
		TxResults: make([]*comet.ExecTxResult, len(done.results)),
	}
	for i, result := range done.results {
		res.TxResults[i] = &comet.ExecTxResult{Code: uint32(result.Code)}
	}
	return res, nil
}

func (c *chain) execute(at block, txs [][]byte) (*staged, error) {
	if version := c.state.version(); at.height != version+1 || (version == 0 && c.first == nil) {
		return nil, fmt.Errorf("the state is at height %d: %w", version, errHeight)
	}
	hashes := make([]ledger.Hash, len(txs))
	for i, raw := range txs {
		hashes[i] = ledger.TxHash(raw)
	}
	c.signed.all(hashes, txs)
	kv := ledger.NewOverlay(remembering(c.base))
	out, err := c.rules.run(kv, at, txs)
	if err != nil {
		return nil, err
	}
	if len(out.results) != len(txs) {
		return nil, fmt.Errorf("%d results for %d transactions: %w", len(out.results), len(txs), errHeight)
	}
	for i := range out.results {
		r := &out.results[i]
		r.Hash, r.Height, r.Index, r.TimeMS = hashes[i], at.height, i, at.timeMS
	}
	for i := range out.events {
		event := &out.events[i]
		event.Height, event.Index, event.TimeMS = at.height, i, at.timeMS
	}
	done := &staged{at: at, hashes: hashes, outcome: out}
	if at.height == 1 {
		done.appHash, err = c.state.apply(c.first, kv) // what genesis wrote is not in the tree yet
	} else {
		done.appHash, err = c.state.apply(kv)
	}
	return done, err
}

var errHeight = errors.New("a block out of order")

// Commit saves the executed block: first its events, then its state. Readers see both afterwards.
func (c *chain) Commit(ctx context.Context, _ *comet.RequestCommit) (*comet.ResponseCommit, error) {
	done := c.staged
	c.staged, c.committing = nil, true
	err := guarded("commit", func() error { return c.save(done) })
	if err != nil {
		return nil, c.fail(err)
	}
	c.committing = false
	c.deliver(done)
	c.clock.committed(ctx, done.at.height, done.at.timeMS)
	if c.photos != nil {
		c.photos.committed(done.at.height, done.appHash)
	}
	return &comet.ResponseCommit{RetainHeight: c.retainFrom(done.at.height)}, nil
}

func (c *chain) save(done *staged) error {
	if done == nil {
		return fmt.Errorf("nothing was executed: %w", errHeight)
	}
	if err := c.log.write(done.at.height, done.events, done.results); err != nil {
		return err
	}
	version, err := c.state.save()
	if err != nil {
		return err
	}
	if version != done.at.height {
		return fmt.Errorf("saved height %d instead of %d: %w", version, done.at.height, errHeight)
	}
	c.first = nil
	return c.publish(done.at, done.appHash, done.hashes)
}

// deliver tells those who wait for transactions of the block.
func (c *chain) deliver(done *staged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, update := range done.updates {
		c.setPower(update)
	}
	if len(c.waiters) == 0 {
		return
	}
	for _, result := range done.results {
		for _, waiter := range c.waiters[result.Hash] {
			waiter <- result // one slot each, and nobody else sends
		}
		delete(c.waiters, result.Hash)
	}
}

// watch returns a channel that receives the transaction's result once it is committed, and a function that gives up.
func (c *chain) watch(hash ledger.Hash) (result <-chan TxResult, stop func()) {
	waiter := make(chan TxResult, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters[hash] = append(c.waiters[hash], waiter)
	return waiter, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		kept := c.waiters[hash][:0]
		for _, other := range c.waiters[hash] {
			if other != waiter {
				kept = append(kept, other)
			}
		}
		if len(kept) == 0 {
			delete(c.waiters, hash)
			return
		}
		c.waiters[hash] = kept
	}
}

func (c *chain) setValidators(updates []validatorUpdate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.validators = make(map[string]int64, len(updates))
	for _, update := range updates {
		c.setPower(update)
	}
}

func (c *chain) setPower(update validatorUpdate) {
	if update.power == 0 {
		delete(c.validators, string(update.key))
		return
	}
	c.validators[string(update.key)] = update.power
}

// offence names what evidence proves.
func offence(kind comet.MisbehaviorType) app.Offence {
	if kind == comet.MisbehaviorType_LIGHT_CLIENT_ATTACK {
		return app.LightClientAttack
	}
	return app.DoubleSign
}

func toComet(updates []validatorUpdate) []comet.ValidatorUpdate {
	out := make([]comet.ValidatorUpdate, 0, len(updates))
	for _, update := range updates {
		out = append(out, comet.Ed25519ValidatorUpdate(update.key, update.power))
	}
	return out
}

// goexit ends the calling goroutine as if it had returned.
func goexit() { runtime.Goexit() }
