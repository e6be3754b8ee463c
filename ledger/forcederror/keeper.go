package forcederror

import (
	"bytes"
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Keeper is the module's rules over the state it is handed.
type Keeper struct {
	ports Ports
}

// New returns the module joined to its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

func keySet(task string, governor ledger.Account) []byte {
	return ledger.Key("forcederror", "s", task, string(governor))
}

func keyLive(task string, governor ledger.Account) []byte {
	return ledger.Key("forcederror", "live", task, string(governor))
}

func keyTrap(task string, solver ledger.Account) []byte {
	return ledger.Key("forcederror", "trap", task, string(solver))
}

// keyTaken is where the bond that a proof took of a solution is remembered, for the case that it was a trap.
func keyTaken(task string, solver ledger.Account) []byte {
	return ledger.Key("forcederror", "taken", task, string(solver))
}

func keyWarden(governor ledger.Account) []byte {
	return ledger.Key("forcederror", "warden", string(governor))
}

func keyFigures(coordinator ledger.Account) []byte {
	return ledger.Key("forcederror", "figures", string(coordinator))
}

func keyTotals() []byte { return ledger.Key("forcederror", "totals") }

func saveSet(kv ledger.KV, s Set) { ledger.Save(kv, keySet(s.Task, s.Governor), s) }

func saveTrap(kv ledger.KV, t Trap) { ledger.Save(kv, keyTrap(t.Task, t.Solver), t) }

// Opened reports whether the solution of a solver was opened as a trap. Such a solution is never accepted.
func (Keeper) Opened(kv ledger.KV, task string, solver ledger.Account) bool {
	return kv.Get(keyTrap(task, solver)) != nil
}

// Counts reports whether the solution of a solver was opened as a trap that counts: its solver loses no bond by it.
func (k Keeper) Counts(kv ledger.KV, task string, solver ledger.Account) bool {
	t, ok := k.Trap(kv, task, solver)
	return ok && t.Counts
}

// Trap returns what is known of a solution opened as a trap.
func (Keeper) Trap(kv ledger.KV, task string, solver ledger.Account) (Trap, bool) {
	return ledger.Load[Trap](kv, keyTrap(task, solver))
}

// Traps returns the opened traps of a task in ascending account order.
func (Keeper) Traps(kv ledger.KV, task string) []Trap {
	return list[Trap](kv, ledger.Key("forcederror", "trap", task, ""))
}

// Sets returns who sealed a task, in ascending account order.
func (Keeper) Sets(kv ledger.KV, task string) []Set {
	return list[Set](kv, ledger.Key("forcederror", "s", task, ""))
}

// Set returns one governor's seals for a task.
func (Keeper) Set(kv ledger.KV, task string, governor ledger.Account) (Set, bool) {
	return ledger.Load[Set](kv, keySet(task, governor))
}

// live returns the seals that are not over, in ascending order of task and governor.
func (k Keeper) live(kv ledger.KV) []Set {
	prefix := ledger.Key("forcederror", "live", "")
	var sets []Set
	kv.Iterate(prefix, func(key, _ []byte) bool {
		task, governor, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		if set, ok := k.Set(kv, string(task), ledger.Account(governor)); ok {
			sets = append(sets, set)
		}
		return true
	})
	return sets
}

// Figures returns a coordinator's encounters with traps.
func (Keeper) Figures(kv ledger.KV, coordinator ledger.Account) Figures {
	f, _ := ledger.Load[Figures](kv, keyFigures(coordinator))
	return f
}

// Coordinators visits the figures of every coordinator that met a trap, in ascending account order.
func (Keeper) Coordinators(kv ledger.KV, fn func(account ledger.Account, f Figures) bool) {
	prefix := keyFigures("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var f Figures
		ledger.DecodeRecord(key, value, &f)
		return fn(ledger.Account(key[len(prefix):]), f)
	})
}

// Totals returns the figures of the whole network.
func (Keeper) Totals(kv ledger.KV) Totals {
	t, _ := ledger.Load[Totals](kv, keyTotals())
	return t
}

// Warden returns what a governor may still trap; one that never sealed has what the first seal gives it.
func (Keeper) Warden(kv ledger.KV, governor ledger.Account) Warden {
	w, ok := ledger.Load[Warden](kv, keyWarden(governor))
	if !ok {
		return Warden{Credit: perMille}
	}
	return w
}

// Taken tells that a proof brought the treasury part of a solver's bond, so that an opening that comes later can make it good. Where nothing
// is sealed there will be none.
func (k Keeper) Taken(kv ledger.KV, task string, solver ledger.Account, amount ledger.Natn) {
	if amount > 0 && len(k.Sets(kv, task)) > 0 {
		ledger.Save(kv, keyTaken(task, solver), amount)
	}
}

