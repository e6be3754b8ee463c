package lightnet_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/light"
	"autonet/ledger/lighttest"
	"autonet/ledger/proof"
	"autonet/node/lightnet"
	"autonet/p2p/p2ptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "test-1"

// book is a ledger of headers alone.
type book struct{ chain *lighttest.Chain }

// LightBlock implements lightnet.Ledger.
func (b book) LightBlock(height int64) ([]byte, error) {
	if height == 0 {
		height = b.chain.Heights()
	}
	block := b.chain.Block(height)
	if block == nil {
		return nil, fmt.Errorf("height %d: %w", height, abci.ErrNoBlock)
	}
	return proof.EncodeLight(block)
}

// ProveWhat implements lightnet.Ledger.
func (b book) ProveWhat(_ context.Context, words []string, height int64) (proof.Proof, error) {
	if words[0] != "params" {
		return proof.Proof{}, ledger.Refuse(ledger.CodeInvalid, "nothing called %q", words[0])
	}
	raw, err := b.LightBlock(height + 1)
	return proof.Proof{Version: proof.Version, Network: name, What: words, Light: raw}, err
}

func newBook(heights int64) book {
	return book{lighttest.New(lighttest.Options{Network: name, Heights: heights, Validators: 4, Rotate: 20, Start: time.Now().Add(-time.Hour)})}
}

func serve(t *testing.T, b book) host.Host {
	t.Helper()
	h := p2ptest.Host(t)
	s := lightnet.Serve(h, name, b, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return h
}

func ask(t *testing.T, servers ...host.Host) (*lightnet.Client, host.Host) {
	t.Helper()
	h := p2ptest.Host(t)
	c := lightnet.NewClient(h, name)
	for _, s := range servers {
		p2ptest.Connect(t, h, s)
	}
	require.Eventually(t, func() bool { return len(c.Peers()) == len(servers) }, 20*time.Second, 10*time.Millisecond)
	return c, h
}

func TestHeadersAndProofsAreServed(t *testing.T) {
	b := newBook(50)
	s := serve(t, b)
	c, _ := ask(t, s)
	from := c.From(s.ID())
	for _, height := range []int64{0, 1, 33, 50} {
		want, err := b.LightBlock(height)
		require.NoError(t, err)
		got, err := from.LightBlock(t.Context(), height)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := from.LightBlock(t.Context(), 51)
	require.ErrorIs(t, err, light.ErrNoHeader)
	raw, err := from.Proof(t.Context(), []string{"params"}, 12)
	require.NoError(t, err)
	p, err := proof.Decode(raw)
	require.NoError(t, err)
	require.EqualValues(t, 13, p.Height())
	_, err = from.Proof(t.Context(), []string{"wealth"}, 12)
	require.ErrorIs(t, err, lightnet.ErrRefused)
	require.ErrorContains(t, err, "wealth")
	_, err = from.Proof(t.Context(), []string{string(bytes.Repeat([]byte{'x'}, 8000))}, 1)
	require.ErrorIs(t, err, lightnet.ErrRequest)
}

func TestAnotherNetworksRequestsAreRefused(t *testing.T) {
	s := serve(t, newBook(5))
	_, h := ask(t, s)
	_, err := lightnet.NewClient(h, "other-1").From(s.ID()).LightBlock(t.Context(), 1)
	require.ErrorIs(t, err, lightnet.ErrRefused)
	require.ErrorContains(t, err, name)
}

func TestALightClientFollowsOverStreams(t *testing.T) {
	b := newBook(1500)
	first, second := serve(t, b), serve(t, b)
	c, _ := ask(t, first, second)
	founders := b.chain.Validators(1).Validators
	cfg := light.Config{
		Network: name, GenesisTime: b.chain.Block(1).Time, Period: 24 * time.Hour, File: filepath.Join(t.TempDir(), "light"), Sources: c.Sources,
	}
	for _, v := range founders {
		cfg.Validators = append(cfg.Validators, light.Validator{Key: v.PubKey.Bytes(), Power: v.VotingPower})
	}
	l, err := light.New(cfg)
	require.NoError(t, err)
	require.NoError(t, l.Update(t.Context()))
	require.EqualValues(t, 1500, l.Status().Height)
	require.Equal(t, 1, l.Status().Witnesses)
}

func TestWhatIsNoRequestIsCutOff(t *testing.T) {
	s := serve(t, newBook(5))
	_, h := ask(t, s)
	for _, raw := range [][]byte{nil, []byte("hello"), bytes.Repeat([]byte{1}, 1<<16)} {
		stream, err := h.NewStream(t.Context(), s.ID(), lightnet.Protocol)
		require.NoError(t, err)
		_, _ = stream.Write(raw) // it may be cut off before
		_ = stream.CloseWrite()
		require.NoError(t, stream.SetReadDeadline(time.Now().Add(20*time.Second)))
		n, err := stream.Read(make([]byte, 1))
		require.Error(t, err)
		require.Zero(t, n)
	}
}

func TestAGreedyPeerIsToldToWait(t *testing.T) {
	s := serve(t, newBook(5))
	_, h := ask(t, s)
	var open []network.Stream
	defer func() {
		for _, stream := range open {
			_ = stream.Reset()
		}
	}()
	for range 40 { // each holds a place until it has said what it wants
		stream, err := h.NewStream(t.Context(), s.ID(), lightnet.Protocol)
		require.NoError(t, err)
		_, err = stream.Write([]byte{0xa5})
		require.NoError(t, err)
		open = append(open, stream)
	}
	busy := 0
	for _, stream := range open {
		require.NoError(t, stream.SetReadDeadline(time.Now().Add(20*time.Second)))
		word := make([]byte, 1)
		if n, _ := stream.Read(word); n == 1 {
			require.EqualValues(t, 3, word[0])
			busy++
		}
	}
	require.Equal(t, 32, busy)
}

func FuzzDecodeRequest(f *testing.F) {
	raw, err := ledger.Marshal(map[string]any{"network": name, "op": 1, "height": 3, "what": []string{"params"}})
	require.NoError(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		again, err := lightnet.Reencode(raw)
		if err == nil {
			require.Equal(t, raw, again)
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = lightnet.DecodeAnswer(raw) })
}
