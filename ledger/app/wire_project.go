package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/project"
)

func (a *App) newProject() project.Keeper {
	return project.New(project.Ports{
		Bank: bankPort{a}, Till: tillPort{a}, Tokens: a.bank, Pricing: pricingPort{a}, Shards: modelsPort{a},
	})
}

func (a *App) projectRoutes() map[string]route {
	return map[string]route{
		"project/create":        on(a.project.Create),
		"project/fund":          on(a.project.Fund),
		"project/refund":        on(a.project.Refund),
		"project/publish-model": on(a.project.PublishModel),
		"project/mature":        on(a.project.Mature),
		"project/deploy":        on(a.project.Deploy),
		"project/pause":         on(a.project.Pause),
		"project/resume":        on(a.project.Resume),
		"project/set-price":     on(a.project.SetPrice),
		"project/order":         work(a.project.PlaceOrder),
		"project/deliver":       work(a.project.Deliver),
		"project/reject":        on(a.project.Reject),
		"project/withdraw":      on(a.project.Withdraw),
	}
}

// holdersPort is project as bank sees it: who must know of every change of a holding.
type holdersPort struct{ *App }

// HoldingChanges implements bank.Holders.
func (h holdersPort) HoldingChanges(
	ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, before, after uint64,
) {
	h.project.HoldingChanges(ctx, kv, denom, holder, before, after)
}

// tillPort is the bank as project's orders see it.
type tillPort struct{ *App }

// Collect implements project.Till.
func (t tillPort) Collect(ctx *ledger.Context, kv ledger.KV, payer ledger.Account, amount ledger.Natn, order string) error {
	return t.bank.Move(ctx, kv, bank.Balance(payer), bank.Orders(), amount, "inference", order)
}

// Pay implements project.Till.
func (t tillPort) Pay(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, order string) error {
	return t.bank.Move(ctx, kv, bank.Orders(), bank.Balance(to), amount, cause, order)
}

// Share implements project.Till.
func (t tillPort) Share(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, order string) error {
	return t.bank.Move(ctx, kv, bank.Orders(), bank.Revenues(), amount, "revenue", order)
}

// Keep implements project.Till.
func (t tillPort) Keep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, order string) error {
	return t.bank.Move(ctx, kv, bank.Orders(), bank.Treasury(), amount, cause, order)
}

// Draw implements project.Till.
func (t tillPort) Draw(ctx *ledger.Context, kv ledger.KV, holder ledger.Account, amount ledger.Natn, id string) error {
	return t.bank.Move(ctx, kv, bank.Revenues(), bank.Balance(holder), amount, "revenue", id)
}

// Sweep implements project.Till.
func (t tillPort) Sweep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, id string) error {
	return t.bank.Move(ctx, kv, bank.Revenues(), bank.Treasury(), amount, "revenue rounded down", id)
}

// modelsPort is shardreg as project sees it.
type modelsPort struct{ *App }

// Available implements project.Shards.
func (m modelsPort) Available(ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash) bool {
	return m.shardreg.Available(ctx, kv, manifest, root)
}

// Servers implements project.Shards.
func (m modelsPort) Servers(
	ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash, fn func(account ledger.Account) bool,
) {
	m.shardreg.Servers(ctx, kv, manifest, root, fn)
}
