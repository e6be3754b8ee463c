package abci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abcicli "github.com/cometbft/cometbft/abci/client"
	comet "github.com/cometbft/cometbft/config"
	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proxy"
	cometstate "github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/store"
	"github.com/cometbft/cometbft/types"

	"autonet/internal/atomicfile"
)

const (
	bindAttempts = 3
	portFile     = "comet/port"
	// settle is how long the goroutines that CometBFT does not wait for may take to notice that it has stopped.
	settle = 50 * time.Millisecond
)

// running is a started node and what it stands on.
type running struct {
	node   *node.Node
	chain  *chain
	stores *stores
	listen string
	conns  *clients
	pub    []byte       // consensus key
	users  sync.RWMutex // read-held by those who use the stores
}

// stores are the open databases.
type stores struct {
	state     *stateTree
	log       *eventLog
	snapshots *snapshots
	comet     map[string]*lastingDB

	blocks *store.BlockStore
	states cometstate.Store
}

func openStores(dir string) (s *stores, err error) {
	s = &stores{comet: make(map[string]*lastingDB)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	for _, name := range []string{"blockstore", "state", "evidence"} {
		db, err := openDB(filepath.Join(dir, "comet", "data"), name)
		if err != nil {
			return nil, err
		}
		s.comet[name] = newLastingDB(db)
	}
	if s.state, err = openState(filepath.Join(dir, "app")); err != nil {
		return nil, err
	}
	if s.log, err = openEvents(filepath.Join(dir, "events")); err != nil {
		return nil, err
	}
	if s.snapshots, err = openSnapshots(filepath.Join(dir, "snapshots")); err != nil {
		return nil, err
	}
	err = guarded("open the block store", func() error {
		s.blocks = store.NewBlockStore(s.comet["blockstore"])
		s.states = cometstate.NewStore(s.comet["state"], cometstate.StoreOptions{DiscardABCIResponses: true})
		return nil
	})
	return s, err
}

func (s *stores) close() error {
	var errs []error
	for _, db := range s.comet {
		errs = append(errs, db.shut())
	}
	if s.state != nil {
		errs = append(errs, s.state.close())
	}
	if s.log != nil {
		errs = append(errs, s.log.close())
	}
	return errors.Join(errs...)
}

// provide hands CometBFT its databases.
//
//nolint:ireturn // the function that CometBFT asks for
func (s *stores) provide(ctx *comet.DBContext) (dbm.DB, error) {
	if db, ok := s.comet[ctx.ID]; ok {
		return db, nil
	}
	return nil, fmt.Errorf("the store %q is not kept", ctx.ID)
}

// start opens the stores, lets CometBFT replay what the state is missing, and starts it.
func (e *Engine) start(ctx context.Context) (r *running, err error) {
	from, err := e.genesis(e.cfg.GenesisFile)
	if err != nil {
		return nil, err
	}
	signer, err := e.signer()
	if err != nil {
		return nil, err
	}
	pub, err := signer.GetPubKey()
	if err != nil {
		return nil, fmt.Errorf("read the consensus key: %w", err)
	}
	if err := e.waitUntil(ctx, from.doc.GenesisTime); err != nil {
		return nil, err
	}
	if err := discardUnfinished(e.cfg.Dir); err != nil {
		return nil, err
	}
	s, err := openStores(e.cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	same, err := s.log.bind(from.hash)
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, fmt.Errorf("%s with %s: %w", e.cfg.Dir, e.cfg.GenesisFile, ErrOtherGenesis)
	}
	if err := guarded("repair the ledger's stores", s.repair); err != nil {
		return nil, err
	}
	if err := e.sync(ctx, s, from, pub.Bytes()); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		r, err = e.startNode(ctx, s, from, signer)
		if err == nil {
			r.pub = pub.Bytes()
			return r, nil
		}
		if attempt == bindAttempts || e.cfg.Port != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
}

// waitUntil waits for the network's beginning. CometBFT would sleep until then, whatever happens.
func (e *Engine) waitUntil(ctx context.Context, genesis time.Time) error {
	wait := genesis.Sub(e.now())
	if wait <= 0 {
		return nil
	}
	e.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "the network has not begun", slog.Time("begins", genesis))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) startNode(ctx context.Context, s *stores, from genesis, signer types.PrivValidator) (*running, error) {
	held, err := e.bind()
	if err != nil {
		return nil, err
	}
	defer held.Close() //nolint:errcheck // only held until CometBFT takes the port
	r := &running{stores: s, listen: held.Addr().String(), conns: &clients{}}
	r.chain = newChain(e.rules, from.doc.ChainID, s.state, s.log, 2*e.cfg.MempoolTxs, func(err error) error {
		e.fail(err)
		return r.leave(err)
	})
	r.chain.retain = e.cfg.RetainBlocks
	r.chain.clock.now, r.chain.clock.logger = e.now, e.cfg.Logger
	r.chain.clock.live = func() bool { return r.node != nil && r.node.IsRunning() && !r.node.ConsensusReactor().WaitSync() }
	r.chain.photos = newPhotographer(e.cfg.SnapshotEvery, from.doc.ChainID, s, e.cfg.Logger)
	if err := s.resume(r.chain, from.doc.ChainID); err != nil {
		return nil, err
	}
	err = guarded("start the consensus engine", func() error {
		if r.node, err = e.newNode(ctx, r, from, signer); err != nil {
			return err
		}
		if err := r.loadValidators(); err != nil {
			return err
		}
		if err := held.Close(); err != nil {
			return err
		}
		return r.node.Start()
	})
	if err != nil {
		r.abandon()
		return nil, err
	}
	return r, nil
}

