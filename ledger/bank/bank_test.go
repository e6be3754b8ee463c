package bank_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
)

var (
	ann  = ledgertest.Account(1)
	bob  = ledgertest.Account(2)
	pt   = ledger.ProjectID("net", ann, 0)
	icy  = ledger.ProjectID("net", ann, 1)
	none = ledger.ProjectID("net", ann, 2)
)

// world has ann with 100 ATN and 10 of a free and of a frozen token.
func world(t *testing.T) (bank.Keeper, *ledgertest.KV) {
	t.Helper()
	k, kv := bank.New(), ledgertest.NewKV()
	ctx := ledgertest.Context("")
	require.NoError(t, k.Allocate(kv, bank.Balance(ann), 100*ledger.ATN))
	require.NoError(t, k.Allocate(kv, bank.Treasury(), 7))
	for _, denom := range []string{pt, icy} {
		require.NoError(t, k.OpenToken(kv, denom))
		require.NoError(t, k.Issue(ctx, kv, denom, ann, 10))
	}
	require.NoError(t, k.ReleaseToken(kv, pt))
	return k, kv
}

func sound(t *testing.T, k bank.Keeper, kv ledger.KV) {
	t.Helper()
	require.NoError(t, k.Check(kv))
	require.NoError(t, k.Recount(kv))
}

func TestSendRefusals(t *testing.T) {
	k, kv := world(t)
	for name, c := range map[string]struct {
		from ledger.Account
		msg  bank.Send
		code ledger.Code
	}{
		"to oneself":         {ann, bank.Send{To: ann, Denom: "ATN", Amount: 1}, ledger.CodeRefused},
		"more than is there": {ann, bank.Send{To: bob, Denom: "ATN", Amount: uint64(100*ledger.ATN) + 1}, ledger.CodeFunds},
		"from nothing":       {bob, bank.Send{To: ann, Denom: "ATN", Amount: 1}, ledger.CodeFunds},
		"the whole range":    {ann, bank.Send{To: bob, Denom: "ATN", Amount: math.MaxUint64}, ledger.CodeFunds},
		"unknown token":      {ann, bank.Send{To: bob, Denom: none, Amount: 1}, ledger.CodeNotFound},
		"frozen token":       {ann, bank.Send{To: bob, Denom: icy, Amount: 1}, ledger.CodeRefused},
		"too many tokens":    {ann, bank.Send{To: bob, Denom: pt, Amount: 11}, ledger.CodeFunds},
	} {
		before := kv.Dump()
		err := k.Send(ledgertest.Context(c.from), ledger.NewOverlay(kv), c.msg)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
		require.Equal(t, before, kv.Dump(), name)
	}
}

func TestBurnRefusals(t *testing.T) {
	k, kv := world(t)
	for name, c := range map[string]struct {
		from ledger.Account
		msg  bank.Burn
		code ledger.Code
	}{
		"more than is there": {ann, bank.Burn{Denom: "ATN", Amount: math.MaxUint64}, ledger.CodeFunds},
		"from nothing":       {bob, bank.Burn{Denom: "ATN", Amount: 1}, ledger.CodeFunds},
		"unknown token":      {ann, bank.Burn{Denom: none, Amount: 1}, ledger.CodeNotFound},
		"frozen token":       {ann, bank.Burn{Denom: icy, Amount: 1}, ledger.CodeRefused},
		"too many tokens":    {ann, bank.Burn{Denom: pt, Amount: 11}, ledger.CodeFunds},
	} {
		err := k.Burn(ledgertest.Context(c.from), ledger.NewOverlay(kv), c.msg)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
	}
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	for name, m := range map[string]ledger.Msg{
		"no receiver":    bank.Send{Denom: "ATN", Amount: 1},
		"odd receiver":   bank.Send{To: "12D3KooWx", Denom: "ATN", Amount: 1},
		"no amount":      bank.Send{To: bob, Denom: "ATN"},
		"odd denom":      bank.Send{To: bob, Denom: "atn", Amount: 1},
		"no denom":       bank.Burn{Amount: 1},
		"burn nothing":   bank.Burn{Denom: "ATN"},
		"denom as a key": bank.Burn{Denom: "a/b", Amount: 1},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, bank.Send{To: bob, Denom: pt, Amount: 1}.Validate())
	require.NoError(t, bank.Burn{Denom: "ATN", Amount: 1}.Validate())
}

