// Package yuma is the consensus over weights that rows with stake give to columns: the stake-weighted median of each
// column and the clipping to it, as subtensor computes them (steps 6 and 7 of its epoch), in 32.32 fixed point.
//
// What it promises. Pure functions, exact to the last bit on every machine. The median of a column is the largest weight
// that stake of at least kappa supports.
//
// It must not know what rows and columns are, nor where stake comes from.
package yuma
