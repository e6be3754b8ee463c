package proof_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/iavl"
	iavldb "github.com/cosmos/iavl/db"
	ics23 "github.com/cosmos/ics23/go"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/lighttest"
	"autonet/ledger/proof"
)

const network = "test-1"

// world is a state with a few accounts and the events of two blocks, and the chain whose headers commit to it.
type world struct {
	tb     testing.TB
	tree   *iavl.MutableTree
	chain  *lighttest.Chain
	events []ledger.Event
}

func acct(i int) ledger.Account {
	return ledger.AccountFromKey(bytes.Repeat([]byte{byte(i + 1)}, 32))
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, tree: iavl.NewMutableTree(iavldb.NewMemDB(), 100, true, iavl.NewNopLogger())}
	set := func(key []byte, v any) {
		raw, err := ledger.Marshal(v)
		require.NoError(tb, err)
		_, err = w.tree.Set(key, raw)
		require.NoError(tb, err)
	}
	for i := range 20 {
		set(ledger.Key("bank", "a", string(acct(i))), bank.Account{Nonce: uint64(i), Balance: ledger.Natn(1000 * i)})
	}
	for i := range 5 {
		data, err := ledger.Marshal(bank.Moved{From: string(acct(0)), To: string(acct(i)), Denom: "ATN", Amount: uint64(i)})
		require.NoError(tb, err)
		w.events = append(w.events, ledger.Event{Height: 7, Index: i, TimeMS: 1, Kind: "bank/moved", Data: data})
	}
	root, err := app.RootOf(w.events)
	require.NoError(tb, err)
	set(ledger.Key("app", "e", fmt.Sprintf("%016x", 7)), root)
	hash, _, err := w.tree.SaveVersion()
	require.NoError(tb, err)
	w.chain = lighttest.New(lighttest.Options{
		Network: network, Heights: 40, Validators: 4, Rotate: 10, Start: time.UnixMilli(1_700_000_000_000),
		AppHash: func(int64) []byte { return hash },
	})
	return w
}

func (w *world) light(block *types.LightBlock) []byte {
	w.tb.Helper()
	raw, err := proof.EncodeLight(block)
	require.NoError(w.tb, err)
	return raw
}

func (w *world) header(block *types.LightBlock) []byte {
	w.tb.Helper()
	raw, err := proof.Header{Version: proof.Version, Network: network, Light: w.light(block)}.Encode()
	require.NoError(w.tb, err)
	return raw
}

func (w *world) hash() ledger.Hash {
	return proof.FactsOf(w.chain.Block(12)).Hash
}

// prove makes a proof that builds on the header of height 12.
func (w *world) prove(words ...string) proof.Proof {
	w.tb.Helper()
	what, err := app.ProvableKey(words[0], words[1:]...)
	require.NoError(w.tb, err)
	p := proof.Proof{Version: proof.Version, Network: network, What: what.Words, Light: w.light(w.chain.Block(12))}
	tree, err := w.tree.GetImmutable(1)
	require.NoError(w.tb, err)
	p.Value, err = tree.Get(what.Key)
	require.NoError(w.tb, err)
	p.Found = p.Value != nil
	var path *ics23.CommitmentProof
	if p.Found {
		path, err = tree.GetMembershipProof(what.Key)
	} else {
		path, err = tree.GetNonMembershipProof(what.Key)
	}
	require.NoError(w.tb, err)
	p.Path, err = path.Marshal()
	require.NoError(w.tb, err)
	if what.IsEvent() && p.Found {
		_, raw, err := app.EventLeaf(w.events[what.EventIndex])
		require.NoError(w.tb, err)
		way, err := app.EventPath(w.events, int(what.EventIndex))
		require.NoError(w.tb, err)
		p.Event = &proof.Event{Raw: raw, Path: way}
	}
	return p
}

func TestARecordIsProvenAgainstAHeadersHash(t *testing.T) {
	w := newWorld(t)
	raw, err := w.prove("balance", string(acct(3))).Encode()
	require.NoError(t, err)
	p, err := proof.Decode(raw)
	require.NoError(t, err)
	s, err := proof.Verify(p, proof.Trusted{Hash: w.hash()})
	require.NoError(t, err)
	require.True(t, s.Found)
	require.Equal(t, bank.Account{Nonce: 3, Balance: 3000}, s.Record)
	require.EqualValues(t, 11, s.Height)
	require.Equal(t, network, s.Header.Network)
}

