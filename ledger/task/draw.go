package task

import (
	"fmt"
	"slices"
	"strings"

	"autonet/ledger"
)

const (
	tagCommittee  = "autonet/committee/v1"
	tagAggregator = "autonet/aggregator/v1"
)

// draws is the most attempts to find a committee.
const draws = 2

// holder is an account that can be drawn, with its stake.
type holder struct {
	account ledger.Account
	stake   uint64
}

// pick draws one holder with a probability in proportion to its stake and returns the index.
func pick(tag string, hash ledger.Hash, task string, counter uint32, pool []holder) int {
	stakes := make([]uint64, len(pool))
	for i, h := range pool {
		stakes[i] = h.stake
	}
	return ledger.PickByStake(tag, hash, task, counter, stakes)
}

// drawCommittee draws the committee from this block's hash. It reports whether there is one.
func (k Keeper) drawCommittee(ctx *ledger.Context, kv ledger.KV, t *Task) bool {
	t.Draws++
	pool := k.eligible(ctx, kv, t)
	if uint32(len(pool)) < t.CommitteeSize {
		ctx.Emit(EventCommitteeShort{
			Task: t.ID, Draw: t.Draws, Eligible: uint32(len(pool)), Wanted: t.CommitteeSize,
			Cause: "too few active coordinators with a salt chain besides the task's own parties",
		})
		return false
	}
	members := make([]Member, 0, t.CommitteeSize)
	for counter := range t.CommitteeSize {
		i := pick(tagCommittee, ctx.Hash, t.ID, counter, pool)
		chosen := pool[i]
		members = append(members, Member{
			Account: chosen.account, Weight: chosen.stake, SaltHead: k.ports.Stakes.SaltHead(kv, chosen.account),
		})
		pool = slices.Delete(pool, i, i+1)
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(string(a.Account), string(b.Account)) })
	capWeights(members)
	t.Committee, t.DrawHash = members, ctx.Hash
	ctx.Emit(EventCommittee{Task: t.ID, DrawHash: ctx.Hash, Draw: t.Draws, EvaluateOnly: t.EvaluateOnly, Members: members})
	return true
}

// eligible lists who may judge the task: active coordinators that can vote, without its proposer and its claimants.
func (k Keeper) eligible(ctx *ledger.Context, kv ledger.KV, t *Task) []holder {
	var pool []holder
	k.ports.Stakes.Holders(ctx, kv, ledger.RoleCoordinator, func(account ledger.Account, stake ledger.Natn) bool {
		_, solver := t.SlotOf(account)
		if account != t.Proposer && !solver && stake > 0 && !k.ports.Stakes.SaltHead(kv, account).IsZero() {
			pool = append(pool, holder{account: account, stake: uint64(stake)})
		}
		return true
	})
	return pool
}

// capWeights lowers weights until none is over a third of their sum. At most two weights can be: with j of them cut to c
// and the others worth r, c = (j·c + r) / 3, so c = r / (3 − j). Three members end up equal.
func capWeights(members []Member) {
	sorted := make([]uint64, len(members))
	for i, m := range members {
		sorted[i] = m.Weight
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	rest := uint64(0)
	for _, w := range sorted {
		rest += w
	}
	limit := uint64(0)
	for j := range min(3, len(sorted)) {
		limit = rest / uint64(3-j)
		if sorted[j] <= limit {
			break
		}
		rest -= sorted[j]
	}
	for i := range members {
		members[i].Weight = min(members[i].Weight, limit)
	}
}

// maxAggregatorDraws is how often an aggregator is drawn before the task gives up.
const maxAggregatorDraws = 16

// drawAggregator draws the next aggregator among the active ones that did not miss their turn; when all did, the round
// begins again. Its minimum stake is locked until nobody can challenge its model any more, so that only who has as much free
// can be drawn. Without one the task looks again in every block until the turn is over.
func (k Keeper) drawAggregator(ctx *ledger.Context, kv ledger.KV, t *Task) {
	t.AggDraws++
	t.Deadline = ctx.WorkMS + ctx.Params.AggregateMS
	if !k.seatAggregator(ctx, kv, t) {
		ctx.Emit(EventAggregator{Task: t.ID, Draw: t.AggDraws, Deadline: t.Deadline})
	}
}

// seatAggregator draws and locks the aggregator of the present turn, and reports whether there is one.
func (k Keeper) seatAggregator(ctx *ledger.Context, kv ledger.KV, t *Task) bool {
	var pool, all []holder
	k.ports.Stakes.Holders(ctx, kv, ledger.RoleAggregator, func(account ledger.Account, stake ledger.Natn) bool {
		h := holder{account: account, stake: uint64(stake)}
		all = append(all, h)
		if !slices.Contains(t.Aggregators, account) {
			pool = append(pool, h)
		}
		return true
	})
	if len(pool) == 0 {
		pool, t.Aggregators = all, nil
	}
	for len(pool) > 0 {
		i := pick(tagAggregator, ctx.Hash, t.ID, t.AggDraws, pool)
		account := pool[i].account
		err := k.ports.Stakes.Lock(ctx, kv, account, ledger.RoleAggregator, AggregatorPurpose(t.ID), ctx.Params.Aggregator.MinStake)
		if err == nil {
			t.Aggregator = account
			ctx.Emit(EventAggregator{Task: t.ID, Account: account, Draw: t.AggDraws, Deadline: t.Deadline})
			return true
		}
		pool = slices.Delete(pool, i, i+1)
	}
	return false
}

// missAggregator penalises the drawn aggregator and draws the next one, or gives up.
func (k Keeper) missAggregator(ctx *ledger.Context, kv ledger.KV, t *Task) error {
	if t.Aggregator != "" {
		cause := "it was drawn to aggregate and did not in time"
		k.slash(ctx, kv, t, t.Aggregator, ledger.RoleAggregator, ctx.Params.MissSlash, cause, fmt.Sprintf("draw %d", t.AggDraws))
		k.ports.Stakes.Unlock(ctx, kv, t.Aggregator, ledger.RoleAggregator, AggregatorPurpose(t.ID))
		t.Aggregators = append(t.Aggregators, t.Aggregator)
		t.Aggregator = ""
	}
	if t.AggDraws >= maxAggregatorDraws {
		return k.expire(ctx, kv, t, "nobody aggregated the accepted solutions", false)
	}
	k.drawAggregator(ctx, kv, t)
	save(kv, t)
	return nil
}
