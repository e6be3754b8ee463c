package bank_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
)

const grantMS = 1000

func grantKey(i int) ed25519.PrivateKey { return ledgertest.Key(500 + i) }

func pubOf(i int) []byte { return grantKey(i)[ed25519.SeedSize:] }

func grant(ctx *ledger.Context, i int, amount ledger.Natn) bank.Grant {
	return bank.Grant{Key: pubOf(i), Amount: amount, ExpiresMS: ctx.TimeMS + grantMS}
}

func claim(i int, claimer ledger.Account) bank.Claim {
	return bank.Claim{Key: pubOf(i), Sig: bank.SignClaim(grantKey(i), ledgertest.Network, claimer)}
}

func granted(t *testing.T, k bank.Keeper, kv ledger.KV) ledger.Natn {
	t.Helper()
	sound(t, k, kv)
	sum, err := k.RecountGrants(kv)
	require.NoError(t, err)
	require.Equal(t, k.Totals(kv).Grants, sum)
	return sum
}

func TestAGrantWaitsForWhoeverHoldsItsKey(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	require.NoError(t, k.MakeGrant(ctx, kv, grant(ctx, 1, ledger.ATN)))
	require.Equal(t, ledger.ATN, granted(t, k, kv))
	require.Equal(t, uint64(99*ledger.ATN), k.Balance(kv, ann, "ATN"))

	ctx = ledgertest.Context(bob)
	require.NoError(t, k.ClaimGrant(ctx, kv, claim(1, bob)))
	require.Equal(t, uint64(ledger.ATN), k.Balance(kv, bob, "ATN"))
	require.Equal(t, bank.Claimed{Account: bob, Grantor: ann, Key: pubOf(1), Amount: ledger.ATN}, ctx.Emitted()[1])
	require.Zero(t, granted(t, k, kv))
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(k.ClaimGrant(ctx, kv, claim(1, bob))), "it is used up")
}

func TestGrantRefusals(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	require.NoError(t, k.MakeGrant(ctx, kv, grant(ctx, 1, ledger.ATN)))
	at := func(ms int64) bank.Grant {
		return bank.Grant{Key: pubOf(2), Amount: bank.MinGrant, ExpiresMS: ctx.TimeMS + ms}
	}
	for name, c := range map[string]struct {
		msg  bank.Grant
		code ledger.Code
	}{
		"a key in use":          {grant(ctx, 1, ledger.ATN), ledger.CodeRefused},
		"it has ended":          {at(0), ledger.CodeRefused},
		"it ends too late":      {at(bank.MaxGrantMS + 1), ledger.CodeRefused},
		"more than the balance": {grant(ctx, 2, 100*ledger.ATN), ledger.CodeFunds},
	} {
		err := k.MakeGrant(ledgertest.Context(ann), ledger.NewOverlay(kv), c.msg)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
	}
	for name, m := range map[string]ledger.Msg{
		"short key":       bank.Grant{Key: []byte{1}, Amount: ledger.ATN, ExpiresMS: 1},
		"too little":      bank.Grant{Key: pubOf(2), Amount: bank.MinGrant - 1, ExpiresMS: 1},
		"no end":          bank.Grant{Key: pubOf(2), Amount: bank.MinGrant},
		"claim no key":    bank.Claim{Sig: make([]byte, 64)},
		"claim short sig": bank.Claim{Key: pubOf(1), Sig: make([]byte, 63)},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, at(1).Validate())
	require.NoError(t, claim(1, bob).Validate())
}

func TestClaimRefusals(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	require.NoError(t, k.MakeGrant(ctx, kv, grant(ctx, 1, ledger.ATN)))
	try := func(ms int64, m bank.Claim) ledger.Code {
		ctx := ledgertest.Context(bob)
		ctx.TimeMS += ms
		return ledger.CodeOf(k.ClaimGrant(ctx, ledger.NewOverlay(kv), m))
	}
	require.Equal(t, ledger.CodeNotFound, try(0, claim(2, bob)))
	require.Equal(t, ledger.CodeInvalid, try(0, claim(1, ann)), "a signature for somebody else")
	other := claim(1, bob)
	other.Sig = bank.SignClaim(grantKey(1), "another", bob)
	require.Equal(t, ledger.CodeInvalid, try(0, other), "a signature for another network")
	require.Equal(t, ledger.CodeOK, try(grantMS-1, claim(1, bob)))
	require.Equal(t, ledger.CodeLate, try(grantMS, claim(1, bob)))
}

func TestUnclaimedGrantsGoBackWhenTheyEnd(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	for i := range 300 {
		require.NoError(t, k.MakeGrant(ctx, kv, grant(ctx, i, bank.MinGrant)))
	}
	late := grant(ctx, 300, bank.MinGrant)
	late.ExpiresMS++
	require.NoError(t, k.MakeGrant(ctx, kv, late))

	end := ledgertest.Context("")
	end.TimeMS += grantMS - 1
	require.NoError(t, k.BeginBlock(end, kv))
	require.Empty(t, end.Emitted())
	end.TimeMS++
	require.NoError(t, k.BeginBlock(end, kv))
	require.Equal(t, 45*bank.MinGrant, granted(t, k, kv), "a block ends a bounded number")
	require.NoError(t, k.BeginBlock(end, kv))
	require.Equal(t, bank.MinGrant, granted(t, k, kv))
	end.TimeMS++
	require.NoError(t, k.BeginBlock(end, kv))
	require.Zero(t, granted(t, k, kv))
	require.Equal(t, uint64(100*ledger.ATN), k.Balance(kv, ann, "ATN"))
	require.Equal(t, bank.GrantEnded{Grantor: ann, Key: pubOf(300), Amount: bank.MinGrant}, end.Emitted()[len(end.Emitted())-1])
}

func TestRecountFindsAGrantThatNeverEnds(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	m := grant(ctx, 1, ledger.ATN)
	require.NoError(t, k.MakeGrant(ctx, kv, m))
	for _, key := range kv.Keys() {
		if len(key) > 7 && key[:7] == "bank/q/" {
			kv.Delete([]byte(key))
		}
	}
	_, err := k.RecountGrants(kv)
	require.Error(t, err)
}

func TestAnUnknownAccountThatPaysNothingIsCounted(t *testing.T) {
	k, kv := world(t)
	records := k.Totals(kv).Records
	require.NoError(t, k.Payable(kv, bob, 0, 0))
	require.NoError(t, k.Charge(kv, bob, 0, 0))
	require.Equal(t, records+1, k.Totals(kv).Records)
	require.NoError(t, k.Charge(kv, bob, 1, 0))
	require.Equal(t, records+1, k.Totals(kv).Records)
	require.Equal(t, ledger.CodeNonce, ledger.CodeOf(k.Payable(kv, bob, 1, 0)))
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(k.Payable(kv, bob, 2, 1)))
}
