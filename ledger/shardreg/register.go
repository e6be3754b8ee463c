package shardreg

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"autonet/ledger"
)

// Several registrations of one CID may stand beside each other, since the ledger cannot see which root and shape are the
// true ones: only the CID's bytes say so. Each is known by its Ref. A publisher has one of a CID, a provider announces
// columns under one of a CID.

// Ref tells registrations of a CID apart: by root and shape, on which every audit depends.
func Ref(root ledger.Hash, size uint64, data, parity uint8) string {
	return fmt.Sprintf("%s.%d.%d.%d", root, size, data, parity)
}

// Ref is the registration's own.
func (m Manifest) Ref() string { return Ref(m.Root, m.Size, m.Data, m.Parity) }

// place names a registration in records.
type place struct {
	Manifest string `json:"manifest"`
	Ref      string `json:"ref"`
}

func (m Manifest) place() place { return place{Manifest: m.CID, Ref: m.Ref()} }

func manifestKey(p place) []byte { return ledger.Key("shardreg", "m", p.Manifest, p.Ref) }

func publisherKey(cid string, account ledger.Account) []byte {
	return ledger.Key("shardreg", "u", cid, string(account))
}

func load(kv ledger.KV, p place) (Manifest, bool) { return ledger.Load[Manifest](kv, manifestKey(p)) }

// Registrations visits every registration of a CID, in ascending order of root and shape, until fn returns false.
func (Keeper) Registrations(kv ledger.KV, cid string, fn func(Manifest) bool) {
	visit(kv, manifestKey(place{Manifest: cid}), fn)
}

// Manifests visits every registration in ascending order of CID, root and shape until fn returns false.
func (Keeper) Manifests(kv ledger.KV, fn func(Manifest) bool) {
	visit(kv, ledger.Key("shardreg", "m", ""), fn)
}

func visit(kv ledger.KV, prefix []byte, fn func(Manifest) bool) {
	kv.Iterate(prefix, func(key, value []byte) bool {
		var m Manifest
		ledger.DecodeRecord(key, value, &m)
		return fn(m)
	})
}

func (k Keeper) known(kv ledger.KV, cid string) (known bool) {
	k.Registrations(kv, cid, func(Manifest) bool {
		known = true
		return false
	})
	return known
}

// Manifest returns the registration that somebody means who knows the CID and, unless it is zero, the root: the one under
// which most providers that are counted on announced columns, then most providers at all, then the oldest.
func (k Keeper) Manifest(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash) (Manifest, bool) {
	if m, announced := k.meant(ctx, kv, cid, root); announced {
		return m, true
	}
	var oldest Manifest
	k.Registrations(kv, cid, func(m Manifest) bool {
		if (root.IsZero() || m.Root == root) && (oldest.CID == "" || m.Order < oldest.Order) {
			oldest = m
		}
		return true
	})
	return oldest, oldest.CID != ""
}

// meant is Manifest among the registrations that somebody announced columns under. It looks at providers alone, so that
// nobody makes it slow by registering much.
func (k Keeper) meant(ctx *ledger.Context, kv ledger.KV, cid string, root ledger.Hash) (Manifest, bool) {
	type count struct {
		Manifest
		live, all int
	}
	var counts []count
	k.holdings(kv, cid, func(account ledger.Account, h Held) bool {
		if !root.IsZero() && !strings.HasPrefix(h.Ref, root.String()+".") {
			return true
		}
		i := slices.IndexFunc(counts, func(c count) bool { return c.Ref() == h.Ref })
		if i < 0 {
			m, _ := load(kv, place{Manifest: cid, Ref: h.Ref})
			i, counts = len(counts), append(counts, count{Manifest: m})
		}
		counts[i].all++
		if p, _ := k.Provider(kv, account); k.Live(ctx, kv, p) {
			counts[i].live++
		}
		return true
	})
	if len(counts) == 0 {
		return Manifest{}, false
	}
	return slices.MinFunc(counts, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.live, a.live), cmp.Compare(b.all, a.all), cmp.Compare(a.Order, b.Order))
	}).Manifest, true
}

// Register executes the message.
func (k Keeper) Register(ctx *ledger.Context, kv ledger.KV, m Register) error {
	manifest := Manifest{
		CID: m.Manifest, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Strategy: m.Strategy,
		Publisher: ctx.Sender, Height: ctx.Height,
	}
	if _, known := load(kv, manifest.place()); known {
		return ledger.Refuse(ledger.CodeRefused, "register: manifest %s is registered with this root and shape", m.Manifest)
	}
	if _, other := ledger.Load[string](kv, publisherKey(m.Manifest, ctx.Sender)); other {
		return ledger.Refuse(ledger.CodeRefused, "register: the sender registered manifest %s with another root or shape; unregister that first", m.Manifest)
	}
	enlist(kv, &manifest)
	ledger.Save(kv, manifestKey(manifest.place()), manifest)
	ledger.Save(kv, publisherKey(m.Manifest, ctx.Sender), manifest.Ref())
	ctx.Emit(Registered{
		Manifest: m.Manifest, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Strategy: m.Strategy,
		Publisher: ctx.Sender,
	})
	return nil
}

// Unregister executes the message. Registrations of the CID by others stay.
func (k Keeper) Unregister(ctx *ledger.Context, kv ledger.KV, m Unregister) error {
	ref, own := ledger.Load[string](kv, publisherKey(m.Manifest, ctx.Sender))
	switch {
	case !own && !k.known(kv, m.Manifest):
		return ledger.Refuse(ledger.CodeNotFound, "unregister: manifest %s is not registered", m.Manifest)
	case !own:
		return ledger.Refuse(ledger.CodeRefused, "unregister: only the publisher of manifest %s may do this", m.Manifest)
	}
	at := place{Manifest: m.Manifest, Ref: ref}
	manifest, known := load(kv, at)
	if !known {
		return fmt.Errorf("unregister: %s published %s as %s, which is not registered", ctx.Sender, m.Manifest, ref)
	}
	used := false
	k.holdings(kv, m.Manifest, func(_ ledger.Account, h Held) bool {
		used = h.Ref == ref
		return !used
	})
	if used {
		return ledger.Refuse(ledger.CodeRefused, "unregister: providers hold columns of manifest %s", m.Manifest)
	}
	delist(kv, manifest)
	kv.Delete(manifestKey(at))
	kv.Delete(publisherKey(m.Manifest, ctx.Sender))
	kv.Delete(repairKey(at))
	ctx.Emit(Unregistered{Manifest: m.Manifest, Root: manifest.Root, Publisher: ctx.Sender})
	return nil
}
