package abci

import (
	"context"
	"errors"
	"fmt"

	comet "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"

	"autonet/ledger"
)

// mempoolSpare is what the mempool keeps free for transactions of peers that arrive while one of ours is checked: it
// drops what does not fit after the check without a word.
const mempoolSpare = 64

// Submit checks a transaction and lets it wait for a block. A refusal is an [*ledger.Error]. One that waits already or is
// in a block is no error. [ErrMempoolFull] may be tried again. Waiting transactions do not survive a restart: what
// matters is submitted again until [Engine.Await] returns.
func (e *Engine) Submit(ctx context.Context, raw []byte) (ledger.Hash, error) {
	hash := ledger.TxHash(raw)
	if err := ctx.Err(); err != nil {
		return hash, err
	}
	r, release, err := e.use()
	if err != nil {
		return hash, err
	}
	defer release()
	if len(raw) == 0 || len(raw) > ledger.MaxTxBytes {
		return hash, ledger.Refuse(ledger.CodeInvalid, "a transaction of %d bytes; the bound is %d", len(raw), ledger.MaxTxBytes)
	}
	err = guarded("submit a transaction", func() error { return r.submit(hash, raw, e.cfg.MempoolTxs) })
	if _, refused := errors.AsType[*ledger.Error](err); refused { // perhaps because it is in a block already
		if _, found, lost := r.result(hash); lost != nil || found {
			return hash, lost
		}
	}
	return hash, err
}

// submit verifies the signature before the mempool takes its locks, so that those who submit at the same time do not wait for
// each other.
func (r *running) submit(hash ledger.Hash, raw []byte, most int) error {
	pool := r.node.Mempool()
	if pool.Size() >= max(most-mempoolSpare, 1) {
		return ErrMempoolFull
	}
	if fit, valid := r.chain.signed.precheck(hash, raw); fit && !valid {
		return ledger.BadSignature()
	}
	var answer *comet.ResponseCheckTx
	err := pool.CheckTx(raw, func(res *comet.ResponseCheckTx) { answer = res }, mempool.TxInfo{})
	full := mempool.ErrMempoolIsFull{}
	switch {
	case errors.Is(err, mempool.ErrTxInCache): // waiting, committed, or being checked for somebody else right now
		return nil
	case errors.As(err, &full), errors.Is(err, mempool.ErrRecheckFull):
		return fmt.Errorf("%w: %w", ErrMempoolFull, err)
	case err != nil:
		return ledger.Refuse(ledger.CodeInvalid, "%v", err)
	case answer != nil && answer.Code != comet.CodeTypeOK:
		return &ledger.Error{Code: ledger.Code(answer.Code), Text: answer.Log}
	}
	return nil
}

// Await returns what became of a transaction, waiting for its block if it is in none yet, whoever submitted it. A
// transaction that its block refused is a result, not an error: see [TxResult.Err].
func (e *Engine) Await(ctx context.Context, hash ledger.Hash) (TxResult, error) {
	r, err := e.await(ctx)
	if err != nil {
		return TxResult{}, err
	}
	committed, stop := r.chain.watch(hash)
	defer stop()
	if _, release, err := e.use(); err != nil {
		return TxResult{}, err
	} else if result, found, err := r.result(hash); err != nil || found {
		release()
		return result, err
	} else {
		release()
	}
	select {
	case result := <-committed:
		return result, nil
	case <-e.closing:
		return TxResult{}, ErrNotRunning
	case <-ctx.Done():
		return TxResult{}, fmt.Errorf("wait for transaction %s: %w", hash, ctx.Err())
	}
}

// EventsFrom returns the events from the cursor on and the cursor after them, blocking until there is at least one. It
// returns at most max events (and never more than 1024); a max of 0 or less asks for as many. A cursor stays good across
// restarts. Events that this node does not have are an [*EventsGoneError] that says where to go on: the log of a node that took
// its state from a snapshot begins there.
func (e *Engine) EventsFrom(ctx context.Context, cursor Cursor, most int) ([]ledger.Event, Cursor, error) {
	r, err := e.await(ctx)
	if err != nil {
		return nil, cursor, err
	}
	if most <= 0 || most > maxEvents {
		most = maxEvents
	}
	for {
		now, changed := r.chain.snapshot()
		events, next, err := e.readEvents(cursor, now.height, most)
		if err != nil || len(events) > 0 {
			return events, next, err
		}
		select {
		case <-changed:
		case <-e.closing:
			return nil, cursor, ErrNotRunning
		case <-ctx.Done():
			return nil, cursor, ctx.Err()
		}
	}
}

func (e *Engine) readEvents(cursor Cursor, height int64, most int) ([]ledger.Event, Cursor, error) {
	r, release, err := e.use()
	if err != nil {
		return nil, cursor, err
	}
	defer release()
	return r.stores.log.read(cursor, height, most)
}

func (r *running) result(hash ledger.Hash) (TxResult, bool, error) {
	now, _ := r.chain.snapshot()
	return r.stores.log.result(hash, now.height)
}
