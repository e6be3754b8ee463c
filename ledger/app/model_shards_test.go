package app_test

import (
	"fmt"
	"slices"

	"autonet/ledger"
	"autonet/ledger/shardreg"
)

// keeper is a provider.
type keeper struct {
	capacity   uint64
	reputation int
	left       bool
	quarantine shardreg.Finding
}

// kept is a registered file.
type kept struct {
	root      ledger.Hash
	size      uint64
	publisher who
	data, all int
	each      uint64 // bytes that a column counts
	columns   map[who][]uint16
}

// question is an open audit.
type question struct {
	provider who
	manifest string
	column   uint16
	endMS    int64
	height   int64
}

func (r *ref) used(a who) (sum uint64) {
	for _, f := range r.files {
		sum += uint64(len(f.columns[a])) * f.each
	}
	return sum
}

func (r *ref) holds(a who) (n uint64) {
	for _, f := range r.files {
		if len(f.columns[a]) > 0 {
			n++
		}
	}
	return n
}

func (r *ref) asked(a who) string {
	for id, q := range r.audits {
		if q.provider == a {
			return id
		}
	}
	return ""
}

// live reports whether a provider's columns count.
func (r *ref) live(a who) bool {
	p := r.providers[a]
	return p != nil && !p.left && p.quarantine == "" && r.active(a, ledger.RoleProvider)
}

// chosen is asked of those that hold something.
func (r *ref) chosen(a who) bool { return r.live(a) && r.providers[a].reputation > 0 }

func (r *ref) liveColumns(manifest string) int {
	seen := map[uint16]bool{}
	for a, columns := range r.files[manifest].columns {
		for _, c := range columns {
			if r.live(a) {
				seen[c] = true
			}
		}
	}
	return len(seen)
}

func (r *ref) readable(manifest string) bool {
	f := r.files[manifest]
	return f != nil && r.liveColumns(manifest) >= f.data
}

func (r *ref) provide(a who, capacity uint64) bool {
	if !r.active(a, ledger.RoleProvider) || capacity < r.used(a) {
		return false
	}
	if r.providers[a] == nil {
		r.providers[a] = &keeper{reputation: 500}
	}
	r.providers[a].capacity, r.providers[a].left = capacity, false
	return true
}

func (r *ref) deregister(a who) bool {
	p := r.providers[a]
	if p == nil || (p.left && r.holds(a) == 0) {
		return false
	}
	r.answer(r.asked(a), shardreg.FindingSilent)
	p.left = true
	for _, f := range r.files {
		delete(f.columns, a)
	}
	return true
}

func (r *ref) enlist(a who, m shardreg.Register) bool {
	if r.files[m.Manifest] != nil {
		return false
	}
	r.files[m.Manifest] = &kept{
		root: m.Root, size: m.Size, publisher: a, data: int(m.Data), all: int(m.Data) + int(m.Parity),
		each: (m.Size + uint64(m.Data) - 1) / uint64(m.Data), columns: map[who][]uint16{},
	}
	return true
}

func (r *ref) delist(a who, manifest string) bool {
	f := r.files[manifest]
	if f == nil || f.publisher != a || len(f.columns) > 0 {
		return false
	}
	delete(r.files, manifest)
	return true
}

func (r *ref) announce(a who, m shardreg.Announce) bool {
	f, p := r.files[m.Manifest], r.providers[a]
	if f == nil || m.Root != f.root || m.Size != f.size || int(m.Data) != f.data || int(m.Data)+int(m.Parity) != f.all ||
		int(m.Columns[len(m.Columns)-1]) >= f.all || p == nil || p.left || !r.active(a, ledger.RoleProvider) {
		return false
	}
	before := f.columns[a]
	used := r.used(a) - uint64(len(before))*f.each + uint64(len(m.Columns))*f.each
	if slices.Equal(before, m.Columns) || (len(m.Columns) > len(before) && used > p.capacity) {
		return false
	}
	if q, open := r.audits[r.asked(a)]; open && q.manifest == m.Manifest && !slices.Contains(m.Columns, q.column) {
		r.answer(r.asked(a), shardreg.FindingSilent)
	}
	f.columns[a] = m.Columns
	return true
}

func (r *ref) unannounce(a who, manifest string) bool {
	f := r.files[manifest]
	if f == nil || len(f.columns[a]) == 0 {
		return false
	}
	if q, open := r.audits[r.asked(a)]; open && q.manifest == manifest {
		r.answer(r.asked(a), shardreg.FindingSilent)
	}
	delete(f.columns, a)
	return true
}

func (r *ref) answerAudit(a who, id string, right bool) bool {
	if q, open := r.audits[id]; !open || q.provider != a {
		return false
	}
	if right {
		r.answer(id, "")
	} else {
		r.answer(id, shardreg.FindingCorrupt)
	}
	return true
}

// answer ends an audit: right is 10 up and out of quarantine; wrong is 50 down and into it; silence is a warning first.
func (r *ref) answer(id string, finding shardreg.Finding) {
	q, open := r.audits[id]
	if !open {
		return
	}
	delete(r.audits, id)
	p := r.providers[q.provider]
	switch {
	case finding == "":
		p.reputation = min(1000, p.reputation+int(r.rules.Shards.Passed))
		p.quarantine = ""
		return
	case finding == shardreg.FindingCorrupt || p.quarantine != "":
		p.reputation = max(0, p.reputation-int(r.rules.Shards.Failed))
	}
	if p.quarantine == "" || finding == shardreg.FindingCorrupt {
		p.quarantine = finding
	}
}

// audit closes what nobody answered and takes note of what the block's hash asks for.
func (r *ref) audit(drawn []shardreg.AuditDrawn) (wrong string) {
	for _, id := range keys(r.audits) {
		q := r.audits[id]
		if r.timeMS >= q.endMS && r.height >= q.height+int64(r.rules.Shards.AnswerBlocks) {
			r.answer(id, shardreg.FindingSilent)
		}
	}
	may := map[who]bool{}
	if len(r.files) > 0 && r.timeMS >= r.roundMS {
		r.roundMS = r.timeMS + r.rules.Shards.RoundMS
		for a, p := range r.providers {
			may[a] = !p.left && r.holds(a) > 0 && r.asked(a) == "" && r.active(a, ledger.RoleProvider)
		}
	}
	eligible := 0
	for _, ok := range may {
		if ok {
			eligible++
		}
	}
	if want := min(eligible, int(r.rules.Shards.AuditsPerRound)); len(drawn) != want {
		return fmt.Sprintf("%d audits are drawn, not %d", len(drawn), want)
	}
	for _, d := range drawn {
		f := r.files[d.Manifest]
		if !may[d.Provider] || f == nil || !slices.Contains(f.columns[d.Provider], d.Column) || d.Deadline != r.timeMS+r.rules.Shards.AnswerMS {
			return fmt.Sprintf("audit %s of %s is not one that could be drawn", d.Audit, d.Provider)
		}
		may[d.Provider] = false
		r.audits[d.Audit] = question{provider: d.Provider, manifest: d.Manifest, column: d.Column, endMS: d.Deadline, height: r.height}
	}
	return ""
}
