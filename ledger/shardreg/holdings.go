package shardreg

import (
	"fmt"

	"autonet/ledger"
)

// Audits are drawn among a provider's holdings by their bytes, so that many small files do not hide a large one. Each
// provider's holdings are numbered without gaps, and a tree of sums over the numbers, sixteen to a node, finds the holding
// at any byte in few steps.
const (
	fanoutBits  = 4
	fanout      = 1 << fanoutBits
	levels      = 5
	maxHoldings = 1 << (fanoutBits * levels) // of one provider
)

// Held is the record of a holding.
type Held struct {
	Ref     string   `json:"ref"` // of the registration
	Columns []uint16 `json:"columns"`
	Slot    uint64   `json:"slot"` // its number among the provider's holdings
}

// slot is one of a provider's numbered holdings.
type slot struct {
	At    place  `json:"at"`
	Bytes uint64 `json:"bytes"`
}

func holdingKey(cid string, account ledger.Account) []byte {
	return ledger.Key("shardreg", "h", cid, string(account))
}

func slotKey(account ledger.Account, n uint64) []byte {
	return ledger.Key("shardreg", "i", string(account), fmt.Sprintf("%05x", n))
}

// sumKey names a node of the tree: its level counts from 1, the one above the slots.
func sumKey(account ledger.Account, level int, n uint64) []byte {
	return ledger.Key("shardreg", "w", string(account), fmt.Sprintf("%d.%05x", level, n))
}

// weigh replaces a slot's bytes in all sums above it.
func weigh(kv ledger.KV, account ledger.Account, n, before, after uint64) {
	if before == after {
		return
	}
	for level := 1; level <= levels; level++ {
		key := sumKey(account, level, n>>(fanoutBits*level))
		sum, _ := ledger.Load[uint64](kv, key)
		if sum = sum - before + after; sum == 0 {
			kv.Delete(key)
		} else {
			ledger.Save(kv, key, sum)
		}
	}
}

// total is what all of a provider's holdings weigh, in bytes.
func total(kv ledger.KV, account ledger.Account) uint64 {
	sum, _ := ledger.Load[uint64](kv, sumKey(account, levels, 0))
	return sum
}

// holdingAt returns the holding that the given byte, below the total, falls into.
func holdingAt(kv ledger.KV, account ledger.Account, offset uint64) (place, bool) {
	n := uint64(0)
	for level := levels - 1; level >= 0; level-- {
		n <<= fanoutBits
		for child := range uint64(fanout) {
			var weight uint64
			if level > 0 {
				weight, _ = ledger.Load[uint64](kv, sumKey(account, level, n+child))
			} else {
				s, _ := ledger.Load[slot](kv, slotKey(account, n+child))
				weight = s.Bytes
			}
			if offset < weight {
				n += child
				break
			}
			offset -= weight
		}
	}
	s, ok := ledger.Load[slot](kv, slotKey(account, n))
	return s.At, ok
}

// put writes a holding and numbers it. The caller saves the provider.
func put(kv ledger.KV, p *Provider, m Manifest, columns []uint16) {
	key := holdingKey(m.CID, p.Account)
	each := m.ColumnBytes()
	bytes := uint64(len(columns)) * each
	h, had := ledger.Load[Held](kv, key)
	before := uint64(len(h.Columns)) * each
	if !had {
		h.Slot = p.Manifests
		p.Manifests++
	}
	h.Ref, h.Columns = m.Ref(), columns
	ledger.Save(kv, key, h)
	ledger.Save(kv, slotKey(p.Account, h.Slot), slot{At: m.place(), Bytes: bytes})
	weigh(kv, p.Account, h.Slot, before, bytes)
	p.Used = p.Used - before + bytes
}

// drop removes a holding; the last one takes its number. The caller saves the provider.
func drop(kv ledger.KV, p *Provider, m Manifest) {
	key := holdingKey(m.CID, p.Account)
	h, had := ledger.Load[Held](kv, key)
	if !had {
		return
	}
	bytes := uint64(len(h.Columns)) * m.ColumnBytes()
	kv.Delete(key)
	p.Manifests--
	p.Used -= bytes
	last, _ := ledger.Load[slot](kv, slotKey(p.Account, p.Manifests))
	kv.Delete(slotKey(p.Account, p.Manifests))
	weigh(kv, p.Account, p.Manifests, last.Bytes, 0)
	if h.Slot == p.Manifests {
		return
	}
	ledger.Save(kv, slotKey(p.Account, h.Slot), last)
	weigh(kv, p.Account, h.Slot, bytes, last.Bytes)
	moved, _ := ledger.Load[Held](kv, holdingKey(last.At.Manifest, p.Account))
	moved.Slot = h.Slot
	ledger.Save(kv, holdingKey(last.At.Manifest, p.Account), moved)
}
