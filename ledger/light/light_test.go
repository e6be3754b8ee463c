package light_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/iavl"
	iavldb "github.com/cosmos/iavl/db"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/light"
	"autonet/ledger/lighttest"
	"autonet/ledger/proof"
)

const network = "test-1"

var genesis = time.UnixMilli(1_700_000_000_000)

func acct(i int) ledger.Account {
	return ledger.AccountFromKey(bytes.Repeat([]byte{byte(i + 1)}, 32))
}

// world is a chain and the state that all its headers commit to.
type world struct {
	t     *testing.T
	chain *lighttest.Chain
	state *iavl.ImmutableTree
	now   time.Time
	dir   string
	peers []light.Source
}

func newWorld(t *testing.T, heights, rotate int64) *world {
	t.Helper()
	tree := iavl.NewMutableTree(iavldb.NewMemDB(), 100, true, iavl.NewNopLogger())
	for i := range 10 {
		raw, err := ledger.Marshal(bank.Account{Balance: ledger.Natn(100 * i)})
		require.NoError(t, err)
		_, err = tree.Set(ledger.Key("bank", "a", string(acct(i))), raw)
		require.NoError(t, err)
	}
	root, _, err := tree.SaveVersion()
	require.NoError(t, err)
	state, err := tree.GetImmutable(1)
	require.NoError(t, err)
	w := &world{t: t, state: state, dir: t.TempDir()}
	w.chain = w.chainOf(heights, rotate, root)
	w.now = w.chain.Block(heights).Time.Add(time.Second)
	return w
}

func (w *world) chainOf(heights, rotate int64, root []byte) *lighttest.Chain {
	return lighttest.New(lighttest.Options{
		Network: network, Heights: heights, Validators: 4, Rotate: rotate, Start: genesis, AppHash: func(int64) []byte { return root },
	})
}

// source is an honest peer, unless told otherwise.
type source struct {
	w     *world
	name  string
	chain *lighttest.Chain
	top   int64 // last height it has
	asked atomic.Int64
	block func(height int64) *types.LightBlock // nil result: the chain's
	proof func(p *proof.Proof)
}

func (w *world) peer(name string) *source {
	s := &source{w: w, name: name, chain: w.chain, top: w.chain.Heights()}
	w.peers = append(w.peers, s)
	return s
}

// Name implements light.Source.
func (s *source) Name() string { return s.name }

// LightBlock implements light.Source.
func (s *source) LightBlock(_ context.Context, height int64) ([]byte, error) {
	s.asked.Add(1)
	if height == 0 {
		height = s.top
	}
	var block *types.LightBlock
	if s.block != nil {
		block = s.block(height)
	}
	if block == nil && height <= s.top {
		block = s.chain.Block(height)
	}
	if block == nil {
		return nil, light.ErrNoHeader
	}
	return proof.EncodeLight(block)
}

// Proof implements light.Source.
func (s *source) Proof(_ context.Context, words []string, height int64) ([]byte, error) {
	what, err := app.ProvableKey(words[0], words[1:]...)
	if err != nil {
		return nil, err
	}
	raw, err := proof.EncodeLight(s.chain.Block(height + 1))
	if err != nil {
		return nil, err
	}
	p := proof.Proof{Version: proof.Version, Network: network, What: what.Words, Light: raw}
	if p.Value, err = s.w.state.Get(what.Key); err != nil {
		return nil, err
	}
	p.Found = p.Value != nil
	path, err := s.w.state.GetMembershipProof(what.Key)
	if !p.Found {
		path, err = s.w.state.GetNonMembershipProof(what.Key)
	}
	if err != nil {
		return nil, err
	}
	if p.Path, err = path.Marshal(); err != nil {
		return nil, err
	}
	if s.proof != nil {
		s.proof(&p)
	}
	return p.Encode()
}

func (w *world) config() light.Config {
	cfg := light.Config{
		Network: network, GenesisTime: genesis, Period: 30 * 24 * time.Hour, File: filepath.Join(w.dir, "light.cbor"),
		Sources: func() []light.Source { return w.peers }, Now: func() time.Time { return w.now },
	}
	for _, v := range w.chain.Validators(1).Validators {
		cfg.Validators = append(cfg.Validators, light.Validator{Key: v.PubKey.Bytes(), Power: v.VotingPower})
	}
	return cfg
}

func (w *world) client() *light.Client {
	w.t.Helper()
	c, err := light.New(w.config())
	require.NoError(w.t, err)
	return c
}

