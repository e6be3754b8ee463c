package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"autonet/node/api/types"
)

// Kinds lists the kinds of messages of the ledger.
func (c *Client) Kinds(ctx context.Context) ([]string, error) {
	k, err := get[types.Kinds](ctx, c, "/v1/ledger/kinds")
	return k.Kinds, err
}

// Submit sends a message of the ledger, signed by the wallet (empty: the node's own key), and waits for its block. msg is
// encoded as JSON; nil stands for a message without fields.
func (c *Client) Submit(ctx context.Context, from, kind string, msg any) (types.Submitted, error) {
	req := types.SubmitRequest{Kind: kind, From: from}
	if msg != nil {
		raw, err := json.Marshal(msg)
		if err != nil {
			return types.Submitted{}, fmt.Errorf("encode %s: %w", kind, err)
		}
		req.Msg = raw
	}
	return post[types.Submitted](ctx, c, "/v1/ledger/messages", req)
}

// State reads one part of the ledger's state.
func (c *Client) State(ctx context.Context, what string, args ...string) (types.State, error) {
	return call[types.State](ctx, c, http.MethodGet, "/v1/ledger/state"+segment(what), url.Values{"arg": args}, nil)
}

// Wallets lists the keys of the node's home.
func (c *Client) Wallets(ctx context.Context) ([]types.Wallet, error) {
	w, err := get[types.Wallets](ctx, c, "/v1/wallets")
	return w.Wallets, err
}

// NewWallet makes a key in the node's home.
func (c *Client) NewWallet(ctx context.Context, name string) (types.Wallet, error) {
	return post[types.Wallet](ctx, c, "/v1/wallets", types.NewWalletRequest{Name: name})
}

// KeepDocument keeps a text under its CID, where everybody can fetch it.
func (c *Client) KeepDocument(ctx context.Context, text string) (types.Document, error) {
	return post[types.Document](ctx, c, "/v1/documents", types.DocumentRequest{Text: text})
}

// Document returns a text by its CID.
func (c *Client) Document(ctx context.Context, cid string) (types.Document, error) {
	return get[types.Document](ctx, c, "/v1/documents"+segment(cid))
}

// RotateKey replaces a key of the node's account from the next epoch on: the one that signs messages, or blocks.
func (c *Client) RotateKey(ctx context.Context, consensus bool) (types.Submitted, error) {
	return post[types.Submitted](ctx, c, "/v1/keys/rotate", types.RotateKeyRequest{Consensus: consensus})
}
