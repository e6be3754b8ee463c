// Package dispute settles challenges of a replayed interval by one step's bits.
//
// What it promises.
//   - A challenge names its own step hashes; the first step at which they differ from the solver's is found by the
//     ledger, and validators re-execute that one step.
//   - More than half of the panel's stake decides: the solver's hash stands and the challenger loses its bond, or it
//     does not and the fraud is proven. Without a majority the dispute is void and nobody loses.
//   - A solver that does not open a challenged interval in time loses.
//   - Every challenge, judgement, outcome and slash leaves a typed event with its evidence.
//
// It must not know votes, scores, money beyond bonds or how a task moves: those are the ports in ports.go.
package dispute
