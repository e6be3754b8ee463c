package app

import (
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

// Availability returns how much of a manifest can be had; the second result says whether it is registered.
func (v View) Availability(cid string) (shardreg.Availability, bool) {
	return v.app.shardreg.Availability(v.context(""), v.kv, cid)
}

// Repair returns the open call for repair of a manifest.
func (v View) Repair(cid string) (shardreg.Repair, bool) { return v.app.shardreg.Repair(v.kv, cid) }

// Repairs returns every open call for repair in ascending order of manifest.
func (v View) Repairs() []shardreg.Repair {
	var repairs []shardreg.Repair
	v.app.shardreg.Repairs(v.kv, func(r shardreg.Repair) bool {
		repairs = append(repairs, r)
		return true
	})
	return repairs
}
