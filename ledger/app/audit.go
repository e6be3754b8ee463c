package app

import (
	"bytes"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/forcederror"
	"autonet/ledger/project"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// How conservation is checked. The bank keeps running totals per family of pots; the modules keep the books of what is in
// them. Neither may be believed alone:
//
//   - conserved weighs every record that a transaction, or the begin or end of a block, is about to change, before and
//     after, and compares each family with the change of its running total. What does not cancel out is never applied.
//   - audit, at the end of every block, adds the running totals up to the supply and compares escrows with the tasks.
//   - recount reads every record of the state. audit calls it in every block while there are few, at intervals while that
//     takes no longer than a block may, and no more in a state that is larger still: nobody shall slow blocks down by filling
//     the state. View.Supply recounts any state, outside of blocks.
const (
	recountRecords = 2048    // accounts, tokens, holdings and grants up to which every block is recounted
	recountEvery   = 64      // heights between recounts of a larger state
	recountMost    = 1 << 17 // of them in the largest state that a block recounts
)

// weight is the money that changed records stood for, before or after. Sums may wrap: equal changes stay equal.
type weight struct {
	balances, bonded, unbonding, budgets, escrows ledger.Natn

	// Each of these is counted by the module that keeps the pot's books.
	grants, traps, subsidies, revenues, orders ledger.Natn
}

func (w *weight) add(key, value []byte) {
	w.balances += bank.Worth(key, value)
	bonded, unbonding := staking.Worth(key, value)
	w.bonded += bonded
	w.unbonding += unbonding
	w.budgets += project.Worth(key, value)
	w.grants += bank.GrantWorth(key, value)
	w.traps += forcederror.Worth(key, value)
	w.revenues += project.WorthRevenue(key, value)
	w.orders += project.WorthOrder(key, value)
	w.subsidies += alignment.Worth(key, value)
	if value != nil && bytes.HasPrefix(key, taskPrefix()) {
		var t task.Task
		ledger.DecodeRecord(key, value, &t)
		w.escrows += t.Escrow.Total()
	}
}

func taskPrefix() []byte { return ledger.Key("task", "t", "") }

// conserved reports whether the changes of an overlay keep money and tokens.
func (a *App) conserved(o *ledger.Overlay) error {
	var before, after weight
	var tokens []tokenChange
	o.Changes(func(key, old, now []byte) {
		before.add(key, old)
		after.add(key, now)
		tokens = addToken(tokens, key, old, now)
	})
	was, is := a.bank.Totals(o.Parent()), a.bank.Totals(o)
	for _, f := range []struct {
		name           string
		counted, total ledger.Natn
	}{
		{"balances", after.balances - before.balances, is.Balances - was.Balances},
		{"stakes", after.bonded - before.bonded, is.Stakes - was.Stakes},
		{"unbonding", after.unbonding - before.unbonding, is.Unbonding - was.Unbonding},
		{"projects", after.budgets - before.budgets, is.Projects - was.Projects},
		{"escrows", after.escrows - before.escrows, is.Escrows - was.Escrows},
		{"grants", after.grants - before.grants, is.Grants - was.Grants},
		{"traps", after.traps - before.traps, is.Traps - was.Traps},
		{"subsidies", after.subsidies - before.subsidies, is.Subsidies - was.Subsidies},
		{"revenues", after.revenues - before.revenues, is.Revenues - was.Revenues},
		{"orders", after.orders - before.orders, is.Orders - was.Orders},
	} {
		if f.counted != f.total {
			return fmt.Errorf("%s change by %d nATN, their running total by %d", f.name, int64(f.counted), int64(f.total))
		}
	}
	if sum(was)-was.Supply != sum(is)-is.Supply {
		return fmt.Errorf("the pots change by %d nATN, the supply by %d", int64(sum(is)-sum(was)), int64(is.Supply-was.Supply))
	}
	for _, t := range tokens {
		if t.held != t.outstanding {
			return fmt.Errorf("holdings of token %s change by %d, what is outstanding by %d", t.denom, int64(t.held), int64(t.outstanding))
		}
	}
	return nil
}

func sum(t bank.Totals) ledger.Natn {
	all := ledger.Natn(0)
	for _, part := range t.Parts() {
		all += part
	}
	return all
}

// tokenChange is by how much the holdings and the outstanding amount of a token change.
type tokenChange struct {
	denom             string
	held, outstanding uint64
}

func addToken(changes []tokenChange, key, old, now []byte) []tokenChange {
	denom, heldNow, outNow := bank.Tokens(key, now)
	if denom == "" {
		return changes
	}
	_, heldOld, outOld := bank.Tokens(key, old)
	for i := range changes {
		if changes[i].denom == denom {
			changes[i].held += heldNow - heldOld
			changes[i].outstanding += outNow - outOld
			return changes
		}
	}
	return append(changes, tokenChange{denom: denom, held: heldNow - heldOld, outstanding: outNow - outOld})
}

// audit is the check at the end of every block.
func (a *App) audit(kv ledger.KV, height int64) error {
	if err := a.bank.Check(kv); err != nil {
		return err
	}
	totals := a.bank.Totals(kv)
	if escrowed := a.task.Escrowed(kv); escrowed != totals.Escrows {
		return fmt.Errorf("the tasks hold %s in escrow, the running total is %s", escrowed, totals.Escrows)
	}
	if totals.Records > recountMost || totals.Records > recountRecords && height%recountEvery != 0 {
		return nil
	}
	return a.recount(kv)
}

// recount counts every pot of the state one by one.
func (a *App) recount(kv ledger.KV) error {
	if err := a.bank.Check(kv); err != nil {
		return err
	}
	if err := a.bank.Recount(kv); err != nil {
		return err
	}
	totals := a.bank.Totals(kv)
	stakes, err := a.staking.Recount(kv)
	if err != nil {
		return err
	}
	if stakes.Bonded != totals.Stakes || stakes.Unbonding != totals.Unbonding {
		return fmt.Errorf("accounts have %s bonded and %s unbonding, the running totals are %s and %s",
			stakes.Bonded, stakes.Unbonding, totals.Stakes, totals.Unbonding)
	}
	budgets, err := a.project.Recount(kv)
	if err != nil {
		return err
	}
	if budgets != totals.Projects {
		return fmt.Errorf("the projects hold %s, the running total is %s", budgets, totals.Projects)
	}
	if escrowed := a.task.Escrowed(kv); escrowed != totals.Escrows {
		return fmt.Errorf("the tasks hold %s in escrow, the running total is %s", escrowed, totals.Escrows)
	}
	return a.recountPots(kv, totals)
}

// recountPots counts the pots whose books one module alone keeps.
func (a *App) recountPots(kv ledger.KV, totals bank.Totals) error {
	for _, pot := range []struct {
		name  string
		total ledger.Natn
		count func(kv ledger.KV) (ledger.Natn, error)
	}{
		{"grants", totals.Grants, a.bank.RecountGrants},
		{"traps", totals.Traps, a.forcederror.Recount},
		{"subsidies", totals.Subsidies, a.alignment.Recount},
		{"revenues", totals.Revenues, a.project.RecountRevenue},
		{"orders", totals.Orders, a.project.RecountOrders},
	} {
		counted, err := pot.count(kv)
		if err != nil {
			return fmt.Errorf("%s: %w", pot.name, err)
		}
		if counted != pot.total {
			return fmt.Errorf("the books of the %s say %s, the running total is %s", pot.name, counted, pot.total)
		}
	}
	return nil
}
