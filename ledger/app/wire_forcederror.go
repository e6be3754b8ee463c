package app

import (
	"slices"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/forcederror"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

func (a *App) forcederrorRoutes() map[string]route {
	return map[string]route{
		"forcederror/seal": on(a.forcederror.Seal),
		"forcederror/open": on(a.forcederror.Open),
	}
}

func (a *App) newForcedError() forcederror.Keeper {
	return forcederror.New(forcederror.Ports{
		Tasks: trapTasks{a}, Accounts: trapAccounts{a}, Stakes: trapStakes{stakePort{a}}, Bank: trapBank{a},
	})
}

// trapTasks is task as forcederror sees it.
type trapTasks struct{ *App }

// Task implements forcederror.Tasks.
func (p trapTasks) Task(ctx *ledger.Context, kv ledger.KV, id string) (forcederror.Task, bool) {
	t, ok := p.task.Record(kv, id)
	if !ok {
		return forcederror.Task{}, false
	}
	reward, err := t.SlotReward()
	if err != nil {
		ctx.Fault(err) // it was escrowed: it fits
		return forcederror.Task{}, false
	}
	in := ctx.WorkMS < t.Deadline
	return forcederror.Task{
		Proposer: t.Proposer, Unopened: t.Before(task.StateOpen), Open: t.State == task.StateOpen && in,
		Early: t.Before(task.StateChallenge), Window: t.State == task.StateChallenge && in,
		Verdict: slices.ContainsFunc(t.Slots, func(s task.Slot) bool { return s.Verdict != nil }),
		Over:    !t.Before(task.StateSettled), Reward: reward,
	}, true
}

// Solution implements forcederror.Tasks.
func (p trapTasks) Solution(kv ledger.KV, id string, solver ledger.Account) (forcederror.Solution, bool) {
	t, _ := p.task.Record(kv, id)
	i, ok := t.SlotOf(solver)
	if !ok || !t.Slots[i].Revealed {
		return forcederror.Solution{}, false
	}
	return forcederror.Solution{Doc: t.Slots[i].DocCID, Candidate: t.Slots[i].Candidate(), Bond: t.Slots[i].Bond}, true
}

// Party implements forcederror.Tasks.
func (p trapTasks) Party(kv ledger.KV, id string, account ledger.Account) bool {
	t, _ := p.task.Record(kv, id)
	_, solver := t.SlotOf(account)
	_, member := t.MemberOf(account)
	return solver || member || account == t.Proposer
}

// trapAccounts is what forcederror knows of accounts.
type trapAccounts struct{ *App }

// Governor implements forcederror.Accounts.
func (p trapAccounts) Governor(kv ledger.KV, account ledger.Account) bool {
	_, ok := p.heartbeat.Governor(kv, account)
	return ok
}

// Solver implements forcederror.Accounts.
func (p trapAccounts) Solver(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	return p.staking.Active(ctx, kv, account, ledger.RoleSolver)
}

// History implements forcederror.Accounts.
func (p trapAccounts) History(kv ledger.KV, account ledger.Account) (accepted uint64, firstMS int64) {
	h := p.rewards.History(kv, account)
	return h.Accepted, h.FirstMS
}

// Signed implements forcederror.Accounts.
func (p trapAccounts) Signed(kv ledger.KV, key, account ledger.Account) bool {
	if use, rotated := p.staking.KeyUse(kv, key); rotated {
		return use.Account == account
	}
	return key == account
}

// trapStakes is staking as forcederror sees it.
type trapStakes struct{ stakePort }

// Slash implements forcederror.Stakes.
func (p trapStakes) Slash(ctx *ledger.Context, kv ledger.KV, s forcederror.Penalty) ledger.Natn {
	return p.staking.Slash(ctx, kv, trapPenalty(s))
}

// SlashLocked implements forcederror.Stakes.
func (p trapStakes) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, s forcederror.Penalty) ledger.Natn {
	return p.staking.SlashLocked(ctx, kv, purpose, trapPenalty(s))
}

func trapPenalty(s forcederror.Penalty) staking.Penalty {
	return penalty(task.Penalty{
		Account: s.Account, Role: s.Role, Amount: s.Amount, Task: s.Task, Cause: s.Cause, Evidence: s.Evidence,
	})
}

// trapBank is the bank as forcederror sees it.
type trapBank struct{ *App }

// Balance implements forcederror.Bank.
func (p trapBank) Balance(kv ledger.KV, account ledger.Account) ledger.Natn {
	return ledger.Natn(p.bank.Balance(kv, account, ledger.DenomATN))
}

// Escrow implements forcederror.Bank.
func (p trapBank) Escrow(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, id string) error {
	return p.bank.Move(ctx, kv, bank.Treasury(), bank.Traps(), amount, "seals", id)
}

// Pay implements forcederror.Bank.
func (p trapBank) Pay(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, id string) error {
	return p.bank.Move(ctx, kv, bank.Traps(), bank.Balance(to), amount, cause, id)
}

// Return implements forcederror.Bank.
func (p trapBank) Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, id string) error {
	return p.bank.Move(ctx, kv, bank.Traps(), bank.Treasury(), amount, cause, id)
}

// Restore implements forcederror.Bank.
func (p trapBank) Restore(
	ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, id string,
) (ledger.Natn, error) {
	amount = min(amount, p.bank.Totals(kv).Treasury)
	return amount, p.bank.Move(ctx, kv, bank.Treasury(), bank.Balance(to), amount, cause, id)
}
