package app

import "autonet/ledger"

func (a *App) stakingRoutes() map[string]route {
	return map[string]route{
		"staking/bond":                 on(a.staking.Bond),
		"staking/unbond":               on(a.staking.Unbond),
		"staking/set-salts":            on(a.staking.SetSalts),
		"staking/rotate-key":           on(a.staking.RotateKey),
		"staking/rotate-consensus-key": on(a.staking.RotateConsensusKey),
	}
}

// powerPort is governance as staking sees it.
type powerPort struct{ *App }

// StakeChanged implements staking.Governance.
func (p powerPort) StakeChanged(ctx *ledger.Context, kv ledger.KV, account ledger.Account, before, after ledger.Natn) {
	p.dao.StakeChanged(ctx, kv, account, before, after)
}
