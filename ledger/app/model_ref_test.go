package app_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"autonet/ledger"
)

// The reference model: the ledger told as plainly as its documents tell it. Everything is a map that is walked and a sum that is
// made anew each time; nothing is indexed, cached or settled lazily, and nothing of the modules' code is used. What a block's
// hash draws is taken from the ledger's events, after checking that it could be drawn.

type who = ledger.Account

// place is an account's stake in one role.
type place struct {
	account who
	role    ledger.Role
}

// departure is stake on its way out.
type departure struct {
	number  uint64
	role    ledger.Role
	amount  uint64
	endMS   int64
	waiting bool // its time has come, and a lock needed it
}

type invitation struct {
	by     who
	amount uint64
	endMS  int64
}

type nextKey struct {
	key   string
	epoch int64
}

// ref is the model's whole state.
type ref struct {
	rules  ledger.Params
	height int64
	timeMS int64
	workMS int64

	clockMS, clockWork int64 // the last record of the work clock
	started            bool
	recent             map[int64]pastBlock
	newest             pastBlock
	beats              uint64
	beatMS             int64
	beatInterval       uint64
	governors          map[who]int64 // work clock of the last sign of life
	pulsed             map[uint64]map[who]bool

	balance  map[who]uint64
	nonce    map[who]uint64
	fees     uint64
	burned   uint64
	treasury uint64
	invited  map[string]invitation

	bonded   map[place]uint64
	leaving  map[who][]departure // in the order they began
	numbers  map[who]uint64
	locks    map[place]map[string]uint64
	consKey  map[who]string
	keyOwner map[string]who // of every consensus key ever claimed, by its address
	next     map[who]nextKey
	barred   map[who]bool
	punished map[who]map[int64]bool
	set      map[who]bool // the validator set

	delegate  map[who]who
	past      map[int64]map[who]uint64 // power at the end of every height
	proposals map[string]*motion
	granted   []departure // treasury grants: amount and endMS, the time they were paid

	projects map[string]*venture
	orders   map[string]*deal

	providers map[who]*keeper
	files     map[string]*kept
	audits    map[string]question
	roundMS   int64

	jobs map[string]*job
}

type pastBlock struct {
	height, timeMS int64
	hash           ledger.Hash
}

// part is ⌊amount × parts / whole⌋.
func part(amount, parts, whole uint64) uint64 {
	x := new(big.Int).Mul(new(big.Int).SetUint64(amount), new(big.Int).SetUint64(parts))
	return x.Div(x, new(big.Int).SetUint64(whole)).Uint64()
}

func keys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (r *ref) bondedOf(a who, role ledger.Role) uint64 { return r.bonded[place{a, role}] }

func (r *ref) own(a who) (sum uint64) {
	for _, role := range ledger.Roles() {
		sum += r.bondedOf(a, role)
	}
	return sum
}

func (r *ref) unbonding(p place) (sum uint64) {
	for _, d := range r.leaving[p.account] {
		if d.role == p.role {
			sum += d.amount
		}
	}
	return sum
}

func (r *ref) locked(p place) (sum uint64) {
	for _, amount := range r.locks[p] {
		sum += amount
	}
	return sum
}

func (r *ref) active(a who, role ledger.Role) bool {
	return r.bondedOf(a, role) >= uint64(r.rules.Role(role).MinStake) && (role != ledger.RoleValidator || !r.barred[a])
}

// take moves an amount out of a balance, if it is there.
func (r *ref) take(a who, amount uint64) bool {
	if r.balance[a] < amount {
		return false
	}
	r.balance[a] -= amount
	return true
}

func (r *ref) send(from, to who, denom string, amount uint64) bool {
	if from == to {
		return false
	}
	if denom == ledger.DenomATN {
		if !r.take(from, amount) {
			return false
		}
		r.balance[to] += amount
		return true
	}
	p := r.projects[denom]
	if p == nil || !p.reached || p.held[from] < amount {
		return false
	}
	p.held[from] -= amount
	p.held[to] += amount
	return true
}

