package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
)

func (a *App) disputeRoutes() map[string]route {
	return map[string]route{
		"dispute/challenge":           work(a.dispute.Challenge),
		"dispute/challenge-aggregate": work(a.dispute.ChallengeAggregate),
		"dispute/commit":              work(a.dispute.Commit),
		"dispute/reveal":              work(a.dispute.Reveal),
		"dispute/appeal":              on(a.dispute.Appeal),
		"dispute/vote-appeal":         on(a.dispute.VoteAppeal),
	}
}

// disputeBank is the bank as dispute sees it.
type disputeBank struct{ *App }

// PayJudge implements dispute.Bank.
func (b disputeBank) PayJudge(ctx *ledger.Context, kv ledger.KV, judge ledger.Account, amount ledger.Natn, id string) error {
	return b.bank.Move(ctx, kv, bank.Treasury(), bank.Balance(judge), amount, "judge", id)
}

// disputeGovernance is governance power as dispute sees it.
type disputeGovernance struct{ *App }

// PowerAt implements dispute.Governance.
func (g disputeGovernance) PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn {
	return g.dao.PowerAt(kv, account, height)
}

// TotalAt implements dispute.Governance.
func (g disputeGovernance) TotalAt(kv ledger.KV, height int64) ledger.Natn {
	return g.dao.TotalAt(kv, height)
}
