package apitest

import (
	"context"
	"strings"

	"autonet/node/api/types"
)

// Proofs are a node's answers about proofs and events, by what is asked for.
type Proofs struct {
	ByWords map[string]types.Proof // words joined by spaces
	Headers map[int64]types.Header
	Txs     map[string]types.TxResult
	Events  []types.LedgerEvent
	Asked   []types.EventQuery
	Explain map[string]types.Explanation
}

// Proof returns ProofValues.ByWords.
func (n *Node) Proof(_ context.Context, words []string, _ int64) (types.Proof, error) {
	name := strings.Join(words, " ")
	p, ok := n.ProofValues.ByWords[name]
	if !ok {
		return p, missing("record", name)
	}
	return p, n.failure("Proof")
}

// Header returns ProofValues.Headers.
func (n *Node) Header(_ context.Context, height int64) (types.Header, error) {
	h, ok := n.ProofValues.Headers[height]
	if !ok {
		return h, missing("header", "")
	}
	return h, n.failure("Header")
}

// Tx returns ProofValues.Txs.
func (n *Node) Tx(_ context.Context, hash string) (types.TxResult, error) {
	t, ok := n.ProofValues.Txs[hash]
	if !ok {
		return t, missing("transaction", hash)
	}
	return t, n.failure("Tx")
}

// LedgerEvents returns ProofValues.Events, two to a page, whatever the query, which it notes.
func (n *Node) LedgerEvents(_ context.Context, q types.EventQuery) (types.LedgerEvents, error) {
	n.mu.Lock()
	n.ProofValues.Asked = append(n.ProofValues.Asked, q)
	n.mu.Unlock()
	from := len(q.Cursor)
	page := n.ProofValues.Events[min(from, len(n.ProofValues.Events)):]
	page = page[:min(2, len(page))]
	next := from + len(page)
	return types.LedgerEvents{
		Events: page, Cursor: strings.Repeat("x", next), Done: next >= len(n.ProofValues.Events),
	}, n.failure("LedgerEvents")
}

// Explain returns ProofValues.Explain.
func (n *Node) Explain(_ context.Context, task string, _ bool) (types.Explanation, error) {
	e, ok := n.ProofValues.Explain[task]
	if !ok {
		return e, missing("task", task)
	}
	return e, n.failure("Explain")
}