func (r *ref) burn(a who, denom string, amount uint64) bool {
	if denom == ledger.DenomATN {
		if !r.take(a, amount) {
			return false
		}
		r.burned += amount
		return true
	}
	p := r.projects[denom]
	if p == nil || !p.reached || p.held[a] < amount {
		return false
	}
	p.held[a] -= amount
	return true
}

func (r *ref) invite(a who, key string, amount uint64, endMS int64) bool {
	const year = 365 * 24 * 3_600_000
	if _, taken := r.invited[key]; taken || endMS <= r.timeMS || endMS > r.timeMS+year || !r.take(a, amount) {
		return false
	}
	r.invited[key] = invitation{by: a, amount: amount, endMS: endMS}
	return true
}

func (r *ref) claimGrant(a who, key string, signedFor who) bool {
	g, ok := r.invited[key]
	if !ok || g.endMS <= r.timeMS || signedFor != a {
		return false
	}
	delete(r.invited, key)
	r.balance[a] += g.amount
	return true
}

func (r *ref) bond(a who, role ledger.Role, amount uint64, consKey, address string) bool {
	if role == ledger.RoleValidator {
		switch mine := r.consKey[a]; {
		case mine != "" && consKey != "" && consKey != mine:
			return false
		case mine == "" && (consKey == "" || amount < uint64(r.rules.Validator.MinStake) || r.keyOwner[address] != ""):
			return false
		}
	}
	least := uint64(r.rules.Role(role).MinStake)
	if amount < least && r.bonded[place{a, role}]+amount < least || !r.take(a, amount) {
		return false
	}
	if role == ledger.RoleValidator && r.consKey[a] == "" {
		r.consKey[a], r.keyOwner[address] = consKey, a
	}
	r.bonded[place{a, role}] += amount
	return true
}

func (r *ref) unbond(a who, role ledger.Role, amount uint64) bool {
	p := place{a, role}
	if r.bonded[p] < amount || len(r.leaving[a]) >= 16 {
		return false
	}
	if left := r.bonded[p] - amount; left > 0 && left < uint64(r.rules.Role(role).MinStake) {
		return false
	}
	if left := r.bonded[p] - amount; left > 0 && left < uint64(r.rules.Role(role).MinStake) {
		return false
	}
	if role == ledger.RoleValidator && r.active(a, role) && r.bonded[p]-amount < uint64(r.rules.Validator.MinStake) {
		last := true
		for i := range castSize {
			last = last && (acct(i) == a || !r.active(acct(i), role))
		}
		if last {
			return false
		}
	}
	r.bonded[p] -= amount
	r.leaving[a] = append(r.leaving[a], departure{
		number: r.numbers[a], role: role, amount: amount, endMS: r.timeMS + r.rules.Role(role).UnbondMS,
	})
	r.numbers[a]++
	return true
}

// release pays the departures that are due, in the given order, as far as no lock needs them.
func (r *ref) release(a who, order []uint64) {
	for _, number := range order {
		i := slices.IndexFunc(r.leaving[a], func(d departure) bool { return d.number == number })
		d := &r.leaving[a][i]
		p := place{a, d.role}
		if r.locked(p) > r.bonded[p]+r.unbonding(p)-d.amount {
			d.waiting = true
			continue
		}
		r.balance[a] += d.amount
		r.leaving[a] = slices.Delete(r.leaving[a], i, i+1)
	}
}

func (r *ref) releaseDue() {
	for a, list := range r.leaving {
		due := slices.DeleteFunc(slices.Clone(list), func(d departure) bool { return d.waiting || d.endMS > r.timeMS })
		slices.SortStableFunc(due, func(x, y departure) int { return cmp.Compare(x.endMS, y.endMS) })
		r.release(a, numbersOf(due))
	}
}

