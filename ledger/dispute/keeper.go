package dispute

import (
	"cmp"
	"slices"

	"autonet/ledger"
)

// Keeper is the module's rules over the state it is handed.
type Keeper struct {
	ports Ports
}

// New returns the module joined to its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

// Keys of records. What is open is indexed by its task under "dispute/open", with the record's key as the value.
func keyDispute(task string, solver, challenger ledger.Account) []byte {
	return ledger.Key("dispute", "d", task, string(solver), string(challenger))
}

func keyAggregate(task string, challenger ledger.Account) []byte {
	return ledger.Key("dispute", "g", task, string(challenger))
}

func keyPanel(task string, q Question) []byte { return ledger.Key("dispute", "p", task, q.ID()) }

func keyAppeal(task string, solver, appellant ledger.Account) []byte {
	return ledger.Key("dispute", "a", task, string(solver), string(appellant))
}

func keyVoice(a *Appeal, voter ledger.Account) []byte {
	return ledger.Key("dispute", "v", a.Task, string(a.Solver), string(a.Appellant), string(voter))
}

// Families of open records.
const (
	openDispute   = "d"
	openAggregate = "g"
	openPanel     = "p"
	openAppeal    = "a"
)

func prefixOpen(family string) []byte { return ledger.Key("dispute", "open", family, "") }

// keep writes a record and keeps the index of open ones: rest names the record within its family, the task first.
func keep[R any](kv ledger.KV, key []byte, record R, open bool, family string, rest ...string) {
	ledger.Save(kv, key, record)
	index := ledger.Key(append([]string{"dispute", "open", family}, rest...)...)
	if open {
		kv.Set(index, key)
		return
	}
	kv.Delete(index)
}

func save(kv ledger.KV, d *Dispute) {
	keep(kv, keyDispute(d.Task, d.Solver, d.Challenger), *d, !d.Status.Closed(), openDispute,
		d.Task, string(d.Solver), string(d.Challenger))
}

func saveAggregate(kv ledger.KV, d *AggregateDispute) {
	keep(kv, keyAggregate(d.Task, d.Challenger), *d, !d.Status.Closed(), openAggregate, d.Task, string(d.Challenger))
}

func savePanel(kv ledger.KV, p *Panel) {
	keep(kv, keyPanel(p.Task, p.Question), *p, !p.Stage.Closed(), openPanel, p.Task, p.Question.ID())
}

func saveAppeal(kv ledger.KV, a *Appeal) {
	keep(kv, keyAppeal(a.Task, a.Solver, a.Appellant), *a, a.Status == AppealOpen, openAppeal,
		a.Task, string(a.Solver), string(a.Appellant))
}

// list returns the records under a prefix in ascending order of their keys.
func list[R any](kv ledger.KV, prefix []byte) []R {
	var all []R
	kv.Iterate(prefix, func(key, value []byte) bool {
		var r R
		ledger.DecodeRecord(key, value, &r)
		all = append(all, r)
		return true
	})
	return all
}

// opened returns the open records of a family in ascending order.
func opened[R any](kv ledger.KV, family string) []R {
	var keys [][]byte
	kv.Iterate(prefixOpen(family), func(_, value []byte) bool {
		keys = append(keys, slices.Clone(value))
		return true
	})
	open := make([]R, 0, len(keys))
	for _, key := range keys {
		if r, ok := ledger.Load[R](kv, key); ok {
			open = append(open, r)
		}
	}
	return open
}

// Dispute returns the challenge of a solution by an account.
func (k Keeper) Dispute(kv ledger.KV, task string, solver, challenger ledger.Account) (Dispute, bool) {
	return ledger.Load[Dispute](kv, keyDispute(task, solver, challenger))
}

// Disputes returns every dispute about steps of a task's solutions, in ascending order of solver and challenger.
func (k Keeper) Disputes(kv ledger.KV, task string) []Dispute {
	return list[Dispute](kv, ledger.Key("dispute", "d", task, ""))
}

