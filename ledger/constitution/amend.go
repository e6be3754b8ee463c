package constitution

import (
	"fmt"
	"slices"

	"autonet/ledger"
)

func amendmentKey(id string) []byte { return ledger.Key("constitution", "a", id) }

func openKey(id string) []byte { return ledger.Key("constitution", "live", id) }

func signatureKey(id string, account ledger.Account) []byte {
	return ledger.Key("constitution", "v", id, string(account))
}

// Amendment returns an amendment.
func (Keeper) Amendment(kv ledger.KV, id string) (Amendment, bool) {
	return ledger.Load[Amendment](kv, amendmentKey(id))
}

// Amendments visits every amendment there ever was in ascending order of ID until fn returns false.
func (Keeper) Amendments(kv ledger.KV, fn func(Amendment) bool) {
	kv.Iterate(amendmentKey(""), func(key, value []byte) bool {
		var a Amendment
		ledger.DecodeRecord(key, value, &a)
		return fn(a)
	})
}

// Signatures visits who signed an amendment in ascending account order until fn returns false.
func (Keeper) Signatures(kv ledger.KV, id string, fn func(account ledger.Account, s Signature) bool) {
	prefix := signatureKey(id, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var s Signature
		ledger.DecodeRecord(key, value, &s)
		return fn(ledger.Account(key[len(prefix):]), s)
	})
}

// open loads the amendments that are on their way, in ascending order of ID. There are at most MaxOpen.
func (k Keeper) open(kv ledger.KV) []Amendment {
	prefix := openKey("")
	var list []Amendment
	kv.Iterate(prefix, func(key, _ []byte) bool {
		a, ok := k.Amendment(kv, string(key[len(prefix):]))
		if !ok {
			panic(fmt.Sprintf("constitution: the index names an amendment %q that does not exist", key))
		}
		list = append(list, a)
		return true
	})
	return list
}

// Amend executes the message.
func (k Keeper) Amend(ctx *ledger.Context, kv ledger.KV, m Amend) error {
	all := k.open(kv)
	if slices.ContainsFunc(all, func(a Amendment) bool { return a.Proposer == ctx.Sender }) {
		return ledger.Refuse(ledger.CodeRefused, "amend: the sender has an amendment on its way; wait for it to end")
	}
	needed := ctx.Params.Governance.ProposePower
	if power := k.ports.Power.Power(kv, ctx.Sender); power < needed {
		return ledger.Refuse(ledger.CodeFunds, "amend: the sender's governance power is %s; %s are needed", power, needed)
	}
	if len(m.Changes) > 0 {
		if _, err := ctx.Params.With(m.Changes); err != nil {
			return fmt.Errorf("amend: %w", err)
		}
	}
	if err := k.fits(kv, m.Standards); err != nil {
		return fmt.Errorf("amend: %w", err)
	}
	if len(all) >= MaxOpen {
		if err := k.displace(ctx, kv, all); err != nil {
			return err
		}
	}
	a := Amendment{
		ID: AmendmentID(ctx.Network, ctx.Sender, ctx.Nonce), Proposer: ctx.Sender, Title: m.Title, Text: m.Text,
		Standards: m.Standards, Changes: m.Changes, State: StateEvaluation, Height: ctx.Height, MadeMS: ctx.TimeMS,
	}
	ledger.Save(kv, amendmentKey(a.ID), a)
	kv.Set(openKey(a.ID), []byte{1})
	ctx.Emit(Proposed{Amendment: a.ID, Proposer: a.Proposer, Title: a.Title, Text: a.Text})
	jurisdictions := []string{Default}
	if len(m.Standards) > 0 && m.Standards[0].Jurisdiction != Default {
		jurisdictions = append(jurisdictions, m.Standards[0].Jurisdiction)
	}
	k.judge(ctx, kv, a.ID, a.Text, jurisdictions)
	return nil
}

// displace ends the amendment with the least power behind it, its proposer's or that of its signers, if the sender has more:
// a full table must not keep out whom many trust.
func (k Keeper) displace(ctx *ledger.Context, kv ledger.KV, all []Amendment) error {
	var victim Amendment
	least := k.ports.Power.Power(kv, ctx.Sender)
	for _, a := range all {
		behind := max(k.ports.Power.Power(kv, a.Proposer), a.Yes+a.No)
		if a.State != StateTimelock && behind < least {
			victim, least = a, behind
		}
	}
	if victim.ID == "" {
		return ledger.Refuse(ledger.CodeRefused, "amend: %d amendments are on their way, each with as much power behind it; wait for one to end", len(all))
	}
	victim.State, victim.Reason = StateLapsed, "displaced by an amendment with more power behind it"
	k.settle(ctx, kv, victim)
	return nil
}

// settle saves an amendment that reached another state.
func (Keeper) settle(ctx *ledger.Context, kv ledger.KV, a Amendment) {
	if a.State.Over() {
		a.EndHeight = ctx.Height
		kv.Delete(openKey(a.ID))
	}
	ledger.Save(kv, amendmentKey(a.ID), a)
	ctx.Emit(Moved{
		Amendment: a.ID, State: a.State, Reason: a.Reason, Yes: a.Yes, No: a.No, Asleep: a.Asleep, Power: a.Power,
		Snapshot: a.Snapshot,
	})
}

