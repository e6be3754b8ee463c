package alignment

import (
	"fmt"
	"math"

	"autonet/consensus/stance"
	"autonet/internal/fixed"
	"autonet/ledger"
)

func spentKey(project string) []byte { return ledger.Key("alignment", "e", project) }

func sellerKey(project string) []byte { return ledger.Key("alignment", "m", project) }

// maxSellers bounds how many projects make the median price of an epoch.
const maxSellers = 1024

// What keeps a subsidy below the formula, as quotes say it.
const (
	limitText      = "no text was disclosed"
	limitCommunity = "the community's standards are too far from the network's, or nobody can read them"
	limitMedian    = "no median price is known yet"
	limitPrice     = "the price is above the median"
	limitSelf      = "more could come back to a buyer who sells to himself"
	limitEpoch     = "the pool's share for this epoch is spent"
	limitProject   = "the pool's share for this project is spent"
	limitPool      = "the pool is empty"
)

// Quote prices an order and changes nothing. Its figures stand still within an epoch, but for what others book of the pool's
// shares. An error is a refusal.
func (k Keeper) Quote(ctx *ledger.Context, kv ledger.KV, query Query) (Quote, error) {
	if query.Text != "" {
		if err := stance.Check(query.Text); err != nil {
			return Quote{}, ledger.Refuse(ledger.CodeInvalid, "quote: %v", err)
		}
	}
	q := Quote{User: query.User, Project: query.Project, Base: query.Base, Units: query.Units, Pay: query.Base}
	g, known := k.ground(kv, k.Membership(kv, query.User))
	q.Community, q.Version = g.name, g.version
	switch {
	case query.Text != "" && known:
		if err := k.weigh(kv, &q, g, query); err != nil {
			return Quote{}, err
		}
	case query.Text == "" && query.Score != nil:
		q.Alignment, q.Laden = *query.Score, true
	}
	q.Row = RowOf(q.Alignment, q.Laden)
	p := ctx.Params.Pricing
	switch q.Row {
	case RowSubsidy:
		k.subsidise(ctx, kv, &q, g, query.Text != "")
	case RowPremium:
		q.Premium = Premium(q.Base, q.Alignment, p.PremiumPerMille, p.MaxPricePerMille)
		pay, err := fixed.Add(uint64(q.Base), uint64(q.Premium))
		if err != nil {
			return Quote{}, ledger.Refuse(ledger.CodeFunds, "quote: %s and a premium cost more than there is", q.Base)
		}
		q.Pay = ledger.Natn(pay)
	case RowBase:
	}
	return q, nil
}

// weigh measures the three factors.
func (k Keeper) weigh(kv ledger.KV, q *Quote, g ground, query Query) error {
	task, err := stance.Embed(query.Text)
	if err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "quote: %v", err)
	}
	own := stance.Compare(task, g.vector)
	q.TaskToOwn, q.Laden = own.Score, own.Laden
	if v, judged := k.Verdict(kv, TextHash(query.Text), g.name, g.version); judged {
		q.TaskToOwn, q.Judged, q.Laden = v.Score, true, true
	}
	q.UserToOwn, q.TaskToUser = One, q.TaskToOwn // who states no values has those of his jurisdiction
	if v, stated := k.Values(kv, query.User); stated && v.Text != "" {
		user := vectorOf(v.Vector)
		q.UserToOwn = stance.Compare(user, g.vector).Score
		q.TaskToUser = stance.Compare(task, user).Score
	}
	q.Alignment = Alignment(q.UserToOwn, q.TaskToUser, q.TaskToOwn)
	return nil
}

// subsidise finds what the pool pays.
func (k Keeper) subsidise(ctx *ledger.Context, kv ledger.KV, q *Quote, g ground, disclosed bool) {
	p, pool := ctx.Params.Pricing, k.Pool(kv)
	switch {
	case !disclosed:
		q.Limited = limitText
		return
	case !g.disclosed || uint64(g.closeness)*1000 < p.ClosePerMille*One:
		q.Limited = limitCommunity
		return
	case pool.Median == 0:
		q.Limited = limitMedian
		return
	}
	price := q.Base
	if usual, err := fixed.MulDiv(pool.Median, q.Units, 1000); err == nil && ledger.Natn(usual) < price {
		price, q.Limited = ledger.Natn(usual), limitPrice
	}
	q.Maturity = min(k.ports.Projects.Maturity(ctx, kv, q.Project), 1000)
	q.Share = Share(q.Maturity, pool.Opening, p.PoolFull, p.SubsidyPerMille)
	q.Subsidy = Subsidy(price, q.Alignment, q.Share)
	recoup := min(k.ports.Projects.Recoup(ctx, kv, q.Project), 1000)
	for _, bound := range []struct {
		most ledger.Natn
		why  string
	}{
		{perMille(q.Base, 1000-recoup), limitSelf},
		{less(perMille(pool.Opening, p.EpochPerMille), pool.Spent), limitEpoch},
		{less(perMille(pool.Opening, p.ProjectPerMille), k.spent(kv, q.Project, pool.Epoch)), limitProject},
		{pool.Balance, limitPool},
	} {
		if q.Subsidy > bound.most {
			q.Subsidy, q.Limited = bound.most, bound.why
		}
	}
	q.Pay = q.Base - q.Subsidy // at most nine tenths of it
}