func TestAbsenceIsProvenToo(t *testing.T) {
	w := newWorld(t)
	for i := 30; i < 40; i++ {
		s, err := proof.Verify(w.prove("balance", string(acct(i))), proof.Trusted{Hash: w.hash()})
		require.NoError(t, err)
		require.False(t, s.Found)
		require.Nil(t, s.Record)
	}
	present, absent := w.prove("balance", string(acct(3))), w.prove("balance", string(acct(33)))
	present.Found, present.Value = false, nil
	_, err := proof.Verify(present, proof.Trusted{Hash: w.hash()})
	require.ErrorIs(t, err, proof.ErrForged, "a record that is there cannot be denied")
	absent.Found, absent.Value = true, []byte{0x82, 0, 1}
	_, err = proof.Verify(absent, proof.Trusted{Hash: w.hash()})
	require.ErrorIs(t, err, proof.ErrForged, "a record that is not there cannot be invented")
}

func TestAnEventIsProvenByItsBlocksRoot(t *testing.T) {
	w := newWorld(t)
	for i, e := range w.events {
		s, err := proof.Verify(w.prove("event", "7", fmt.Sprint(i)), proof.Trusted{Hash: w.hash()})
		require.NoError(t, err)
		require.Equal(t, e, *s.Event)
		require.Equal(t, uint64(i), s.Record.(bank.Moved).Amount)
	}
	s, err := proof.Verify(w.prove("event", "8", "0"), proof.Trusted{Hash: w.hash()})
	require.NoError(t, err)
	require.False(t, s.Found, "a block without events has none at all")

	forged := w.prove("event", "7", "1")
	forged.Event.Raw = w.prove("event", "7", "2").Event.Raw
	_, err = proof.Verify(forged, proof.Trusted{Hash: w.hash()})
	require.ErrorIs(t, err, proof.ErrForged)
	forged = w.prove("event", "7", "1")
	forged.What = []string{"event", "7", "2"}
	_, err = proof.Verify(forged, proof.Trusted{Hash: w.hash()})
	require.ErrorIs(t, err, proof.ErrForged, "another place")
	forged = w.prove("event", "7", "1")
	forged.Event = nil
	_, err = proof.Verify(forged, proof.Trusted{Hash: w.hash()})
	require.ErrorIs(t, err, proof.ErrMalformed)
}

func TestAHeaderIsTrustedForItsValidators(t *testing.T) {
	w := newWorld(t)
	p := w.prove("balance", string(acct(3)))
	for _, height := range []int64{10, 12, 15, 19} { // the same four validate from 10 to 19
		_, err := proof.Verify(p, proof.Trusted{Header: w.header(w.chain.Block(height))})
		require.NoError(t, err, height)
	}
	_, err := proof.Verify(p, proof.Trusted{Header: w.header(w.chain.Block(9))})
	require.NoError(t, err, "its next validators are theirs")
	for _, height := range []int64{8, 20, 33} {
		_, err := proof.Verify(p, proof.Trusted{Header: w.header(w.chain.Block(height))})
		require.ErrorIs(t, err, proof.ErrUntrusted, height)
	}
}

