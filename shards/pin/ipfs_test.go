package pin_test

import (
	"context"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	bstore "github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/go-cid"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"autonet/shards/pin"
	"autonet/shards/store"
)

// TestAStockIPFSNodeReadsAFileByItsRoot walks the UnixFS file over bitswap from
// holders none of which has all of it.
func TestAStockIPFSNodeReadsAFileByItsRoot(t *testing.T) {
	w := &swarm{t: t, provided: map[cid.Cid][]peer.ID{}, bitswap: true}
	for range 4 {
		n := w.start(newHost(t), t.TempDir(), store.Options{})
		if len(w.nodes) > 1 {
			w.providers = append(w.providers, n.Provider)
		}
	}
	w.connectAll()
	data := noise(3_000_000)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	require.True(t, info.Complete)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h := newHost(t)
	stock := bitswap.New(ctx, bsnet.NewFromIpfsHost(h), nil, bstore.NewBlockstore(dssync.MutexWrap(datastore.NewMapDatastore())))
	defer func() { require.NoError(t, stock.Close()) }()
	for _, n := range w.nodes[1:] {
		connect(t, h, n.host)
	}
	session := stock.NewSession(ctx)
	root, err := session.GetBlock(ctx, info.File)
	require.NoError(t, err)
	var got []byte
	for _, c := range links(t, root.RawData()) {
		leaf, err := session.GetBlock(ctx, c)
		require.NoError(t, err)
		got = append(got, leaf.RawData()...)
	}
	require.Equal(t, data, got)
}

// links are the CIDs a dag-pb node links to, in order.
func links(t *testing.T, node []byte) []cid.Cid {
	t.Helper()
	var out []cid.Cid
	for len(node) > 0 {
		field, _, n := protowire.ConsumeTag(node)
		require.Positive(t, n)
		node = node[n:]
		body, n := protowire.ConsumeBytes(node)
		require.Positive(t, n)
		node = node[n:]
		if field != 2 {
			continue
		}
		_, _, n = protowire.ConsumeTag(body)
		raw, m := protowire.ConsumeBytes(body[n:])
		require.Positive(t, m)
		c, err := cid.Cast(raw)
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}
