package app

import "autonet/ledger/dispute"

// Disputes returns every dispute about steps of a task's solutions, in ascending order of solver and challenger.
func (v View) Disputes(id string) []dispute.Dispute { return v.app.dispute.Disputes(v.kv, id) }

// AggregateDisputes returns every dispute about a task's published model, in ascending order of the challenger.
func (v View) AggregateDisputes(id string) []dispute.AggregateDispute {
	return v.app.dispute.Aggregates(v.kv, id)
}

// Panels returns every panel of judges of a task, in ascending order of their questions' names.
func (v View) Panels(id string) []dispute.Panel { return v.app.dispute.Panels(v.kv, id) }

// Panel returns the panel that was last called for a question about a task.
func (v View) Panel(id string, q dispute.Question) (dispute.Panel, bool) {
	return v.app.dispute.Panel(v.kv, id, q)
}

// Appeals returns every appeal of scores in a task, in ascending order of solver and appellant.
func (v View) Appeals(id string) []dispute.Appeal { return v.app.dispute.Appeals(v.kv, id) }

// Pending reports whether a dispute, a panel or an appeal about a task is not closed.
func (v View) Pending(id string) bool { return v.app.dispute.Pending(v.kv, id) }