func (w *world) header(block *types.LightBlock) []byte {
	w.t.Helper()
	raw, err := proof.EncodeLight(block)
	require.NoError(w.t, err)
	doc, err := proof.Header{Version: proof.Version, Network: network, Light: raw}.Encode()
	require.NoError(w.t, err)
	return doc
}

func TestAGapOfThousandsOfBlocksIsCrossedWhileValidatorsChange(t *testing.T) {
	w := newWorld(t, 5000, 50) // after 200 blocks nobody is left of the four
	first, _, _ := w.peer("a"), w.peer("b"), w.peer("c")
	c := w.client()
	require.NoError(t, c.Update(t.Context()))
	s := c.Status()
	require.EqualValues(t, 5000, s.Height)
	require.Equal(t, proof.FactsOf(w.chain.Block(5000)).Hash, s.Hash)
	require.Equal(t, 2, s.Witnesses)
	require.Less(t, first.asked.Load(), int64(400), "headers are skipped")
	require.Empty(t, s.Struck)
}

func TestEveryHeaderIsFollowedOneByOne(t *testing.T) {
	w := newWorld(t, 300, 3)
	w.peer("a")
	c := w.client()
	for height := int64(1); height <= 300; height++ {
		raw, err := proof.EncodeLight(w.chain.Block(height))
		require.NoError(t, err)
		require.NoError(t, c.Check(raw), height)
		require.NoError(t, c.Take(t.Context(), raw, "gossip"))
		require.Equal(t, height, c.Status().Height)
		require.NoError(t, c.Take(t.Context(), raw, "gossip"), "once more changes nothing")
	}
}

func TestAFarHeaderFromGossipIsReachedOverOthers(t *testing.T) {
	w := newWorld(t, 1000, 10)
	w.peer("a")
	c := w.client()
	raw, err := proof.EncodeLight(w.chain.Block(900))
	require.NoError(t, err)
	require.Error(t, c.Check(raw), "not by itself")
	require.NoError(t, c.Take(t.Context(), raw, "gossip"))
	require.EqualValues(t, 900, c.Status().Height)
}

func TestARestartGoesOnFromTheLastTrustedHeader(t *testing.T) {
	w := newWorld(t, 400, 10)
	a := w.peer("a")
	a.top = 200
	require.NoError(t, w.client().Update(t.Context()))
	c := w.client()
	require.EqualValues(t, 200, c.Status().Height)
	a.top = 400
	require.NoError(t, c.Update(t.Context()))
	require.EqualValues(t, 400, c.Status().Height)
}

func TestForgedHeadersAreRefusedAndTheirSourceIsNotAskedAgain(t *testing.T) {
	for name, forge := range map[string]func(w *world, height int64) *types.LightBlock{
		"by strangers": func(_ *world, height int64) *types.LightBlock {
			return lighttest.New(lighttest.Options{Network: network, Heights: height, Validators: 4, Start: genesis, Family: "strangers"}).Block(height)
		},
		"by too few": func(w *world, height int64) *types.LightBlock {
			return w.chain.Forge(height, 2, func(h *types.Header) { h.AppHash = bytes.Repeat([]byte{9}, 32) })
		},
		"of another height": func(w *world, height int64) *types.LightBlock { return w.chain.Block(height - 1) },
		"of another network": func(_ *world, height int64) *types.LightBlock {
			return lighttest.New(lighttest.Options{Network: "other", Heights: height, Validators: 4, Start: genesis}).Block(height)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 60, 20)
			liar, _ := w.peer("liar"), w.peer("honest")
			liar.block = func(height int64) *types.LightBlock { return forge(w, height) }
			c := w.client()
			require.NoError(t, c.Update(t.Context()))
			s := c.Status()
			require.Equal(t, proof.FactsOf(w.chain.Block(60)).Hash, s.Hash, "the honest peer is enough")
			if name != "of another height" { // which is true when the last is asked for
				require.Contains(t, s.Struck, "liar")
				before := liar.asked.Load()
				require.NoError(t, c.Update(t.Context()))
				require.Equal(t, before, liar.asked.Load())
			}
			require.Empty(t, s.Conflict)
		})
	}
}

func TestOnlyLiarsLeaveTheTrustedHeaderAsItWas(t *testing.T) {
	w := newWorld(t, 60, 20)
	w.peer("liar").block = func(height int64) *types.LightBlock {
		return w.chain.Forge(height, 1, func(h *types.Header) { h.Time = h.Time.Add(time.Millisecond) })
	}
	c := w.client()
	require.ErrorIs(t, c.Update(t.Context()), light.ErrNoSource)
	require.Zero(t, c.Status().Height)
	require.ErrorIs(t, c.Update(t.Context()), light.ErrNoSource, "nobody is left")
}

