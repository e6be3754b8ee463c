// Package dataset reads labelled images and cuts them into the batches of a
// task.
//
// What it promises:
//   - IDX files (the format of MNIST), plain or gzipped, are read with bounds;
//     an error says which file, what is wrong with it and what to do.
//   - Which examples a slot trains on, and in which order, is a pure function of
//     seeds and positions: the same on every machine, so that a verifier builds
//     the very batches of the solver. Slots of one task never share an example.
//   - A pixel becomes the same float32 everywhere.
//
// It must not know tasks, leases, the network or the ledger.
package dataset
