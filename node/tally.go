package node

import (
	"cmp"
	"slices"
	"sync"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/node/api/types"
)

// maxRewards bounds what is remembered of credits and slashes: the newest are kept.
const maxRewards = 100_000

// tally remembers every credit and slash that the event log tells, in ledger order, and the phases of tasks.
type tally struct {
	mu      sync.Mutex
	rewards []types.Reward
	history map[string][]types.PhaseChange
	created map[string]types.PhaseChange
}

func newTally() *tally {
	return &tally{history: map[string][]types.PhaseChange{}, created: map[string]types.PhaseChange{}}
}

// add takes note of one decoded ledger event.
func (t *tally) add(e ledger.Event, data any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := types.Reward{Height: e.Height, TimeMS: e.TimeMS, Cause: e.Kind}
	switch d := data.(type) {
	case task.EventPaid:
		at.Task, at.Account, at.Role, at.Earned, at.Detail = d.Task, string(d.Account), string(task.RoleOfPot(d.Pot)), uint64(d.Amount), d.Cause
	case dispute.EventPaid:
		at.Task, at.Account, at.Role, at.Earned, at.Detail = d.Task, string(d.Account), string(d.Role), uint64(d.Amount), d.Cause
	case staking.Slashed:
		at.Task, at.Account, at.Role, at.Slashed, at.Detail = d.Ref, string(d.Account), string(d.Role), uint64(d.Amount), d.Cause
		at.Evidence = d.Evidence
		if d.Share > 0 {
			t.keep(types.Reward{
				Height: e.Height, TimeMS: e.TimeMS, Cause: e.Kind, Task: d.Ref, Account: string(d.Reporter), Role: "reporter",
				Earned: uint64(d.Share), Detail: "reported: " + d.Cause,
			})
		}
	case task.EventProposed:
		t.created[d.Task] = types.PhaseChange{State: string(task.StateProposed), Height: e.Height, TimeMS: e.TimeMS}
		return
	case task.EventPhase:
		state := string(d.State)
		if d.Phase != "" {
			state += "/" + string(d.Phase)
		}
		t.history[d.Task] = append(t.history[d.Task], types.PhaseChange{State: state, Height: e.Height, TimeMS: e.TimeMS})
		return
	default:
		return
	}
	t.keep(at)
}

func (t *tally) keep(r types.Reward) {
	if len(t.rewards) == maxRewards {
		t.rewards = slices.Delete(t.rewards, 0, maxRewards/10)
	}
	t.rewards = append(t.rewards, r)
}

// of lists the credits and slashes of one task, or all for an empty one.
func (t *tally) of(id string) []types.Reward {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]types.Reward, 0, len(t.rewards))
	for _, r := range t.rewards {
		if id == "" || r.Task == id {
			out = append(out, r)
		}
	}
	return out
}

// phases lists the states a task has entered.
func (t *tally) phases(id string) (created types.PhaseChange, history []types.PhaseChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	created = t.created[id]
	if created.Height > 0 {
		history = append(history, created)
	}
	history = append(history, t.history[id]...)
	slices.SortStableFunc(history, func(a, b types.PhaseChange) int { return cmp.Compare(a.Height, b.Height) })
	return created, history
}
