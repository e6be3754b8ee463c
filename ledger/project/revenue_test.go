package project_test

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
)

// sell settles one order of this worth; a quarter of it is the holders'.
func (w *world) sell(worth uint64) {
	w.t.Helper()
	orderID := w.placed(owner, order(worth))
	w.block(1)
	w.must(w.order(orderID).Provider, project.Deliver{Order: orderID, Output: cid})
	w.block(rule.ReviewMS)
}

func TestRevenueIsDrawnOnceByWhoHeldTokensWhenItCame(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	annHeld, bobHeld := w.bank.Balance(w.kv, ann, id), w.bank.Balance(w.kv, bob, id)
	require.Equal(t, uint64(100), annHeld+bobHeld)
	w.sell(40_000) // 10 000 for 100 tokens
	require.Equal(t, ledger.Natn(annHeld*100), w.Due(w.kv, id, ann))
	w.must(ann, bank.Send{To: dora, Denom: id, Amount: annHeld})
	require.Equal(t, ledger.Natn(annHeld*100), w.Due(w.kv, id, ann), "selling the tokens does not sell what was earned")
	require.Zero(t, w.Due(w.kv, id, dora), "nor does buying buy it")
	before := w.balance(ann)
	w.must(ann, project.Withdraw{Project: id})
	require.Equal(t, before+ledger.Natn(annHeld*100), w.balance(ann))
	require.Equal(t, ledger.CodeNotFound, w.run(ann, project.Withdraw{Project: id}), "never twice")
	require.Equal(t, ledger.CodeNotFound, w.run(dora, project.Withdraw{Project: id}))
	require.Equal(t, ledger.CodeNotFound, w.run(dora, project.Withdraw{Project: none}))
	w.sell(40_000)
	require.Zero(t, w.Due(w.kv, id, ann))
	require.Equal(t, ledger.Natn(annHeld*100), w.Due(w.kv, id, dora))
	require.Equal(t, ledger.Natn(bobHeld*200), w.Due(w.kv, id, bob))
	w.must(bob, project.Withdraw{Project: id})
	w.must(dora, project.Withdraw{Project: id})
	w.sound()
}

func TestRevenueWithoutHoldersIsTheTreasurys(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	for _, holder := range []ledger.Account{ann, bob} {
		w.must(holder, bank.Burn{Denom: id, Amount: w.bank.Balance(w.kv, holder, id)})
	}
	w.sell(1000)
	closed, _ := w.events[len(w.events)-1].(project.OrderClosed)
	require.Zero(t, closed.Holders)
	require.Equal(t, ledger.Natn(400), closed.Treasury)
	require.Zero(t, w.bank.Totals(w.kv).Revenues)
	require.Equal(t, ledger.Natn(400), w.bank.Totals(w.kv).Treasury)
}

// naive is revenue shared one event at a time, in exact fractions.
type naive struct {
	held map[ledger.Account]uint64
	owed map[ledger.Account]*big.Rat
	took map[ledger.Account]ledger.Natn
}

func (n *naive) share(amount ledger.Natn) {
	out := uint64(0)
	for _, held := range n.held {
		out += held
	}
	for holder, held := range n.held {
		if held > 0 {
			part := new(big.Rat).SetFrac(new(big.Int).SetUint64(uint64(amount)), new(big.Int).SetUint64(out))
			part.Mul(part, new(big.Rat).SetInt(new(big.Int).SetUint64(held)))
			n.owed[holder].Add(n.owed[holder], part)
		}
	}
}

