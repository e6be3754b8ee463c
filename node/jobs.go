package node

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"autonet/node/api/feed"
	"autonet/node/api/types"
	"autonet/node/roles"
)

// tellEvery bounds how often one job's progress becomes an event.
const tellEvery = 250 * time.Millisecond

// jobs is what this node works on at the moment, by kind and task.
type jobs struct {
	feed *feed.Feed

	mu   sync.Mutex
	now  map[string]types.Job
	told map[string]time.Time
}

func newJobs(f *feed.Feed) *jobs {
	return &jobs{feed: f, now: map[string]types.Job{}, told: map[string]time.Time{}}
}

// report takes note of a job's progress and tells the event stream, now and then.
func (j *jobs) report(p roles.Progress) {
	key := p.Kind + " " + p.Task
	job := types.Job{Kind: p.Kind, Task: p.Task, Phase: p.Phase, Step: p.Step, Steps: p.Steps, State: "running"}
	j.mu.Lock()
	due := p.Done || time.Since(j.told[key]) >= tellEvery
	if p.Done {
		delete(j.now, key)
		delete(j.told, key)
	} else {
		j.now[key] = job
		if due {
			j.told[key] = time.Now()
		}
	}
	j.mu.Unlock()
	if due {
		j.feed.Publish(workEvent(p))
	}
}

func (j *jobs) list() []types.Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]types.Job, 0, len(j.now))
	for _, job := range j.now {
		out = append(out, job)
	}
	slices.SortFunc(out, func(a, b types.Job) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Task, b.Task))
	})
	return out
}

func workEvent(p roles.Progress) types.Event {
	e := types.Event{Source: types.SourceWork, Kind: "work/" + p.Kind, Task: p.Task}
	data := map[string]any{"step": p.Step, "steps": p.Steps, "loss_milli": int64(p.Loss * 1000), "done": p.Done, "phase": p.Phase}
	switch {
	case p.Err != nil:
		e.Summary = fmt.Sprintf("%s failed: %v", p.Kind, p.Err)
		data["error"] = p.Err.Error()
	case p.Done:
		e.Summary = p.Kind + " done"
	case p.Steps > 0:
		e.Summary = fmt.Sprintf("%s step %d of %d, loss %.3f", p.Kind, p.Step, p.Steps, p.Loss)
	default:
		e.Summary = p.Kind
	}
	e.Data = asJSON(data)
	return e
}
