package project

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// maxFailures bounds the fundings that end in one block; later ones end in the next.
const maxFailures = 256

// Keeper is the module's rules. It holds its ports and no state.
type Keeper struct {
	bank    Bank
	till    Till
	tokens  Tokens
	pricing Pricing
	shards  Shards
}

// New returns the keeper over its ports; all are needed.
func New(p Ports) Keeper {
	return Keeper{bank: p.Bank, till: p.Till, tokens: p.Tokens, pricing: p.Pricing, shards: p.Shards}
}

func projectKey(id string) []byte { return ledger.Key("project", "p", id) }

func paidKey(id string, funder ledger.Account) []byte {
	return ledger.Key("project", "c", id, string(funder))
}

func versionKey(id string, version uint64) []byte {
	return ledger.Key("project", "v", id, fmt.Sprintf("%016x", version))
}

// queueKey orders projects in funding by their deadline.
func queueKey(deadline int64, id string) []byte {
	return ledger.Key("project", "q", fmt.Sprintf("%016x", deadline), id)
}

// Project returns a project.
func (Keeper) Project(kv ledger.KV, id string) (Project, bool) {
	return ledger.Load[Project](kv, projectKey(id))
}

// Projects visits every project in ascending order of ID until fn returns false.
func (Keeper) Projects(kv ledger.KV, fn func(Project) bool) {
	kv.Iterate(projectKey(""), func(key, value []byte) bool {
		var p Project
		ledger.DecodeRecord(key, value, &p)
		return fn(p)
	})
}

// Paid returns what an account paid into a project that has not been refunded.
func (Keeper) Paid(kv ledger.KV, id string, funder ledger.Account) ledger.Natn {
	paid, _ := ledger.Load[ledger.Natn](kv, paidKey(id, funder))
	return paid
}

// Version returns one model version of a project.
func (Keeper) Version(kv ledger.KV, id string, version uint64) (Version, bool) {
	return ledger.Load[Version](kv, versionKey(id, version))
}

// Versions visits a project's model versions, oldest first, until fn returns false.
func (Keeper) Versions(kv ledger.KV, id string, fn func(Version) bool) {
	kv.Iterate(ledger.Key("project", "v", id, ""), func(key, value []byte) bool {
		var v Version
		ledger.DecodeRecord(key, value, &v)
		return fn(v)
	})
}

// Create executes the message.
func (k Keeper) Create(ctx *ledger.Context, kv ledger.KV, m Create) error {
	id := ledger.ProjectID(ctx.Network, ctx.Sender, ctx.Nonce)
	if _, taken := k.Project(kv, id); taken {
		return ledger.Refuse(ledger.CodeRefused, "create: project %s exists", id)
	}
	if err := k.tokens.OpenToken(kv, id); err != nil {
		return err
	}
	p := Project{
		ID: id, Name: m.Name, Model: m.Model, Owner: ctx.Sender, State: Funding, Goal: m.Goal,
		Deadline: ctx.WorkMS + m.DeadlineMS, PTBase: m.PTBase, PTSlope: m.PTSlope,
		Height: ctx.Height, CreatedMS: ctx.TimeMS,
	}
	ledger.Save(kv, projectKey(id), p)
	kv.Set(queueKey(p.Deadline, id), []byte{1})
	ctx.Emit(Created{Project: id, Name: p.Name, Owner: p.Owner, Model: p.Model, Goal: p.Goal})
	return nil
}

