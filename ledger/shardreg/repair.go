package shardreg

import (
	"cmp"
	"encoding/binary"
	"slices"

	"autonet/ledger"
)

// maxShare bounds a provider's free columns in a draw, so that weights stay far within 64 bits.
const maxShare = 1 << 20

func repairKey(p place) []byte { return ledger.Key("shardreg", "r", p.Manifest, p.Ref) }

// Repair returns the open call for repair of a registration.
func (Keeper) Repair(kv ledger.KV, m Manifest) (Repair, bool) {
	return ledger.Load[Repair](kv, repairKey(m.place()))
}

// Repairs visits every open call in ascending order of manifest until fn returns false.
func (Keeper) Repairs(kv ledger.KV, fn func(Repair) bool) {
	kv.Iterate(ledger.Key("shardreg", "r", ""), func(key, value []byte) bool {
		var r Repair
		ledger.DecodeRecord(key, value, &r)
		return fn(r)
	})
}

// need is a manifest that should be called for repair.
type need struct {
	Availability
	manifest Manifest
	urgent   bool
	call     uint32
	last     ledger.Account // who was called before
}

// sweep looks over the next manifests and calls for repair, worst expected survival first: the fewest columns that may
// still fail, then the least reputation behind those that live.
func (k Keeper) sweep(ctx *ledger.Context, kv ledger.KV, r *rounds) {
	var needs []need
	for range min(uint64(ctx.Params.Shards.SweepPerRound), r.Manifests) {
		if r.Cursor >= r.Manifests {
			r.Cursor = 0
		}
		at, _ := ledger.Load[place](kv, listKey(r.Cursor))
		r.Cursor++
		if m, _ := load(kv, at); m.Whole {
			if n, needed := k.needs(ctx, kv, m); needed {
				needs = append(needs, n)
			}
		}
	}
	slices.SortFunc(needs, func(a, b need) int {
		return cmp.Or(cmp.Compare(a.Live-a.Data, b.Live-b.Data), cmp.Compare(a.Trust, b.Trust), cmp.Compare(a.Manifest, b.Manifest), cmp.Compare(a.manifest.Order, b.manifest.Order))
	})
	for _, n := range needs[:min(len(needs), int(ctx.Params.Shards.RepairsPerRound))] {
		k.call(ctx, kv, n)
	}
}

// needs decides whether a manifest must be called for repair now, and closes calls that are answered.
func (k Keeper) needs(ctx *ledger.Context, kv ledger.KV, m Manifest) (need, bool) {
	a := k.look(ctx, kv, m)
	rules := ctx.Params.Shards
	start := a.Data + int(uint64(m.Parity)*rules.RepairPerMille/1000)
	n := need{
		Availability: a, manifest: m, urgent: a.Live <= a.Data+int(uint64(m.Parity)*rules.UrgentPerMille/1000), call: 1,
	}
	open, called := k.Repair(kv, m)
	over := ctx.TimeMS >= open.Deadline && ctx.Height >= open.Height+int64(rules.AnswerBlocks)
	switch {
	case !a.Readable:
		if !open.Lost {
			ledger.Save(kv, repairKey(m.place()), Repair{Manifest: m.CID, Root: m.Root, Live: a.Live, Missing: a.Missing, Lost: true, Height: ctx.Height})
			ctx.Emit(Lost{Manifest: m.CID, Root: m.Root, Live: a.Live, Needed: a.Data})
		}
		return n, false
	case a.Live == a.Columns || a.Live > start && (over || open.Lost):
		if called {
			k.closeRepair(ctx, kv, m, a)
		}
		return n, false
	case a.Live > start:
		return n, false // a call that is open goes on until all is restored or its time is over
	case called && !open.Lost && !over && (open.Urgent || !n.urgent):
		return n, false
	}
	n.call, n.last = open.Call+1, open.Repairer
	return n, true
}

// call elects a repairer and calls it.
func (k Keeper) call(ctx *ledger.Context, kv ledger.KV, n need) {
	r := Repair{
		Manifest: n.Manifest, Root: n.Root, Live: n.Live, Missing: n.Missing, Urgent: n.urgent, Call: n.call,
		Repairer: k.elect(ctx, kv, n), Deadline: ctx.TimeMS + ctx.Params.Shards.RepairMS, Height: ctx.Height,
	}
	ledger.Save(kv, repairKey(n.manifest.place()), r)
	ctx.Emit(RepairNeeded{
		Manifest: r.Manifest, Root: r.Root, Live: r.Live, Columns: n.Columns, Missing: r.Missing, Urgent: r.Urgent, Repairer: r.Repairer,
		Call: r.Call, Deadline: r.Deadline,
	})
}

// elect draws a repairer from this block's hash among the providers that may be chosen and have room for a column, weighted
// by free columns × reputation. Who was called last is called again only if there is nobody else.
func (k Keeper) elect(ctx *ledger.Context, kv ledger.KV, n need) ledger.Account {
	type candidate struct {
		account ledger.Account
		weight  uint64
	}
	var all []candidate
	sum, again := uint64(0), false
	k.Providers(kv, func(p Provider) bool {
		room := min(p.Free()/n.manifest.ColumnBytes(), maxShare)
		if room == 0 || !k.Chosen(ctx, kv, p) {
			return true
		}
		if p.Account == n.last {
			again = true
			return true
		}
		weight := room * uint64(p.Reputation)
		sum += weight // at most 2³⁰ each
		all = append(all, candidate{p.Account, weight})
		return true
	})
	if len(all) == 0 {
		if again {
			return n.last
		}
		return ""
	}
	var call [4]byte
	binary.BigEndian.PutUint32(call[:], n.call)
	drawn := number(ledger.HashParts([]byte("autonet/repair/v1"), ctx.Hash[:], []byte(n.Manifest), []byte(n.manifest.Ref()), call[:]), 0) % sum
	for _, c := range all {
		if drawn < c.weight {
			return c.account
		}
		drawn -= c.weight
	}
	return ""
}

func (Keeper) closeRepair(ctx *ledger.Context, kv ledger.KV, m Manifest, a Availability) {
	kv.Delete(repairKey(m.place()))
	ctx.Emit(RepairClosed{Manifest: m.CID, Root: m.Root, Live: a.Live})
}
