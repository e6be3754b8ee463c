package abci

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/abci/example/kvstore"
	comet "github.com/cometbft/cometbft/abci/types"
	cometconfig "github.com/cometbft/cometbft/config"
	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	cometlog "github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"
)

// Peer is a node of CometBFT's own key-value store, with this engine's configuration: what the engine is measured by.
type Peer struct {
	node  *node.Node
	conns *clients
	app   *countingApp
	addr  *p2p.NetAddress
	dbs   []*lastingDB // as the engine's: see there why CometBFT must not close them
}

func (p *Peer) provide(ctx *cometconfig.DBContext) (dbm.DB, error) {
	db, err := openDB(ctx.Config.DBDir(), ctx.ID)
	if err != nil {
		return nil, err
	}
	lasting := newLastingDB(db)
	p.dbs = append(p.dbs, lasting)
	return lasting, nil
}

type countingApp struct {
	*kvstore.Application
	staged  int64
	applied atomic.Int64
}

func (a *countingApp) FinalizeBlock(ctx context.Context, req *comet.RequestFinalizeBlock) (*comet.ResponseFinalizeBlock, error) {
	a.staged = int64(len(req.Txs))
	return a.Application.FinalizeBlock(ctx, req)
}

func (a *countingApp) Commit(ctx context.Context, req *comet.RequestCommit) (*comet.ResponseCommit, error) {
	res, err := a.Application.Commit(ctx, req)
	a.applied.Add(a.staged)
	return res, err
}

// StartPeer starts a node of a network of key-value stores with these validators.
func StartPeer(cfg Config, network string, at time.Time, keys ...[]byte) (*Peer, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(filepath.Join(cfg.Dir, "comet"), 0o700); err != nil {
		return nil, err
	}
	signer, err := cfg.signer()
	if err != nil {
		return nil, err
	}
	held, err := listen(0)
	if err != nil {
		return nil, err
	}
	addr := held.Addr().String()
	if err := held.Close(); err != nil {
		return nil, err
	}
	var updates []validatorUpdate
	for _, key := range keys {
		updates = append(updates, validatorUpdate{key: key, power: 10})
	}
	doc := newGenesisDoc(network, []byte("{}"), at, updates)
	conf := cfg.comet(addr, cfg.EmptyBlockInterval)
	p := &Peer{app: &countingApp{Application: kvstore.NewPersistentApplication(filepath.Join(cfg.Dir, "app"))}}
	nodeKey := &p2p.NodeKey{PrivKey: cometkey.PrivKey(cfg.NodeKey)}
	p.conns = &clients{ClientCreator: proxy.NewConnSyncLocalClientCreator(p.app)}
	p.node, err = node.NewNode(conf, signer, nodeKey, p.conns,
		func() (*types.GenesisDoc, error) { return doc, nil }, p.provide,
		node.DefaultMetricsProvider(conf.Instrumentation), cometlog.NewNopLogger())
	if err != nil {
		return nil, err
	}
	if p.addr, err = p2p.NewNetAddressString(p2p.IDAddressString(nodeKey.ID(), addr)); err != nil {
		return nil, err
	}
	return p, p.node.Start()
}

// Meet connects to another peer.
func (p *Peer) Meet(other *Peer) error { return p.node.Switch().DialPeerWithAddress(other.addr) }

// Stop ends it.
func (p *Peer) Stop() error {
	err := errors.Join(p.node.Stop(), p.conns.stop(), p.node.ProxyApp().Stop())
	p.node.Wait()
	time.Sleep(settle)
	for _, db := range p.dbs {
		err = errors.Join(err, db.shut())
	}
	return errors.Join(err, p.app.Close())
}

// Submit lets a transaction wait for a block.
func (p *Peer) Submit(raw []byte) error {
	err := p.node.Mempool().CheckTx(raw, nil, mempool.TxInfo{})
	if full := (mempool.ErrMempoolIsFull{}); errors.As(err, &full) {
		return ErrMempoolFull
	}
	return err
}

// Applied is the number of transactions in its blocks.
func (p *Peer) Applied() int64 { return p.app.applied.Load() }
