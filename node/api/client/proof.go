package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"autonet/node/api/types"
)

// Proof asks for a record of the ledger with its proof, in the state after a block; 0 is the last.
func (c *Client) Proof(ctx context.Context, words []string, height int64) (types.Proof, error) {
	q := url.Values{"what": words}
	setNumber(q, "height", height)
	return call[types.Proof](ctx, c, http.MethodGet, "/v1/ledger/proof", q, nil)
}

// Header asks for the header of a height; 0 is the last.
func (c *Client) Header(ctx context.Context, height int64) (types.Header, error) {
	q := url.Values{}
	setNumber(q, "height", height)
	return call[types.Header](ctx, c, http.MethodGet, "/v1/ledger/header", q, nil)
}

// Tx asks what became of a transaction.
func (c *Client) Tx(ctx context.Context, hash string) (types.TxResult, error) {
	return get[types.TxResult](ctx, c, "/v1/ledger/txs"+segment(hash))
}

// LedgerEvents asks for a page of the ledger's events.
func (c *Client) LedgerEvents(ctx context.Context, query types.EventQuery) (types.LedgerEvents, error) {
	q := url.Values{}
	for name, value := range map[string]string{
		"account": query.Account, "task": query.Task, "project": query.Project, "kind": query.Kind, "cursor": query.Cursor,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	setNumber(q, "from", query.From)
	setNumber(q, "to", query.To)
	setNumber(q, "limit", int64(query.Limit))
	return call[types.LedgerEvents](ctx, c, http.MethodGet, "/v1/ledger/events", q, nil)
}

// Explain asks why every account got or lost what it did in a task, with proof documents if wanted.
func (c *Client) Explain(ctx context.Context, task string, proofs bool) (types.Explanation, error) {
	q := url.Values{}
	if proofs {
		q.Set("proofs", "true")
	}
	return call[types.Explanation](ctx, c, http.MethodGet, "/v1/rewards"+segment(task), q, nil)
}

func setNumber(q url.Values, name string, n int64) {
	if n != 0 {
		q.Set(name, strconv.FormatInt(n, 10))
	}
}
