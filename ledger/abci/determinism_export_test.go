package abci

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	comet "github.com/cometbft/cometbft/abci/types"

	"autonet/ledger"
	"autonet/ledger/app"
)

// Replica is the rules of ledger/app over the stores of a node, without consensus: the test plays CometBFT.
type Replica struct {
	dir    string
	stores *stores
	chain  *chain
}

// ReplicaBlock is a block as consensus decided it.
type ReplicaBlock struct {
	Height   int64
	At       time.Time
	Txs      [][]byte
	Proposer []byte // address
	Guilty   []byte // address of a validator that signed twice; empty: nobody
}

// Outcome is all that consensus learns of a block, and what was written about it.
type Outcome struct {
	AppHash ledger.Hash
	Updates []comet.ValidatorUpdate
	Codes   []uint32
	Events  []ledger.Event
	Results []TxResult
}

// OpenReplica opens the stores in a folder as a starting node does.
func OpenReplica(dir, network string) (*Replica, error) {
	r := &Replica{dir: dir, stores: &stores{comet: map[string]*lastingDB{}}}
	var err error
	if r.stores.state, err = openState(filepath.Join(dir, "app")); err != nil {
		return nil, err
	}
	if r.stores.log, err = openEvents(filepath.Join(dir, "events")); err != nil {
		return nil, err
	}
	if r.stores.snapshots, err = openSnapshots(filepath.Join(dir, "snapshots")); err != nil {
		return nil, err
	}
	r.chain = newChain(rules{app.New()}, network, r.stores.state, r.stores.log, 10_000, func(err error) error { return err })
	r.chain.setValidators(nil)
	if version := r.stores.state.version(); version > 0 {
		err = r.chain.resume(block{network: network, height: version})
	}
	return r, err
}

// Close closes the stores as a crash would find them.
func (r *Replica) Close() error { return r.stores.close() }

// Height is that of the last committed state.
func (r *Replica) Height() int64 { return r.stores.state.version() }

// Init plays InitChain.
func (r *Replica) Init(at time.Time, genesis []byte) error {
	_, err := r.chain.InitChain(context.Background(), &comet.RequestInitChain{Time: at, AppStateBytes: genesis})
	return err
}

// Check plays CheckTx, after which the signature is not verified again.
func (r *Replica) Check(raw []byte) error {
	res, err := r.chain.CheckTx(context.Background(), &comet.RequestCheckTx{Tx: raw})
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("code %d: %s", res.Code, res.Log)
	}
	return err
}

// Execute plays FinalizeBlock.
func (r *Replica) Execute(b ReplicaBlock) (Outcome, error) {
	hash := sha256.Sum256(fmt.Append(nil, "block", b.Height))
	req := &comet.RequestFinalizeBlock{Height: b.Height, Time: b.At, Txs: b.Txs, Hash: hash[:], ProposerAddress: b.Proposer}
	if len(b.Guilty) > 0 {
		req.Misbehavior = []comet.Misbehavior{{
			Type: comet.MisbehaviorType_DUPLICATE_VOTE, Validator: comet.Validator{Address: b.Guilty}, Height: b.Height - 1, Time: b.At,
		}}
	}
	res, err := r.chain.FinalizeBlock(context.Background(), req)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{
		AppHash: toHash(res.AppHash), Updates: res.ValidatorUpdates, Events: r.chain.staged.events, Results: r.chain.staged.results,
	}
	for _, tx := range res.TxResults {
		out.Codes = append(out.Codes, tx.Code)
	}
	return out, nil
}

// Commit plays Commit.
func (r *Replica) Commit() error {
	_, err := r.chain.Commit(context.Background(), nil)
	return err
}

// View reads the last committed state.
func (r *Replica) View(fn func(app.View)) {
	now, _ := r.chain.snapshot()
	fn(app.New().View(now.kv))
}

// RestoreInto takes a snapshot of the last committed state and restores it into an empty replica.
func (r *Replica) RestoreInto(to *Replica) (err error) {
	height, hash := r.Height(), r.stores.state.hash()
	p := newPhotographer(1, r.chain.network, r.stores, slog.New(slog.DiscardHandler))
	defer p.stop()
	if err := p.take(height, hash); err != nil {
		return err
	}
	snap := r.stores.snapshots.all()[0]
	offer := &comet.RequestOfferSnapshot{AppHash: hash[:], Snapshot: &comet.Snapshot{
		Height: uint64(height), Format: snapshotFormat, Chunks: uint32(snap.meta.count()), Hash: snap.hash[:], Metadata: snap.raw,
	}}
	offered, err := to.chain.OfferSnapshot(context.Background(), offer)
	if err != nil || offered.Result != comet.ResponseOfferSnapshot_ACCEPT {
		return errors.Join(err, fmt.Errorf("the snapshot is not taken: %v", offered))
	}
	for i := range snap.meta.count() {
		applied, err := to.chain.ApplySnapshotChunk(context.Background(), &comet.RequestApplySnapshotChunk{
			Index: uint32(i), Chunk: r.stores.snapshots.chunk(height, i),
		})
		if err != nil || applied.Result != comet.ResponseApplySnapshotChunk_ACCEPT {
			return errors.Join(err, fmt.Errorf("chunk %d is not taken: %v", i, applied))
		}
	}
	return to.chain.resume(block{network: r.chain.network, height: height})
}
