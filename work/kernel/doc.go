// Package kernel holds the arithmetic of training: matrix product, 3×3
// convolution, pooling, the optimiser's update, exponential and logarithm.
//
// It promises one thing above speed: the bits of a result depend on the
// arguments alone. Every output element is one chain of float32 fused
// multiply-adds (one rounding each) over an ascending index, begun at zero, at
// a bias or at the value already there; a vector lane computes a whole chain
// and never a part of one. So neither tiling nor the instruction set nor the
// number of threads can change a bit, and a replay on another machine gives
// the same state hash. Denormals are kept, the maximum is a compare and a
// select, and nothing that a compiler may fuse is written without an explicit
// conversion.
//
// A [Set] is the choice of instructions: [Best] for this machine, [Scalar] for
// the portable twin, which is the definition and the oracle of the tests.
// Slices too short for the shapes given are programming errors and panic as an
// index out of range does.
//
// The package must not know models, data sets, threads or files.
package kernel