func TestWhatDoesNotFollowFromTheTrustedHeaderIsRefused(t *testing.T) {
	w := newWorld(t)
	trusted := proof.Trusted{Hash: w.hash()}
	other := lighttest.New(lighttest.Options{Network: "other-1", Heights: 12, Validators: 4, Start: time.UnixMilli(1_700_000_000_000)})
	for name, c := range map[string]struct {
		trusted proof.Trusted
		change  func(p *proof.Proof)
		want    error
	}{
		"nothing trusted":      {proof.Trusted{}, func(*proof.Proof) {}, proof.ErrUntrusted},
		"another hash trusted": {proof.Trusted{Hash: ledger.Hash{1}}, func(*proof.Proof) {}, proof.ErrUntrusted},
		"a forged value":       {trusted, func(p *proof.Proof) { p.Value[len(p.Value)-1]++ }, proof.ErrForged},
		"another key":          {trusted, func(p *proof.Proof) { p.What[1] = string(acct(4)) }, proof.ErrForged},
		"another kind": {trusted, func(p *proof.Proof) {
			p.What = []string{"key", hex.EncodeToString(ledger.Key("bank", "t"))}
		}, proof.ErrForged},
		"a broken path": {trusted, func(p *proof.Proof) { p.Path[len(p.Path)/2]++ }, nil},
		"no path":       {trusted, func(p *proof.Proof) { p.Path = nil }, proof.ErrMalformed},
		"a forged header": {trusted, func(p *proof.Proof) {
			p.Light = w.light(w.chain.Forge(12, 4, func(h *types.Header) { h.AppHash = bytes.Repeat([]byte{7}, 32) }))
		}, proof.ErrUntrusted},
		"a forged header signed by too few": {proof.Trusted{Header: w.header(w.chain.Block(11))}, func(p *proof.Proof) {
			p.Light = w.light(w.chain.Forge(12, 2, func(h *types.Header) { h.Time = h.Time.Add(time.Second) }))
		}, proof.ErrUntrusted},
		"another header of the trusted height": {proof.Trusted{Header: w.header(w.chain.Block(12))}, func(p *proof.Proof) {
			p.Light = w.light(w.chain.Forge(12, 4, func(h *types.Header) { h.Time = h.Time.Add(time.Second) }))
		}, proof.ErrUntrusted},
		"another network":               {trusted, func(p *proof.Proof) { p.Network = "other-1" }, proof.ErrMalformed},
		"another network's header":      {trusted, func(p *proof.Proof) { p.Network, p.Light = "other-1", w.light(other.Block(12)) }, proof.ErrUntrusted},
		"a network that is not trusted": {proof.Trusted{Network: "other-1", Hash: w.hash()}, func(*proof.Proof) {}, proof.ErrUntrusted},
		"another version":               {trusted, func(p *proof.Proof) { p.Version++ }, proof.ErrMalformed},
		"no words":                      {trusted, func(p *proof.Proof) { p.What = nil }, proof.ErrMalformed},
		"unknown words":                 {trusted, func(p *proof.Proof) { p.What = []string{"wealth"} }, proof.ErrMalformed},
		"an event's part elsewhere":     {trusted, func(p *proof.Proof) { p.Event = &proof.Event{} }, proof.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.prove("balance", string(acct(3)))
			c.change(&p)
			_, err := proof.Verify(p, c.trusted)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestEveryChangedByteOfAProofIsNoticed(t *testing.T) {
	w := newWorld(t)
	raw, err := w.prove("balance", string(acct(3))).Encode()
	require.NoError(t, err)
	honest, err := proof.Verify(mustDecode(t, raw), proof.Trusted{Hash: w.hash()})
	require.NoError(t, err)
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		p, err := proof.Decode(bad)
		if err != nil {
			continue
		}
		s, err := proof.Verify(p, proof.Trusted{Hash: w.hash()})
		if err == nil { // what no statement rests on may differ, such as a signature beyond two thirds
			require.Equal(t, honest, s, i)
		}
	}
}

func TestAProvenRecordOfAnUnknownFormIsNoLie(t *testing.T) {
	w := newWorld(t)
	key := ledger.Key("bank", "a", string(acct(3)))
	_, err := w.tree.Set(key, []byte{0x83, 1, 2, 3})
	require.NoError(t, err)
	root, version, err := w.tree.SaveVersion()
	require.NoError(t, err)
	tree, err := w.tree.GetImmutable(version)
	require.NoError(t, err)
	path, err := tree.GetMembershipProof(key)
	require.NoError(t, err)
	p := w.prove("balance", string(acct(3)))
	p.Value = []byte{0x83, 1, 2, 3}
	p.Path, err = path.Marshal()
	require.NoError(t, err)
	block := w.chain.Forge(12, 4, func(h *types.Header) { h.AppHash = root })
	p.Light = w.light(block)
	_, err = proof.Verify(p, proof.Trusted{Hash: proof.FactsOf(block).Hash})
	require.ErrorIs(t, err, proof.ErrUnreadable)
}

func mustDecode(tb testing.TB, raw []byte) proof.Proof {
	tb.Helper()
	p, err := proof.Decode(raw)
	require.NoError(tb, err)
	return p
}

func TestAHeaderDocumentAgreesWithItself(t *testing.T) {
	w := newWorld(t)
	_, facts, err := proof.DecodeHeader(w.header(w.chain.Block(12)))
	require.NoError(t, err)
	require.Equal(t, w.hash(), facts.Hash)
	_, _, err = proof.DecodeHeader(w.header(w.chain.Forge(12, 2, func(*types.Header) {})))
	require.ErrorIs(t, err, proof.ErrUntrusted)
	_, _, err = proof.DecodeHeader([]byte("no header"))
	require.ErrorIs(t, err, proof.ErrMalformed)
	_, err = proof.Decode(make([]byte, proof.MaxBytes+1))
	require.ErrorIs(t, err, proof.ErrMalformed)
}

func FuzzVerifyAcceptsOnlyTheTruth(f *testing.F) {
	w := newWorld(f)
	truth := map[string]proof.Statement{}
	for _, words := range [][]string{{"balance", string(acct(3))}, {"balance", string(acct(33))}, {"event", "7", "2"}, {"events", "7"}} {
		p := w.prove(words...)
		s, err := proof.Verify(p, proof.Trusted{Hash: w.hash()})
		require.NoError(f, err)
		truth[fmt.Sprint(words)] = s
		raw, err := p.Encode()
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := proof.Decode(raw)
		if err != nil {
			return
		}
		s, err := proof.Verify(p, proof.Trusted{Hash: w.hash()})
		if err != nil {
			return
		}
		if known, ok := truth[fmt.Sprint(p.What)]; ok {
			require.Equal(t, known, s)
		}
	})
}

func FuzzDecodeHeader(f *testing.F) {
	w := newWorld(f)
	f.Add(w.header(w.chain.Block(12)))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _, _ = proof.DecodeHeader(raw)
	})
}
