package task_test

import (
	"fmt"

	"autonet/ledger"
	"autonet/ledger/task"
)

// The books.

func keyStake(role ledger.Role, a ledger.Account) []byte {
	return ledger.Key("x", "stake", string(role), string(a))
}
func keyBalance(a ledger.Account) []byte { return ledger.Key("x", "balance", string(a)) }
func keyBudget(project string) []byte    { return ledger.Key("x", "budget", project) }
func keyTreasury() []byte                { return ledger.Key("x", "treasury") }
func keySalt(a ledger.Account) []byte    { return ledger.Key("x", "salt", string(a)) }
func keyLock(a ledger.Account, role ledger.Role, purpose string) []byte {
	return ledger.Key("x", "lock", string(a), string(role), purpose)
}

func load(kv ledger.KV, key []byte) ledger.Natn {
	amount, _ := ledger.Load[ledger.Natn](kv, key)
	return amount
}

func addTo(kv ledger.KV, key []byte, amount ledger.Natn) { ledger.Save(kv, key, load(kv, key)+amount) }

func locked(kv ledger.KV, a ledger.Account, role ledger.Role) ledger.Natn {
	var sum ledger.Natn
	kv.Iterate(keyLock(a, role, ""), func(key, value []byte) bool {
		var amount ledger.Natn
		ledger.DecodeRecord(key, value, &amount)
		sum += amount
		return true
	})
	return sum
}

type books struct{}

func (books) Reserve(_ *ledger.Context, kv ledger.KV, project string, amount ledger.Natn) error {
	have := load(kv, keyBudget(project))
	if have < amount {
		return ledger.Refuse(ledger.CodeFunds, "the budget is %s, %s are needed", have, amount)
	}
	ledger.Save(kv, keyBudget(project), have-amount)
	return nil
}

func (books) Return(_ *ledger.Context, kv ledger.KV, project string, amount ledger.Natn) error {
	addTo(kv, keyBudget(project), amount)
	return nil
}

func (books) Publish(_ *ledger.Context, kv ledger.KV, project, _ string, _ ledger.Account, _ task.Result) (uint64, error) {
	key := ledger.Key("x", "versions", project)
	addTo(kv, key, 1)
	return uint64(load(kv, key)), nil
}

func (books) PayJudge(_ *ledger.Context, kv ledger.KV, judge ledger.Account, amount ledger.Natn, _ string) error {
	have := load(kv, keyTreasury())
	if have < amount {
		return fmt.Errorf("the treasury has %s, not %s", have, amount)
	}
	ledger.Save(kv, keyTreasury(), have-amount)
	addTo(kv, keyBalance(judge), amount)
	return nil
}

// Governance power is what an account has staked in all roles now.
func (books) PowerAt(kv ledger.KV, a ledger.Account, _ int64) ledger.Natn {
	var sum ledger.Natn
	for _, role := range ledger.Roles() {
		sum += load(kv, keyStake(role, a))
	}
	return sum
}

func (books) TotalAt(kv ledger.KV, _ int64) ledger.Natn {
	var sum ledger.Natn
	kv.Iterate(ledger.Key("x", "stake", ""), func(key, value []byte) bool {
		var amount ledger.Natn
		ledger.DecodeRecord(key, value, &amount)
		sum += amount
		return true
	})
	return sum
}

func (books) Credit(_ *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn) error {
	addTo(kv, keyBalance(to), amount)
	return nil
}

func (books) Active(ctx *ledger.Context, kv ledger.KV, a ledger.Account, role ledger.Role) bool {
	return load(kv, keyStake(role, a)) >= ctx.Params.Role(role).MinStake
}

func (books) Holders(ctx *ledger.Context, kv ledger.KV, role ledger.Role, fn func(ledger.Account, ledger.Natn) bool) {
	prefix := keyStake(role, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var amount ledger.Natn
		ledger.DecodeRecord(key, value, &amount)
		if amount < ctx.Params.Role(role).MinStake {
			return true
		}
		return fn(ledger.Account(key[len(prefix):]), amount)
	})
}

func (books) Lock(_ *ledger.Context, kv ledger.KV, a ledger.Account, role ledger.Role, purpose string, amount ledger.Natn) error {
	if free := load(kv, keyStake(role, a)) - locked(kv, a, role); free < amount {
		return ledger.Refuse(ledger.CodeFunds, "%s of the stake are free, %s must be locked", free, amount)
	}
	ledger.Save(kv, keyLock(a, role, purpose), amount)
	return nil
}

func (books) Unlock(_ *ledger.Context, kv ledger.KV, a ledger.Account, role ledger.Role, purpose string) {
	kv.Delete(keyLock(a, role, purpose))
}

func (b books) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p task.Penalty) ledger.Natn {
	held := load(kv, keyLock(p.Account, p.Role, purpose))
	p.Amount = min(p.Amount, held)
	if held == p.Amount {
		kv.Delete(keyLock(p.Account, p.Role, purpose))
	} else {
		ledger.Save(kv, keyLock(p.Account, p.Role, purpose), held-p.Amount)
	}
	return b.Slash(ctx, kv, p)
}

// Slash takes unlocked and locked stake alike; locks that are over what is left shrink.
func (books) Slash(ctx *ledger.Context, kv ledger.KV, p task.Penalty) ledger.Natn {
	have := load(kv, keyStake(p.Role, p.Account))
	taken := min(have, p.Amount)
	ledger.Save(kv, keyStake(p.Role, p.Account), have-taken)
	for over := locked(kv, p.Account, p.Role); over > have-taken; over = locked(kv, p.Account, p.Role) {
		kv.Iterate(keyLock(p.Account, p.Role, ""), func(key, value []byte) bool {
			var amount ledger.Natn
			ledger.DecodeRecord(key, value, &amount)
			if rest := amount - min(amount, over-(have-taken)); rest > 0 {
				ledger.Save(kv, key, rest)
			} else {
				kv.Delete(key)
			}
			return false
		})
	}
	reported := ledger.Natn(0)
	if p.Reporter != "" {
		reported = taken * ledger.Natn(ctx.Params.ReporterPerMille) / 1000
		addTo(kv, keyBalance(p.Reporter), reported)
	}
	addTo(kv, keyTreasury(), taken-reported)
	return taken
}

func (books) SaltHead(kv ledger.KV, a ledger.Account) ledger.Hash {
	head, _ := ledger.Load[ledger.Hash](kv, keySalt(a))
	return head
}

func (books) Columns(_ *ledger.Context, kv ledger.KV, _ string, _ ledger.Hash, fn func(ledger.Account, uint64) bool) {
	prefix := ledger.Key("x", "columns", "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		return fn(ledger.Account(key[len(prefix):]), uint64(value[0]))
	})
}
