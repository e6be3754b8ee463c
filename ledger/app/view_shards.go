package app

import (
	"fmt"
	"slices"

	"autonet/ledger"
	"autonet/ledger/shardreg"
)

// context is what rules that only read need: the last block, and on whose behalf.
func (v View) context(sender ledger.Account) *ledger.Context {
	last := v.LastBlock()
	p := v.Params()
	return &ledger.Context{
		Height: last.Height, TimeMS: last.TimeMS, Params: p, WorkMS: v.app.heartbeat.Work(p, v.kv, last.TimeMS), Sender: sender,
	}
}

// Name completes what is to be proven: of a manifest, or a call for its repair, a CID alone means the registration that
// Manifest finds.
func (v View) Name(words []string) []string {
	if len(words) != 2 || words[0] != "manifest" && words[0] != "repair" {
		return words
	}
	m, known := v.Manifest(words[1])
	if !known {
		return words
	}
	return append(slices.Clone(words), m.Root.String(), fmt.Sprint(m.Size), fmt.Sprint(m.Data), fmt.Sprint(m.Parity))
}

// Chosen reports whether a provider may be chosen for new columns, repairs and orders.
func (v View) Chosen(account ledger.Account) bool {
	p, ok := v.app.shardreg.Provider(v.kv, account)
	return ok && v.app.shardreg.Chosen(v.context(""), v.kv, p)
}

// Audit returns an open audit.
func (v View) Audit(id string) (shardreg.Audit, bool) { return v.app.shardreg.Audit(v.kv, id) }

// Audits returns every open audit in ascending order of ID.
func (v View) Audits() []shardreg.Audit {
	var audits []shardreg.Audit
	v.app.shardreg.Audits(v.kv, func(a shardreg.Audit) bool {
		audits = append(audits, a)
		return true
	})
	return audits
}

// Manifest returns the registration that somebody means who knows no more than a CID: the one under which most providers
// that are counted on announced columns, otherwise the oldest.
func (v View) Manifest(cid string) (shardreg.Manifest, bool) {
	return v.ManifestAt(cid, ledger.Hash{})
}

// ManifestAt is Manifest for somebody who knows the root too.
func (v View) ManifestAt(cid string, root ledger.Hash) (shardreg.Manifest, bool) {
	return v.app.shardreg.Manifest(v.context(""), v.kv, cid, root)
}

// Registrations returns every registration of a CID in ascending order of root and shape.
func (v View) Registrations(cid string) []shardreg.Manifest {
	var manifests []shardreg.Manifest
	v.app.shardreg.Registrations(v.kv, cid, func(m shardreg.Manifest) bool {
		manifests = append(manifests, m)
		return true
	})
	return manifests
}

// Manifests returns every registration in ascending order of CID, root and shape.
func (v View) Manifests() []shardreg.Manifest {
	var manifests []shardreg.Manifest
	v.app.shardreg.Manifests(v.kv, func(m shardreg.Manifest) bool {
		manifests = append(manifests, m)
		return true
	})
	return manifests
}

// Holdings returns who announced which columns of a manifest, under any registration, in ascending account order.
func (v View) Holdings(cid string) []shardreg.Holding {
	var holdings []shardreg.Holding
	v.app.shardreg.Holdings(v.kv, cid, func(h shardreg.Holding) bool {
		holdings = append(holdings, h)
		return true
	})
	return holdings
}

// AnnouncedColumns returns how many different columns of a manifest with this root some provider announced.
func (v View) AnnouncedColumns(cid string, root ledger.Hash) int {
	a, _ := v.Availability(cid, root)
	return a.Announced
}

// Availability returns how much of a manifest with this root, or any where it is zero, can be had; the second result says
// whether it is registered.
func (v View) Availability(cid string, root ledger.Hash) (shardreg.Availability, bool) {
	return v.app.shardreg.Availability(v.context(""), v.kv, cid, root)
}

// Repair returns the open call for repair of a manifest as ManifestAt finds it.
func (v View) Repair(cid string, root ledger.Hash) (shardreg.Repair, bool) {
	m, known := v.ManifestAt(cid, root)
	if !known {
		return shardreg.Repair{}, false
	}
	return v.app.shardreg.Repair(v.kv, m)
}

// Repairs returns every open call for repair in ascending order of manifest.
func (v View) Repairs() []shardreg.Repair {
	var repairs []shardreg.Repair
	v.app.shardreg.Repairs(v.kv, func(r shardreg.Repair) bool {
		repairs = append(repairs, r)
		return true
	})
	return repairs
}