func list[T any](kv ledger.KV, prefix []byte) []T {
	var all []T
	kv.Iterate(prefix, func(key, value []byte) bool {
		var one T
		ledger.DecodeRecord(key, value, &one)
		all = append(all, one)
		return true
	})
	return all
}

// Seal executes the message.
func (k Keeper) Seal(ctx *ledger.Context, kv ledger.KV, m Seal) error {
	t, ok := k.ports.Tasks.Task(ctx, kv, m.Task)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "no task %s", m.Task)
	}
	if err := k.checkSeal(ctx, kv, m, t); err != nil {
		return err
	}
	p := ctx.Params.Traps
	set := Set{
		Task: m.Task, Governor: ctx.Sender, Height: ctx.Height, Commitments: m.Commitments,
		Jackpot: p.Jackpot, Pay: min(t.Reward, p.MaxPay),
	}
	held, err := fixed.Mul(uint64(set.Jackpot)+uint64(set.Pay), uint64(len(m.Commitments)))
	if err != nil {
		return fmt.Errorf("escrow of the seals of task %s: %w", m.Task, err)
	}
	set.Held = ledger.Natn(held)
	if err := k.lockBond(ctx, kv, &set, t); err != nil {
		return err
	}
	if err := k.ports.Bank.Escrow(ctx, kv, set.Held, m.Task); err != nil {
		return err
	}
	w := k.Warden(kv, ctx.Sender)
	w.Sets++
	w.Credit = min(w.Credit+p.LimitPerMille, p.Saved*perMille)
	ledger.Save(kv, keyWarden(ctx.Sender), w)
	totals := k.Totals(kv)
	totals.Sets++
	ledger.Save(kv, keyTotals(), totals)
	saveSet(kv, set)
	kv.Set(keyLive(m.Task, ctx.Sender), []byte{1})
	ctx.Emit(EventSealed{
		Task: m.Task, Governor: ctx.Sender, Commitments: m.Commitments, Jackpot: set.Jackpot, Pay: set.Pay,
		Bond: set.Bond, Role: set.Role,
	})
	return nil
}

// lockBond locks the price of silence in the first of the governor's stakes that covers it: a slash, and what as many
// solutions as there are seals could earn.
func (k Keeper) lockBond(ctx *ledger.Context, kv ledger.KV, set *Set, t Task) error {
	hidden, err := fixed.Mul(uint64(t.Reward), uint64(len(set.Commitments)))
	if err != nil {
		return fmt.Errorf("bond of the seals of task %s: %w", set.Task, err)
	}
	bond, err := fixed.Add(uint64(ctx.Params.Traps.SealSlash), hidden)
	if err != nil {
		return fmt.Errorf("bond of the seals of task %s: %w", set.Task, err)
	}
	set.Bond = ledger.Natn(bond)
	for _, set.Role = range ledger.Roles() {
		if err = k.ports.Stakes.Lock(ctx, kv, set.Governor, set.Role, lockPurpose(set.Task), set.Bond); err == nil {
			return nil
		}
	}
	return ledger.Refuse(ledger.CodeFunds, "no stake of %s covers the bond of %s for its seals", set.Governor, set.Bond)
}

// lockPurpose names the lock of a governor's bond for a task.
func lockPurpose(task string) string { return "seals-" + task }

func (k Keeper) checkSeal(ctx *ledger.Context, kv ledger.KV, m Seal, t Task) error {
	p := ctx.Params.Traps
	switch {
	case !k.ports.Accounts.Governor(kv, ctx.Sender):
		return refused("%s is no governor: only governors seal traps", ctx.Sender)
	case t.Unopened:
		return ledger.Refuse(ledger.CodeEarly, "task %s is not open to solvers yet", m.Task)
	case !t.Open:
		return ledger.Refuse(ledger.CodeLate, "the commit window of task %s is over", m.Task)
	case k.ports.Tasks.Party(kv, m.Task, ctx.Sender):
		return refused("%s is a party of task %s", ctx.Sender, m.Task)
	case uint32(len(m.Commitments)) != p.Seals:
		return refused("%d seals; a governor always seals %d, dummies among them", len(m.Commitments), p.Seals)
	}
	sets := k.Sets(kv, m.Task)
	for _, s := range sets {
		if s.Governor == ctx.Sender {
			return refused("%s has sealed task %s already", ctx.Sender, m.Task)
		}
	}
	if uint32(len(sets)) >= p.Sets {
		return refused("task %s is sealed by %d governors already", m.Task, len(sets))
	}
	return nil
}
