package alignment

import (
	"encoding/hex"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// neutral is the average of supply × quality, of a million, at which the multiplier is 1 with the default bounds, and where an
// unknown capability begins.
const neutral = 800_000

const plain = 1000 // a multiplier of one, per mille

func capabilityKey(name string) []byte {
	return ledger.Key("alignment", "k", hex.EncodeToString([]byte(name))) // a name may hold any character
}

func capabilitiesKey() []byte { return ledger.Key("alignment", "kinds") }

// Capability returns what is known of a capability.
func (Keeper) Capability(kv ledger.KV, name string) (Capability, bool) {
	return ledger.Load[Capability](kv, capabilityKey(name))
}

// Capabilities visits every known capability in ascending order of name until fn returns false.
func (Keeper) Capabilities(kv ledger.KV, fn func(Capability) bool) {
	kv.Iterate(capabilityKey(""), func(key, value []byte) bool {
		var c Capability
		ledger.DecodeRecord(key, value, &c)
		return fn(c)
	})
}

// Multiplier is the reward multiplier of a capability, per mille: 500 where supply is plentiful and good, 3000 where nobody
// serves; 1000 for one the network knows nothing of.
func (k Keeper) Multiplier(p ledger.Params, kv ledger.KV, name string) uint64 {
	c, known := k.Capability(kv, name)
	if !known || c.Epochs == 0 {
		return plain
	}
	return Multiplier(c.Served, p.Pricing.MinReward, p.Pricing.MaxReward)
}

// Multiplier is most − (most − least) × served / 10⁶, rounded down: the less of what is asked for is served, and the worse,
// the more it is worth.
func Multiplier(served, least, most uint64) uint64 {
	return most - (most-least)*min(served, million)/million
}

// Observe takes in a settled task: how many slots it offered, how many were filled with a solution, and the sum of the
// accepted solutions' scores. Capabilities beyond the bound, and names that are empty or too long, are not kept.
func (k Keeper) Observe(ctx *ledger.Context, kv ledger.KV, name string, slots, solutions int, scores uint64) {
	if name == "" || len(name) > MaxCapability || slots <= 0 || solutions < 0 {
		return
	}
	c, known := k.Capability(kv, name)
	if !known {
		count, _ := ledger.Load[uint32](kv, capabilitiesKey())
		if count >= ctx.Params.Pricing.MaxCapabilities {
			return
		}
		ledger.Save(kv, capabilitiesKey(), count+1)
		c = Capability{Name: name, Served: neutral}
	}
	c.Wanted = uint64(counted(ledger.Natn(c.Wanted), ledger.Natn(slots)))
	c.Filled = uint64(counted(ledger.Natn(c.Filled), ledger.Natn(min(solutions, slots))))
	c.Quality = uint64(counted(ledger.Natn(c.Quality), ledger.Natn(min(scores, uint64(min(solutions, slots))*One))))
	c.Last = ctx.WorkMS / max(ctx.Params.EpochMS, 1)
	ledger.Save(kv, capabilityKey(name), c)
}

// reprice folds the epoch into the averages. What was not asked for drifts back to the middle, and is forgotten there.
func (k Keeper) reprice(ctx *ledger.Context, kv ledger.KV, epoch int64) {
	var all []Capability
	k.Capabilities(kv, func(c Capability) bool {
		all = append(all, c)
		return true
	})
	p := ctx.Params.Pricing
	for _, c := range all {
		before, target := c.Served, uint64(neutral)
		if c.Wanted > 0 {
			target = served(c)
			c.Epochs++
		}
		c.Served = average(c.Served, target, p.CapabilityShift)
		c.Wanted, c.Filled, c.Quality = 0, 0, 0
		if c.Served == neutral && epoch-c.Last > forgotten {
			k.forget(kv, c.Name)
			continue
		}
		ledger.Save(kv, capabilityKey(c.Name), c)
		if c.Served != before {
			ctx.Emit(Repriced{Capability: c.Name, Served: c.Served, Multiplier: Multiplier(c.Served, p.MinReward, p.MaxReward)})
		}
	}
}

// forgotten is how many epochs a capability that nobody asks for is kept.
const forgotten = 100

func (Keeper) forget(kv ledger.KV, name string) {
	kv.Delete(capabilityKey(name))
	count, _ := ledger.Load[uint32](kv, capabilitiesKey())
	ledger.Save(kv, capabilitiesKey(), count-min(count, 1))
}

// served is supply × quality of an epoch, of a million: the scores of all solutions over what full marks in every slot
// would be.
func served(c Capability) uint64 {
	full, err := fixed.Mul(c.Wanted, One)
	if err != nil {
		return neutral
	}
	share, err := fixed.MulDiv(min(c.Quality, full), million, full)
	if err != nil {
		return neutral
	}
	return share
}

// average moves an average towards an epoch's figure by 2⁻ˢʰⁱᶠᵗ of the distance, and by one at least.
func average(old, figure uint64, shift uint32) uint64 {
	switch {
	case figure > old:
		return old + max(1, (figure-old)>>shift)
	case figure < old:
		return old - max(1, (old-figure)>>shift)
	default:
		return old
	}
}