// Fund executes the message: it sells as many whole tokens as the amount pays for and charges exactly their price.
func (k Keeper) Fund(ctx *ledger.Context, kv ledger.KV, m Fund) error {
	p, ok := k.Project(kv, m.Project)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "fund: there is no project %s", m.Project)
	}
	switch {
	case p.State == Funding && ctx.WorkMS >= p.Deadline:
		return ledger.Refuse(ledger.CodeLate, "fund: the funding of project %s has ended", p.ID)
	case p.State != Funding && p.State != Training:
		return ledger.Refuse(ledger.CodeRefused, "fund: project %s is %s", p.ID, p.State)
	}
	tokens, price := Quote(p.PTBase, p.PTSlope, p.Sold, m.Amount)
	if tokens == 0 {
		return ledger.Refuse(ledger.CodeFunds, "fund: %s does not pay for one token of project %s", m.Amount, p.ID)
	}
	if err := k.bank.Fund(ctx, kv, ctx.Sender, price, p.ID); err != nil {
		return err
	}
	if err := k.tokens.Issue(ctx, kv, p.ID, ctx.Sender, tokens); err != nil {
		return err
	}
	if err := p.sell(tokens, price); err != nil {
		return err
	}
	ledger.Save(kv, paidKey(p.ID, ctx.Sender), k.Paid(kv, p.ID, ctx.Sender)+price)
	ctx.Emit(Funded{Project: p.ID, Funder: ctx.Sender, Paid: price, Tokens: tokens, Raised: p.Raised})
	if p.State == Funding && p.Raised >= p.Goal {
		if err := k.reach(ctx, kv, &p); err != nil {
			return err
		}
	}
	ledger.Save(kv, projectKey(p.ID), p)
	return nil
}

// sell books a sale.
func (p *Project) sell(tokens uint64, price ledger.Natn) error {
	sold, errSold := fixed.Add(p.Sold, tokens)
	raised, errRaised := fixed.Add(uint64(p.Raised), uint64(price))
	if errSold != nil || errRaised != nil {
		return ledger.Refuse(ledger.CodeRefused, "fund: project %s has sold as much as can be counted", p.ID)
	}
	p.Sold, p.Raised = sold, ledger.Natn(raised)
	p.Budget += price // at most the supply
	return nil
}

func (k Keeper) reach(ctx *ledger.Context, kv ledger.KV, p *Project) error {
	if err := k.tokens.ReleaseToken(kv, p.ID); err != nil {
		return err
	}
	kv.Delete(queueKey(p.Deadline, p.ID))
	p.State, p.ReachedMS = Training, ctx.TimeMS
	ctx.Emit(StateChanged{Project: p.ID, From: Funding, State: Training, Cause: "goal reached"})
	return nil
}

// Quote returns how many whole tokens an amount buys when sold of them are out already, and their exact price. Token
// number i costs base + slope·i. What 64 bits cannot hold is beyond every amount.
func Quote(base, slope, sold uint64, amount ledger.Natn) (tokens uint64, price ledger.Natn) {
	if base == 0 {
		return 0, 0
	}
	low, high := uint64(0), uint64(amount)/base // low is affordable, above high is not
	for low < high {
		mid := high - (high-low)/2 // rounded up, without overflow
		if cost, err := curve(base, slope, sold, mid); err == nil && cost <= uint64(amount) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	cost, err := curve(base, slope, sold, low)
	if err != nil {
		return 0, 0
	}
	return low, ledger.Natn(cost)
}

// curve is n·base + slope·(n·sold + n·(n−1)/2).
func curve(base, slope, sold, n uint64) (uint64, error) {
	cost, err := fixed.Mul(n, base)
	if err != nil || slope == 0 || n == 0 {
		return cost, err
	}
	shift, err := fixed.Mul(n, sold)
	if err != nil {
		return 0, err
	}
	rise, err := fixed.MulDiv(n, n-1, 2)
	if err != nil {
		return 0, err
	}
	if rise, err = fixed.Add(rise, shift); err != nil {
		return 0, err
	}
	if rise, err = fixed.Mul(rise, slope); err != nil {
		return 0, err
	}
	return fixed.Add(cost, rise)
}

// Refund executes the message.
func (k Keeper) Refund(ctx *ledger.Context, kv ledger.KV, m Refund) error {
	p, ok := k.Project(kv, m.Project)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "refund: there is no project %s", m.Project)
	}
	if p.State != Failed {
		return ledger.Refuse(ledger.CodeRefused, "refund: project %s is %s; only a missed goal is refunded", p.ID, p.State)
	}
	paid := k.Paid(kv, p.ID, ctx.Sender)
	if paid == 0 {
		return ledger.Refuse(ledger.CodeNotFound, "refund: nothing of the sender's is left in project %s", p.ID)
	}
	tokens, err := k.tokens.TakeBack(ctx, kv, p.ID, ctx.Sender)
	if err != nil {
		return err
	}
	if err := k.bank.Refund(ctx, kv, ctx.Sender, paid, p.ID); err != nil {
		return fmt.Errorf("refund of project %s: %w", p.ID, err)
	}
	kv.Delete(paidKey(p.ID, ctx.Sender))
	p.Raised -= paid
	p.Budget -= paid
	p.Sold -= tokens
	ledger.Save(kv, projectKey(p.ID), p)
	ctx.Emit(Refunded{Project: p.ID, Funder: ctx.Sender, Amount: paid, Tokens: tokens})
	return nil
}

