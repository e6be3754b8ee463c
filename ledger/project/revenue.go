package project

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// How holders share revenue. Each amount raises what one token has earned since ever, in units of 2⁻⁶⁴ nATN, rounded down;
// what rounding leaves is added up and moved to the treasury one nATN at a time. A holder is credited
// held × (earned now − earned at its last change) before its holding changes and when it withdraws, so that an amount
// reaches exactly those who held tokens when it came in. Credits keep their fraction: nothing is lost by
// being settled often. At every moment
//
//	undrawn × 2⁶⁴ = Σ over holders (credit + held × (earned − earned at its last change)) + dust

// Revenue is the book of what a project's holders share.
type Revenue struct {
	Earned  fixed.U128  `json:"earned"`  // by one token since ever, in 2⁻⁶⁴ nATN
	Dust    uint64      `json:"dust"`    // in 2⁻⁶⁴ nATN
	Undrawn ledger.Natn `json:"undrawn"` // what the bank holds for it
	Total   ledger.Natn `json:"total"`   // ever shared; saturates
}

// Credit is what a holder is owed as of its last change.
type Credit struct {
	At   fixed.U128 `json:"at"`   // what one token had earned then
	Owed fixed.U128 `json:"owed"` // in 2⁻⁶⁴ nATN: Hi are whole nATN
}

func revenueKey(id string) []byte { return ledger.Key("project", "r", id) }

func creditKey(id string, holder ledger.Account) []byte {
	return ledger.Key("project", "s", id, string(holder))
}

// Revenue returns the book of a project's shared revenue; a project that shared none has the zero book.
func (Keeper) Revenue(kv ledger.KV, id string) Revenue {
	r, _ := ledger.Load[Revenue](kv, revenueKey(id))
	return r
}

// Due returns what a holder can withdraw of a project's revenue now.
func (k Keeper) Due(kv ledger.KV, id string, holder ledger.Account) ledger.Natn {
	credit, err := settled(k.Revenue(kv, id), loadCredit(kv, id, holder), k.tokens.Balance(kv, holder, id))
	if err != nil {
		return 0
	}
	return ledger.Natn(credit.Owed.Hi)
}

func loadCredit(kv ledger.KV, id string, holder ledger.Account) Credit {
	c, _ := ledger.Load[Credit](kv, creditKey(id, holder))
	return c
}

// settled credits a holder with what held tokens earned since its last change. The sum of all credits is at most what
// the pot holds, so that an error is a fault.
func settled(r Revenue, c Credit, held uint64) (Credit, error) {
	since, err := r.Earned.Sub(c.At)
	if err != nil {
		return c, err
	}
	earned, err := since.Mul(held)
	if err != nil {
		return c, err
	}
	owed, err := c.Owed.Add(earned)
	if err != nil {
		return c, err
	}
	return Credit{At: r.Earned, Owed: owed}, nil
}

// HoldingChanges settles a holder before its holding of a project's token changes.
func (k Keeper) HoldingChanges(ctx *ledger.Context, kv ledger.KV, denom string, holder ledger.Account, before, after uint64) {
	r, shared := ledger.Load[Revenue](kv, revenueKey(denom))
	if !shared {
		return // an absent credit says: nothing owed, as of no revenue
	}
	credit, err := settled(r, loadCredit(kv, denom, holder), before)
	if err != nil {
		ctx.Fault(fmt.Errorf("revenue of project %s: credit of %s: %w", denom, holder, err))
		return
	}
	if after == 0 && credit.Owed.IsZero() {
		kv.Delete(creditKey(denom, holder))
		return
	}
	ledger.Save(kv, creditKey(denom, holder), credit)
}

