package project

import (
	"autonet/ledger"
)

// own returns a project that the sender owns.
func (k Keeper) own(ctx *ledger.Context, kv ledger.KV, what, id string) (Project, error) {
	p, ok := k.Project(kv, id)
	switch {
	case !ok:
		return p, ledger.Refuse(ledger.CodeNotFound, "%s: there is no project %s", what, id)
	case p.Owner != ctx.Sender:
		return p, ledger.Refuse(ledger.CodeRefused, "%s: only the owner of project %s may do this", what, id)
	}
	return p, nil
}

// enter moves a project to a state.
func enter(ctx *ledger.Context, kv ledger.KV, p Project, to State, cause string) {
	from := p.State
	p.State = to
	ledger.Save(kv, projectKey(p.ID), p)
	ctx.Emit(StateChanged{Project: p.ID, From: from, State: to, Cause: cause})
}

// Mature executes the message.
func (k Keeper) Mature(ctx *ledger.Context, kv ledger.KV, m Mature) error {
	p, err := k.own(ctx, kv, "mature", m.Project)
	switch {
	case err != nil:
		return err
	case p.State != Training:
		return ledger.Refuse(ledger.CodeRefused, "mature: project %s is %s; only %s ends this way", p.ID, p.State, Training)
	case p.Versions == 0:
		return ledger.Refuse(ledger.CodeRefused, "mature: project %s has no model yet", p.ID)
	}
	p.MatureMS = ctx.TimeMS + ctx.Params.Services.MatureMS
	enter(ctx, kv, p, Maturing, "the owner ended training")
	return nil
}

// Deploy executes the message.
func (k Keeper) Deploy(ctx *ledger.Context, kv ledger.KV, m Deploy) error {
	p, err := k.own(ctx, kv, "deploy", m.Project)
	switch {
	case err != nil:
		return err
	case p.State != Maturing && p.State != Deployed:
		return ledger.Refuse(ledger.CodeRefused, "deploy: project %s is %s; it must be %s first", p.ID, p.State, Maturing)
	case p.State == Maturing && ctx.TimeMS < p.MatureMS:
		return ledger.Refuse(ledger.CodeEarly, "deploy: project %s matures for %d ms more", p.ID, p.MatureMS-ctx.TimeMS)
	}
	version, ok := k.Version(kv, p.ID, m.Version)
	serving, _ := k.Serving(kv, p.ID)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "deploy: project %s has no model version %d", p.ID, m.Version)
	case p.State == Deployed && (p.ServingNo == version.Version || serving.Manifest == version.Manifest && serving.Root == version.Root):
		return ledger.Refuse(ledger.CodeRefused, "deploy: this model of project %s is deployed as version %d", p.ID, p.ServingNo)
	case !k.shards.Available(ctx, kv, version.Manifest, version.Root):
		return ledger.Refuse(ledger.CodeRefused, "deploy: too few live columns of version %d are announced to read it", m.Version)
	}
	p.Serving, p.ServingNo = version.Manifest, version.Version
	if p.State == Maturing {
		enter(ctx, kv, p, Deployed, "the owner deployed")
	} else {
		ledger.Save(kv, projectKey(p.ID), p)
	}
	ctx.Emit(Deployment{Project: p.ID, Version: version.Version, Manifest: version.Manifest})
	return nil
}

// Pause executes the message.
func (k Keeper) Pause(ctx *ledger.Context, kv ledger.KV, m Pause) error {
	p, err := k.own(ctx, kv, "pause", m.Project)
	if err != nil {
		return err
	}
	if p.State != Training && p.State != Maturing && p.State != Deployed {
		return ledger.Refuse(ledger.CodeRefused, "pause: project %s is %s", p.ID, p.State)
	}
	p.Before = p.State
	enter(ctx, kv, p, Paused, "the owner paused")
	return nil
}

// Resume executes the message.
func (k Keeper) Resume(ctx *ledger.Context, kv ledger.KV, m Resume) error {
	p, err := k.own(ctx, kv, "resume", m.Project)
	if err != nil {
		return err
	}
	if p.State != Paused {
		return ledger.Refuse(ledger.CodeRefused, "resume: project %s is %s, not paused", p.ID, p.State)
	}
	to := p.Before
	p.Before = ""
	enter(ctx, kv, p, to, "the owner resumed")
	return nil
}

// SetPrice executes the message. Orders placed before keep their price.
func (k Keeper) SetPrice(ctx *ledger.Context, kv ledger.KV, m SetPrice) error {
	p, err := k.own(ctx, kv, "set-price", m.Project)
	if err != nil {
		return err
	}
	if p.State == Failed {
		return ledger.Refuse(ledger.CodeRefused, "set-price: project %s is %s", p.ID, p.State)
	}
	if last := len(m.Tiers) - 1; last >= 0 && m.Tiers[last].PerMille > ctx.Params.Services.MaxDiscountPerMille {
		return ledger.Refuse(ledger.CodeRefused, "set-price: a discount of %d ‰; at most %d are allowed",
			m.Tiers[last].PerMille, ctx.Params.Services.MaxDiscountPerMille)
	}
	p.UnitPrice, p.Tiers = m.Price, m.Tiers
	ledger.Save(kv, projectKey(p.ID), p)
	ctx.Emit(PriceSet{Project: p.ID, Price: p.UnitPrice, Tiers: p.Tiers})
	return nil
}

// Serving returns the model version that a project sells inference from. It is known in a pause too.
func (k Keeper) Serving(kv ledger.KV, id string) (Version, bool) {
	p, ok := k.Project(kv, id)
	if !ok || p.Serving == "" {
		return Version{}, false
	}
	return k.Version(kv, id, p.ServingNo)
}

// Discount returns what a holder of this many tokens is let off, in per mille.
func (p *Project) Discount(held uint64) uint64 {
	discount := uint64(0)
	for _, tier := range p.Tiers {
		if held >= tier.Hold {
			discount = tier.PerMille
		}
	}
	return discount
}