// PublishModel executes the message.
func (k Keeper) PublishModel(ctx *ledger.Context, kv ledger.KV, m PublishModel) error {
	p, ok := k.Project(kv, m.Project)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "publish-model: there is no project %s", m.Project)
	case p.Owner != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "publish-model: only the owner of project %s publishes version 0", p.ID)
	case p.Versions > 0:
		return ledger.Refuse(ledger.CodeRefused, "publish-model: project %s has a model; its tasks publish the next ones", p.ID)
	case p.State == Failed:
		return ledger.Refuse(ledger.CodeRefused, "publish-model: project %s is %s", p.ID, p.State)
	}
	k.publish(ctx, kv, p, "", Model{Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters})
	return nil
}

// Publish makes a task's model the project's next version and returns its number. The sender is its publisher.
func (k Keeper) Publish(ctx *ledger.Context, kv ledger.KV, id, task string, m Model) (uint64, error) {
	p, ok := k.Project(kv, id)
	if !ok {
		return 0, ledger.Refuse(ledger.CodeNotFound, "there is no project %s", id)
	}
	if err := validModel(m.Manifest, m.Root, m.Size, m.Parameters); err != nil {
		return 0, err
	}
	return k.publish(ctx, kv, p, task, m), nil
}

func (Keeper) publish(ctx *ledger.Context, kv ledger.KV, p Project, task string, m Model) uint64 {
	v := Version{
		Project: p.ID, Version: p.Versions, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters,
		Publisher: ctx.Sender, Task: task, Height: ctx.Height, TimeMS: ctx.TimeMS,
	}
	ledger.Save(kv, versionKey(p.ID, v.Version), v)
	p.Versions++
	p.Latest = v.Manifest
	ledger.Save(kv, projectKey(p.ID), p)
	ctx.Emit(Published{
		Project: p.ID, Version: v.Version, Manifest: v.Manifest, Root: v.Root, Size: v.Size, Parameters: v.Parameters,
		Publisher: v.Publisher, Task: task,
	})
	return v.Version
}

// Reserve takes an amount out of a project's budget into a task's escrow. Only the owner spends the budget: what
// others paid in for its purpose is not theirs to propose away.
func (k Keeper) Reserve(ctx *ledger.Context, kv ledger.KV, id string, amount ledger.Natn) error {
	p, ok := k.Project(kv, id)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "there is no project %s", id)
	case p.Owner != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "only the owner of project %s spends its budget", id)
	case p.State != Training && p.State != Deployed:
		return ledger.Refuse(ledger.CodeRefused, "project %s is %s; tasks need %s or %s", id, p.State, Training, Deployed)
	case p.Budget < amount:
		return ledger.Refuse(ledger.CodeFunds, "the budget of project %s is %s, %s are needed", id, p.Budget, amount)
	}
	reserved, err := fixed.Add(uint64(p.Reserved), uint64(amount))
	if err != nil {
		return ledger.Refuse(ledger.CodeRefused, "project %s has reserved as much as can be counted", id)
	}
	if err := k.bank.Reserve(ctx, kv, amount, id); err != nil {
		return fmt.Errorf("budget of project %s: %w", id, err)
	}
	p.Budget -= amount
	p.Reserved = ledger.Natn(reserved)
	ledger.Save(kv, projectKey(id), p)
	return nil
}

// Return puts back what a task did not spend.
func (k Keeper) Return(ctx *ledger.Context, kv ledger.KV, id string, amount ledger.Natn) error {
	p, ok := k.Project(kv, id)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "there is no project %s", id)
	}
	if err := k.bank.Return(ctx, kv, amount, id); err != nil {
		return fmt.Errorf("budget of project %s: %w", id, err)
	}
	p.Budget += amount
	p.Returned += amount // at most Reserved
	ledger.Save(kv, projectKey(id), p)
	return nil
}