func (e *Engine) newNode(ctx context.Context, r *running, from genesis, signer types.PrivValidator) (*node.Node, error) {
	r.conns.ClientCreator = proxy.NewConnSyncLocalClientCreator(r.chain)
	cfg := e.cfg.comet(r.listen, cmp.Or(e.cfg.EmptyBlockInterval, from.emptyBlocks))
	if err := cfg.ValidateBasic(); err != nil {
		return nil, err
	}
	return node.NewNodeWithContext(ctx, cfg, signer,
		&p2p.NodeKey{PrivKey: cometkey.PrivKey(e.cfg.NodeKey)},
		r.conns,
		func() (*types.GenesisDoc, error) { return from.doc, nil },
		r.stores.provide,
		node.DefaultMetricsProvider(cfg.Instrumentation),
		cometLogger{sink: newLogSink(e.cfg.Logger, e.cfg.LogLevel, e.now, e.fail)},
	)
}

// resume shows the chain the block that its last saved state belongs to.
func (s *stores) resume(c *chain, network string) error {
	version := s.state.version()
	return guarded("resume the ledger", func() error {
		at := block{network: network, height: version}
		last, err := s.states.Load()
		if err != nil {
			return fmt.Errorf("load the state of consensus: %w", err)
		}
		if s.blocks.Height() == 0 && last.LastBlockHeight > 0 { // from a snapshot, and without a block since
			if err := s.states.SetOfflineStateSyncHeight(last.LastBlockHeight); err != nil {
				return fmt.Errorf("take up the state of consensus: %w", err)
			}
		}
		if meta := s.blocks.LoadBlockMeta(version); meta != nil {
			at.timeMS, at.hash = meta.Header.Time.UnixMilli(), toHash(meta.BlockID.Hash)
		} else if version > 0 && version == last.LastBlockHeight {
			at.timeMS, at.hash = last.LastBlockTime.UnixMilli(), toHash(last.LastBlockID.Hash)
		} else if version > 0 {
			return fmt.Errorf("the state is at height %d, the blocks end at %d: the stores do not belong together", version, s.blocks.Height())
		}
		return c.resume(at)
	})
}

// loadValidators takes over the validator set as CometBFT knows it.
func (r *running) loadValidators() error {
	state, err := r.stores.states.Load()
	if err != nil {
		return fmt.Errorf("load the validators: %w", err)
	}
	var updates []validatorUpdate
	for _, v := range state.NextValidators.Validators {
		updates = append(updates, validatorUpdate{key: v.PubKey.Bytes(), power: v.VotingPower})
	}
	r.chain.setValidators(updates)
	return nil
}

// leave decides how a fault reaches CometBFT. Its consensus goroutine takes an error, says so and ends; the one that
// catches up with the network would take the whole process down, so it ends here, without a word, while Run returns
// the reason. What it holds is given back first.
func (r *running) leave(err error) error {
	if r.node == nil || !r.node.ConsensusReactor().WaitSync() {
		return err
	}
	if r.chain.committing {
		r.node.Mempool().Unlock()
	}
	goexit()
	return err
}

// stop ends CometBFT, bounded in time.
func (r *running) stop() error {
	done := make(chan error, 1)
	go func() {
		err := guarded("stop the consensus engine", r.node.Stop)
		r.chain.photos.stop()
		done <- errors.Join(err, r.conns.stop(), r.node.ProxyApp().Stop())
	}()
	timer := time.NewTimer(stopAfter)
	defer timer.Stop()
	select {
	case err := <-done:
		time.Sleep(settle)
		return err
	case <-timer.C:
		return fmt.Errorf("the consensus engine did not stop in %s", stopAfter)
	}
}

// abandon releases what a node holds that did not start.
func (r *running) abandon() {
	r.chain.photos.stop()
	_ = r.conns.stop() // it has not started: there is nothing more to say than why
	if r.node != nil {
		_ = r.node.EventBus().Stop()
	}
}

// bind takes a loopback port: the configured one, the one of the last start, or any.
func (e *Engine) bind() (net.Listener, error) {
	path := filepath.Join(e.cfg.Dir, portFile)
	port := e.cfg.Port
	if port == 0 {
		if raw, err := os.ReadFile(path); err == nil {
			port, _ = strconv.Atoi(strings.TrimSpace(string(raw)))
		}
	}
	held, err := listen(port)
	if err != nil && e.cfg.Port == 0 {
		held, err = listen(0)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for peers on loopback port %d: %w", port, err)
	}
	_, text, err := net.SplitHostPort(held.Addr().String())
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	if err := atomicfile.Write(path, []byte(text+"\n"), keyFileMode); err != nil {
		return nil, errors.Join(fmt.Errorf("remember the port: %w", err), held.Close())
	}
	return held, nil
}

func listen(port int) (net.Listener, error) {
	if port < 0 || port > 65535 {
		port = 0
	}
	return net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
}

// clients remembers the connections to the application: CometBFT does not end them when it stops.
type clients struct {
	proxy.ClientCreator

	mu   sync.Mutex
	made []abcicli.Client
}

// NewABCIClient implements proxy.ClientCreator.
//
//nolint:ireturn // the interface that CometBFT asks for
func (c *clients) NewABCIClient() (abcicli.Client, error) {
	client, err := c.ClientCreator.NewABCIClient()
	if err == nil {
		c.mu.Lock()
		c.made = append(c.made, client)
		c.mu.Unlock()
	}
	return client, err
}

func (c *clients) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, client := range c.made {
		if client.IsRunning() {
			errs = append(errs, client.Stop())
		}
	}
	c.made = nil
	return errors.Join(errs...)
}