// Sign executes the message.
func (k Keeper) Sign(ctx *ledger.Context, kv ledger.KV, m Sign) error {
	a, ok := k.Amendment(kv, m.Amendment)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "sign: there is no amendment %s", m.Amendment)
	case a.State == StateEvaluation:
		return ledger.Refuse(ledger.CodeEarly, "sign: evaluators are at work; it cannot be signed yet")
	case a.State != StateSigning || ctx.TimeMS >= a.ClosesMS:
		return ledger.Refuse(ledger.CodeLate, "sign: the amendment is closed")
	}
	key := signatureKey(a.ID, ctx.Sender)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "sign: the sender has signed")
	}
	power := k.ports.Power.PowerAt(kv, ctx.Sender, a.Snapshot)
	if power == 0 {
		return ledger.Refuse(ledger.CodeRefused, "sign: the sender had no governance power of its own at height %d, when signing began", a.Snapshot)
	}
	if m.Support {
		a.Yes += power // at most the power of all
	} else {
		a.No += power
	}
	a.Signers++
	if given, noticed := k.Given(kv, ctx.Sender); noticed && given.Rests {
		a.Asleep -= min(a.Asleep, power) // its transaction wakes it, and Woken skips what it signed
	}
	ledger.Save(kv, key, Signature{Support: m.Support, Power: power, Height: ctx.Height})
	ledger.Save(kv, amendmentKey(a.ID), a)
	ctx.Emit(Signed{Amendment: a.ID, Account: ctx.Sender, Support: m.Support, Power: power})
	return nil
}

// Carried reports whether an amendment has the power it needs now.
func (a Amendment) Carried(g ledger.GovernanceParams) bool {
	awake := a.Power - min(a.Power, a.Asleep)
	return a.Yes > 0 && g.AmendMajority.Reached(a.Yes, awake) && g.AmendQuorum.Reached(a.Yes, a.Power)
}

// advance moves every amendment by one state at most.
func (k Keeper) advance(ctx *ledger.Context, kv ledger.KV) error {
	for _, a := range k.open(kv) {
		before := a.State
		if err := k.step(ctx, kv, &a); err != nil {
			return fmt.Errorf("amendment %s: %w", a.ID, err)
		}
		if a.State != before {
			k.settle(ctx, kv, a)
		}
	}
	return nil
}

func (k Keeper) step(ctx *ledger.Context, kv ledger.KV, a *Amendment) error {
	if a.State != StateTimelock {
		if power := k.ports.Power.Power(kv, a.Proposer); power < ctx.Params.Governance.ProposePower {
			a.State, a.Reason = StateLapsed, fmt.Sprintf("the proposer's power fell to %s before it was carried", power)
			return nil
		}
	}
	g := ctx.Params.Governance
	switch a.State {
	case StateEvaluation:
		done, proceed, reason := k.Judged(kv, a.ID)
		switch {
		case !done:
		case proceed:
			a.State, a.Snapshot, a.ClosesMS = StateSigning, ctx.Height-1, ctx.TimeMS+g.AmendMS
			a.Power, a.Asleep = k.ports.Power.TotalAt(kv, a.Snapshot), k.ports.Power.AsleepAt(kv, a.Snapshot)
		default:
			a.State, a.Reason = StateRejected, reason
		}
	case StateSigning:
		switch {
		case a.Carried(g):
			a.State, a.ExecuteMS = StateTimelock, ctx.TimeMS+g.TimelockMS
		case ctx.TimeMS >= a.ClosesMS:
			a.State = StateRejected
			a.Reason = fmt.Sprintf("%s of %s signed for it, %s asleep: %s of what is awake and %s of all are needed", a.Yes, a.Power, a.Asleep, g.AmendMajority, g.AmendQuorum)
		}
	case StateTimelock:
		if ctx.TimeMS >= a.ExecuteMS {
			return k.execute(ctx, kv, a)
		}
	case StateExecuted, StateRejected, StateLapsed, StateFailed: // none of them is open
	}
	return nil
}

// execute does what was decided, whole or not at all. What the rules refuse by then fails, with its reason.
func (k Keeper) execute(ctx *ledger.Context, kv ledger.KV, a *Amendment) error {
	err := k.fits(kv, a.Standards)
	if err == nil && len(a.Changes) > 0 {
		a.Params, err = k.ports.Rules.Change(ctx, kv, a.Changes, a.ID)
	}
	switch code := ledger.CodeOf(err); {
	case code == ledger.CodeInternal:
		return err
	case code != ledger.CodeOK:
		a.State, a.Reason = StateFailed, err.Error()
		return nil
	}
	for _, c := range a.Standards {
		k.write(ctx, kv, c, a.ID)
	}
	a.State = StateExecuted
	return nil
}
