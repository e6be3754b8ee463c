// Package train holds the models the network trains and the state that their
// training steps through.
//
// A [State] is everything a step depends on besides its batch and its
// hyper-parameters: the weights, the optimiser's values and the step count.
// One step is a pure function of these, bit for bit, whatever the machine, the
// instruction set or the number of threads; [State.Hash] names its result, so
// that anyone can replay a step and compare.
//
// Tensors have the names, shapes and layout that PyTorch gives the same model;
// a convolution's output is flattened channel by channel, row by row (CHW), as
// torch.flatten does. Weights saved here load there and the other way round.
//
// The package promises no allocation in a step of one thread, goroutines that
// have ended when a call returns, and an error, never a wrong state, for a
// batch or for numbers it cannot use. It must not know data sets, tasks,
// ledgers or files.
package train
