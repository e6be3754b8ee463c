package rewards

import (
	"bytes"
	"fmt"
	"strconv"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Multipliers are in millionths: one without bonds, one and a half at most.
const (
	one           = 1_000_000
	maxMultiplier = one + one/2
)

// publishPerRun is how many multipliers are published at the cost of one run.
const publishPerRun = 16

// Multiplier is what a coordinator's fees are multiplied by.
type Multiplier struct {
	PerMillion uint64 `json:"per_million"`
	Epoch      uint64 `json:"epoch"`   // in which it was earned: the last one in which the coordinator sat
	Tasks      uint64 `json:"tasks"`   // in which it sat then
	Average    uint64 `json:"average"` // of dividend over stake then, in millionths
}

// ratios is what a coordinator has earned so far in the epoch being closed.
type ratios struct {
	Sum   uint64 `json:"sum"` // in millionths
	Tasks uint64 `json:"tasks"`
}

// closing is the epoch being closed.
type closing struct {
	Epoch uint64 `json:"epoch"`
}

func keyMultiplier(account ledger.Account) []byte {
	return ledger.Key("rewards", "multiplier", string(account))
}

func keyRatios(account ledger.Account) []byte { return ledger.Key("rewards", "ratio", string(account)) }

func keyClosing() []byte { return ledger.Key("rewards", "closing") }

func keyDue(epoch uint64, task string) []byte {
	return ledger.Key("rewards", "due", fmt.Sprintf("%016x", epoch), task)
}

// epochOf is the epoch that the rules are in.
func epochOf(ctx *ledger.Context) uint64 {
	return uint64(max(ctx.WorkMS, 0) / max(ctx.Params.EpochMS, 1))
}

// Multiplier returns what a coordinator's fees are multiplied by.
func (Keeper) Multiplier(kv ledger.KV, account ledger.Account) Multiplier {
	m, ok := ledger.Load[Multiplier](kv, keyMultiplier(account))
	if !ok {
		return Multiplier{PerMillion: one}
	}
	return m
}

// enqueue leaves a settled task to its epoch's end.
func (Keeper) enqueue(ctx *ledger.Context, kv ledger.KV, t Task) {
	kv.Set(keyDue(epochOf(ctx), t.ID), []byte{1})
}

// End closes epochs: the consensus runs over every task that was settled in one that is over, in the order of the tasks,
// a bounded number in one block; then the multipliers of those who sat in them are published. An error is a fault of the
// ledger.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	current, left := epochOf(ctx), int(ctx.Params.Yuma.RunsPerBlock)
	for ; left > 0; left-- {
		epoch, task, found := due(kv)
		now, busy := ledger.Load[closing](kv, keyClosing())
		if busy && (!found || epoch != now.Epoch) {
			if !k.publish(ctx, kv, now.Epoch) {
				kv.Delete(keyClosing())
			}
			continue
		}
		if !found || epoch == current {
			return nil
		}
		if !busy {
			ledger.Save(kv, keyClosing(), closing{Epoch: epoch})
		}
		kv.Delete(keyDue(epoch, task))
		if err := k.run(ctx, kv, epoch, task); err != nil {
			return fmt.Errorf("epoch %d: task %s: %w", epoch, task, err)
		}
	}
	return nil
}

// due returns the first task that waits for its epoch's end.
func due(kv ledger.KV) (epoch uint64, task string, found bool) {
	prefix := ledger.Key("rewards", "due", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, id, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		number, err := strconv.ParseUint(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("rewards: the queue has a key %q", key))
		}
		epoch, task, found = number, string(id), true
		return false
	})
	return epoch, task, found
}

// earn adds a run to what a coordinator has earned in the epoch.
func earn(kv ledger.KV, account ledger.Account, ratio uint64) error {
	r, _ := ledger.Load[ratios](kv, keyRatios(account))
	sum, err := fixed.Add(r.Sum, ratio)
	if err != nil {
		return fmt.Errorf("ratios of %s: %w", account, err)
	}
	r.Sum = sum
	r.Tasks++
	ledger.Save(kv, keyRatios(account), r)
	return nil
}

// publish makes multipliers of what was earned, a bounded number at a time, and reports whether there are more.
func (k Keeper) publish(ctx *ledger.Context, kv ledger.KV, epoch uint64) bool {
	type share struct {
		account ledger.Account
		ratios  ratios
	}
	var shares []share
	prefix := keyRatios("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		s := share{account: ledger.Account(key[len(prefix):])}
		ledger.DecodeRecord(key, value, &s.ratios)
		shares = append(shares, s)
		return len(shares) <= publishPerRun
	})
	for _, s := range shares[:min(len(shares), publishPerRun)] {
		kv.Delete(keyRatios(s.account))
		average := s.ratios.Sum / s.ratios.Tasks
		m := Multiplier{PerMillion: one + min(one, average)/2, Epoch: epoch, Tasks: s.ratios.Tasks, Average: average}
		ctx.Emit(EventMultiplier{
			Account: s.account, Epoch: epoch, Tasks: m.Tasks, Average: average,
			Before: k.Multiplier(kv, s.account).PerMillion, Multiplier: m.PerMillion,
		})
		ledger.Save(kv, keyMultiplier(s.account), m)
	}
	return len(shares) > publishPerRun
}
