package staking_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
)

// proof is evidence of a double vote at a height by the consensus key number i.
func (w *world) proof(i byte, height int64) staking.Evidence {
	return staking.Evidence{
		Offence: staking.DoubleSign, Address: staking.ConsAddress(consKey(i)), Height: height, TimeMS: w.ctx("").TimeMS,
	}
}

// next is a context in a later epoch.
func (w *world) next(sender ledger.Account, epochs int64) *ledger.Context {
	ctx := w.ctx(sender)
	ctx.WorkMS += epochs * ctx.Params.EpochMS
	return ctx
}

func TestEquivocationCostsAShareOfTheStakeAndTheSeat(t *testing.T) {
	for _, offence := range []staking.Offence{staking.DoubleSign, staking.LightClientAttack} {
		w := newWorld(t)
		ctx := w.ctx("")
		e := w.proof(0, 5)
		e.Offence = offence
		w.Punish(ctx, w.kv, e)
		require.NoError(t, ctx.Faulted())
		require.Equal(t, 19_000*atn, w.of(ann, staking.Validator).Bonded)
		require.Equal(t, 1000*atn, w.vault.treasury)
		require.Equal(t, staking.Barred{Account: ann, Offence: string(offence), Height: 5}, ctx.Emitted()[1])
		require.False(t, w.Active(ctx, w.kv, ann, staking.Validator), "enough stake, but barred")
		require.Equal(t, []staking.Update{{Account: ann, ConsKey: consKey(0)}}, w.EndBlock(w.ctx(""), w.kv))
		w.bond(ann, staking.Validator, 1000*atn)
		require.Empty(t, w.EndBlock(w.ctx(""), w.kv), "more stake does not open the door")
		w.must(w.Unbond(w.ctx(ann), w.kv, staking.Unbond{Role: staking.Validator, Amount: 20_000 * atn}))
		w.sound()
	}
}

func TestEachHeightOfAValidatorIsPunishedOnce(t *testing.T) {
	w := newWorld(t)
	e := w.proof(0, 5)
	w.Punish(w.ctx(""), w.kv, e)
	w.Punish(w.ctx(""), w.kv, e)
	e.Offence = staking.LightClientAttack
	w.Punish(w.ctx(""), w.kv, e)
	require.Equal(t, 19_000*atn, w.of(ann, staking.Validator).Bonded)
	w.Punish(w.ctx(""), w.kv, w.proof(0, 6))
	require.Equal(t, 18_050*atn, w.of(ann, staking.Validator).Bonded)
	w.Punish(w.ctx(""), w.kv, w.proof(1, 5))
	require.Equal(t, 19_000*atn, w.of(bob, staking.Validator).Bonded)
	w.sound()
}

func TestEvidenceOfNobodyOrTooOldIsNothing(t *testing.T) {
	w := newWorld(t)
	before := w.kv.Dump()
	w.Punish(w.ctx(""), w.kv, w.proof(99, 5))
	old := w.proof(0, 5)
	old.TimeMS -= ledger.DevnetParams().Validator.UnbondMS + 1
	w.Punish(w.ctx(""), w.kv, old)
	require.Equal(t, before, w.kv.Dump())
	old.TimeMS++
	w.Punish(w.ctx(""), w.kv, old)
	require.NotEqual(t, before, w.kv.Dump(), "until the last moment")
}

func TestTheProposerWhoseBlockCarriesTheEvidenceIsItsReporter(t *testing.T) {
	w := newWorld(t)
	had := w.vault.balances[bob]
	e := w.proof(0, 5)
	e.Proposer = staking.ConsAddress(consKey(1))
	w.Punish(w.ctx(""), w.kv, e)
	require.Equal(t, had+100*atn, w.vault.balances[bob])
	require.Equal(t, 900*atn, w.vault.treasury)

	e = w.proof(0, 6)
	e.Proposer = staking.ConsAddress(consKey(0))
	was := w.vault.balances[ann]
	w.Punish(w.ctx(""), w.kv, e)
	require.Equal(t, was, w.vault.balances[ann], "nobody is paid for reporting himself")
	w.sound()
}

func TestUnbondingStakeIsSlashedForEquivocation(t *testing.T) {
	w := newWorld(t)
	w.must(w.Unbond(w.ctx(ann), w.kv, staking.Unbond{Role: staking.Validator, Amount: 20_000 * atn}))
	w.Punish(w.ctx(""), w.kv, w.proof(0, 5))
	require.Equal(t, staking.Stake{Unbonding: 19_000 * atn}, w.of(ann, staking.Validator))
	w.sound()
}

