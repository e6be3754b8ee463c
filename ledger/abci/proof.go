package abci

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/cosmos/iavl"
	ics23 "github.com/cosmos/ics23/go"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/proof"
)

// ErrNotProvable reports a state that no header commits to yet, or one that this node has forgotten.
var ErrNotProvable = errors.New("this state cannot be proven here")

// Prove proves what the state after the block of a height holds at a key, or that it holds nothing there. Height 0 is the
// last committed state. A block's header carries the root of the state before it: Prove waits for the next block, until
// ctx ends, unless the last block changed nothing.
func (e *Engine) Prove(ctx context.Context, key []byte, height int64) (proof.Proof, error) {
	return e.ProveWhat(ctx, []string{"key", hex.EncodeToString(key)}, height)
}

// ProveWhat is Prove for a record named in words: see app.ProvableKey. The proof of an event holds the event.
func (e *Engine) ProveWhat(ctx context.Context, words []string, height int64) (proof.Proof, error) {
	var p proof.Proof
	if len(words) == 0 {
		return p, ledger.Refuse(ledger.CodeInvalid, "say what is to be proven")
	}
	what, err := app.ProvableKey(words[0], words[1:]...)
	if err != nil {
		return p, err
	}
	r, err := e.await(ctx)
	if err != nil {
		return p, err
	}
	header, err := e.committing(ctx, r, height)
	if err != nil {
		return p, err
	}
	r, release, err := e.use()
	if err != nil {
		return p, err
	}
	defer release()
	err = guarded("prove a record", func() error {
		p, err = r.prove(what, header)
		return err
	})
	return p, err
}

// committing returns the height of a block whose header carries the root of the state after the block of the given
// height, waiting for it.
func (e *Engine) committing(ctx context.Context, r *running, height int64) (int64, error) {
	for first := true; ; first = false {
		now, changed := r.chain.snapshot()
		if height == 0 && first {
			height = now.height
		}
		switch {
		case height < 1 || height > now.height:
			return 0, fmt.Errorf("height %d: %w", height, ErrNoBlock)
		case now.height > height:
			return height + 1, nil
		}
		if same, err := e.unchanged(now); err != nil || same {
			return now.height, err
		}
		select {
		case <-changed:
		case <-e.closing:
			return 0, ErrNotRunning
		case <-ctx.Done():
			return 0, fmt.Errorf("no block after height %d commits to its state yet: %w: %w", height, ErrNotProvable, ctx.Err())
		}
	}
}

// unchanged reports whether the last block left the state as it was, so that its own header carries the root.
func (e *Engine) unchanged(now snapshot) (bool, error) {
	r, release, err := e.use()
	if err != nil {
		return false, err
	}
	defer release()
	same := false
	err = guarded("read a header", func() error {
		meta := r.node.BlockStore().LoadBlockMeta(now.height)
		same = now.height > 1 && meta != nil && toHash(meta.Header.AppHash) == now.appHash
		return nil
	})
	return same, err
}

// prove makes the proof that builds on the header of a height.
func (r *running) prove(what app.Provable, header int64) (proof.Proof, error) {
	p := proof.Proof{Version: proof.Version, Network: r.chain.network, What: what.Words}
	light, err := r.lightBlock(header)
	if err != nil {
		return p, err
	}
	if p.Light, err = proof.EncodeLight(light); err != nil {
		return p, err
	}
	version := header - 1
	release := r.chain.state.hold(version)
	defer release()
	saved, err := r.chain.state.views.GetImmutable(version)
	if err != nil {
		return p, fmt.Errorf("the state of height %d is no longer kept: %w: %w", version, ErrNotProvable, err)
	}
	if p.Value, p.Path, err = provePath(saved, what.Key); err != nil {
		return p, err
	}
	p.Found = p.Value != nil
	if what.IsEvent() && p.Found {
		p.Event, err = r.proveEvent(what)
	}
	return p, err
}

// provePath returns the value at a key, nil if there is none, and the path that shows it.
func provePath(tree *iavl.ImmutableTree, key []byte) (value, path []byte, err error) {
	if value, err = tree.Get(key); err != nil {
		return nil, nil, fmt.Errorf("read the state at %q: %w", key, err)
	}
	var commitment *ics23.CommitmentProof
	if value != nil {
		commitment, err = tree.GetMembershipProof(key)
	} else {
		commitment, err = tree.GetNonMembershipProof(key)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("prove the state at %q: %w", key, err)
	}
	path, err = commitment.Marshal()
	return value, path, err
}

func (r *running) proveEvent(what app.Provable) (*proof.Event, error) {
	events, err := r.stores.log.block(what.EventHeight)
	if err != nil {
		return nil, err
	}
	index := int(what.EventIndex)
	if index >= len(events) {
		return nil, ledger.Refuse(ledger.CodeInvalid, "block %d has %d events, from 0 on", what.EventHeight, len(events))
	}
	_, raw, err := app.EventLeaf(events[index])
	if err != nil {
		return nil, err
	}
	path, err := app.EventPath(events, index)
	return &proof.Event{Raw: raw, Path: path}, err
}

// Header returns the header of a height, the last one for 0, as a document that a verifier of proofs can trust.
func (e *Engine) Header(height int64) (proof.Header, error) {
	raw, err := e.LightBlock(height)
	if err != nil {
		return proof.Header{}, err
	}
	r, release, err := e.use()
	if err != nil {
		return proof.Header{}, err
	}
	defer release()
	return proof.Header{Version: proof.Version, Network: r.chain.network, Light: raw}, nil
}

// Tx returns what became of a transaction. It is [ErrNoTx] of one that is in no block this node has.
func (e *Engine) Tx(hash ledger.Hash) (TxResult, error) {
	r, release, err := e.use()
	if err != nil {
		return TxResult{}, err
	}
	defer release()
	result, found, err := r.result(hash)
	if err == nil && !found {
		err = fmt.Errorf("transaction %s: %w", hash, ErrNoTx)
	}
	return result, err
}

// ErrNoTx reports a transaction that is in no block of this node.
var ErrNoTx = errors.New("no such transaction in any block")
