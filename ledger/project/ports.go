package project

import "autonet/ledger"

// The ports of this module. All are called on the one goroutine that executes blocks.

// Ports are what the module needs of others.
type Ports struct {
	Bank    Bank
	Till    Till
	Tokens  Tokens
	Pricing Pricing
	Shards  Shards
}

// Bank moves the native token. An error from Fund is a refusal; from the others it is a fault.
type Bank interface {
	// Fund moves an amount from the funder's balance into the projects' pot; CodeFunds when it does not suffice.
	Fund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, project string) error
	// Refund moves an amount from the projects' pot to the funder.
	Refund(ctx *ledger.Context, kv ledger.KV, funder ledger.Account, amount ledger.Natn, project string) error
	// Reserve moves an amount from the projects' pot into the escrows.
	Reserve(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
	// Return moves an amount from the escrows into the projects' pot.
	Return(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
}

// Till moves what orders pay. An error from Collect is a refusal; from the others it is a fault.
type Till interface {
	// Collect moves an amount from the payer's balance into the orders' pot; CodeFunds when it does not suffice.
	Collect(ctx *ledger.Context, kv ledger.KV, payer ledger.Account, amount ledger.Natn, order string) error
	// Pay moves an amount from the orders' pot to an account.
	Pay(ctx *ledger.Context, kv ledger.KV, to ledger.Account, amount ledger.Natn, cause, order string) error
	// Share moves an amount from the orders' pot into the revenues' pot.
	Share(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, order string) error
	// Keep moves an amount from the orders' pot into the treasury.
	Keep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, order string) error
	// Draw moves an amount from the revenues' pot to a holder.
	Draw(ctx *ledger.Context, kv ledger.KV, holder ledger.Account, amount ledger.Natn, project string) error
	// Sweep moves an amount from the revenues' pot into the treasury.
	Sweep(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
}

// Tokens keeps the project's own denomination.
type Tokens interface {
	// OpenToken creates the denomination, frozen.
	OpenToken(kv ledger.KV, denom string) error
	// ReleaseToken lets holders send and burn.
	ReleaseToken(kv ledger.KV, denom string) error
	// Issue gives newly sold tokens to a holder.
	Issue(ctx *ledger.Context, kv ledger.KV, denom string, to ledger.Account, amount uint64) error
	// TakeBack withdraws all tokens a holder has and returns how many they were.
	TakeBack(ctx *ledger.Context, kv ledger.KV, denom string, from ledger.Account) (uint64, error)
	// Balance returns how many tokens a holder has.
	Balance(kv ledger.KV, holder ledger.Account, denom string) uint64
	// Outstanding returns how many tokens all holders have together.
	Outstanding(kv ledger.KV, denom string) uint64
}

// PriceQuery asks what an order costs.
type PriceQuery struct {
	Payer   ledger.Account
	Project string
	Base    ledger.Natn // for all units, less the discount
	Units   uint64
	Text    string // what the payer discloses of its input, at most 4 KiB of UTF-8; empty: nothing
}

// Price is what an order costs after alignment: Pay + Subsidy − Premium is the query's base.
type Price struct {
	Payer     ledger.Account `json:"payer"`
	Project   string         `json:"project"`
	Base      ledger.Natn    `json:"base"`
	Units     uint64         `json:"units"`
	Pay       ledger.Natn    `json:"pay"`               // by the payer
	Subsidy   ledger.Natn    `json:"subsidy,omitempty"` // by the subsidy pool
	Premium   ledger.Natn    `json:"premium,omitempty"` // of Pay, to the subsidy pool
	Alignment uint64         `json:"alignment"`         // per mille; 0 for what is not value-laden
	Laden     bool           `json:"laden,omitempty"`   // value-laden
}

// Pricing turns alignment into a price.
type Pricing interface {
	// Quote prices an order and changes nothing. An error is a refusal.
	Quote(ctx *ledger.Context, kv ledger.KV, q PriceQuery) (Price, error)
	// Book is called when an order is placed at a price quoted in the same transaction, after the payer paid Pay into the
	// orders' pot: it moves Subsidy from the subsidy pool into that pot. An error is a refusal.
	Book(ctx *ledger.Context, kv ledger.KV, p Price) error
	// Close is called when a booked order ends: delivered, it moves Premium from the orders' pot to the subsidy pool;
	// not, it moves Subsidy back there, and the payer gets all of Pay. An error is a fault.
	Close(ctx *ledger.Context, kv ledger.KV, p Price, delivered bool) error
}

// Shards tells who can serve a model.
type Shards interface {
	// Available reports whether enough columns of the manifest with this root are live to read it.
	Available(ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash) bool
	// Servers visits, in ascending account order, the providers that hold live columns of the manifest with this root
	// and may be chosen.
	Servers(ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash, fn func(account ledger.Account) bool)
}