func TestTheLastValidatorsStayEvenWhenBarred(t *testing.T) {
	w := newWorld(t)
	w.Punish(w.ctx(""), w.kv, w.proof(0, 5))
	w.Punish(w.ctx(""), w.kv, w.proof(1, 5))
	require.Empty(t, w.EndBlock(w.ctx(""), w.kv), "a chain without validators decides nothing again")
	w.must(w.Bond(w.ctx(eve), w.kv, staking.Bond{Role: staking.Validator, Amount: 10_000 * atn, ConsKey: consKey(7)}))
	require.Len(t, w.EndBlock(w.ctx(""), w.kv), 3)
}

func privateKey(i int) ed25519.PrivateKey { return ledgertest.Key(1000 + i) }

func publicKey(i int) []byte { return privateKey(i)[ed25519.SeedSize:] }

func rotation(i int, account ledger.Account) staking.RotateKey {
	return staking.RotateKey{Key: publicKey(i), Proof: staking.ProveKey(privateKey(i), ledgertest.Network, account)}
}

func consRotation(i int, account ledger.Account) staking.RotateConsensusKey {
	return staking.RotateConsensusKey{
		Key: publicKey(i), Proof: staking.ProveConsensusKey(privateKey(i), ledgertest.Network, account),
	}
}

func TestABarredValidatorReturnsWithANewKeyInTheNextEpoch(t *testing.T) {
	w := newWorld(t)
	w.must(w.RotateConsensusKey(w.ctx(ann), w.kv, consRotation(0, ann)))
	w.Punish(w.ctx(""), w.kv, w.proof(0, 5))
	w.EndBlock(w.ctx(""), w.kv)
	w.must(w.BeginBlock(w.next("", 1), w.kv))
	require.False(t, w.Active(w.ctx(""), w.kv, ann, staking.Validator), "a key asked for before does not count")
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.RotateConsensusKey(w.ctx(ann), w.kv, consRotation(0, ann))), "nor serves again")
	w.must(w.RotateConsensusKey(w.next(ann, 1), w.kv, consRotation(1, ann)))
	w.must(w.BeginBlock(w.next("", 2), w.kv))
	require.True(t, w.Active(w.ctx(""), w.kv, ann, staking.Validator))
	require.Equal(t, []staking.Update{{Account: ann, ConsKey: publicKey(1), Power: 19_000}}, w.EndBlock(w.ctx(""), w.kv))
	w.sound()
}

func TestConsensusKeyRotationTakesEffectInTheNextEpoch(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx(ann)
	w.must(w.RotateConsensusKey(ctx, w.kv, consRotation(0, ann)))
	next := staking.Epoch(ctx) + 1
	require.Equal(t, []ledger.EventData{staking.ConsensusKeyRotated{
		Account: ann, ConsKey: publicKey(0), Replaces: consKey(0), Epoch: next,
	}}, ctx.Emitted())
	pending, ok := w.Pending(w.kv, ann)
	require.True(t, ok)
	require.Equal(t, next, pending.Epoch)
	w.must(w.BeginBlock(w.ctx(""), w.kv))
	require.Empty(t, w.EndBlock(w.ctx(""), w.kv))

	w.must(w.BeginBlock(w.next("", 1), w.kv))
	require.Equal(t, []staking.Update{
		{Account: ann, ConsKey: consKey(0), Power: 0}, {Account: ann, ConsKey: publicKey(0), Power: 20_000},
	}, w.EndBlock(w.ctx(""), w.kv))
	_, ok = w.Pending(w.kv, ann)
	require.False(t, ok)

	w.Punish(w.ctx(""), w.kv, w.proof(0, 5))
	require.Equal(t, 19_000*atn, w.of(ann, staking.Validator).Bonded, "the old key stays slashable")
	w.sound()
}

func TestConsensusKeyRotationRefusals(t *testing.T) {
	w := newWorld(t)
	rotate := func(from ledger.Account, m staking.RotateConsensusKey) ledger.Code {
		return ledger.CodeOf(w.RotateConsensusKey(w.ctx(from), ledger.NewOverlay(w.kv), m))
	}
	require.Equal(t, ledger.CodeRefused, rotate(eve, consRotation(0, eve)), "no validator")
	require.Equal(t, ledger.CodeInvalid, rotate(ann, consRotation(0, bob)), "proof for another account")
	wrong := consRotation(0, ann)
	wrong.Proof = staking.ProveKey(privateKey(0), ledgertest.Network, ann)
	require.Equal(t, ledger.CodeInvalid, rotate(ann, wrong), "proof for another purpose")
	wrong.Proof = staking.ProveConsensusKey(privateKey(0), "other", ann)
	require.Equal(t, ledger.CodeInvalid, rotate(ann, wrong), "proof for another network")
	wrong.Key = consKey(1)
	require.Equal(t, ledger.CodeRefused, rotate(ann, wrong), "another validator's key")
	wrong.Key = consKey(0)
	require.Equal(t, ledger.CodeRefused, rotate(ann, wrong), "the key it has")
	w.must(w.RotateConsensusKey(w.ctx(ann), w.kv, consRotation(0, ann)))
	require.Equal(t, ledger.CodeEarly, rotate(ann, consRotation(1, ann)), "two at once")
	require.Equal(t, ledger.CodeRefused, rotate(bob, consRotation(0, bob)), "a key that waits for another")
}

