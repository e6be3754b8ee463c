package shardreg

import (
	"autonet/ledger"
)

// Availability is how much of a manifest can be had.
type Availability struct {
	Manifest  string      `json:"manifest"`
	Root      ledger.Hash `json:"root"`
	Data      int         `json:"data"`    // columns needed
	Columns   int         `json:"columns"` // there should be
	Live      int         `json:"live"`    // held by a provider that is counted on
	Missing   []uint16    `json:"missing,omitempty"`
	Readable  bool        `json:"readable"`  // Live ≥ Data
	Announced int         `json:"announced"` // by anybody, counted on or not
	Providers int         `json:"providers"` // counted on
	Most      int         `json:"most"`      // columns held by one of them
	Bound     int         `json:"bound"`     // ⌈columns / providers that may be chosen⌉: what one should hold at most
	Trust     uint64      `json:"trust"`     // mean reputation behind the live columns, of each its best holder's
}

// Availability looks at who holds a manifest, as Manifest finds it; the second result says whether it is registered.
func (k Keeper) Availability(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash) (Availability, bool) {
	m, known := k.Manifest(ctx, kv, cid, root)
	if !known {
		return Availability{}, false
	}
	a := k.look(ctx, kv, m)
	chosen := 0
	k.Providers(kv, func(p Provider) bool {
		if k.Chosen(ctx, kv, p) {
			chosen++
		}
		return true
	})
	if chosen > 0 {
		a.Bound = (a.Columns + chosen - 1) / chosen
	}
	return a, true
}

// look is Availability without the bound, which takes a walk over all providers.
func (k Keeper) look(ctx *ledger.Context, kv ledger.KV, m Manifest) Availability {
	a := Availability{Manifest: m.CID, Root: m.Root, Data: int(m.Data), Columns: m.Columns()}
	var announced, live [MaxColumns]bool
	var best [MaxColumns]uint16
	ref := m.Ref()
	k.holdings(kv, m.CID, func(account ledger.Account, h Held) bool {
		if h.Ref != ref {
			return true
		}
		p, _ := k.Provider(kv, account)
		counts := k.Live(ctx, kv, p)
		if counts {
			a.Providers++
			a.Most = max(a.Most, len(h.Columns))
		}
		for _, c := range h.Columns {
			announced[c] = true
			if counts {
				live[c], best[c] = true, max(best[c], p.Reputation)
			}
		}
		return true
	})
	for c := range a.Columns {
		if announced[c] {
			a.Announced++
		}
		if live[c] {
			a.Live++
			a.Trust += uint64(best[c])
		} else {
			a.Missing = append(a.Missing, uint16(c))
		}
	}
	if a.Live > 0 {
		a.Trust /= uint64(a.Live)
	}
	a.Readable = a.Live >= a.Data
	return a
}

// Available reports whether enough columns of a manifest, as Manifest finds it, are live to read it.
func (k Keeper) Available(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash) bool {
	m, known := k.meant(ctx, kv, cid, root)
	return known && k.look(ctx, kv, m).Readable
}

// Holders visits, in ascending account order until fn returns false, who announced columns of a manifest, as Manifest
// finds it.
func (k Keeper) Holders(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash, fn func(Holding) bool) {
	m, _ := k.meant(ctx, kv, cid, root)
	ref := m.Ref()
	k.Holdings(kv, cid, func(h Holding) bool { return h.Ref != ref || fn(h) })
}

// Servers visits, in ascending account order until fn returns false, the holders of a manifest that may be chosen.
func (k Keeper) Servers(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash, fn func(account ledger.Account) bool) {
	k.Holders(ctx, kv, cid, root, func(h Holding) bool {
		if p, _ := k.Provider(kv, h.Provider); k.Chosen(ctx, kv, p) {
			return fn(h.Provider)
		}
		return true
	})
}

// completed notes the moment from which a manifest is kept in repair, and ends a call for repair that was answered.
func (k Keeper) completed(ctx *ledger.Context, kv ledger.KV, m Manifest) {
	_, called := k.Repair(kv, m)
	if m.Whole && !called {
		return
	}
	a := k.look(ctx, kv, m)
	if !m.Whole && a.Announced == a.Columns {
		m.Whole = true
		ledger.Save(kv, manifestKey(m.place()), m)
	}
	if called && a.Live == a.Columns {
		k.closeRepair(ctx, kv, m, a)
	}
}