// Aggregates returns every dispute about a task's published model, in ascending order of the challenger.
func (k Keeper) Aggregates(kv ledger.KV, task string) []AggregateDispute {
	return list[AggregateDispute](kv, ledger.Key("dispute", "g", task, ""))
}

// Panel returns the panel that was last called for a question.
func (k Keeper) Panel(kv ledger.KV, task string, q Question) (Panel, bool) {
	return ledger.Load[Panel](kv, keyPanel(task, q))
}

// Panels returns every panel of a task, in ascending order of their questions' names.
func (k Keeper) Panels(kv ledger.KV, task string) []Panel {
	return list[Panel](kv, ledger.Key("dispute", "p", task, ""))
}

// Appeals returns every appeal in a task, in ascending order of solver and appellant.
func (k Keeper) Appeals(kv ledger.KV, task string) []Appeal {
	return list[Appeal](kv, ledger.Key("dispute", "a", task, ""))
}

// about returns every dispute about one solution in the order in which they were opened: the first that proves a fraud is
// its reporter.
func (k Keeper) about(kv ledger.KV, task string, solver ledger.Account) []Dispute {
	return inOrder(list[Dispute](kv, ledger.Key("dispute", "d", task, string(solver), "")))
}

func inOrder(all []Dispute) []Dispute {
	slices.SortStableFunc(all, func(a, b Dispute) int { return cmp.Compare(a.Order, b.Order) })
	return all
}

// Open returns every dispute about a step that is not closed, those that were opened earlier about a solution first.
func (k Keeper) Open(kv ledger.KV) []Dispute { return inOrder(opened[Dispute](kv, openDispute)) }

// Pending reports whether anything about the task is not closed: a dispute, a panel or an appeal.
func (k Keeper) Pending(kv ledger.KV, task string) bool {
	pending := false
	for _, family := range []string{openDispute, openAggregate, openPanel, openAppeal} {
		kv.Iterate(ledger.Key("dispute", "open", family, task, ""), func(_, _ []byte) bool {
			pending = true
			return false
		})
	}
	return pending
}

// Demanded reports whether a dispute waits for the solver to open the interval.
func (k Keeper) Demanded(kv ledger.KV, task string, solver ledger.Account, interval uint32) bool {
	return slices.ContainsFunc(k.about(kv, task, solver), func(d Dispute) bool {
		return d.Status == Awaiting && d.Interval == interval
	})
}

// Fraud reports whether a dispute proved the solution wrong.
func (k Keeper) Fraud(kv ledger.KV, task string, solver ledger.Account) bool {
	return k.has(kv, task, solver, Proven)
}

// Void reports whether a dispute about the solution ended without a judgement.
func (k Keeper) Void(kv ledger.KV, task string, solver ledger.Account) bool {
	return k.has(kv, task, solver, Void)
}

func (k Keeper) has(kv ledger.KV, task string, solver ledger.Account, status Status) bool {
	return slices.ContainsFunc(k.about(kv, task, solver), func(d Dispute) bool { return d.Status == status })
}

// Challenger reports how the account's own challenge of the solution ended: "proven", "dismissed" or "void"; empty when
// it made none or it is not closed.
func (k Keeper) Challenger(kv ledger.KV, task string, solver, account ledger.Account) string {
	d, ok := k.Dispute(kv, task, solver, account)
	if !ok {
		return ""
	}
	switch d.Status {
	case Proven:
		return "proven"
	case Dismissed:
		return "dismissed"
	case Void:
		return "void"
	case Awaiting, Judging:
		return ""
	default:
		return ""
	}
}

// Proven visits the step hashes with which challengers proved a fraud, by interval.
func (k Keeper) Proven(kv ledger.KV, task string, solver ledger.Account, fn func(interval uint32, hashes []ledger.Hash) bool) {
	for _, d := range k.about(kv, task, solver) {
		if d.Status == Proven && !fn(d.Interval, d.Hashes) {
			return
		}
	}
}