// counted adds to a figure that is kept for people only: it stays at the largest number rather than stop the ledger.
func counted(sum, amount ledger.Natn) ledger.Natn {
	if total, err := fixed.Add(uint64(sum), uint64(amount)); err == nil {
		return ledger.Natn(total)
	}
	return math.MaxUint64
}

func less(most, used ledger.Natn) ledger.Natn { return most - min(most, used) }

func (Keeper) spent(kv ledger.KV, project string, epoch int64) ledger.Natn {
	s, _ := ledger.Load[spent](kv, spentKey(project))
	if s.Epoch != epoch {
		return 0
	}
	return s.Amount
}

// Book is called when an order is placed at a price quoted in the same transaction: it moves the subsidy into the orders'
// pot. Shares that are booked stay used, whatever becomes of the order. An error is a refusal.
func (k Keeper) Book(ctx *ledger.Context, kv ledger.KV, q Order) error {
	if q.Subsidy > 0 {
		pool := k.Pool(kv)
		used := k.spent(kv, q.Project, pool.Epoch)
		p := ctx.Params.Pricing
		if q.Subsidy > pool.Balance || q.Subsidy > less(perMille(pool.Opening, p.EpochPerMille), pool.Spent) ||
			q.Subsidy > less(perMille(pool.Opening, p.ProjectPerMille), used) {
			return ledger.Refuse(ledger.CodeRefused, "the pool pays less than %s now; ask for the price again", q.Subsidy)
		}
		if err := k.ports.Bank.Subsidise(ctx, kv, q.Subsidy, q.Project); err != nil {
			return err
		}
		pool.Balance -= q.Subsidy
		pool.Spent += q.Subsidy // at most a tenth of the opening balance
		pool.Paid = counted(pool.Paid, q.Subsidy)
		ledger.Save(kv, poolKey(), pool)
		ledger.Save(kv, spentKey(q.Project), spent{Epoch: pool.Epoch, Amount: used + q.Subsidy})
	}
	ctx.Emit(Booked{
		Account: q.User, Project: q.Project, Base: q.Base, Pay: q.Pay, Subsidy: q.Subsidy, Premium: q.Premium,
		Alignment: q.Alignment, Laden: q.Laden,
	})
	return nil
}

// PerMille is the alignment in per mille; 0 for what is not about values.
func (q Quote) PerMille() uint64 {
	if !q.Laden {
		return 0
	}
	return uint64(q.Alignment) * 1000 / One
}

// Close is called when a booked order ends. Delivered, its premium goes to the pool and its price counts for the epoch's
// median; not, its subsidy returns. An error is a fault.
func (k Keeper) Close(ctx *ledger.Context, kv ledger.KV, q Order, delivered bool) error {
	pool := k.Pool(kv)
	amount, cause := q.Subsidy, "subsidy returned"
	if delivered {
		amount, cause = q.Premium, "premium"
		pool.Sellers += k.observe(kv, pool, q)
	}
	if amount > 0 {
		if err := k.ports.Bank.Collect(ctx, kv, amount, cause, q.Project); err != nil {
			return fmt.Errorf("order of project %s: %w", q.Project, err)
		}
		pool.Balance += amount // at most the supply
		if delivered {
			pool.Premiums = counted(pool.Premiums, amount)
		} else {
			pool.Returned = counted(pool.Returned, amount)
		}
	}
	ledger.Save(kv, poolKey(), pool)
	ctx.Emit(Closed{Account: q.User, Project: q.Project, Delivered: delivered, Subsidy: q.Subsidy, Premium: q.Premium})
	return nil
}

// observe keeps a project's lowest price of this epoch and returns how many sellers that adds.
func (Keeper) observe(kv ledger.KV, pool Pool, q Order) uint32 {
	if q.Units == 0 {
		return 0
	}
	price := roundedUp(uint64(q.Base), q.Units)
	old, known := ledger.Load[uint64](kv, sellerKey(q.Project))
	if !known && pool.Sellers >= maxSellers {
		return 0
	}
	if !known || price < old {
		ledger.Save(kv, sellerKey(q.Project), price)
	}
	if known {
		return 0
	}
	return 1
}