func TestAConflictingWitnessStopsTheClientUntilTheOwnerDecides(t *testing.T) {
	w := newWorld(t, 60, 0)
	honest, traitor := w.peer("honest"), w.peer("traitor")
	honest.top = 30
	traitor.top = 30
	c := w.client()
	require.NoError(t, c.Update(t.Context()))
	honest.top, traitor.top = 60, 60
	fork := w.chainOf(60, 0, bytes.Repeat([]byte{6}, 32)) // signed by the same validators
	traitor.chain = fork
	require.ErrorIs(t, c.Update(t.Context()), light.ErrConflict)
	s := c.Status()
	require.EqualValues(t, 30, s.Height, "neither is trusted")
	require.Contains(t, s.Conflict, proof.FactsOf(fork.Block(60)).Hash.String())
	require.Contains(t, s.Conflict, proof.FactsOf(w.chain.Block(60)).Hash.String())
	evidence := c.Evidence()
	require.EqualValues(t, 60, evidence.Height)
	require.EqualValues(t, 30, evidence.Base)

	require.ErrorIs(t, c.Update(t.Context()), light.ErrConflict)
	_, _, err := c.Read(t.Context(), []string{"params"})
	require.ErrorIs(t, err, light.ErrConflict)
	raw, err := proof.EncodeLight(w.chain.Block(31))
	require.NoError(t, err)
	require.ErrorIs(t, c.Take(t.Context(), raw, "gossip"), light.ErrConflict)
	c = w.client()
	require.ErrorIs(t, c.Update(t.Context()), light.ErrConflict, "a restart forgets nothing")

	cfg := w.config()
	cfg.Root = w.header(w.chain.Block(60))
	traitor.top = 0
	c, err = light.New(cfg)
	require.NoError(t, err)
	require.EqualValues(t, 60, c.Status().Height)
	require.Empty(t, c.Status().Conflict)
	require.Nil(t, w.client().Evidence(), "the decision is kept")
}

func TestAContradictionOfTheTrustedHeightIsNoticedToo(t *testing.T) {
	w := newWorld(t, 40, 0)
	a := w.peer("a")
	a.top = 20
	c := w.client()
	require.NoError(t, c.Update(t.Context()))
	a.top = 40
	require.NoError(t, c.Update(t.Context()))
	raw, err := proof.EncodeLight(w.chainOf(40, 0, bytes.Repeat([]byte{6}, 32)).Block(40))
	require.NoError(t, err)
	require.Error(t, c.Check(raw))
	require.ErrorIs(t, c.Take(t.Context(), raw, "gossip"), light.ErrConflict)
	require.NotNil(t, c.Evidence())
}

func TestAWitnessThatCannotShowItsHeaderIsALiarAndNoConflict(t *testing.T) {
	w := newWorld(t, 60, 0)
	w.peer("honest")
	w.peer("liar").block = func(height int64) *types.LightBlock {
		return w.chain.Forge(60, 2, func(h *types.Header) { h.Time = h.Time.Add(time.Millisecond) })
	}
	c := w.client()
	require.NoError(t, c.Update(t.Context()))
	require.EqualValues(t, 60, c.Status().Height)
	require.Contains(t, c.Status().Struck, "liar")
}

func TestAnOldHeaderIsNotGoneOnFrom(t *testing.T) {
	w := newWorld(t, 60, 0)
	a := w.peer("a")
	a.top = 10
	cfg := w.config()
	cfg.Period = time.Hour
	c, err := light.New(cfg)
	require.NoError(t, err)
	require.NoError(t, c.Update(t.Context()))
	a.top = 60
	w.now = w.now.Add(2 * time.Hour)
	require.ErrorIs(t, c.Update(t.Context()), light.ErrExpired)
	require.EqualValues(t, 10, c.Status().Height)
	require.Empty(t, c.Status().Struck, "nobody lied")

	w.now = w.chain.Block(60).Time.Add(time.Minute)
	cfg.Root = w.header(w.chain.Block(50))
	c, err = light.New(cfg)
	require.NoError(t, err)
	require.NoError(t, c.Update(t.Context()))
	require.EqualValues(t, 60, c.Status().Height)
}

