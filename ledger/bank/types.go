package bank

import "autonet/ledger"

// Pot is where native tokens rest: an account's balance, or one of the pots that other modules keep the books of.
type Pot struct {
	name    string
	account ledger.Account
}

// Names of pots, as events write them.
const (
	potAccount   = "account"
	potStakes    = "stakes"
	potUnbonding = "unbonding"
	potEscrows   = "escrows"
	potProjects  = "projects"
	potGrants    = "grants"
	potTraps     = "traps"
	potSubsidies = "subsidies"
	potRevenues  = "revenues"
	potOrders    = "orders"
	potTreasury  = "treasury"
	potFees      = "fees"
)

// Balance is an account's spendable pot.
func Balance(account ledger.Account) Pot { return Pot{name: potAccount, account: account} }

// Stakes holds all bonded stake.
func Stakes() Pot { return Pot{name: potStakes} }

// Unbonding holds all stake on its way out.
func Unbonding() Pot { return Pot{name: potUnbonding} }

// Escrows holds what the tasks escrowed.
func Escrows() Pot { return Pot{name: potEscrows} }

// Projects holds what was raised and not yet spent.
func Projects() Pot { return Pot{name: potProjects} }

// Grants holds what invitations promise to whoever claims them.
func Grants() Pot { return Pot{name: potGrants} }

// Traps holds the jackpots of sealed traps and the pay of those who made them.
func Traps() Pot { return Pot{name: potTraps} }

// Subsidies holds what premiums and grants put aside for aligned work.
func Subsidies() Pot { return Pot{name: potSubsidies} }

// Revenues holds what the holders of projects' tokens earned and have not drawn.
func Revenues() Pot { return Pot{name: potRevenues} }

// Orders holds what is paid for inference that is not delivered yet.
func Orders() Pot { return Pot{name: potOrders} }

// Treasury holds what belongs to the network.
func Treasury() Pot { return Pot{name: potTreasury} }

// Fees holds the fees of the block being made; it is empty between blocks.
func Fees() Pot { return Pot{name: potFees} }

// String names the pot: an account, or "stakes", "unbonding", "escrows", "projects", "grants", "traps", "subsidies",
// "revenues", "orders", "treasury", "fees".
func (p Pot) String() string {
	if p.name == potAccount {
		return string(p.account)
	}
	return p.name
}

// Account is the bank's record of an account.
type Account struct {
	_       struct{}    `cbor:",toarray"`
	Nonce   uint64      `json:"nonce"` // of its next transaction
	Balance ledger.Natn `json:"balance"`
}

// Totals are the running sums over each family of pots.
type Totals struct {
	_         struct{}    `cbor:",toarray"`
	Supply    ledger.Natn `json:"supply"` // genesis less burned
	Burned    ledger.Natn `json:"burned"`
	Balances  ledger.Natn `json:"balances"`
	Stakes    ledger.Natn `json:"stakes"`
	Unbonding ledger.Natn `json:"unbonding"`
	Escrows   ledger.Natn `json:"escrows"`
	Projects  ledger.Natn `json:"projects"`
	Grants    ledger.Natn `json:"grants"`
	Traps     ledger.Natn `json:"traps"`
	Subsidies ledger.Natn `json:"subsidies"`
	Revenues  ledger.Natn `json:"revenues"`
	Orders    ledger.Natn `json:"orders"`
	Treasury  ledger.Natn `json:"treasury"`
	Fees      ledger.Natn `json:"fees"`
	Records   uint64      `json:"records"` // accounts, tokens, holdings and grants ever opened: what a recount has to read
}

// Parts lists the sums that make up the supply.
func (t Totals) Parts() [12]ledger.Natn {
	return [...]ledger.Natn{
		t.Balances, t.Stakes, t.Unbonding, t.Escrows, t.Projects, t.Grants, t.Traps, t.Subsidies, t.Revenues, t.Orders,
		t.Treasury, t.Fees,
	}
}

// Token is the bank's record of a project token.
type Token struct {
	_      struct{} `cbor:",toarray"`
	Issued uint64   `json:"issued"` // sold and not taken back
	Burned uint64   `json:"burned"`
	Frozen bool     `json:"frozen"` // holders cannot send or burn until the project reached its goal
}

// Outstanding is what all holders have together.
func (t Token) Outstanding() uint64 { return t.Issued - t.Burned }

// Holding is one holder's amount of one token.
type Holding struct {
	Denom  string         `json:"denom"`
	Holder ledger.Account `json:"holder"`
	Amount uint64         `json:"amount"`
}

// Moved says that an amount left one pot for another and why. Fees are not among them: a transaction's result states its
// fee, and a validator's share leaves this event.
type Moved struct {
	From   string `json:"from"` // an account, or the name of a pot
	To     string `json:"to"`
	Denom  string `json:"denom"`
	Amount uint64 `json:"amount"`
	Cause  string `json:"cause"`
	Ref    string `json:"ref,omitempty"` // the task, project or transaction it belongs to
}

// EventKind implements ledger.EventData.
func (Moved) EventKind() string { return "bank/moved" }

// Burned says that an amount ceased to exist.
type Burned struct {
	Account ledger.Account `json:"account"`
	Denom   string         `json:"denom"`
	Amount  uint64         `json:"amount"`
}

// EventKind implements ledger.EventData.
func (Burned) EventKind() string { return "bank/burned" }

// Issued says that project tokens came into being or, when Back, were taken back.
type Issued struct {
	Account ledger.Account `json:"account"`
	Denom   string         `json:"denom"`
	Amount  uint64         `json:"amount"`
	Back    bool           `json:"back,omitempty"`
}

// EventKind implements ledger.EventData.
func (Issued) EventKind() string { return "bank/issued" }

// Granted says that money waits under a one-use key.
type Granted struct {
	Grantor   ledger.Account `json:"grantor"`
	Key       []byte         `json:"key"`
	Amount    ledger.Natn    `json:"amount"`
	ExpiresMS int64          `json:"expires_ms"`
}

// EventKind implements ledger.EventData.
func (Granted) EventKind() string { return "bank/granted" }

// Claimed says who got a grant.
type Claimed struct {
	Account ledger.Account `json:"account"`
	Grantor ledger.Account `json:"grantor"`
	Key     []byte         `json:"key"`
	Amount  ledger.Natn    `json:"amount"`
}

// EventKind implements ledger.EventData.
func (Claimed) EventKind() string { return "bank/claimed" }

// GrantEnded says that nobody claimed a grant in time; it went back.
type GrantEnded struct {
	Grantor ledger.Account `json:"grantor"`
	Key     []byte         `json:"key"`
	Amount  ledger.Natn    `json:"amount"`
}

// EventKind implements ledger.EventData.
func (GrantEnded) EventKind() string { return "bank/grant-ended" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{Moved{}, Burned{}, Issued{}, Granted{}, Claimed{}, GrantEnded{}}
}
