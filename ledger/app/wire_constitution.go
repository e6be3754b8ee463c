package app

import (
	"autonet/ledger"
	"autonet/ledger/constitution"
)

func (a *App) newConstitution() constitution.Keeper {
	return constitution.New(constitution.Ports{Power: amendPort{a}, Rules: amendPort{a}, Stakes: judgePort{a}})
}

func (a *App) constitutionRoutes() map[string]route {
	return map[string]route{
		"constitution/amend":          on(a.constitution.Amend),
		"constitution/sign":           on(a.constitution.Sign),
		"constitution/notice":         on(a.constitution.Notice),
		"constitution/commit-verdict": on(a.constitution.CommitVerdict),
		"constitution/reveal-verdict": on(a.constitution.RevealVerdict),
	}
}

// amendPort is dao as constitution sees it.
type amendPort struct{ *App }

// Power implements constitution.Power.
func (p amendPort) Power(kv ledger.KV, account ledger.Account) ledger.Natn {
	return p.dao.Power(kv, account)
}

// PowerAt implements constitution.Power.
func (p amendPort) PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn {
	return p.dao.PowerAt(kv, account, height)
}

// TotalAt implements constitution.Power.
func (p amendPort) TotalAt(kv ledger.KV, height int64) ledger.Natn { return p.dao.TotalAt(kv, height) }

// AsleepAt implements constitution.Power.
func (p amendPort) AsleepAt(kv ledger.KV, height int64) ledger.Natn {
	return p.dao.AsleepAt(kv, height)
}

// Dormant implements constitution.Power.
func (p amendPort) Dormant(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	return p.dao.Dormant(ctx, kv, account)
}

// Notice implements constitution.Power.
func (p amendPort) Notice(ctx *ledger.Context, kv ledger.KV, account ledger.Account) {
	p.dao.Notice(ctx, kv, account)
}

// Rest implements constitution.Power.
func (p amendPort) Rest(ctx *ledger.Context, kv ledger.KV, account ledger.Account) {
	p.dao.Rest(ctx, kv, account)
}

// Change implements constitution.Rules.
func (p amendPort) Change(ctx *ledger.Context, kv ledger.KV, changes []ledger.Change, cause string) (uint64, error) {
	return p.dao.Change(ctx, kv, changes, cause)
}

// judgePort is staking as constitution sees it.
type judgePort struct{ *App }

// Weight implements constitution.Stakes.
func (j judgePort) Weight(ctx *ledger.Context, kv ledger.KV, account ledger.Account) ledger.Natn {
	record, _ := j.staking.Record(kv, account)
	weight := ledger.Natn(0)
	for _, role := range []ledger.Role{ledger.RoleCoordinator, ledger.RoleValidator} {
		if bonded := record.Of(role).Bonded; bonded >= ctx.Params.Role(role).MinStake {
			weight += bonded
		}
	}
	return weight
}
