package project

import (
	"bytes"
	"fmt"
	"strconv"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// TagOrder is the tag of orders' identifiers.
const TagOrder = "autonet/order/v1"

// Bounds of one block; what is beyond waits for the next.
const (
	maxOrdersEnded = 256
	maxOrdersDrawn = 256
)

// OrderID is the identifier of the order placed by the account's transaction with this nonce.
func OrderID(network string, account ledger.Account, nonce uint64) string {
	return ledger.DeriveID(TagOrder, network, account, nonce)
}

func orderKey(id string) []byte { return ledger.Key("project", "o", id) }

// heldKey is what the orders' pot holds for an order that has not ended.
func heldKey(id string) []byte { return ledger.Key("project", "om", id) }

// drawKey marks an order that waits for its provider to be drawn.
func drawKey(id string) []byte { return ledger.Key("project", "od", id) }

func dueKey(deadline int64, id string) []byte {
	return ledger.Key("project", "oq", fmt.Sprintf("%016x", deadline), id)
}

// Order returns an order.
func (Keeper) Order(kv ledger.KV, id string) (OrderRecord, bool) {
	return ledger.Load[OrderRecord](kv, orderKey(id))
}

// Orders visits every order in ascending order of ID until fn returns false.
func (Keeper) Orders(kv ledger.KV, fn func(OrderRecord) bool) {
	kv.Iterate(orderKey(""), func(key, value []byte) bool {
		var o OrderRecord
		ledger.DecodeRecord(key, value, &o)
		return fn(o)
	})
}

// Quote returns the deployed project, the price that an order of the sender's would be charged now, and the discount in it
// in per mille. It changes nothing.
func (k Keeper) Quote(ctx *ledger.Context, kv ledger.KV, id string, units uint64, text string) (Project, Price, uint64, error) {
	p, ok := k.Project(kv, id)
	switch {
	case !ok:
		return p, Price{}, 0, ledger.Refuse(ledger.CodeNotFound, "order: there is no project %s", id)
	case p.State != Deployed:
		return p, Price{}, 0, ledger.Refuse(ledger.CodeRefused, "order: project %s is %s; only %s ones sell inference", id, p.State, Deployed)
	case p.UnitPrice == 0:
		return p, Price{}, 0, ledger.Refuse(ledger.CodeRefused, "order: project %s has set no price", id)
	case units == 0 || units > ctx.Params.Services.MaxUnits:
		return p, Price{}, 0, ledger.Refuse(ledger.CodeRefused, "order: %d units; between 1 and %d are sold at once", units, ctx.Params.Services.MaxUnits)
	}
	whole, err := fixed.Mul(uint64(p.UnitPrice), units)
	if err != nil {
		return p, Price{}, 0, ledger.Refuse(ledger.CodeFunds, "order: %d units at %s cost more than there is", units, p.UnitPrice)
	}
	discount := p.Discount(k.tokens.Balance(kv, ctx.Sender, id))
	off, err := fixed.MulDiv(whole, discount, 1000)
	if err != nil {
		return p, Price{}, 0, fmt.Errorf("discount of project %s: %w", id, err)
	}
	q := PriceQuery{Payer: ctx.Sender, Project: id, Base: ledger.Natn(whole - off), Units: units, Text: text}
	price, err := k.pricing.Quote(ctx, kv, q)
	if err != nil {
		return p, Price{}, 0, err
	}
	given, errGiven := fixed.Add(uint64(price.Pay), uint64(price.Subsidy))
	needed, errNeeded := fixed.Add(uint64(q.Base), uint64(price.Premium))
	if errGiven != nil || errNeeded != nil {
		return p, Price{}, 0, ledger.Refuse(ledger.CodeFunds, "order: it costs more than there is")
	}
	if given != needed || price.Base != q.Base {
		return p, Price{}, 0, fmt.Errorf("order: a price of %s with %s subsidy and %s premium on %s", price.Pay, price.Subsidy, price.Premium, q.Base)
	}
	return p, price, discount, nil
}

// PlaceOrder executes the message.
func (k Keeper) PlaceOrder(ctx *ledger.Context, kv ledger.KV, m Order) error {
	id := OrderID(ctx.Network, ctx.Sender, ctx.Nonce)
	if _, taken := k.Order(kv, id); taken {
		return ledger.Refuse(ledger.CodeRefused, "order: order %s exists", id)
	}
	p, price, discount, err := k.Quote(ctx, kv, m.Project, m.Units, m.Text)
	if err != nil {
		return err
	}
	if price.Pay > m.MaxPrice {
		return ledger.Refuse(ledger.CodeRefused, "order: the price is %s; at most %s are offered", price.Pay, m.MaxPrice)
	}
	o := OrderRecord{
		ID: id, Project: p.ID, Version: p.ServingNo, Manifest: p.Serving, Payer: ctx.Sender, Input: m.Input, Units: m.Units,
		Price: price, State: OrderWaiting, Height: ctx.Height,
	}
	if !k.shards.Available(ctx, kv, o.Manifest, k.root(kv, o)) || len(k.candidates(ctx, kv, o)) == 0 {
		return ledger.Refuse(ledger.CodeRefused, "order: nobody can serve the model of project %s now", p.ID)
	}
	if err := k.till.Collect(ctx, kv, ctx.Sender, price.Pay, id); err != nil {
		return err
	}
	if err := k.pricing.Book(ctx, kv, price); err != nil {
		return err
	}
	p.Orders++
	ledger.Save(kv, projectKey(p.ID), p)
	ledger.Save(kv, orderKey(id), o)
	ledger.Save(kv, heldKey(id), price.Pay+price.Subsidy) // at most the supply
	kv.Set(drawKey(id), []byte{1})
	ctx.Emit(OrderPlaced{
		Order: id, Project: p.ID, Version: o.Version, Manifest: o.Manifest, Payer: o.Payer, Input: o.Input, Units: o.Units,
		Discount: discount, Price: price,
	})
	return nil
}

// candidates are the providers that may be drawn for an order: who holds live columns of the model, but for the payer and
// one that was drawn before.
func (k Keeper) candidates(ctx *ledger.Context, kv ledger.KV, o OrderRecord) []ledger.Account {
	var out []ledger.Account
	k.shards.Servers(ctx, kv, o.Manifest, k.root(kv, o), func(account ledger.Account) bool {
		if account != o.Payer && account != o.Missed {
			out = append(out, account)
		}
		return true
	})
	return out
}

// root is that of the version an order is for.
func (k Keeper) root(kv ledger.KV, o OrderRecord) ledger.Hash {
	version, _ := k.Version(kv, o.Project, o.Version)
	return version.Root
}

// drawOrders draws the providers of waiting orders by rendezvous with this block's hash, which nobody knew when the order
// was placed. Stake gives no advantage.
func (k Keeper) drawOrders(ctx *ledger.Context, kv ledger.KV) error {
	for _, id := range k.listed(kv, drawKey(""), maxOrdersDrawn) {
		kv.Delete(drawKey(id))
		o, ok := k.Order(kv, id)
		if !ok || o.State != OrderWaiting {
			return fmt.Errorf("order %s is queued to be drawn and is not waiting", id)
		}
		var drawn ledger.Account
		var best ledger.Hash
		for _, account := range k.candidates(ctx, kv, o) {
			rank := ledger.HashParts([]byte("autonet/order-draw/v1"), ctx.Hash[:], []byte(id), []byte(account))
			if drawn == "" || bytes.Compare(rank[:], best[:]) > 0 {
				drawn, best = account, rank
			}
		}
		if drawn == "" {
			if err := k.refund(ctx, kv, o, "no provider is left"); err != nil {
				return err
			}
			continue
		}
		o.Provider, o.State, o.Deadline = drawn, OrderAssigned, ctx.WorkMS+ctx.Params.Services.DeliverMS
		ledger.Save(kv, orderKey(id), o)
		kv.Set(dueKey(o.Deadline, id), []byte{1})
		ctx.Emit(OrderDrawn{Order: id, Project: o.Project, Provider: drawn, Deadline: o.Deadline})
	}
	return nil
}

func (Keeper) listed(kv ledger.KV, prefix []byte, most int) []string {
	var ids []string
	kv.Iterate(prefix, func(key, _ []byte) bool {
		ids = append(ids, string(key[len(prefix):]))
		return len(ids) < most
	})
	return ids
}

// endOrders ends what is due: an order that was not delivered is drawn once more, then refunded; one that was delivered
// and not rejected is paid out.
func (k Keeper) endOrders(ctx *ledger.Context, kv ledger.KV) error {
	var keys [][]byte
	prefix := ledger.Key("project", "oq", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, _, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		deadline, err := strconv.ParseInt(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("project: the queue of orders has a key %q", key))
		}
		if deadline > ctx.WorkMS || len(keys) >= maxOrdersEnded {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
		id := string(key[bytes.LastIndexByte(key, '/')+1:])
		o, _ := k.Order(kv, id)
		var err error
		switch o.State {
		case OrderDelivered:
			err = k.payOut(ctx, kv, o, OrderSettled, "delivered and not rejected")
		case OrderAssigned:
			err = k.missed(ctx, kv, o)
		case OrderWaiting, OrderSettled, OrderRejected, OrderRefunded:
			err = fmt.Errorf("it is %s", o.State)
		}
		if err != nil {
			return fmt.Errorf("order %s is due: %w", id, err)
		}
	}
	return nil
}

func (k Keeper) missed(ctx *ledger.Context, kv ledger.KV, o OrderRecord) error {
	ctx.Emit(OrderMissed{Order: o.ID, Project: o.Project, Provider: o.Provider})
	if o.Missed != "" {
		return k.refund(ctx, kv, o, "two providers did not deliver")
	}
	o.Missed, o.Provider, o.State, o.Deadline = o.Provider, "", OrderWaiting, 0
	ledger.Save(kv, orderKey(o.ID), o)
	kv.Set(drawKey(o.ID), []byte{1})
	return nil
}

// Deliver executes the message.
func (k Keeper) Deliver(ctx *ledger.Context, kv ledger.KV, m Deliver) error {
	o, ok := k.Order(kv, m.Order)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "deliver: there is no order %s", m.Order)
	case o.Provider != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "deliver: order %s is not for the sender to deliver", o.ID)
	case o.State != OrderAssigned:
		return ledger.Refuse(ledger.CodeRefused, "deliver: order %s is %s", o.ID, o.State)
	case ctx.WorkMS >= o.Deadline:
		return ledger.Refuse(ledger.CodeLate, "deliver: the time to deliver order %s is over", o.ID)
	}
	kv.Delete(dueKey(o.Deadline, o.ID))
	o.State, o.Output, o.Deadline = OrderDelivered, m.Output, ctx.WorkMS+ctx.Params.Services.ReviewMS
	kv.Set(dueKey(o.Deadline, o.ID), []byte{1})
	ledger.Save(kv, orderKey(o.ID), o)
	ctx.Emit(OrderOutput{
		Order: o.ID, Project: o.Project, Provider: o.Provider, Payer: o.Payer, Output: o.Output, Deadline: o.Deadline,
	})
	return nil
}

// Reject executes the message.
func (k Keeper) Reject(ctx *ledger.Context, kv ledger.KV, m Reject) error {
	o, ok := k.Order(kv, m.Order)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "reject: there is no order %s", m.Order)
	case o.Payer != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "reject: only who paid for order %s rejects its delivery", o.ID)
	case o.State != OrderDelivered:
		return ledger.Refuse(ledger.CodeRefused, "reject: order %s is %s", o.ID, o.State)
	case ctx.WorkMS >= o.Deadline:
		return ledger.Refuse(ledger.CodeLate, "reject: the review of order %s is over", o.ID)
	}
	kv.Delete(dueKey(o.Deadline, o.ID))
	return k.payOut(ctx, kv, o, OrderRejected, "rejected: "+m.Reason)
}