// Whoever buys, sells, burns and withdraws in whatever order has been given, and is owed, the exact share rounded down.
func TestEveryHolderGetsExactlyItsShare(t *testing.T) {
	for seed := range int64(8) {
		random := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		price := uint64(1 + random.Intn(20)) // cheap tokens: more of them than revenue
		id2 := ledger.ProjectID(ledgertest.Network, owner, 7)
		ctx := w.ctx(owner)
		ctx.Nonce = 7
		require.NoError(t, w.Create(ctx, w.kv, project.Create{
			Name: "cheap", Goal: 1000, DeadlineMS: 1_000_000, PTBase: price, Model: "m",
		}))
		n := &naive{held: map[ledger.Account]uint64{}, owed: map[ledger.Account]*big.Rat{}, took: map[ledger.Account]ledger.Natn{}}
		holders := make([]ledger.Account, 6)
		for i := range holders {
			holders[i] = ledgertest.Account(20 + i)
			n.owed[holders[i]] = new(big.Rat)
			require.NoError(t, w.bank.Allocate(w.kv, bank.Balance(holders[i]), atn))
			w.must(holders[i], project.Fund{Project: id2, Amount: ledger.Natn(200 + random.Intn(1_000_000)*random.Intn(2))})
			n.held[holders[i]] = w.bank.Balance(w.kv, holders[i], id2)
		}
		w.models.servers = []ledger.Account{carl, dora}
		w.must(owner, project.PublishModel{Project: id2, Manifest: cid, Root: ledger.Hash{1}, Size: 1, Parameters: 1})
		w.must(owner, project.Mature{Project: id2})
		w.workMS += rule.MatureMS
		w.must(owner, project.Deploy{Project: id2})
		w.must(owner, project.SetPrice{Project: id2, Price: 1})
		shared := ledger.Natn(0)
		for step := range 250 {
			holder := holders[random.Intn(len(holders))]
			held := n.held[holder]
			switch random.Intn(5) {
			case 0, 1:
				m := order(uint64(1 + random.Intn(100_000)))
				m.Project = id2
				orderID := w.placed(owner, m)
				w.block(1)
				w.must(w.order(orderID).Provider, project.Deliver{Order: orderID, Output: cid})
				w.block(rule.ReviewMS)
				part := w.closed(orderID).Holders
				n.share(part)
				shared += part
			case 2:
				to := holders[random.Intn(len(holders))]
				if held == 0 || to == holder {
					continue
				}
				amount := 1 + uint64(random.Int63n(int64(held)))
				if random.Intn(3) == 0 {
					amount = held
				}
				w.must(holder, bank.Send{To: to, Denom: id2, Amount: amount})
				n.held[holder] -= amount
				n.held[to] += amount
			case 3:
				if held > 1 && random.Intn(4) == 0 {
					amount := 1 + uint64(random.Int63n(int64(held/2+1)))
					w.must(holder, bank.Burn{Denom: id2, Amount: amount})
					n.held[holder] -= amount
				}
			default:
				before := w.balance(holder)
				if w.run(holder, project.Withdraw{Project: id2}) == ledger.CodeOK {
					n.took[holder] += w.balance(holder) - before
				}
			}
			for _, h := range holders {
				got := new(big.Rat).SetInt(new(big.Int).SetUint64(uint64(n.took[h] + w.Due(w.kv, id2, h))))
				missing := new(big.Rat).Sub(n.owed[h], got)
				what := fmt.Sprintf("seed %d step %d: of %s", seed, step, h)
				require.GreaterOrEqual(t, missing.Sign(), 0, "%s nobody gets more than its share", what)
				require.Negative(t, missing.Cmp(big.NewRat(1_000_001, 1_000_000)), "%s less than one nATN is rounded off", what)
			}
		}
		taken := ledger.Natn(0)
		for _, h := range holders {
			taken += n.took[h] + w.Due(w.kv, id2, h)
		}
		require.NotZero(t, shared)
		require.Less(t, shared-taken, ledger.Natn(len(holders)+2), "what rounding leaves is dust")
		w.sound()
	}
}

func TestWhatRoundingLeavesReachesTheTreasury(t *testing.T) {
	w := newWorld(t)
	deployed(w, 1)
	w.must(ann, bank.Burn{Denom: id, Amount: w.bank.Balance(w.kv, ann, id) - 1})
	w.must(bob, bank.Burn{Denom: id, Amount: w.bank.Balance(w.kv, bob, id) - 2})
	for range 40 {
		w.sell(4) // one nATN for three tokens
	}
	require.Equal(t, ledger.Natn(13), w.Due(w.kv, id, ann))
	require.Equal(t, ledger.Natn(26), w.Due(w.kv, id, bob))
	book := w.Revenue(w.kv, id)
	require.Equal(t, ledger.Natn(40), book.Total)
	require.Equal(t, ledger.Natn(40), book.Undrawn)
	require.Equal(t, uint64(40), book.Dust, "in 2⁻⁶⁴ nATN")
}
