package constitution

import (
	"fmt"

	"autonet/ledger"
)

// Ports are what the module needs of others.
type Ports struct {
	Power  Power
	Rules  Rules
	Stakes Stakes
}

// Keeper is the module's rules. It holds its ports and no state.
type Keeper struct {
	ports Ports
}

// New returns the keeper over its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

func jurisdictionKey(id string) []byte { return ledger.Key("constitution", "j", id) }

func standardKey(id string, number uint16) []byte {
	return ledger.Key("constitution", "s", id, fmt.Sprintf("%04x", number))
}

func pastKey(s Standard) []byte {
	return ledger.Key("constitution", "h", s.Jurisdiction, fmt.Sprintf("%04x", s.Number), fmt.Sprintf("%08x", s.Version))
}

// Genesis writes the principles and the default standards.
func (k Keeper) Genesis(ctx *ledger.Context, kv ledger.KV) {
	for _, p := range Principles() {
		ledger.Save(kv, ledger.Key("constitution", "p", p.ID), p)
	}
	for i, a := range declaration() {
		k.write(ctx, kv, StandardChange{Jurisdiction: Default, Number: uint16(i + 1), Title: a.title, Text: a.text}, "")
	}
}

// Begin moves evaluations and amendments as far as they go and puts accounts asleep whose notice is over. It runs at the
// beginning of a block: the power an amendment counts is that of the block before.
func (k Keeper) Begin(ctx *ledger.Context, kv ledger.KV) error {
	k.conclude(ctx, kv)
	if err := k.advance(ctx, kv); err != nil {
		return err
	}
	k.rest(ctx, kv)
	return nil
}

// Jurisdiction returns a jurisdiction.
func (Keeper) Jurisdiction(kv ledger.KV, id string) (Jurisdiction, bool) {
	return ledger.Load[Jurisdiction](kv, jurisdictionKey(id))
}

// Jurisdictions visits every jurisdiction in ascending order until fn returns false.
func (Keeper) Jurisdictions(kv ledger.KV, fn func(Jurisdiction) bool) {
	kv.Iterate(jurisdictionKey(""), func(key, value []byte) bool {
		var j Jurisdiction
		ledger.DecodeRecord(key, value, &j)
		return fn(j)
	})
}

// Standards visits the standards of a jurisdiction in ascending order of number until fn returns false.
func (Keeper) Standards(kv ledger.KV, jurisdiction string, fn func(Standard) bool) {
	visit(kv, ledger.Key("constitution", "s", jurisdiction, ""), fn)
}

// Past visits every version of every standard a jurisdiction ever had, by number and then by version, until fn returns false.
func (Keeper) Past(kv ledger.KV, jurisdiction string, fn func(Standard) bool) {
	visit(kv, ledger.Key("constitution", "h", jurisdiction, ""), fn)
}

func visit(kv ledger.KV, prefix []byte, fn func(Standard) bool) {
	kv.Iterate(prefix, func(key, value []byte) bool {
		var s Standard
		ledger.DecodeRecord(key, value, &s)
		return fn(s)
	})
}

// write records one standard, new or anew; the caller has checked that it fits.
func (k Keeper) write(ctx *ledger.Context, kv ledger.KV, c StandardChange, cause string) {
	j, _ := k.Jurisdiction(kv, c.Jurisdiction)
	old, _ := ledger.Load[Standard](kv, standardKey(c.Jurisdiction, c.Number))
	s := Standard{
		Jurisdiction: c.Jurisdiction, Number: c.Number, Title: c.Title, Text: c.Text, Version: old.Version + 1,
		Height: ctx.Height, Cause: cause,
	}
	ledger.Save(kv, standardKey(c.Jurisdiction, c.Number), s)
	ledger.Save(kv, pastKey(s), s)
	ledger.Save(kv, jurisdictionKey(c.Jurisdiction), Jurisdiction{
		ID: c.Jurisdiction, Standards: max(j.Standards, c.Number), Height: ctx.Height,
	})
	ctx.Emit(StandardWritten{Jurisdiction: c.Jurisdiction, Number: c.Number, Version: s.Version, Cause: cause})
}

// fits refuses standards that would leave a gap in the numbers of their jurisdiction, or one jurisdiction too many.
func (k Keeper) fits(kv ledger.KV, changes []StandardChange) error {
	if len(changes) == 0 {
		return nil
	}
	id := changes[0].Jurisdiction
	j, known := k.Jurisdiction(kv, id)
	if !known {
		count := 0
		k.Jurisdictions(kv, func(Jurisdiction) bool { count++; return true })
		if count >= MaxJurisdictions {
			return ledger.Refuse(ledger.CodeRefused, "there are %d jurisdictions already", count)
		}
	}
	next := j.Standards + 1
	for _, c := range changes {
		if c.Number > next {
			return ledger.Refuse(ledger.CodeRefused, "jurisdiction %s has no standard %d; the next one is %d", id, c.Number, next)
		}
		if c.Number == next {
			next++
		}
	}
	return nil
}
