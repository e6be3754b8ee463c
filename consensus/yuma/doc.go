// Package yuma is the consensus over weights that rows with stake give to columns, as subtensor computes it: the
// stake-weighted median of each column, the clipping to it, incentives, and the bonds by which a row earns from columns it
// supported before others did.
//
// What it promises. Pure functions in integer fixed point, exact to the last bit on every machine: multiplication floors,
// division truncates, everything saturates. The steps are those of testdata/ALGORITHM.md, and every published vector beside
// it holds with its own tolerance. [Epoch] works on sparse rows, and its cost grows with their entries times the logarithm of
// the rows. Malformed input is an error, never a panic.
//
// It must not know what rows and columns are, nor where stake comes from.
package yuma
