package project

import (
	"bytes"
	"fmt"
	"strconv"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// BeginBlock ends the fundings whose deadline has passed, moves orders on and draws providers from this block's hash.
// Deadlines run on the work clock.
func (k Keeper) BeginBlock(ctx *ledger.Context, kv ledger.KV) error {
	if err := k.endFundings(ctx, kv); err != nil {
		return err
	}
	if err := k.endOrders(ctx, kv); err != nil {
		return err
	}
	return k.drawOrders(ctx, kv)
}

func (k Keeper) endFundings(ctx *ledger.Context, kv ledger.KV) error {
	var keys [][]byte
	prefix := ledger.Key("project", "q", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, _, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		deadline, err := strconv.ParseInt(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("project: the queue has a key %q", key))
		}
		if deadline > ctx.WorkMS || len(keys) >= maxFailures {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
		id := string(key[bytes.LastIndexByte(key, '/')+1:])
		p, ok := k.Project(kv, id)
		if !ok || p.State != Funding {
			return fmt.Errorf("project %s is queued to fail and is not in funding", id)
		}
		p.State = Failed
		ledger.Save(kv, projectKey(id), p)
		ctx.Emit(StateChanged{Project: id, From: Funding, State: Failed, Cause: "goal missed"})
	}
	return nil
}

// Recount adds up every project's budget.
func (k Keeper) Recount(kv ledger.KV) (sum ledger.Natn, err error) {
	k.Projects(kv, func(p Project) bool {
		var total uint64
		if total, err = fixed.Add(uint64(sum), uint64(p.Budget)); err != nil {
			err = fmt.Errorf("the budgets exceed 64 bits: %w", err)
			return false
		}
		sum = ledger.Natn(total)
		return true
	})
	return sum, err
}

// Worth returns the budget that a stored record stands for; none for what is not a project's record.
func Worth(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, projectKey("")) {
		return 0
	}
	var p Project
	ledger.DecodeRecord(key, value, &p)
	return p.Budget
}
