package dispute

import (
	"fmt"
	"slices"

	"autonet/ledger"
)

// Keeper is the module's rules over the state it is handed.
type Keeper struct {
	ports Ports
}

// New returns the module joined to its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

func keyDispute(task string, solver, challenger ledger.Account) []byte {
	return ledger.Key("dispute", "d", task, string(solver), string(challenger))
}

func keyOpen(task string, solver, challenger ledger.Account) []byte {
	return ledger.Key("dispute", "open", task, string(solver), string(challenger))
}

// save writes a dispute and keeps the index of open ones.
func save(kv ledger.KV, d *Dispute) {
	ledger.Save(kv, keyDispute(d.Task, d.Solver, d.Challenger), *d)
	if d.Status.Closed() {
		kv.Delete(keyOpen(d.Task, d.Solver, d.Challenger))
		return
	}
	kv.Set(keyOpen(d.Task, d.Solver, d.Challenger), keyDispute(d.Task, d.Solver, d.Challenger))
}

// list returns the disputes under a prefix in ascending order of task, solver and challenger.
func list(kv ledger.KV, prefix []byte) []Dispute {
	var all []Dispute
	kv.Iterate(prefix, func(key, value []byte) bool {
		var d Dispute
		ledger.DecodeRecord(key, value, &d)
		all = append(all, d)
		return true
	})
	return all
}

// Dispute returns the challenge of a solution by an account.
func (k Keeper) Dispute(kv ledger.KV, task string, solver, challenger ledger.Account) (Dispute, bool) {
	return ledger.Load[Dispute](kv, keyDispute(task, solver, challenger))
}

// Disputes returns every dispute about a task.
func (k Keeper) Disputes(kv ledger.KV, task string) []Dispute {
	return list(kv, ledger.Key("dispute", "d", task, ""))
}

// about returns every dispute about one solution.
func (k Keeper) about(kv ledger.KV, task string, solver ledger.Account) []Dispute {
	return list(kv, ledger.Key("dispute", "d", task, string(solver), ""))
}

// Open returns every dispute that is not closed.
func (k Keeper) Open(kv ledger.KV) []Dispute {
	var keys [][]byte
	kv.Iterate(ledger.Key("dispute", "open", ""), func(_, value []byte) bool {
		keys = append(keys, slices.Clone(value))
		return true
	})
	open := make([]Dispute, 0, len(keys))
	for _, key := range keys {
		if d, ok := ledger.Load[Dispute](kv, key); ok {
			open = append(open, d)
		}
	}
	return open
}

// Pending reports whether a dispute about the task is not closed.
func (k Keeper) Pending(kv ledger.KV, task string) bool {
	pending := false
	kv.Iterate(ledger.Key("dispute", "open", task, ""), func(_, _ []byte) bool {
		pending = true
		return false
	})
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

// lockPurpose names the lock of a challenge's bond.
func lockPurpose(d *Dispute) string { return fmt.Sprintf("dispute-%s-%s", d.Task, d.Solver) }
