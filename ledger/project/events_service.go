package project

import "autonet/ledger"

// OrderState is the stage of an order.
type OrderState string

// The states of an order.
const (
	OrderWaiting   OrderState = "WAITING"   // for the next block's hash to draw its provider
	OrderAssigned  OrderState = "ASSIGNED"  // its provider may deliver until the deadline
	OrderDelivered OrderState = "DELIVERED" // the payer may reject until the deadline
	OrderSettled   OrderState = "SETTLED"   // paid out
	OrderRejected  OrderState = "REJECTED"  // paid out, without the provider
	OrderRefunded  OrderState = "REFUNDED"  // nobody delivered: the payer has its money back
)

// OrderRecord is an order for inference.
type OrderRecord struct {
	ID       string         `json:"id"`
	Project  string         `json:"project"`
	Version  uint64         `json:"version"`
	Manifest string         `json:"manifest"` // of that version
	Payer    ledger.Account `json:"payer"`
	Input    string         `json:"input"`
	Output   string         `json:"output,omitempty"`
	Units    uint64         `json:"units"`
	Price    Price          `json:"price"`
	State    OrderState     `json:"state"`
	Provider ledger.Account `json:"provider,omitempty"`
	Missed   ledger.Account `json:"missed,omitempty"` // the provider that was drawn first and did not deliver
	Deadline int64          `json:"deadline_work_ms,omitempty"`
	Height   int64          `json:"height"` // of its placing
}

// Deployment says that a model version is the one that inference is sold from.
type Deployment struct {
	Project  string `json:"project"`
	Version  uint64 `json:"version"`
	Manifest string `json:"manifest"`
}

// PriceSet says what a project asks for inference.
type PriceSet struct {
	Project string      `json:"project"`
	Price   ledger.Natn `json:"price"` // per unit
	Tiers   []Tier      `json:"tiers,omitempty"`
}

// OrderPlaced says that somebody bought inference, at which price and why.
type OrderPlaced struct {
	Order    string         `json:"order"`
	Project  string         `json:"project"`
	Version  uint64         `json:"version"`
	Manifest string         `json:"manifest"`
	Payer    ledger.Account `json:"payer"`
	Input    string         `json:"input"`
	Units    uint64         `json:"units"`
	Discount uint64         `json:"discount_per_mille"`
	Price    Price          `json:"price"`
}

// OrderDrawn says which provider is to deliver, and until when.
type OrderDrawn struct {
	Order    string         `json:"order"`
	Project  string         `json:"project"`
	Provider ledger.Account `json:"provider"`
	Deadline int64          `json:"deadline_work_ms"`
}

// OrderMissed says that a drawn provider did not deliver in time.
type OrderMissed struct {
	Order    string         `json:"order"`
	Project  string         `json:"project"`
	Provider ledger.Account `json:"provider"`
}

// OrderOutput says where the output is, and until when the payer may reject it.
type OrderOutput struct {
	Order    string         `json:"order"`
	Project  string         `json:"project"`
	Provider ledger.Account `json:"provider"`
	Payer    ledger.Account `json:"payer"`
	Output   string         `json:"output"`
	Deadline int64          `json:"deadline_work_ms"`
}

// OrderClosed says how an order ended and where its money went: to the provider, the holders, the treasury, the subsidy
// pool, or back to the payer.
type OrderClosed struct {
	Order    string         `json:"order"`
	Project  string         `json:"project"`
	Payer    ledger.Account `json:"payer"`
	Provider ledger.Account `json:"provider,omitempty"`
	State    OrderState     `json:"state"`
	Paid     ledger.Natn    `json:"paid"`    // to the provider
	Holders  ledger.Natn    `json:"holders"` // to the holders of the token
	Treasury ledger.Natn    `json:"treasury"`
	Pool     ledger.Natn    `json:"pool"`   // premium, or subsidy given back
	Refund   ledger.Natn    `json:"refund"` // to the payer
	Cause    string         `json:"cause"`
}

// RevenueShared says that an amount was shared by the holders of a project's token.
type RevenueShared struct {
	Project     string      `json:"project"`
	Order       string      `json:"order"`
	Amount      ledger.Natn `json:"amount"`
	Outstanding uint64      `json:"outstanding"` // tokens
}

// RevenueDrawn says that a holder took its share.
type RevenueDrawn struct {
	Project string         `json:"project"`
	Holder  ledger.Account `json:"holder"`
	Amount  ledger.Natn    `json:"amount"`
}

// EventKind implements ledger.EventData.
func (Deployment) EventKind() string { return "project/deployed" }

// EventKind implements ledger.EventData.
func (PriceSet) EventKind() string { return "project/price-set" }

// EventKind implements ledger.EventData.
func (OrderPlaced) EventKind() string { return "project/order-placed" }

// EventKind implements ledger.EventData.
func (OrderDrawn) EventKind() string { return "project/order-drawn" }

// EventKind implements ledger.EventData.
func (OrderMissed) EventKind() string { return "project/order-missed" }

// EventKind implements ledger.EventData.
func (OrderOutput) EventKind() string { return "project/order-delivered" }

// EventKind implements ledger.EventData.
func (OrderClosed) EventKind() string { return "project/order-closed" }

// EventKind implements ledger.EventData.
func (RevenueShared) EventKind() string { return "project/revenue-shared" }

// EventKind implements ledger.EventData.
func (RevenueDrawn) EventKind() string { return "project/revenue-drawn" }

func serviceEvents() []ledger.EventData {
	return []ledger.EventData{
		Deployment{},
		PriceSet{},
		OrderPlaced{},
		OrderDrawn{},
		OrderMissed{},
		OrderOutput{},
		OrderClosed{},
		RevenueShared{},
		RevenueDrawn{},
	}
}
