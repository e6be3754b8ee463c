package alignment

import "autonet/ledger"

// The ports are called on the one goroutine that executes blocks.

// Bank moves the native token. An error from Charge and Give is a refusal; from the others it is a fault.
type Bank interface {
	// Charge moves an amount from an account's balance into the treasury; CodeFunds when it does not suffice.
	Charge(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn, cause, ref string) error
	// Give moves an amount from an account's balance into the subsidy pool; CodeFunds when it does not suffice.
	Give(ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn, cause, ref string) error
	// Subsidise moves an amount from the subsidy pool into the orders' pot.
	Subsidise(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, project string) error
	// Collect moves an amount from the orders' pot into the subsidy pool.
	Collect(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, project string) error
	// Balance is what an account can spend.
	Balance(kv ledger.KV, account ledger.Account) ledger.Natn
}

// Constitution tells what the network and its jurisdictions stand for.
type Constitution interface {
	// Jurisdictions visits every jurisdiction in ascending order with the height of its last change, until fn returns false.
	Jurisdictions(kv ledger.KV, fn func(id string, height int64) bool)
	// Texts returns a jurisdiction's standards after the network's principles, each at most 4 KiB.
	Texts(kv ledger.KV, id string) []string
	// Default is the jurisdiction of everybody who joined no community.
	Default() string
}

// Projects tells about what sells.
type Projects interface {
	// Maturity is how far a project has proven itself, per mille.
	Maturity(ctx *ledger.Context, kv ledger.KV, project string) uint64
	// Recoup is the most of a price, per mille, that can come back to a buyer who owns all he can of a project.
	Recoup(ctx *ledger.Context, kv ledger.KV, project string) uint64
}

// Power keeps the books of governance power, by which judges weigh.
type Power interface {
	// PowerAt is an account's governance power at the end of a height.
	PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn
	// TotalAt is all governance power at the end of a height.
	TotalAt(kv ledger.KV, height int64) ledger.Natn
}

// Ports are what the module needs of others.
type Ports struct {
	Bank         Bank
	Constitution Constitution
	Projects     Projects
	Power        Power
}
