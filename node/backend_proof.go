package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node/api/types"
	"autonet/node/proofs"
)

// proveWithin bounds the wait for the header that commits to the last state.
const proveWithin = 15 * time.Second

// proofBackend proves what the ledger holds and searches what happened on it.
type proofBackend struct{ n *Node }

// Proof implements api.ProofBackend.
func (b proofBackend) Proof(ctx context.Context, words []string, height int64) (types.Proof, error) {
	ctx, cancel := context.WithTimeout(ctx, proveWithin)
	defer cancel()
	if err := b.n.engine.View(func(v app.View) error {
		words = v.Name(words)
		return nil
	}); err != nil {
		return types.Proof{}, proofError("ledger proof", err)
	}
	p, err := b.n.engine.ProveWhat(ctx, words, height)
	if err != nil {
		return types.Proof{}, proofError("ledger proof", err)
	}
	return proofs.Document(p)
}

// Header implements api.ProofBackend.
func (b proofBackend) Header(_ context.Context, height int64) (types.Header, error) {
	h, err := b.n.engine.Header(height)
	if err != nil {
		return types.Header{}, proofError("ledger header", err)
	}
	return proofs.Header(h)
}

// Tx implements api.ProofBackend.
func (b proofBackend) Tx(ctx context.Context, text string) (types.TxResult, error) {
	hash, err := ledger.ParseHash(text)
	if err != nil {
		return types.TxResult{}, types.NewError(types.CodeUsage, text+" is no transaction", err.Error(), "")
	}
	r, err := b.n.engine.Tx(hash)
	if err != nil {
		return types.TxResult{}, proofError("ledger tx", err)
	}
	out := types.TxResult{
		Hash: r.Hash.String(), Height: r.Height, Index: r.Index, TimeMS: r.TimeMS, Sender: string(r.Sender), Kind: r.Kind,
		Nonce: r.Nonce, FeeNatn: uint64(r.Fee), Code: r.Code.String(), Text: r.Text, Events: []types.LedgerEvent{},
	}
	err = b.n.engine.EventsOf(ctx, abci.EventQuery{From: r.Height, To: r.Height}, func(e ledger.Event) error {
		if e.TxHash == hash {
			out.Events = append(out.Events, ledgerEvent(e))
		}
		return nil
	})
	return out, err
}

// LedgerEvents implements api.ProofBackend.
func (b proofBackend) LedgerEvents(_ context.Context, q types.EventQuery) (types.LedgerEvents, error) {
	out := types.LedgerEvents{Events: []types.LedgerEvent{}}
	cursor, err := parseCursor(q.Cursor)
	if err != nil {
		return out, err
	}
	if q.Account != "" {
		if _, err := ledger.ParseAccount(q.Account); err != nil {
			return out, types.NewError(types.CodeUsage, q.Account+" is no account", err.Error(), "an account is a peer ID such as 12D3Koo…")
		}
	}
	query := abci.EventQuery{Account: ledger.Account(q.Account), Task: q.Task, Project: q.Project, Kind: q.Kind, From: q.From, To: q.To}
	events, next, done, err := b.n.engine.Events(query, cursor, q.Limit)
	if err != nil {
		return out, proofError("ledger events", err)
	}
	for _, e := range events {
		out.Events = append(out.Events, ledgerEvent(e))
	}
	out.Cursor, out.Done = fmt.Sprintf("%d.%d", next.Height, next.Index), done
	return out, nil
}

func parseCursor(text string) (abci.Cursor, error) {
	var c abci.Cursor
	if text == "" {
		return c, nil
	}
	if n, err := fmt.Sscanf(text, "%d.%d", &c.Height, &c.Index); err != nil || n != 2 || c.Height < 0 || c.Index < 0 {
		return c, types.NewError(types.CodeUsage, fmt.Sprintf("%q is no cursor", text), "", "use the one of the last answer")
	}
	return c, nil
}

// proofError gives the ledger's answers to questions their code and advice.
func proofError(what string, err error) error {
	var refused *ledger.Error
	switch {
	case errors.As(err, &refused):
		return types.NewError(types.CodeUsage, what, refused.Text, "see: autonet "+what+" --help")
	case errors.Is(err, abci.ErrNoBlock), errors.Is(err, abci.ErrNoTx):
		return types.NewError(types.CodeNotFound, what, err.Error(), "see the last height with: autonet status")
	case errors.Is(err, abci.ErrNotProvable):
		return types.NewError(types.CodeFailed, what, err.Error(), "ask for the last state, or ask a node that keeps older ones")
	default:
		return err
	}
}
