package dao_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dao"
	"autonet/ledger/ledgertest"
)

func TestPowerIsOwnStakeAndWhatWasDelegatedLessWhatWasGiven(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 10_000*atn, w.Total(w.kv))
	w.must(ann, dao.Delegate{To: bob})
	w.must(bob, dao.Delegate{To: eve})
	require.Zero(t, w.Power(w.kv, ann))
	require.Equal(t, 4000*atn, w.Power(w.kv, bob), "what was delegated to bob stays with bob")
	require.Equal(t, 5000*atn, w.Power(w.kv, eve))
	w.stake(ann, 4500*atn)
	require.Equal(t, 4500*atn, w.Power(w.kv, bob), "stake that comes later follows")
	w.must(ann, dao.Delegate{To: eve})
	require.Zero(t, w.Power(w.kv, bob))
	require.Equal(t, 9500*atn, w.Power(w.kv, eve))
	w.must(ann, dao.Delegate{})
	require.Equal(t, 4500*atn, w.Power(w.kv, ann))
	require.Equal(t, 10_500*atn, w.Total(w.kv))
}

func TestDelegationsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.refused(ledger.CodeRefused, ann, dao.Delegate{})
	w.refused(ledger.CodeRefused, ann, dao.Delegate{To: ann})
	w.refused(ledger.CodeInvalid, ann, dao.Delegate{To: "somebody"})
	w.must(ann, dao.Delegate{To: bob})
	w.refused(ledger.CodeRefused, ann, dao.Delegate{To: bob})
	w.must(bob, dao.Delegate{To: ann})
	require.Equal(t, 3000*atn, w.Power(w.kv, ann), "two may hold each other's power")
}

func TestTheBooksOfPowerNoticeOthersThanTheirOwn(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx(ann)
	w.StakeChanged(ctx, w.kv, ann, 1, 2)
	require.Error(t, ctx.Faulted())
}

// naive is power told in the plainest way: a full list per height.
type naive struct {
	own   map[ledger.Account]ledger.Natn
	to    map[ledger.Account]ledger.Account
	power []map[ledger.Account]ledger.Natn // by height
	total []ledger.Natn
}

func (n *naive) close() {
	power, total := map[ledger.Account]ledger.Natn{}, ledger.Natn(0)
	for account, own := range n.own {
		holder := account
		if n.to[account] != "" {
			holder = n.to[account]
		}
		power[holder] += own
		total += own
	}
	n.power, n.total = append(n.power, power), append(n.total, total)
}

func TestPowerAtEveryHeightIsWhatItWas(t *testing.T) {
	for seed := range int64(15) {
		rnd := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		model := &naive{own: map[ledger.Account]ledger.Natn{}, to: map[ledger.Account]ledger.Account{}}
		accounts := make([]ledger.Account, 6)
		for i := range accounts {
			accounts[i] = ledgertest.Account(i + 1)
			model.own[accounts[i]] = w.Power(w.kv, accounts[i])
		}
		first := w.height
		asleep := map[ledger.Account]bool{}
		for range 120 {
			for range rnd.Intn(4) {
				account := accounts[rnd.Intn(len(accounts))]
				switch rnd.Intn(4) {
				case 0, 1:
					now := ledger.Natn(rnd.Intn(5)) * 100 * atn
					w.stake(account, now)
					model.own[account] = now
				case 2:
					to := accounts[rnd.Intn(len(accounts))]
					if rnd.Intn(3) == 0 || to == account {
						to = ""
					}
					if w.try(account, dao.Delegate{To: to}) == nil {
						model.to[account] = to
						asleep[account] = false
					}
				default:
					ctx := w.ctx("")
					w.Notice(ctx, w.kv, account)
					w.Rest(ctx, w.kv, account)
					w.finish(ctx)
					asleep[account] = true
				}
			}
			model.close()
			w.block(1000)
		}
		sleeping := ledger.Natn(0)
		for at := range model.total {
			height := first + int64(at)
			require.Equal(t, model.total[at], w.TotalAt(w.kv, height), "seed %d", seed)
			for _, account := range accounts {
				require.Equal(t, model.power[at][account], w.PowerAt(w.kv, account, height), "seed %d height %d", seed, height)
			}
		}
		for _, account := range accounts {
			if asleep[account] {
				sleeping += w.Power(w.kv, account)
			}
		}
		require.Equal(t, sleeping, w.AsleepAt(w.kv, w.height), "seed %d", seed)
		require.Zero(t, w.TotalAt(w.kv, -1))
	}
}

func TestThePastOfPowerIsForgottenAfterItCanMatter(t *testing.T) {
	w := newWorld(t)
	const day = 24 * 60 * 60 * 1000
	var heights []int64
	for i := range 500 {
		w.stake(ann, ledger.Natn(i+1)*atn)
		heights = append(heights, w.height)
		w.block(day)
	}
	marks := 0
	w.kv.Iterate(ledger.Key("dao", "c", "a-"+string(ann), ""), func(_, _ []byte) bool { marks++; return true })
	require.InDelta(t, 200, marks, 2)
	for i, height := range heights[300:] {
		require.Equal(t, ledger.Natn(301+i)*atn, w.PowerAt(w.kv, ann, height))
	}
	require.Zero(t, w.PowerAt(w.kv, ann, heights[100]))
}

func TestSignaturesAreDatedToADay(t *testing.T) {
	w := newWorld(t)
	dormant := w.params.Governance.DormantMS
	begun := w.timeMS
	before := w.kv.Dump()
	require.False(t, w.Signed(w.ctx(ann), w.kv, ann))
	require.False(t, w.Signed(w.ctx(ann), w.kv, ledgertest.Account(9)), "who has no power is not counted")
	require.Equal(t, before, w.kv.Dump(), "and costs no write")
	w.timeMS = begun + dormant/365
	require.False(t, w.Signed(w.ctx(ann), w.kv, ann))
	s, _ := w.Standing(w.kv, ann)
	require.Equal(t, w.timeMS, s.SignedMS)
	w.timeMS = begun + dormant
	require.False(t, w.Dormant(w.ctx(""), w.kv, bob), "a day is added for the day the date is unsure by")
	w.timeMS += dormant / 365
	require.True(t, w.Dormant(w.ctx(""), w.kv, bob))
	require.False(t, w.Dormant(w.ctx(""), w.kv, ann))
	require.False(t, w.Dormant(w.ctx(""), w.kv, ledgertest.Account(9)))
	w.Notice(w.ctx(""), w.kv, bob)
	w.Rest(w.ctx(""), w.kv, ann)
	s, _ = w.Standing(w.kv, ann)
	require.False(t, s.Asleep, "nobody rests without notice")
	require.True(t, w.Signed(w.ctx(bob), w.kv, bob))
	require.False(t, w.Dormant(w.ctx(""), w.kv, bob))
}
