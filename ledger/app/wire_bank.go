package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
)

func (a *App) bankRoutes() map[string]route {
	claim := free(a.bank.ClaimGrant)
	claim.once, claim.light = true, true
	return map[string]route{
		"bank/send":  on(a.send),
		"bank/burn":  on(a.bank.Burn),
		"bank/grant": on(a.bank.MakeGrant),
		"bank/claim": claim,
	}
}

// send keeps money from accounts that nobody can sign for: a key that took over an account signs for that one only.
func (a *App) send(ctx *ledger.Context, kv ledger.KV, m bank.Send) error {
	if use, rotated := a.staking.KeyUse(kv, m.To); rotated && use.Account != m.To {
		return ledger.Refuse(ledger.CodeRefused, "send: %s is a key of the account %s; send there", m.To, use.Account)
	}
	return a.bank.Send(ctx, kv, m)
}
