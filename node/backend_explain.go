package node

import (
	"context"
	"strconv"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/task"
	"autonet/node/api/types"
	"autonet/node/explain"
)

// maxExplained bounds the events of one explanation.
const maxExplained = 100_000

// Explain implements api.ProofBackend.
func (b proofBackend) Explain(ctx context.Context, id string, withProofs bool) (types.Explanation, error) {
	if !ledger.ValidID(id) {
		return types.Explanation{}, types.NewError(types.CodeUsage, id+" is no task", "", "see: autonet task ls")
	}
	var t task.Task
	known := false
	if err := b.n.engine.View(func(v app.View) error {
		t, known = v.Task(id)
		return nil
	}); err != nil {
		return types.Explanation{}, err
	}
	if !known {
		return types.Explanation{}, types.NewError(types.CodeNotFound, "there is no task "+id, "", "see: autonet task ls")
	}
	var events []explain.Event
	reader := app.NewEventReader()
	err := b.n.engine.EventsOf(ctx, abci.EventQuery{Task: id}, func(e ledger.Event) error {
		data, err := reader.Decode(e.Kind, e.Data)
		if err != nil {
			return err
		}
		if len(events) == maxExplained {
			return types.NewError(types.CodeFailed, "too much happened in task "+id, "", "read it with: autonet ledger events --task "+id)
		}
		events = append(events, explain.Event{Event: e, Data: data})
		return nil
	})
	if err != nil {
		return types.Explanation{}, err
	}
	out := explain.Task(t, events)
	if withProofs {
		err = b.proveAll(ctx, &out)
	}
	return out, err
}

// proveAll adds the proof document of every amount.
func (b proofBackend) proveAll(ctx context.Context, x *types.Explanation) error {
	prove := func(list []types.ExplainedAmount) error {
		for i := range list {
			words := []string{"event", strconv.FormatInt(list[i].Height, 10), strconv.Itoa(list[i].Index)}
			p, err := b.Proof(ctx, words, 0)
			if err != nil {
				return err
			}
			list[i].Proof = p.Document
		}
		return nil
	}
	for i := range x.Accounts {
		if err := prove(x.Accounts[i].Amounts); err != nil {
			return err
		}
	}
	return prove(x.Returned)
}
