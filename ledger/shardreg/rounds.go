package shardreg

import (
	"fmt"

	"autonet/ledger"
)

// rounds is the register's own state: when the next round is due, how many manifests are listed, and where the look over
// them goes on.
type rounds struct {
	Next      int64  `json:"next_ms"`
	Manifests uint64 `json:"manifests"`
	Cursor    uint64 `json:"cursor"`
	Order     uint64 `json:"order"` // of the next registration
}

func roundsKey() []byte { return ledger.Key("shardreg", "s") }

func listKey(place uint64) []byte {
	return ledger.Key("shardreg", "l", fmt.Sprintf("%016x", place))
}

// enlist gives a manifest its place in the list that rounds go through.
func enlist(kv ledger.KV, m *Manifest) {
	r, _ := ledger.Load[rounds](kv, roundsKey())
	m.Place, m.Order = r.Manifests, r.Order
	r.Manifests++
	r.Order++
	ledger.Save(kv, roundsKey(), r)
	ledger.Save(kv, listKey(m.Place), m.place())
}

// delist takes a manifest out; the last one takes its place.
func delist(kv ledger.KV, m Manifest) {
	r, _ := ledger.Load[rounds](kv, roundsKey())
	r.Manifests--
	ledger.Save(kv, roundsKey(), r)
	last, _ := ledger.Load[place](kv, listKey(r.Manifests))
	kv.Delete(listKey(r.Manifests))
	if m.Place == r.Manifests {
		return
	}
	ledger.Save(kv, listKey(m.Place), last)
	moved, _ := load(kv, last)
	moved.Place = m.Place
	ledger.Save(kv, manifestKey(last), moved)
}

// BeginBlock closes the audits that nobody answered and, when a round is due, draws new ones from this block's hash and
// looks over manifests for repair. Neither ever waits for a lease. A register without manifests writes nothing.
func (k Keeper) BeginBlock(ctx *ledger.Context, kv ledger.KV) error {
	if err := k.expire(ctx, kv); err != nil {
		return err
	}
	r, _ := ledger.Load[rounds](kv, roundsKey())
	if r.Manifests == 0 || ctx.TimeMS < r.Next {
		return nil
	}
	r.Next = ctx.TimeMS + ctx.Params.Shards.RoundMS
	k.draw(ctx, kv)
	k.sweep(ctx, kv, &r)
	ledger.Save(kv, roundsKey(), r)
	return nil
}
