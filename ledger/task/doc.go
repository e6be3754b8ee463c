// Package task is the life of one training job on the ledger: proposals, claims, checkpoints, commitments, reveals,
// openings, the committee's draw, the state machine with its deadlines on the work clock, and the escrow.
//
// What it promises.
//   - A phase ends at its deadline, or as soon as everybody who can act in it has acted; both happen in [Keeper.Begin]
//     and [Keeper.End] and therefore on empty blocks too.
//   - A missed deadline drops and slashes who missed it, alone.
//   - A model is published when it is aggregated; the task stays AGGREGATED, with the aggregator's stake locked and what it
//     and the providers earn in escrow, until nobody can challenge the model any more.
//   - A task that is final (AGGREGATED without a phase, or EXPIRED) holds no escrow and no locks.
//   - Every phase change, payout, return, drop and slash leaves a typed event that names its cause.
//
// It must not know how votes are judged, how disputes are settled, how stake is kept or what is trained: those are the
// ports in ports.go.
package task
