package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/ledger"
	"autonet/node/api/types"
	"autonet/shards/store"
)

const (
	// documentProviders is how many holders of a document are looked for.
	documentProviders = 8
	// documentWait bounds looking for one.
	documentWait = 15 * time.Second
)

// KeepDocument implements api.StateBackend: the text becomes one block that everybody can fetch by its CID.
func (b stateBackend) KeepDocument(ctx context.Context, req types.DocumentRequest) (types.Document, error) {
	text := ledger.DocCID([]byte(req.Text))
	c, err := cid.Decode(text)
	if err != nil {
		return types.Document{}, fmt.Errorf("name the document: %w", err)
	}
	if err := b.n.store.Put(store.Block{CID: c, Data: []byte(req.Text)}); err != nil {
		return types.Document{}, shardError("keep the document", err)
	}
	if err := b.n.dht.Provide(ctx, c); err != nil { // alone in a network there is nobody to tell; the peers ask each other too
		b.n.log.LogAttrs(ctx, slog.LevelInfo, "the document is not announced", slog.String("cid", text), slog.String("reason", err.Error()))
	}
	return types.Document{CID: text, Text: req.Text}, nil
}

// Document implements api.StateBackend.
func (b stateBackend) Document(ctx context.Context, text string) (types.Document, error) {
	c, err := cid.Decode(text)
	if err != nil || ledger.CheckCID(text, ledger.CodecRaw) != nil {
		return types.Document{}, types.NewError(types.CodeUsage, ledger.Clip(text)+" is no document's CID", "", "it begins with bafk")
	}
	if data, err := b.n.store.Get(c); err == nil {
		return types.Document{CID: text, Text: string(data)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, documentWait)
	defer cancel()
	holders := b.n.host.Network().Peers()
	if found, err := b.n.dht.FindProviders(ctx, c, documentProviders); err == nil {
		for _, info := range found {
			holders = append([]peer.ID{info.ID}, holders...)
		}
	}
	out := types.Document{CID: text}
	err = b.n.exch.Fetch(ctx, holders, []cid.Cid{c}, func(_ cid.Cid, data []byte) error {
		out.Text = string(data)
		return b.n.store.Put(store.Block{CID: c, Data: data})
	})
	if err != nil {
		return types.Document{}, types.NewError(types.CodeNotFound, "nobody has the document "+text, err.Error(), "ask its author to keep a node running")
	}
	return out, nil
}
