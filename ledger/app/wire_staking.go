package app

import "autonet/ledger"

// powerPort is governance as staking sees it.
type powerPort struct{ *App }

// StakeChanged implements staking.Governance.
func (powerPort) StakeChanged(*ledger.Context, ledger.KV, ledger.Account, ledger.Natn, ledger.Natn) {}
