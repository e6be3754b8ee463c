package app

import (
	"fmt"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/staking"
)

// ProtocolVersion is the newest version of the rules that this binary knows. A ledger that has moved on stops it.
const ProtocolVersion = 1

func (a *App) newDAO() dao.Keeper {
	return dao.New(dao.Ports{Treasury: treasuryPort{a}, Validators: setPort{a}, Evaluators: a.constitution})
}

func (a *App) daoRoutes() map[string]route {
	return map[string]route{
		"dao/delegate": on(a.dao.Delegate),
		"dao/propose":  on(a.dao.Propose),
		"dao/vote":     on(a.dao.Vote),
		"dao/signal":   on(a.dao.Signal),
	}
}

// govern begins a block for governance: what it decides is in force before anything else reads the numbers.
func (a *App) govern(ctx *ledger.Context, kv ledger.KV) error {
	if err := a.constitution.Begin(ctx, kv); err != nil {
		return fmt.Errorf("constitution: %w", err)
	}
	if err := a.dao.Begin(ctx, kv); err != nil {
		return fmt.Errorf("dao: %w", err)
	}
	if ctx.Protocol > ProtocolVersion {
		return fmt.Errorf("the network runs protocol version %d from height %d on and this software knows versions up to %d: install a newer one, and it goes on from here",
			ctx.Protocol, ctx.Height, ProtocolVersion)
	}
	return nil
}

// signed tells governance of an account's accepted transaction: it lives.
func (a *App) signed(ctx *ledger.Context, kv ledger.KV) {
	if a.dao.Signed(ctx, kv, ctx.Sender) {
		a.constitution.Woken(ctx, kv, ctx.Sender)
	}
}

// treasuryPort is the bank as dao sees it.
type treasuryPort struct{ *App }

// Balance implements dao.Treasury.
func (t treasuryPort) Balance(kv ledger.KV) ledger.Natn { return t.bank.Totals(kv).Treasury }

// Grant implements dao.Treasury.
func (t treasuryPort) Grant(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, proposal string) error {
	return t.bank.Move(ctx, kv, bank.Treasury(), bank.Balance(to), amount, "grant", proposal)
}

// setPort is the validator set as dao sees it.
type setPort struct{ *App }

// Validators implements dao.Validators.
func (s setPort) Validators(kv ledger.KV, fn func(account ledger.Account, power int64) bool) {
	s.staking.Validators(kv, func(account ledger.Account, m staking.Member) bool { return fn(account, m.Power) })
}

// Reconsider implements dao.Validators.
func (s setPort) Reconsider(kv ledger.KV) { s.staking.Reconsider(kv) }