func TestSendAndBurnMoveExactlyTheAmount(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	require.NoError(t, k.Send(ctx, kv, bank.Send{To: bob, Denom: "ATN", Amount: 30}))
	require.NoError(t, k.Send(ctx, kv, bank.Send{To: bob, Denom: pt, Amount: 10}))
	require.NoError(t, k.Burn(ledgertest.Context(bob), kv, bank.Burn{Denom: pt, Amount: 4}))
	require.NoError(t, k.Burn(ledgertest.Context(bob), kv, bank.Burn{Denom: "ATN", Amount: 5}))
	require.Equal(t, uint64(100*ledger.ATN)-30, k.Balance(kv, ann, "ATN"))
	require.Equal(t, uint64(25), k.Balance(kv, bob, "ATN"))
	require.Zero(t, k.Balance(kv, ann, pt))
	require.Equal(t, uint64(6), k.Balance(kv, bob, pt))
	totals := k.Totals(kv)
	require.Equal(t, 100*ledger.ATN+7-5, totals.Supply)
	require.Equal(t, ledger.Natn(5), totals.Burned)
	require.Equal(t, []ledger.EventData{
		bank.Moved{From: string(ann), To: string(bob), Denom: "ATN", Amount: 30, Cause: "send", Ref: ctx.TxHash.String()},
		bank.Moved{From: string(ann), To: string(bob), Denom: pt, Amount: 10, Cause: "send", Ref: ctx.TxHash.String()},
	}, ctx.Emitted())
	sound(t, k, kv)
}

func TestChargeTakesNonceAndFeeTogetherOrNothing(t *testing.T) {
	k, kv := world(t)
	before := kv.Dump()
	require.Equal(t, ledger.CodeNonce, ledger.CodeOf(k.Charge(kv, ann, 1, 10)))
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(k.Charge(kv, ann, 0, 101*ledger.ATN)))
	require.Equal(t, ledger.CodeFunds, ledger.CodeOf(k.Charge(kv, bob, 0, 1)))
	require.Equal(t, before, kv.Dump())
	require.NoError(t, k.Charge(kv, ann, 0, 10))
	require.Equal(t, ledger.CodeNonce, ledger.CodeOf(k.Charge(kv, ann, 0, 10)), "a nonce serves once")
	record, _ := k.Account(kv, ann)
	require.Equal(t, bank.Account{Nonce: 1, Balance: 100*ledger.ATN - 10}, record)
	require.Error(t, k.Check(kv), "fees must not outlive their block")
}

func TestFeesGoToValidatorsByStakeAndTheRestToTheTreasury(t *testing.T) {
	k, kv := world(t)
	require.NoError(t, k.Charge(kv, ann, 0, 1000))
	ctx := ledgertest.Context("")
	require.NoError(t, k.Distribute(ctx, kv, []bank.Share{{ann, 1 << 61}, {bob, 1 << 60}, {ledgertest.Account(3), 1}}))
	require.Equal(t, uint64(100*ledger.ATN)-1000+666, k.Balance(kv, ann, "ATN"))
	require.Equal(t, uint64(333), k.Balance(kv, bob, "ATN"))
	require.Equal(t, ledger.Natn(7+1), k.Totals(kv).Treasury)
	require.Len(t, ctx.Emitted(), 3)
	sound(t, k, kv)

	require.NoError(t, k.Charge(kv, ann, 1, 50))
	require.NoError(t, k.Distribute(ctx, kv, nil))
	require.Equal(t, ledger.Natn(58), k.Totals(kv).Treasury, "without validators all of it is the treasury's")
	sound(t, k, kv)
}

