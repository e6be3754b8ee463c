package task

import (
	"fmt"

	"autonet/ledger"
)

// Keeper is the module's rules over the state it is handed.
type Keeper struct {
	ports Ports
}

// New returns the module joined to its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

// Keys. A task's record holds everything but its solutions and openings, which are large and written once.
func keyTask(id string) []byte { return ledger.Key("task", "t", id) }
func keyLive(id string) []byte { return ledger.Key("task", "live", id) }

// keyCount holds how many live tasks a proposer has.
func keyCount(proposer ledger.Account) []byte { return ledger.Key("task", "n", string(proposer)) }

func keySolution(id string, slot uint32) []byte {
	return ledger.Key("task", "solution", id, fmt.Sprintf("%02d", slot))
}

func keyOpening(id string, slot, interval uint32) []byte {
	return ledger.Key("task", "opening", id, fmt.Sprintf("%02d", slot), fmt.Sprintf("%04d", interval))
}

// openedSteps is the record of one opened interval.
type openedSteps struct {
	Hashes []ledger.Hash `json:"hashes"`
}

// Task returns a task with its revealed solutions.
func (k Keeper) Task(kv ledger.KV, id string) (Task, bool) {
	t, ok := k.Record(kv, id)
	if !ok {
		return Task{}, false
	}
	k.fill(kv, &t)
	return t, true
}

// Record returns a task without the solution documents: cheaper, and enough for rules.
func (k Keeper) Record(kv ledger.KV, id string) (Task, bool) {
	if !ledger.ValidID(id) {
		return Task{}, false
	}
	return ledger.Load[Task](kv, keyTask(id))
}

// Tasks returns every task with its revealed solutions, in ascending order of their IDs.
func (k Keeper) Tasks(kv ledger.KV) []Task {
	var tasks []Task
	kv.Iterate(ledger.Key("task", "t", ""), func(key, value []byte) bool {
		var t Task
		ledger.DecodeRecord(key, value, &t)
		tasks = append(tasks, t)
		return true
	})
	for i := range tasks {
		k.fill(kv, &tasks[i])
	}
	return tasks
}

// Solution returns the solution the solver revealed.
func (k Keeper) Solution(kv ledger.KV, id string, solver ledger.Account) (Solution, bool) {
	t, ok := k.Record(kv, id)
	if !ok {
		return Solution{}, false
	}
	i, ok := t.SlotOf(solver)
	if !ok {
		return Solution{}, false
	}
	return ledger.Load[Solution](kv, keySolution(id, t.Slots[i].Index))
}

// Opening returns the step hashes of an interval that the solver opened; nil if it did not.
func (k Keeper) Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	t, ok := k.Record(kv, id)
	if !ok {
		return nil
	}
	i, ok := t.SlotOf(solver)
	if !ok {
		return nil
	}
	steps, _ := ledger.Load[openedSteps](kv, keyOpening(id, t.Slots[i].Index, interval))
	return steps.Hashes
}

// Escrowed returns what all tasks hold.
func (k Keeper) Escrowed(kv ledger.KV) ledger.Natn {
	var sum ledger.Natn
	for _, id := range k.live(kv) {
		if t, ok := k.Record(kv, id); ok {
			sum += t.Escrow.Total()
		}
	}
	return sum
}

func (k Keeper) fill(kv ledger.KV, t *Task) {
	for i := range t.Slots {
		if !t.Slots[i].Revealed {
			continue
		}
		if s, ok := ledger.Load[Solution](kv, keySolution(t.ID, t.Slots[i].Index)); ok {
			t.Slots[i].Solution = &s
		}
	}
}

// live lists the tasks that are not final, in ascending order.
func (k Keeper) live(kv ledger.KV) []string {
	prefix := ledger.Key("task", "live", "")
	var ids []string
	kv.Iterate(prefix, func(key, _ []byte) bool {
		ids = append(ids, string(key[len(prefix):]))
		return true
	})
	return ids
}

func save(kv ledger.KV, t *Task) { ledger.Save(kv, keyTask(t.ID), *t) }

// load returns the task a message names or the refusal.
func (k Keeper) load(kv ledger.KV, id string) (Task, error) {
	t, ok := k.Record(kv, id)
	if !ok {
		return Task{}, ledger.Refuse(ledger.CodeNotFound, "no task %s", bounded(id))
	}
	return t, nil
}

// must returns a task the ledger itself speaks of.
func (k Keeper) must(kv ledger.KV, id string) (Task, error) {
	t, ok := k.Record(kv, id)
	if !ok {
		return Task{}, fmt.Errorf("task %s is not in the state", bounded(id))
	}
	return t, nil
}

func rank(s State) int {
	switch s {
	case StateProposed:
		return 0
	case StateOpen:
		return 1
	case StateCommitted:
		return 2
	case StateTruthRevealed:
		return 3
	case StateRevealed:
		return 4
	case StateVoting:
		return 5
	case StateVerdict:
		return 6
	case StateChallenge:
		return 7
	case StateSettled:
		return 8
	case StateAggregated, StateExpired:
		return 9
	default:
		return -1
	}
}

// Before reports whether the task has not reached the state yet.
func (t Task) Before(s State) bool { return rank(t.State) < rank(s) }

// inState refuses with CodeEarly or CodeLate unless the task is in the state and its deadline has not passed.
func inState(ctx *ledger.Context, t *Task, want State) error {
	switch {
	case t.State == StateExpired:
		return ledger.Refuse(ledger.CodeLate, "task %s has expired: %s", t.ID, t.Cause)
	case rank(t.State) < rank(want):
		return ledger.Refuse(ledger.CodeEarly, "task %s is %s; this needs %s", t.ID, t.State, want)
	case t.State != want:
		return ledger.Refuse(ledger.CodeLate, "task %s is %s; this needed %s", t.ID, t.State, want)
	case ctx.WorkMS >= t.Deadline:
		return ledger.Refuse(ledger.CodeLate, "the window of %s ended at %d ms of the work clock, which is at %d",
			want, t.Deadline, ctx.WorkMS)
	}
	return nil
}

// enter moves a task to a state and says why. The caller saves it.
func enter(ctx *ledger.Context, t *Task, state State, phase Phase, deadline int64, cause string) {
	from := t.State
	t.State, t.Phase, t.Deadline = state, phase, deadline
	ctx.Emit(EventPhase{Task: t.ID, From: from, State: state, Phase: phase, Deadline: deadline, Cause: cause})
}
