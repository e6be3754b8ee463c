package app_test

import (
	"crypto/ed25519"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// bad is a transaction that the door refuses, and the code it gives.
type bad struct {
	name string
	raw  []byte
	code ledger.Code
}

// signedAs signs any body of bytes with a key.
func signedAs(tb testing.TB, from ed25519.PrivateKey, body ledger.Body) []byte {
	tb.Helper()
	inner, err := ledger.Marshal(body)
	require.NoError(tb, err)
	sig := ed25519.Sign(from, append([]byte("autonet/tx/v1"+body.Network), inner...))
	raw, err := ledger.Marshal(ledger.Tx{Body: inner, Key: from[ed25519.SeedSize:], Sig: sig})
	require.NoError(tb, err)
	return raw
}

// badTransactions is one of every kind that the door refuses, small and large. It prepares the chain for some.
func badTransactions(c *chain) []bad {
	tb := c.t
	c.must(owner, bank.Grant{Key: ledgertest.Key(700)[ed25519.SeedSize:], Amount: atn, ExpiresMS: c.timeMS + 1_000_000})
	next := ledgertest.Key(701)
	c.must(second, staking.RotateKey{
		Key: next[ed25519.SeedSize:], Proof: staking.ProveKey(next, network, acct(second)),
	})
	send := bank.Send{To: acct(owner), Denom: ledger.DenomATN, Amount: 1}
	msg := func(m ledger.Msg) []byte {
		raw, err := ledger.Marshal(m)
		require.NoError(tb, err)
		return raw
	}
	body := func() ledger.Body {
		return ledger.Body{Network: network, Nonce: c.view().Nonce(acct(citizen)), Kind: send.Kind(), Msg: msg(send), Fee: 1 << 30}
	}
	with := func(change func(*ledger.Body)) []byte {
		b := body()
		change(&b)
		return signedAs(tb, key(citizen), b)
	}
	forged := func(raw []byte) []byte {
		tx, _, err := ledger.DecodeTx(raw)
		require.NoError(tb, err)
		tx.Sig[7] ^= 1
		return raw
	}
	claimer := ledgertest.Key(702)
	claim := func(sig []byte) []byte {
		return signedAs(tb, claimer, ledger.Body{
			Network: network, Kind: "bank/claim",
			Msg: msg(bank.Claim{Key: ledgertest.Key(700)[ed25519.SeedSize:], Sig: sig}),
		})
	}
	claimerAccount := ledgertest.Account(702)
	good := signedAs(tb, key(citizen), body())
	var hashes []ledger.Hash
	for i := range 4000 {
		hashes = append(hashes, digest(i))
	}
	large := task.OpenSteps{Task: ledger.TaskID(network, acct(owner), 5)}
	for i := range 4 {
		large.Intervals = append(large.Intervals, task.IntervalOpening{Index: uint32(i), Hashes: hashes[i*1000 : i*1000+1000]})
	}
	require.NoError(tb, large.Validate())
	reveal := task.Reveal{Task: large.Task, Doc: make([]byte, 250_000), Salt: digest("s")}
	largeBody := func(b *ledger.Body) { b.Kind, b.Msg = large.Kind(), msg(large) }
	return []bad{
		{"garbage", []byte{1, 2, 3}, ledger.CodeInvalid},
		{"large garbage", make([]byte, ledger.MaxTxBytes), ledger.CodeInvalid},
		{"too large", make([]byte, ledger.MaxTxBytes+1), ledger.CodeInvalid},
		{"trailing byte", append(append([]byte(nil), good...), 0), ledger.CodeInvalid},
		{"another spelling", append([]byte{0xb8, 3}, good[1:]...), ledger.CodeInvalid},
		{"cut short", good[:len(good)-1], ledger.CodeInvalid},
		{"another network", with(func(b *ledger.Body) { b.Network = "other" }), ledger.CodeInvalid},
		{"unknown kind", with(func(b *ledger.Body) { b.Kind = "bank/mint" }), ledger.CodeInvalid},
		{"low fee", with(func(b *ledger.Body) { b.Fee = 1000 }), ledger.CodeFee},
		{"used nonce", with(func(b *ledger.Body) { b.Nonce = math.MaxUint64 }), ledger.CodeNonce},
		{"late nonce", with(func(b *ledger.Body) { b.Nonce++ }), ledger.CodeNonce},
		{"no money", signedAs(tb, ledgertest.Key(703), ledger.Body{Network: network, Kind: send.Kind(), Msg: msg(send), Fee: 1 << 30}), ledger.CodeFunds},
		{"no message", with(func(b *ledger.Body) { b.Msg = []byte{0xa0} }), ledger.CodeInvalid},
		{"another message", with(func(b *ledger.Body) { b.Msg = msg(staking.Unbond{Role: staking.Solver, Amount: 1}) }), ledger.CodeInvalid},
		{"amount beyond 64 bits", with(func(b *ledger.Body) {
			raw := msg(bank.Burn{Denom: "ATN", Amount: math.MaxUint64})
			at := len(raw) - 8
			b.Kind, b.Msg = "bank/burn", append(append(append([]byte(nil), raw[:at-1]...), 0xc2, 0x49, 1), raw[at:]...)
		}), ledger.CodeInvalid},
		{"zero amount", with(func(b *ledger.Body) { b.Msg = msg(bank.Send{To: acct(owner), Denom: "ATN"}) }), ledger.CodeInvalid},
		{"work without a lease", with(func(b *ledger.Body) { b.Kind, b.Msg = "task/claim", msg(task.Claim{Task: large.Task}) }), ledger.CodeHalted},
		{"large work without a lease", with(largeBody), ledger.CodeHalted},
		{"key not yet in force", signedAs(tb, next, ledger.Body{Network: network, Kind: send.Kind(), Msg: msg(send), Fee: 1 << 30}), ledger.CodeEarly},
		{"bad signature", forged(with(func(*ledger.Body) {})), ledger.CodeInvalid},
		{"large nonsense", with(func(b *ledger.Body) { b.Kind, b.Msg = "bank/send", msg(reveal) }), ledger.CodeInvalid},
		{"claim of nothing", signedAs(tb, claimer, ledger.Body{
			Network: network, Kind: "bank/claim", Msg: msg(bank.Claim{Key: next[ed25519.SeedSize:], Sig: make([]byte, 64)}),
		}), ledger.CodeNotFound},
		{"claim with a false grant signature", claim(bank.SignClaim(claimer, network, claimerAccount)), ledger.CodeInvalid},
		{"claim with a false signature", forged(claim(bank.SignClaim(ledgertest.Key(700), network, claimerAccount))), ledger.CodeInvalid},
		{"pulse of no governor", signedAs(tb, key(citizen), ledger.Body{
			Network: network, Nonce: c.view().Nonce(acct(citizen)), Kind: "heartbeat/pulse", Msg: msg(c.pulse()),
		}), ledger.CodeRefused},
	}
}

// badWork is what only fails while a lease is live.
func badWork(c *chain) []bad {
	all := badTransactions(c)
	c.beat()
	nonce := c.view().Nonce(acct(citizen))
	var out []bad
	for _, one := range all {
		if one.name != "large work without a lease" {
			continue
		}
		_, body, err := ledger.DecodeTx(one.raw)
		require.NoError(c.t, err)
		body.Nonce = nonce
		forged := signedAs(c.t, key(citizen), body)
		tx, _, err := ledger.DecodeTx(forged)
		require.NoError(c.t, err)
		tx.Sig[7] ^= 1
		out = append(out, bad{"large work with a bad signature", forged, ledger.CodeInvalid})
		msg := append([]byte(nil), body.Msg...)
		msg[len(msg)-34] ^= 0x20 // the last hash becomes text
		body.Msg = msg
		out = append(out, bad{"large work malformed at its end", signedAs(c.t, key(citizen), body), ledger.CodeInvalid})
	}
	return out
}

// BenchmarkRefuse measures what the door pays to refuse one transaction of every kind of badness, in units of verifying the
// Ed25519 signature of the same transaction, both taken in turns in one run. The protocol's bound is 1.5.
func BenchmarkRefuse(b *testing.B) {
	idle, working := newChain(b), newChain(b)
	for _, group := range []struct {
		c    *chain
		list []bad
	}{{idle, badTransactions(idle)}, {working, badWork(working)}} {
		for _, one := range group.list {
			b.Run(one.name, func(b *testing.B) { refuse(b, group.c, one) })
		}
	}
}

func refuse(b *testing.B, c *chain, one bad) {
	b.Helper()
	pub, priv := key(citizen)[ed25519.SeedSize:], key(citizen)
	signed := one.raw
	if len(signed) > ledger.MaxTxBytes {
		signed = signed[:ledger.MaxTxBytes]
	}
	sig := ed25519.Sign(priv, signed)
	info := c.info()
	var refusing, verifying time.Duration
	var before, after runtime.MemStats
	var bytes uint64
	for b.Loop() {
		runtime.ReadMemStats(&before)
		start := time.Now()
		for range 8 {
			if err := c.CheckTx(ledger.NewOverlay(c.kv), info, one.raw); ledger.CodeOf(err) != one.code {
				b.Fatalf("%s: %v", one.name, err)
			}
		}
		refused := time.Now()
		runtime.ReadMemStats(&after)
		bytes += after.TotalAlloc - before.TotalAlloc
		verify := time.Now()
		for range 8 {
			ledger.VerifySignature(pub, signed, sig)
		}
		verifying += time.Since(verify)
		refusing += refused.Sub(start)
	}
	n := float64(8 * b.N)
	b.ReportMetric(float64(refusing.Nanoseconds())/n, "ns/refusal")
	b.ReportMetric(float64(refusing)/float64(verifying), "ratio")
	b.ReportMetric(float64(bytes)/n, "B/refusal")
	b.ReportMetric(0, "ns/op")
}

// TestTheDoorRefusesWithATypedCodeAndASentence also keeps the benchmark's list honest.
func TestTheDoorRefusesWithATypedCodeAndASentence(t *testing.T) {
	idle, working := newChain(t), newChain(t)
	for _, group := range []struct {
		c    *chain
		list []bad
	}{{idle, badTransactions(idle)}, {working, badWork(working)}} {
		for _, one := range group.list {
			before := group.c.kv.Dump()
			scratch := ledger.NewOverlay(group.c.kv)
			err := group.c.CheckTx(scratch, group.c.info(), one.raw)
			require.Equal(t, one.code, ledger.CodeOf(err), "%s: %v", one.name, err)
			require.Greater(t, len(err.Error()), 20, "%s: %v", one.name, err)
			require.Less(t, len(err.Error()), 400, one.name)
			scratch.Changes(func(key, _, _ []byte) { t.Errorf("%s: the door wrote %s", one.name, key) })
			res := group.c.DeliverTx(group.c.kv, group.c.info(), one.raw)
			require.Equal(t, one.code, res.Code, "%s: %s", one.name, res.Text)
			if one.name != "pulse of no governor" { // uses its nonce in a block
				require.Equal(t, before, group.c.kv.Dump(), one.name)
			}
		}
	}
}