// share gives an amount of an order to the holders of the project's token, of whom there are some.
func (k Keeper) share(ctx *ledger.Context, kv ledger.KV, id, order string, amount ledger.Natn) error {
	if amount == 0 {
		return nil
	}
	r, out := k.Revenue(kv, id), k.tokens.Outstanding(kv, id)
	each, rest, err := fixed.U128{Hi: uint64(amount)}.Div(out)
	if err != nil {
		return fmt.Errorf("revenue of project %s, whose token nobody holds: %w", id, err)
	}
	earned, err := r.Earned.Add(each)
	if err != nil { // more than 2⁶⁴ nATN per token
		return k.till.Keep(ctx, kv, amount, "revenue beyond counting", order)
	}
	if err := k.till.Share(ctx, kv, amount, order); err != nil {
		return fmt.Errorf("revenue of project %s: %w", id, err)
	}
	r.Earned = earned
	r.Undrawn += amount // at most the supply
	r.Total += min(amount, ^r.Total)
	before := r.Dust
	if r.Dust += rest; r.Dust < before { // a whole nATN
		if err := k.till.Sweep(ctx, kv, 1, id); err != nil {
			return fmt.Errorf("revenue of project %s: %w", id, err)
		}
		r.Undrawn--
	}
	ledger.Save(kv, revenueKey(id), r)
	ctx.Emit(RevenueShared{Project: id, Order: order, Amount: amount, Outstanding: out})
	return nil
}

// Withdraw executes the message. It works in every state of the project.
func (k Keeper) Withdraw(ctx *ledger.Context, kv ledger.KV, m Withdraw) error {
	if _, ok := k.Project(kv, m.Project); !ok {
		return ledger.Refuse(ledger.CodeNotFound, "withdraw: there is no project %s", m.Project)
	}
	r, held := k.Revenue(kv, m.Project), k.tokens.Balance(kv, ctx.Sender, m.Project)
	credit, err := settled(r, loadCredit(kv, m.Project, ctx.Sender), held)
	if err != nil {
		return fmt.Errorf("withdraw: project %s: %w", m.Project, err)
	}
	amount := ledger.Natn(credit.Owed.Hi)
	if amount == 0 {
		return ledger.Refuse(ledger.CodeNotFound, "withdraw: project %s owes the sender nothing", m.Project)
	}
	if r.Undrawn < amount {
		return fmt.Errorf("withdraw: project %s owes %s and holds %s", m.Project, amount, r.Undrawn)
	}
	if err := k.till.Draw(ctx, kv, ctx.Sender, amount, m.Project); err != nil {
		return fmt.Errorf("withdraw: project %s: %w", m.Project, err)
	}
	credit.Owed.Hi = 0
	r.Undrawn -= amount
	ledger.Save(kv, revenueKey(m.Project), r)
	if held == 0 && credit.Owed.IsZero() {
		kv.Delete(creditKey(m.Project, ctx.Sender))
	} else {
		ledger.Save(kv, creditKey(m.Project, ctx.Sender), credit)
	}
	ctx.Emit(RevenueDrawn{Project: m.Project, Holder: ctx.Sender, Amount: amount})
	return nil
}

// WorthRevenue returns the undrawn revenue that a stored record stands for; none for what is not a project's book.
func WorthRevenue(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, revenueKey("")) {
		return 0
	}
	var r Revenue
	ledger.DecodeRecord(key, value, &r)
	return r.Undrawn
}

// RecountRevenue adds up every project's undrawn revenue.
func (Keeper) RecountRevenue(kv ledger.KV) (ledger.Natn, error) {
	return recount(kv, revenueKey(""), WorthRevenue)
}

// recount adds up what the records under a prefix are worth.
func recount(kv ledger.KV, prefix []byte, worth func(key, value []byte) ledger.Natn) (ledger.Natn, error) {
	sum := uint64(0)
	var err error
	kv.Iterate(prefix, func(key, value []byte) bool {
		sum, err = fixed.Add(sum, uint64(worth(key, value)))
		return err == nil
	})
	if err != nil {
		return 0, fmt.Errorf("the records under %q exceed 64 bits: %w", prefix, err)
	}
	return ledger.Natn(sum), nil
}