func TestMovesBetweenPotsAreChecked(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context("")
	pots := []bank.Pot{bank.Stakes(), bank.Unbonding(), bank.Escrows(), bank.Projects(), bank.Treasury()}
	from := bank.Balance(ann)
	for _, to := range pots {
		require.NoError(t, k.Move(ctx, kv, from, to, 3, "test", "ref"))
		from = to
		sound(t, k, kv)
	}
	require.Equal(t, ledger.Natn(10), k.Totals(kv).Treasury)
	for _, empty := range pots[:4] {
		require.Equal(t, ledger.CodeFunds, ledger.CodeOf(k.Move(ctx, ledger.NewOverlay(kv), empty, bank.Treasury(), 1, "test", "")))
	}
	require.NoError(t, k.Move(ctx, kv, bank.Stakes(), bank.Treasury(), 0, "nothing", ""))
	require.Len(t, ctx.Emitted(), len(pots), "moving nothing leaves no event")
	require.Equal(t, "treasury", bank.Treasury().String())
	require.Equal(t, string(ann), bank.Balance(ann).String())
}

func TestTheSupplyCannotOverflow(t *testing.T) {
	k, kv := bank.New(), ledgertest.NewKV()
	require.NoError(t, k.Allocate(kv, bank.Treasury(), math.MaxUint64))
	require.Error(t, k.Allocate(kv, bank.Treasury(), 1))
}

func TestRecountFindsEveryForgery(t *testing.T) {
	k, clean := world(t)
	sound(t, k, clean)
	for name, forge := range map[string]func(kv *ledgertest.KV){
		"a balance": func(kv *ledgertest.KV) {
			ledger.Save(kv, ledger.Key("bank", "a", string(bob)), bank.Account{Balance: 1})
		},
		"a holding": func(kv *ledgertest.KV) { ledger.Save(kv, ledger.Key("bank", "h", pt, string(bob)), uint64(1)) },
		"a token":   func(kv *ledgertest.KV) { ledger.Save(kv, ledger.Key("bank", "h", none, string(bob)), uint64(1)) },
		"a total":   func(kv *ledgertest.KV) { ledger.Save(kv, ledger.Key("bank", "t"), bank.Totals{Supply: 7, Treasury: 7}) },
		"less sold": func(kv *ledgertest.KV) { ledger.Save(kv, ledger.Key("bank", "d", pt), bank.Token{Issued: 9}) },
	} {
		kv := clean.Clone()
		forge(kv)
		require.Error(t, k.Recount(kv), name)
	}
}

func TestTakingBackATokenLeavesNoneBehind(t *testing.T) {
	k, kv := world(t)
	ctx := ledgertest.Context(ann)
	amount, err := k.TakeBack(ctx, kv, icy, ann)
	require.NoError(t, err)
	require.Equal(t, uint64(10), amount)
	token, _ := k.Token(kv, icy)
	require.Zero(t, token.Outstanding())
	sound(t, k, kv)
	_, err = k.TakeBack(ctx, kv, none, ann)
	require.Error(t, err)
	require.Error(t, k.Issue(ctx, kv, none, ann, 1))
	require.Error(t, k.ReleaseToken(kv, none))
	require.Error(t, k.OpenToken(kv, pt))
	require.Error(t, k.Issue(ctx, kv, pt, ann, math.MaxUint64))
	holders := 0
	k.Holders(kv, pt, func(h bank.Holding) bool {
		require.Equal(t, bank.Holding{Denom: pt, Holder: ann, Amount: 10}, h)
		holders++
		return true
	})
	require.Equal(t, 1, holders)
}

func TestTheRecordsAreThoseOfTheCodec(t *testing.T) {
	k, kv := world(t)
	require.NoError(t, k.Charge(kv, ann, 0, 1000))
	record, _ := k.Account(kv, ann)
	for key, want := range map[string]any{"bank/t": k.Totals(kv), "bank/a/" + string(ann): record} {
		raw, err := ledger.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, raw, kv.Get([]byte(key)), key)
	}
}
