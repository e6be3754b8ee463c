package app

import (
	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/project"
)

func (a *App) newAlignment() alignment.Keeper {
	return alignment.New(alignment.Ports{
		Bank: poolPort{a}, Constitution: standardsPort{a}, Projects: sellersPort{a}, Power: a.dao,
	})
}

func (a *App) alignmentRoutes() map[string]route {
	return map[string]route{
		"alignment/publish":      on(a.alignment.Publish),
		"alignment/join":         on(a.alignment.Join),
		"alignment/leave":        on(a.alignment.Leave),
		"alignment/set-values":   on(a.alignment.SetValues),
		"alignment/ask":          on(a.alignment.Ask),
		"alignment/commit-score": on(a.alignment.CommitScore),
		"alignment/reveal-score": on(a.alignment.RevealScore),
	}
}

// poolPort is the bank as alignment sees it.
type poolPort struct{ *App }

// Charge implements alignment.Bank.
func (p poolPort) Charge(
	ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn, cause, ref string,
) error {
	return p.bank.Move(ctx, kv, bank.Balance(account), bank.Treasury(), amount, cause, ref)
}

// Give implements alignment.Bank.
func (p poolPort) Give(
	ctx *ledger.Context, kv ledger.KV, account ledger.Account, amount ledger.Natn, cause, ref string,
) error {
	return p.bank.Move(ctx, kv, bank.Balance(account), bank.Subsidies(), amount, cause, ref)
}

// Subsidise implements alignment.Bank.
func (p poolPort) Subsidise(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, id string) error {
	return p.bank.Move(ctx, kv, bank.Subsidies(), bank.Orders(), amount, "subsidy", id)
}

// Collect implements alignment.Bank.
func (p poolPort) Collect(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, id string) error {
	return p.bank.Move(ctx, kv, bank.Orders(), bank.Subsidies(), amount, cause, id)
}

// Balance implements alignment.Bank.
func (p poolPort) Balance(kv ledger.KV, account ledger.Account) ledger.Natn {
	record, _ := p.bank.Account(kv, account)
	return record.Balance
}

// standardsPort is the constitution as alignment sees it.
type standardsPort struct{ *App }

// Default implements alignment.Constitution.
func (standardsPort) Default() string { return constitution.Default }

// Jurisdictions implements alignment.Constitution.
func (s standardsPort) Jurisdictions(kv ledger.KV, fn func(id string, height int64) bool) {
	s.constitution.Jurisdictions(kv, func(j constitution.Jurisdiction) bool { return fn(j.ID, j.Height) })
}

// Texts implements alignment.Constitution.
func (s standardsPort) Texts(kv ledger.KV, id string) []string {
	var texts []string
	for _, p := range constitution.Principles() {
		texts = append(texts, p.Text)
	}
	s.constitution.Standards(kv, id, func(standard constitution.Standard) bool {
		texts = append(texts, standard.Text)
		return true
	})
	return texts
}

// sellersPort is project as alignment sees it.
type sellersPort struct{ *App }

// Maturity implements alignment.Projects: the lesser of a project's age since its goal was reached and the number of model
// versions that verified tasks gave it, each against what the parameters call mature.
func (s sellersPort) Maturity(ctx *ledger.Context, kv ledger.KV, id string) uint64 {
	p, ok := s.project.Project(kv, id)
	if !ok || p.ReachedMS == 0 || p.Versions == 0 || ctx.TimeMS < p.ReachedMS {
		return 0
	}
	rules := ctx.Params.Pricing
	age := uint64((ctx.TimeMS - p.ReachedMS) / max(ctx.Params.EpochMS, 1))
	return min(grown(age, rules.MatureEpochs), grown(p.Versions-1, rules.MatureVersions)) // version 0 is the owner's
}

// grown is how much of what makes it whole a count has reached, per mille.
func grown(count, whole uint64) uint64 {
	if whole == 0 || count >= whole {
		return 1000
	}
	return count * 1000 / whole
}

// Recoup implements alignment.Projects: a buyer may hold all of the project's tokens and be one of the providers that serve
// its model, each of which is as likely to be drawn.
func (s sellersPort) Recoup(ctx *ledger.Context, kv ledger.KV, id string) uint64 {
	model, ok := s.project.Serving(kv, id)
	if !ok {
		return 1000
	}
	servers := uint64(0)
	s.shardreg.Servers(ctx, kv, model.Manifest, model.Root, func(ledger.Account) bool {
		servers++
		return true
	})
	rules := ctx.Params.Services
	if servers == 0 {
		return 1000
	}
	return min(1000, rules.HoldersPerMille+(rules.ProviderPerMille+servers-1)/servers)
}

// pricingPort is alignment as project sees it.
type pricingPort struct{ *App }

// Quote implements project.Pricing.
func (p pricingPort) Quote(ctx *ledger.Context, kv ledger.KV, q project.PriceQuery) (project.Price, error) {
	quote, err := p.alignment.Quote(ctx, kv, alignment.Query{
		User: q.Payer, Project: q.Project, Base: q.Base, Units: q.Units, Text: q.Text,
	})
	if err != nil {
		return project.Price{}, err
	}
	return project.Price{
		Payer: quote.User, Project: quote.Project, Base: quote.Base, Units: quote.Units, Pay: quote.Pay, Subsidy: quote.Subsidy,
		Premium: quote.Premium, Alignment: quote.PerMille(), Laden: quote.Laden,
	}, nil
}

// Book implements project.Pricing.
func (p pricingPort) Book(ctx *ledger.Context, kv ledger.KV, price project.Price) error {
	return p.alignment.Book(ctx, kv, order(price))
}

// Close implements project.Pricing.
func (p pricingPort) Close(ctx *ledger.Context, kv ledger.KV, price project.Price, delivered bool) error {
	return p.alignment.Close(ctx, kv, order(price), delivered)
}

func order(p project.Price) alignment.Order {
	return alignment.Order{
		User: p.Payer, Project: p.Project, Base: p.Base, Units: p.Units, Pay: p.Pay, Subsidy: p.Subsidy, Premium: p.Premium,
		Alignment: p.Alignment, Laden: p.Laden,
	}
}

// observe tells alignment of a settled task: what it asked for of its project's kind of model, and what it got.
func (a *App) observe(ctx *ledger.Context, kv ledger.KV, id string) {
	t, ok := a.task.Record(kv, id)
	if !ok {
		return
	}
	p, ok := a.project.Project(kv, t.Project)
	if !ok {
		return
	}
	solutions, scores := 0, uint64(0)
	for _, slot := range t.Slots {
		if slot.Verdict != nil && slot.Verdict.Accepted {
			solutions++
			scores += uint64(slot.Verdict.Score)
		}
	}
	a.alignment.Observe(ctx, kv, p.Model, len(t.Slots), solutions, scores)
}
