// Package dispute settles what is contested about a task: the bits of a replayed step, the bits of an aggregated model, and
// scores.
//
// What it promises.
//   - A challenge of a step names its own step hashes; the first step at which they differ from the solver's is found by
//     the ledger, and that one step is re-executed.
//   - Bits are settled by a fresh committee, drawn by stake from the hash of a block after the question: coordinators who
//     had no part in the task and, where they are too few, validators. Judgements are sealed first and shown later, so that
//     nobody can copy one. A silent judge is slashed and replaced once. More than half of the stake that showed a judgement
//     decides; without a majority the dispute is void and nobody loses.
//   - The loser pays: its bond, of which the judges of the majority get their share.
//   - A solver that does not open a challenged interval in time loses.
//   - Scores, and only scores, can be appealed to a vote of governance power.
//   - Every challenge, draw, judgement, outcome, payment and slash leaves a typed event with its evidence.
//
// It must not know votes of committees, how a task moves, or money beyond bonds: those are the ports in ports.go.
package dispute
