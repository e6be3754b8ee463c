package app_test

import (
	"math/big"
	"slices"

	"autonet/ledger/project"
)

// venture is a project.
type venture struct {
	owner            who
	state, before    project.State
	reached          bool // its goal, ever
	goal             uint64
	deadline         int64
	base, slope      uint64
	sold             uint64
	raised, budget   uint64
	reserved, handed uint64 // put into escrows; of that, given back
	paid             map[who]uint64
	held             map[who]uint64
	model            string // manifest of version 0
	matureMS         int64
	serving          bool
	price            uint64
	tiers            []project.Tier
	revenue          uint64

	owed    map[who]*big.Int // in 2⁻⁶⁴ nATN
	dust    *big.Int
	undrawn uint64
}

// deal is an order for inference.
type deal struct {
	project, manifest string
	payer             who
	base              uint64
	state             project.OrderState
	provider, missed  who
	deadline          int64
}

func (r *ref) create(a who, id string, m project.Create) bool {
	r.projects[id] = &venture{
		owner: a, state: project.Funding, goal: uint64(m.Goal), deadline: r.workMS + m.DeadlineMS, base: m.PTBase, slope: m.PTSlope,
		paid: map[who]uint64{}, held: map[who]uint64{}, owed: map[who]*big.Int{}, dust: new(big.Int),
	}
	return true
}

func bigOf(n uint64) *big.Int { return new(big.Int).SetUint64(n) }

// buy is how many tokens an amount pays for and what exactly they cost, by the closed form of the curve: token number i
// costs base + slope·i, so n of them after sold others cost n·base + slope·(n·sold + n·(n−1)/2).
func buy(base, slope, sold, amount uint64) (tokens, price *big.Int) {
	if slope == 0 {
		n := new(big.Int).Div(bigOf(amount), bigOf(base))
		return n, new(big.Int).Mul(n, bigOf(base))
	}
	// slope·n² + b·n ≤ 2·amount with b = 2·base + 2·slope·sold − slope
	b := new(big.Int).Mul(bigOf(slope), bigOf(sold))
	b.Add(b, bigOf(base)).Lsh(b, 1).Sub(b, bigOf(slope))
	root := new(big.Int).Mul(bigOf(slope), bigOf(amount))
	root.Lsh(root, 3).Add(root, new(big.Int).Mul(b, b)).Sqrt(root)
	n := root.Sub(root, b)
	n.Div(n, new(big.Int).Lsh(bigOf(slope), 1))
	price = new(big.Int).Mul(n, n)
	price.Mul(price, bigOf(slope)).Add(price, new(big.Int).Mul(n, b)).Rsh(price, 1)
	return n, price
}

func (r *ref) fund(a who, id string, amount uint64) bool {
	p := r.projects[id]
	if p == nil || (p.state != project.Funding && p.state != project.Training) || (p.state == project.Funding && r.workMS >= p.deadline) {
		return false
	}
	n, cost := buy(p.base, p.slope, p.sold, amount)
	if n.Sign() == 0 || !r.take(a, cost.Uint64()) {
		return false
	}
	tokens, price := n.Uint64(), cost.Uint64()
	p.sold += tokens
	p.held[a] += tokens
	p.paid[a] += price
	p.raised += price
	p.budget += price
	if p.state == project.Funding && p.raised >= p.goal {
		p.state, p.reached = project.Training, true
	}
	return true
}

func (r *ref) refund(a who, id string) bool {
	p := r.projects[id]
	if p == nil || p.state != project.Failed || p.paid[a] == 0 {
		return false
	}
	r.balance[a] += p.paid[a]
	p.raised -= p.paid[a]
	p.budget -= p.paid[a]
	p.sold -= p.held[a]
	p.paid[a], p.held[a] = 0, 0
	return true
}

// owned returns a project that the account owns, or nil.
func (r *ref) owned(a who, id string) *venture {
	if p := r.projects[id]; p != nil && p.owner == a {
		return p
	}
	return nil
}

func (r *ref) publish(a who, id, model string) bool {
	p := r.owned(a, id)
	if p == nil || p.model != "" || p.state == project.Failed {
		return false
	}
	p.model = model
	return true
}

func (r *ref) mature(a who, id string) bool {
	p := r.owned(a, id)
	if p == nil || p.state != project.Training || p.model == "" {
		return false
	}
	p.state, p.matureMS = project.Maturing, r.timeMS+r.rules.Services.MatureMS
	return true
}

// deploy knows version 0 alone, so that a deployed project has no other to deploy.
func (r *ref) deploy(a who, id string, version uint64) bool {
	p := r.owned(a, id)
	if p == nil || p.state != project.Maturing || r.timeMS < p.matureMS || version > 0 || !r.readable(p.model) {
		return false
	}
	p.state, p.serving = project.Deployed, true
	return true
}

func (r *ref) pause(a who, id string) bool {
	p := r.owned(a, id)
	if p == nil || (p.state != project.Training && p.state != project.Maturing && p.state != project.Deployed) {
		return false
	}
	p.before, p.state = p.state, project.Paused
	return true
}

func (r *ref) resume(a who, id string) bool {
	p := r.owned(a, id)
	if p == nil || p.state != project.Paused {
		return false
	}
	p.state = p.before
	return true
}

func (r *ref) setPrice(a who, id string, price uint64, tiers []project.Tier) bool {
	p := r.owned(a, id)
	if p == nil || p.state == project.Failed {
		return false
	}
	for _, t := range tiers {
		if t.PerMille > r.rules.Services.MaxDiscountPerMille {
			return false
		}
	}
	p.price, p.tiers = price, tiers
	return true
}

