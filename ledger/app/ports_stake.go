package app

import (
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/rewards"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// stakePort is staking as the other modules see it.
type stakePort struct{ *App }

// Provider implements shardreg.Staking.
func (s stakePort) Provider(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	return s.staking.Active(ctx, kv, account, ledger.RoleProvider)
}

// Active implements task.Stakes and dispute.Stakes.
func (s stakePort) Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role) bool {
	return s.staking.Active(ctx, kv, account, role)
}

// Holders implements task.Stakes and dispute.Stakes.
func (s stakePort) Holders(
	ctx *ledger.Context, kv ledger.KV, role ledger.Role, fn func(account ledger.Account, stake ledger.Natn) bool,
) {
	s.staking.Holders(ctx.Params, kv, role, fn)
}

// Lock implements task.Stakes and dispute.Stakes.
func (s stakePort) Lock(
	ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn,
) error {
	return s.staking.Lock(ctx, kv, account, role, purpose, amount)
}

// Unlock implements task.Stakes and dispute.Stakes.
func (s stakePort) Unlock(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role ledger.Role, purpose string) {
	s.staking.Unlock(ctx, kv, account, role, purpose)
}

// SaltHead implements task.Stakes and rewards.Stakes.
func (s stakePort) SaltHead(kv ledger.KV, account ledger.Account) ledger.Hash {
	return s.staking.SaltHead(kv, account)
}

func penalty(p task.Penalty) staking.Penalty {
	return staking.Penalty{
		Account: p.Account, Role: p.Role, Amount: p.Amount, Reporter: p.Reporter, Ref: p.Task, Cause: p.Cause,
		Evidence: p.Evidence,
	}
}

type taskStakes struct{ stakePort }

// Slash implements task.Stakes.
func (s taskStakes) Slash(ctx *ledger.Context, kv ledger.KV, p task.Penalty) ledger.Natn {
	return s.staking.Slash(ctx, kv, penalty(p))
}

// SlashLocked implements task.Stakes.
func (s taskStakes) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p task.Penalty) ledger.Natn {
	return s.staking.SlashLocked(ctx, kv, purpose, penalty(p))
}

type disputeStakes struct{ stakePort }

// Slash implements dispute.Stakes.
func (s disputeStakes) Slash(ctx *ledger.Context, kv ledger.KV, p dispute.Penalty) ledger.Natn {
	return s.staking.Slash(ctx, kv, penalty(task.Penalty(p)))
}

// SlashLocked implements dispute.Stakes.
func (s disputeStakes) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p dispute.Penalty) ledger.Natn {
	return s.staking.SlashLocked(ctx, kv, purpose, penalty(task.Penalty(p)))
}

type rewardsStakes struct{ stakePort }

// Slash implements rewards.Stakes.
func (s rewardsStakes) Slash(ctx *ledger.Context, kv ledger.KV, p rewards.Penalty) ledger.Natn {
	return s.staking.Slash(ctx, kv, penalty(task.Penalty(p)))
}

// MoveSaltHead implements rewards.Stakes.
func (s rewardsStakes) MoveSaltHead(kv ledger.KV, account ledger.Account, head ledger.Hash) {
	s.staking.MoveSaltHead(kv, account, head)
}