func TestSigningKeyRotation(t *testing.T) {
	w := newWorld(t)
	key := ledger.AccountFromKey(publicKey(0))
	ctx := w.ctx(eve)
	next := staking.Epoch(ctx) + 1
	w.must(w.RotateKey(ctx, w.kv, rotation(0, eve)))
	require.Equal(t, []ledger.EventData{staking.KeyRotated{Account: eve, Key: key, Replaces: eve, Epoch: next}}, ctx.Emitted())
	require.Equal(t, key, w.Signer(w.kv, eve))
	resolve := func(epochs int64, key ledger.Account) (ledger.Account, ledger.Code) {
		account, err := w.Resolve(w.next("", epochs), w.kv, key)
		return account, ledger.CodeOf(err)
	}
	for _, c := range []struct {
		epochs  int64
		key     ledger.Account
		account ledger.Account
		code    ledger.Code
	}{
		{0, eve, eve, ledger.CodeOK},
		{0, key, "", ledger.CodeEarly},
		{1, eve, "", ledger.CodeRefused},
		{1, key, eve, ledger.CodeOK},
		{100, eve, "", ledger.CodeRefused},
		{100, key, eve, ledger.CodeOK},
		{0, bob, bob, ledger.CodeOK},
	} {
		account, code := resolve(c.epochs, c.key)
		require.Equal(t, c.account, account, c)
		require.Equal(t, c.code, code, c)
	}
	again := ledger.AccountFromKey(publicKey(1))
	w.must(w.RotateKey(w.next(eve, 3), w.kv, rotation(1, eve)))
	account, _ := resolve(3, key)
	require.Equal(t, eve, account)
	_, code := resolve(4, key)
	require.Equal(t, ledger.CodeRefused, code)
	account, _ = resolve(4, again)
	require.Equal(t, eve, account)
}

func TestSigningKeyRotationRefusals(t *testing.T) {
	w := newWorld(t)
	rotate := func(epochs int64, from ledger.Account, m staking.RotateKey) ledger.Code {
		return ledger.CodeOf(w.RotateKey(w.next(from, epochs), ledger.NewOverlay(w.kv), m))
	}
	require.Equal(t, ledger.CodeInvalid, rotate(0, eve, rotation(0, bob)), "proof for another account")
	wrong := rotation(0, eve)
	wrong.Proof = staking.ProveConsensusKey(privateKey(0), ledgertest.Network, eve)
	require.Equal(t, ledger.CodeInvalid, rotate(0, eve, wrong), "proof for another purpose")
	own := staking.RotateKey{Key: ledgertest.Key(3)[ed25519.SeedSize:], Proof: staking.ProveKey(ledgertest.Key(3), ledgertest.Network, eve)}
	require.Equal(t, ledger.CodeRefused, rotate(0, eve, own), "the key it has")
	bobs := staking.RotateKey{Key: ledgertest.Key(2)[ed25519.SeedSize:], Proof: staking.ProveKey(ledgertest.Key(2), ledgertest.Network, eve)}
	require.Equal(t, ledger.CodeRefused, rotate(0, eve, bobs), "the key of another account")
	used := ledger.AccountFromKey(publicKey(0))
	w.vault.used = map[ledger.Account]bool{used: true}
	require.Equal(t, ledger.CodeRefused, rotate(0, eve, rotation(0, eve)), "a key that signed for itself")
	w.vault.used = nil
	had := w.vault.balances[eve]
	w.vault.balances[used] = 7
	w.must(w.RotateKey(w.ctx(eve), w.kv, rotation(0, eve)))
	require.Equal(t, had+7, w.vault.balances[eve], "what was sent to the key comes along")
	require.Equal(t, ledger.CodeEarly, rotate(0, eve, rotation(1, eve)), "two at once")
	require.Equal(t, ledger.CodeRefused, rotate(0, bob, rotation(0, bob)), "a key that serves another")
	require.Equal(t, ledger.CodeOK, rotate(1, eve, rotation(1, eve)))
	require.Equal(t, ledger.CodeRefused, rotate(1, eve, rotation(0, eve)), "a key serves once")
	require.Equal(t, ledger.CodeRefused, rotate(1, eve, own), "the first key does not come back")
	for name, m := range map[string]ledger.Msg{
		"no key":             staking.RotateKey{Proof: make([]byte, 64)},
		"short proof":        staking.RotateKey{Key: publicKey(0), Proof: make([]byte, 63)},
		"no consensus key":   staking.RotateConsensusKey{Proof: make([]byte, 64)},
		"no consensus proof": staking.RotateConsensusKey{Key: publicKey(0)},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
}
