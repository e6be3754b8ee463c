// Package verify commits to every step of a training run and finds the first
// step at which two runs part.
//
// A run of S steps with a checkpoint every k has n = ⌈S/k⌉ intervals. The root of
// an interval is the Merkle root over the hashes of its steps; the StepRoot of
// the run is the Merkle root over the interval roots. A solver commits to the
// StepRoot; later it opens single intervals with all their step hashes and a
// path, which a ledger checks without having seen the rest.
//
// What it promises: pure functions; an opening verifies only under the root it
// was made from, at its own place, for a run of the same length.
//
// It must not know models, data, tasks or leases: it sees hashes only.
package verify