// servers may be drawn for an order of the payer's.
func (r *ref) servers(manifest string, but ...who) (out []who) {
	f := r.files[manifest]
	for i := range castSize {
		a := acct(i)
		if f != nil && len(f.columns[a]) > 0 && r.chosen(a) && !slices.Contains(but, a) {
			out = append(out, a)
		}
	}
	return out
}

func (r *ref) order(a who, id string, m project.Order) bool {
	p := r.projects[m.Project]
	if p == nil || p.state != project.Deployed || p.price == 0 || m.Units > r.rules.Services.MaxUnits {
		return false
	}
	whole := new(big.Int).Mul(bigOf(p.price), bigOf(m.Units))
	if !whole.IsUint64() {
		return false
	}
	discount := uint64(0)
	for _, t := range p.tiers {
		if p.held[a] >= t.Hold {
			discount = max(discount, t.PerMille)
		}
	}
	base := whole.Uint64() - part(whole.Uint64(), discount, 1000)
	if base > uint64(m.MaxPrice) || !r.readable(p.model) || len(r.servers(p.model, a)) == 0 || !r.take(a, base) {
		return false
	}
	r.orders[id] = &deal{project: m.Project, manifest: p.model, payer: a, base: base, state: project.OrderWaiting}
	return true
}

func (r *ref) output(a who, id string) bool {
	o := r.orders[id]
	if o == nil || o.provider != a || o.state != project.OrderAssigned || r.workMS >= o.deadline {
		return false
	}
	o.state, o.deadline = project.OrderDelivered, r.workMS+r.rules.Services.ReviewMS
	return true
}

func (r *ref) reject(a who, id string) bool {
	o := r.orders[id]
	if o == nil || o.payer != a || o.state != project.OrderDelivered || r.workMS >= o.deadline {
		return false
	}
	r.payOut(o, project.OrderRejected)
	return true
}

// payOut splits an order's price: provider, holders, treasury.
func (r *ref) payOut(o *deal, state project.OrderState) {
	p := r.projects[o.project]
	toProvider, toHolders := part(o.base, r.rules.Services.ProviderPerMille, 1000), part(o.base, r.rules.Services.HoldersPerMille, 1000)
	out := uint64(0)
	for _, n := range p.held {
		out += n
	}
	if state == project.OrderRejected {
		toProvider = 0
	}
	if out == 0 {
		toHolders = 0
	}
	r.balance[o.provider] += toProvider
	r.treasury += o.base - toProvider - toHolders
	if toHolders > 0 {
		r.share(p, toHolders, out)
	}
	p.revenue += o.base
	o.state, o.deadline = state, 0
}

// share credits every holder at once, in 2⁻⁶⁴ nATN; what dividing leaves is the treasury's as soon as it is a whole nATN.
func (r *ref) share(p *venture, amount, out uint64) {
	each, rest := new(big.Int).DivMod(new(big.Int).Lsh(bigOf(amount), 64), bigOf(out), new(big.Int))
	for a, n := range p.held {
		if n > 0 {
			if p.owed[a] == nil {
				p.owed[a] = new(big.Int)
			}
			p.owed[a].Add(p.owed[a], new(big.Int).Mul(each, bigOf(n)))
		}
	}
	p.undrawn += amount
	if p.dust.Add(p.dust, rest); p.dust.BitLen() > 64 {
		p.dust.SetBit(p.dust, 64, 0)
		p.undrawn--
		r.treasury++
	}
}

func (p *venture) due(a who) uint64 {
	if p.owed[a] == nil {
		return 0
	}
	return new(big.Int).Rsh(p.owed[a], 64).Uint64()
}

func (r *ref) withdraw(a who, id string) bool {
	p := r.projects[id]
	if p == nil || p.due(a) == 0 {
		return false
	}
	n := p.due(a)
	p.owed[a].Sub(p.owed[a], new(big.Int).Lsh(bigOf(n), 64))
	p.undrawn -= n
	r.balance[a] += n
	return true
}

// sell ends fundings and moves orders on; drawn says whom the block's hash chose.
func (r *ref) sell(drawn map[string]who) (wrong string) {
	for _, p := range r.projects {
		if p.state == project.Funding && r.workMS >= p.deadline {
			p.state = project.Failed
		}
	}
	for _, id := range keys(r.orders) {
		switch o := r.orders[id]; {
		case o.deadline == 0 || r.workMS < o.deadline:
		case o.state == project.OrderDelivered:
			r.payOut(o, project.OrderSettled)
		case o.missed == "":
			o.missed, o.provider, o.state, o.deadline = o.provider, "", project.OrderWaiting, 0
		default:
			r.balance[o.payer] += o.base
			o.state, o.deadline = project.OrderRefunded, 0
		}
	}
	for _, id := range keys(r.orders) {
		o := r.orders[id]
		if o.state != project.OrderWaiting {
			continue
		}
		may := r.servers(o.manifest, o.payer, o.missed)
		switch chosen := drawn[id]; {
		case len(may) == 0 && chosen == "":
			r.balance[o.payer] += o.base
			o.state = project.OrderRefunded
		case slices.Contains(may, chosen):
			o.provider, o.state, o.deadline = chosen, project.OrderAssigned, r.workMS+r.rules.Services.DeliverMS
		default:
			return "order " + id + " is drawn for somebody who cannot serve it"
		}
		delete(drawn, id)
	}
	if len(drawn) > 0 {
		return "an order is drawn that does not wait"
	}
	return ""
}