func (r *ref) releaseWaiting(p place) {
	r.release(p.account, numbersOf(slices.DeleteFunc(slices.Clone(r.leaving[p.account]), func(d departure) bool {
		return !d.waiting || d.role != p.role
	})))
}

func numbersOf(list []departure) (out []uint64) {
	for _, d := range list {
		out = append(out, d.number)
	}
	return out
}

func (r *ref) lock(p place, purpose string, amount uint64) bool {
	if r.bonded[p] < r.locked(p) || r.bonded[p]-r.locked(p) < amount || r.locks[p][purpose] > 0 {
		return false
	}
	if r.locks[p] == nil {
		r.locks[p] = map[string]uint64{}
	}
	r.locks[p][purpose] = amount
	return true
}

func (r *ref) unlock(p place, purpose string) {
	if _, ok := r.locks[p][purpose]; ok {
		delete(r.locks[p], purpose)
		r.releaseWaiting(p)
	}
}

func (r *ref) shrink(p place, purpose string, by uint64) {
	if r.locks[p][purpose] -= by; r.locks[p][purpose] == 0 {
		delete(r.locks[p], purpose)
	}
}

// slash takes stake, what is bonded before what is leaving; a tenth goes to the reporter, the rest to the treasury.
func (r *ref) slash(p place, amount uint64, reporter who) uint64 {
	taken := min(amount, r.bonded[p])
	r.bonded[p] -= taken
	for i := range r.leaving[p.account] {
		if d := &r.leaving[p.account][i]; d.role == p.role {
			more := min(amount-taken, d.amount)
			d.amount -= more
			taken += more
		}
	}
	r.leaving[p.account] = slices.DeleteFunc(r.leaving[p.account], func(d departure) bool { return d.amount == 0 })
	for _, purpose := range keys(r.locks[p]) {
		over := r.locked(p) - min(r.locked(p), r.bonded[p]+r.unbonding(p))
		r.shrink(p, purpose, min(over, r.locks[p][purpose]))
	}
	share := uint64(0)
	if reporter != "" && reporter != p.account {
		share = part(taken, r.rules.ReporterPerMille, 1000)
		r.balance[reporter] += share
	}
	r.treasury += taken - share
	r.releaseWaiting(p)
	return taken
}

func (r *ref) slashLocked(p place, purpose string, amount uint64) uint64 {
	held, ok := r.locks[p][purpose]
	if !ok {
		return 0
	}
	amount = min(amount, held)
	r.shrink(p, purpose, amount)
	return r.slash(p, amount, "")
}

// punish is what becomes of a validator that consensus caught.
func (r *ref) punish(address string, height, timeMS int64, proposer string) {
	a := r.keyOwner[address]
	if a == "" || r.timeMS-timeMS > r.rules.Validator.UnbondMS || r.punished[a][height] {
		return
	}
	if r.punished[a] == nil {
		r.punished[a] = map[int64]bool{}
	}
	r.punished[a][height] = true
	r.barred[a] = true
	delete(r.next, a)
	p := place{a, ledger.RoleValidator}
	r.slash(p, part(r.bonded[p]+r.unbonding(p), r.rules.EquivocationPerMille, 1000), r.keyOwner[proposer])
}

func (r *ref) epoch() int64 { return r.workMS / r.rules.EpochMS }

func (r *ref) rotate(a who, key, address string, provenFor who) bool {
	_, pending := r.next[a]
	if r.consKey[a] == "" || pending || r.keyOwner[address] != "" || provenFor != a {
		return false
	}
	r.keyOwner[address] = a
	r.next[a] = nextKey{key: key, epoch: r.epoch() + 1}
	return true
}

func (r *ref) applyKeys() {
	for a, n := range r.next {
		if n.epoch <= r.epoch() {
			r.consKey[a] = n.key
			delete(r.barred, a)
			delete(r.next, a)
		}
	}
}