func TestAHeaderFromTheFutureWaits(t *testing.T) {
	w := newWorld(t, 60, 0)
	w.peer("a")
	w.now = w.chain.Block(60).Time.Add(-time.Minute)
	c := w.client()
	require.Error(t, c.Update(t.Context()))
	require.Empty(t, c.Status().Struck, "the clock may be ours")
	w.now = w.now.Add(time.Minute)
	require.NoError(t, c.Update(t.Context()))
}

func TestReadsAreProvenAndForgedValuesRefused(t *testing.T) {
	w := newWorld(t, 60, 10)
	liar, mixer := w.peer("liar"), w.peer("mixer")
	c := w.client()
	_, _, err := c.Read(t.Context(), []string{"balance", string(acct(3))})
	require.Error(t, err, "nothing is trusted yet")
	require.NoError(t, c.Update(t.Context()))

	liar.proof = func(p *proof.Proof) { p.Value = bytes.Clone(p.Value); p.Value[len(p.Value)-1]++ }
	mixer.proof = func(p *proof.Proof) {
		raw, err := (&source{w: w, chain: w.chain}).Proof(t.Context(), []string{"balance", string(acct(9))}, 59)
		require.NoError(t, err)
		*p, err = proof.Decode(raw)
		require.NoError(t, err)
	}
	_, _, err = c.Read(t.Context(), []string{"balance", string(acct(3))})
	require.ErrorIs(t, err, light.ErrNoSource)
	require.ErrorIs(t, err, proof.ErrForged)
	require.Len(t, c.Status().Struck, 2)

	w.peer("honest")
	s, p, err := c.Read(t.Context(), []string{"balance", string(acct(3))})
	require.NoError(t, err)
	require.Equal(t, ledger.Natn(300), s.Record.(bank.Account).Balance)
	require.EqualValues(t, 60, p.Height())
	s, _, err = c.Read(t.Context(), []string{"balance", string(acct(77))})
	require.NoError(t, err)
	require.False(t, s.Found)
	h, err := c.Header()
	require.NoError(t, err)
	raw, err := h.Encode()
	require.NoError(t, err)
	_, err = proof.Verify(p, proof.Trusted{Header: raw})
	require.NoError(t, err)
}

func TestUnusableBeginningsAreRefused(t *testing.T) {
	w := newWorld(t, 10, 0)
	for name, spoil := range map[string]func(*light.Config){
		"no validators": func(c *light.Config) { c.Validators = nil },
		"no network":    func(c *light.Config) { c.Network = "" },
		"no time":       func(c *light.Config) { c.GenesisTime = time.Time{} },
		"no period":     func(c *light.Config) { c.Period = 0 },
		"no file":       func(c *light.Config) { c.File = "" },
		"no sources":    func(c *light.Config) { c.Sources = nil },
		"a broken root": func(c *light.Config) { c.Root = []byte("root") },
		"a root of another network": func(c *light.Config) {
			block := lighttest.New(lighttest.Options{Network: "other", Heights: 3, Validators: 2, Start: genesis}).Block(3)
			raw, err := proof.EncodeLight(block)
			require.NoError(t, err)
			c.Root, err = proof.Header{Version: proof.Version, Network: "other", Light: raw}.Encode()
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := w.config()
			spoil(&cfg)
			_, err := light.New(cfg)
			require.Error(t, err)
		})
	}
	w.peer("a")
	c := w.client()
	require.NoError(t, c.Update(t.Context()))
	cfg := w.config()
	cfg.Root = w.header(w.chain.Forge(10, 4, func(h *types.Header) { h.Time = h.Time.Add(1) }))
	_, err := light.New(cfg)
	require.ErrorIs(t, err, light.ErrConflict, "a root that contradicts what is trusted")
}

func TestADeadContextEndsAnUpdate(t *testing.T) {
	w := newWorld(t, 10, 0)
	w.peer("a")
	c := w.client()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.Update(ctx)
	require.True(t, err == nil || errors.Is(err, context.Canceled), fmt.Sprint(err))
}

func FuzzTake(f *testing.F) {
	t := &testing.T{}
	w := &world{t: t, dir: f.TempDir()}
	w.chain = lighttest.New(lighttest.Options{Network: network, Heights: 5, Validators: 2, Start: genesis})
	w.now = w.chain.Block(5).Time.Add(time.Second)
	c, err := light.New(w.config())
	require.NoError(f, err)
	for height := int64(1); height <= 5; height++ {
		raw, err := proof.EncodeLight(w.chain.Block(height))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c.Take(t.Context(), raw, "gossip") == nil {
			s := c.Status()
			require.LessOrEqual(t, s.Height, int64(5))
			require.Empty(t, s.Conflict)
		}
	})
}
