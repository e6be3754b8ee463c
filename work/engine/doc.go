// Package engine does the work of a task: it trains, replays, evaluates, infers
// and aggregates, and nothing of it without a live lease.
//
// What it promises:
//   - Every function takes a lease first, asks it before every step or chunk, and
//     stops within one step of its end with an error that wraps lease.ErrLapsed.
//   - Training is a pure function of spec, slot, account, data and base weights,
//     bit for bit, whatever the threads, the instruction set or the interruptions:
//     a run resumed at a checkpoint gives the hashes it would have given.
//   - A replay from a checkpoint gives the hashes of the training.
//   - Whatever comes from strangers (specs, states, weights) is checked before it
//     is used; an error says what was wrong.
//
// It must not know the ledger, the network, files or shards: bytes come in, bytes
// go out.
package engine
