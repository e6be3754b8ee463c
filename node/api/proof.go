package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"autonet/node/api/types"
)

// ProofBackend proves what the ledger holds and searches what happened on it.
type ProofBackend interface {
	// Proof proves the record that the words name, in the state after a block; 0 is the last.
	Proof(ctx context.Context, words []string, height int64) (types.Proof, error)
	// Header returns the header of a height; 0 is the last.
	Header(ctx context.Context, height int64) (types.Header, error)
	// Tx returns what became of a transaction.
	Tx(ctx context.Context, hash string) (types.TxResult, error)
	// LedgerEvents returns a page of the events that a query asks for.
	LedgerEvents(ctx context.Context, q types.EventQuery) (types.LedgerEvents, error)
	// Explain says why every account got or lost what it did in a task; with proofs, each event comes with its document.
	Explain(ctx context.Context, task string, proofs bool) (types.Explanation, error)
}

type (
	explainInput struct {
		ID     string `path:"id" maxLength:"64" pattern:"^[A-Za-z0-9]+$" doc:"Task ID"`
		Proofs bool   `query:"proofs" doc:"With the proof document of every event"`
	}
	proofInput struct {
		What   []string `query:"what,explode" required:"true" minItems:"1" maxItems:"8" doc:"The record in words, e.g. what=balance&what=ACCOUNT"`
		Height int64    `query:"height" minimum:"0" doc:"State after this block; 0 = the last"`
	}
	headerInput struct {
		Height int64 `query:"height" minimum:"0" doc:"Height; 0 = the last"`
	}
	txInput struct {
		Hash string `path:"hash" pattern:"^[0-9a-f]{64}$" doc:"Transaction, hex"`
	}
	ledgerEventsInput struct {
		Account string `query:"account" maxLength:"64" doc:"Events that name this account"`
		Task    string `query:"task" maxLength:"64" doc:"Events about this task"`
		Project string `query:"project" maxLength:"64" doc:"Events about this project"`
		Kind    string `query:"kind" maxLength:"64" doc:"Events of this kind, module/what"`
		From    int64  `query:"from" minimum:"0" doc:"Least height"`
		To      int64  `query:"to" minimum:"0" doc:"Greatest height; 0 = the last"`
		Limit   int    `query:"limit" minimum:"0" maximum:"1024" doc:"Most events; 0 = as many as one answer holds"`
		Cursor  string `query:"cursor" maxLength:"40" doc:"Where the last answer ended"`
	}
)

func (s *Server) proofRoutes(a huma.API) {
	b := s.backend.Proofs
	read(s, a, "/v1/ledger/proof", "ledger proof", "A record of the ledger with its proof", func(ctx context.Context, in *proofInput) (types.Proof, error) {
		return b.Proof(ctx, in.What, in.Height)
	})
	read(s, a, "/v1/ledger/header", "ledger header", "A header with its signatures and validators", func(ctx context.Context, in *headerInput) (types.Header, error) {
		return b.Header(ctx, in.Height)
	})
	read(s, a, "/v1/ledger/txs/{hash}", "ledger tx", "What became of a transaction", func(ctx context.Context, in *txInput) (types.TxResult, error) {
		return b.Tx(ctx, in.Hash)
	})
	read(s, a, "/v1/rewards/{id}", "explain rewards", "Every amount of a task with its cause and its proof", func(ctx context.Context, in *explainInput) (types.Explanation, error) {
		return b.Explain(ctx, in.ID, in.Proofs)
	})
	read(s, a, "/v1/ledger/events", "ledger events", "What happened on the ledger, by whom and what it names", func(ctx context.Context, in *ledgerEventsInput) (types.LedgerEvents, error) {
		return b.LedgerEvents(ctx, types.EventQuery{
			Account: in.Account, Task: in.Task, Project: in.Project, Kind: in.Kind, From: in.From, To: in.To, Limit: in.Limit, Cursor: in.Cursor,
		})
	})
}
