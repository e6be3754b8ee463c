package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"autonet/node/api/types"
)

// stateInput names a part of the state; its arguments may repeat.
type stateInput struct {
	What string   `path:"what" maxLength:"64" pattern:"^[a-z][a-z-]*$" doc:"Part of the state, e.g. params"`
	Arg  []string `query:"arg,explode" maxItems:"4" doc:"What it is about, e.g. an account"`
}

func (s *Server) stateRoutes(a huma.API) {
	b := s.backend.State
	read(s, a, "/v1/ledger/kinds", "message kinds", "Kinds of messages", func(ctx context.Context, _ *none) (types.Kinds, error) {
		list, err := b.Kinds(ctx)
		return types.Kinds{Kinds: list}, err
	})
	write(s, a, "/v1/ledger/messages", "send message", "Sign a message and wait for its block", func(ctx context.Context, in *body[types.SubmitRequest]) (types.Submitted, error) {
		return b.Submit(ctx, in.Body)
	})
	read(s, a, "/v1/ledger/state/{what}", "state", "One part of the state", func(ctx context.Context, in *stateInput) (types.State, error) {
		return b.State(ctx, in.What, in.Arg)
	})
	write(s, a, "/v1/documents", "keep document", "Keep a text under its CID", func(ctx context.Context, in *body[types.DocumentRequest]) (types.Document, error) {
		return b.KeepDocument(ctx, in.Body)
	})
	read(s, a, "/v1/documents/{cid}", "document", "A text by its CID", func(ctx context.Context, in *cidInput) (types.Document, error) {
		return b.Document(ctx, in.CID)
	})
	write(s, a, "/v1/keys/rotate", "rotate key", "Replace a key of the account", func(ctx context.Context, in *body[types.RotateKeyRequest]) (types.Submitted, error) {
		return b.RotateKey(ctx, in.Body)
	})
	read(s, a, "/v1/wallets", "wallets", "Keys of the node's home", func(ctx context.Context, _ *none) (types.Wallets, error) {
		list, err := b.Wallets(ctx)
		return types.Wallets{Wallets: list}, err
	})
	write(s, a, "/v1/wallets", "new wallet", "Make a key in the node's home", func(ctx context.Context, in *body[types.NewWalletRequest]) (types.Wallet, error) {
		return b.NewWallet(ctx, in.Body)
	})
}
