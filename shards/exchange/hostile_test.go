package exchange_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/stretchr/testify/require"

	"autonet/shards/exchange"
	"autonet/shards/store"
)

func TestHostileRequestsEndTheStream(t *testing.T) {
	b := newNode(t, quick())
	evil := newHost(t)
	connect(t, evil, b.host)
	for name, data := range map[string][]byte{
		"a huge frame":      word(1 << 30),
		"not CBOR":          append(word(3), 0xff, 0xff, 0xff),
		"no CIDs":           append(word(5), 0xa2, 1, 1, 2, 0x80),
		"another operation": append(word(5), 0xa2, 1, 9, 2, 0x80),
		"an identity CID":   append(word(10), 0xa2, 1, 1, 2, 0x81, 0x44, 1, 0x55, 0, 0),
		"half a frame":      append(word(100), 1, 2, 3),
		"half a length":     {0, 0},
	} {
		s, err := evil.NewStream(t.Context(), b.host.ID(), exchange.Protocol)
		require.NoError(t, err)
		_, err = s.Write(data)
		require.NoError(t, err)
		if len(data) > 4 {
			require.NoError(t, s.SetReadDeadline(time.Now().Add(5*time.Second)))
			var one [1]byte
			_, err = s.Read(one[:])
			var timeout interface{ Timeout() bool }
			require.Error(t, err, name)
			require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "%s: %v", name, err)
		}
		_ = s.Reset()
	}
}

func TestOnePeerCannotTakeAllStreams(t *testing.T) {
	cfg := quick()
	cfg.MaxPeerStreams = 2
	b := newNode(t, cfg)
	greedy := newHost(t)
	connect(t, greedy, b.host)
	for range 2 {
		s, err := greedy.NewStream(t.Context(), b.host.ID(), exchange.Protocol)
		require.NoError(t, err)
		_, err = s.Write([]byte{0})
		require.NoError(t, err)
		defer func() { _ = s.Reset() }()
	}
	time.Sleep(50 * time.Millisecond)
	st, err := store.Open(t.TempDir(), store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	ex, err := exchange.New(greedy, st, cfg)
	require.NoError(t, err)
	_, err = ex.Have(t.Context(), b.host.ID(), []cid.Cid{block(1, 1).CID})
	var f exchange.Finding
	require.ErrorAs(t, err, &f)
	require.Equal(t, exchange.Busy, f.Kind, "%v", err)

	other := newNode(t, cfg)
	connect(t, other.host, b.host)
	_, err = other.ex.Have(t.Context(), b.host.ID(), []cid.Cid{block(1, 1).CID})
	require.NoError(t, err)
}
