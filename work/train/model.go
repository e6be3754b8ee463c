package train

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknownModel says that no model has the name asked for.
	ErrUnknownModel = errors.New("unknown model")
	// ErrShape says that tensors are not those of the model.
	ErrShape = errors.New("tensors do not fit the model")
	// ErrBatch says that a batch is empty, its lengths disagree, or it holds a
	// label the model does not know.
	ErrBatch = errors.New("invalid batch")
	// ErrHyper says that a hyper-parameter is out of range.
	ErrHyper = errors.New("invalid hyper-parameter")
	// ErrNotFinite says that a loss, a weight or an input is infinite or not a
	// number. The learning rate is usually too high.
	ErrNotFinite = errors.New("training has diverged: a number is not finite")
)

// Hyper holds the numbers of the optimiser, stochastic gradient descent:
// v = Momentum·v + gradient, w = w − LearningRate·v.
type Hyper struct {
	LearningRate float32 // above 0
	Momentum     float32 // from 0 up to, not including, 1
}

// Validate returns ErrHyper for numbers out of range.
func (h Hyper) Validate() error {
	if !(h.LearningRate > 0) || h.LearningRate > 1e6 {
		return fmt.Errorf("%w: learning rate %v is not above 0 and at most 1e6", ErrHyper, h.LearningRate)
	}
	if !(h.Momentum >= 0) || h.Momentum >= 1 {
		return fmt.Errorf("%w: momentum %v is not in [0, 1)", ErrHyper, h.Momentum)
	}
	return nil
}

// Batch is N normalised images, N×28×28, with the label of each.
type Batch struct {
	Images []float32
	Labels []uint8
	N      int
}

// Model is an architecture.
type Model interface {
	Name() string
	// Parameters counts the weights.
	Parameters() int
	// Init returns the state before the first step, a function of seed alone.
	Init(seed [32]byte) State
	// FromWeights returns a state at step 0 with copies of w, in any order,
	// and the optimiser at rest. It returns ErrShape or ErrNotFinite for
	// weights that are not the model's.
	FromWeights(w []Tensor) (State, error)
	// NewTrainer returns a trainer that uses up to threads goroutines during a
	// call; below one means one.
	NewTrainer(threads int) Trainer
}

// Trainer computes with a model. It reuses its buffers, so one goroutine at a
// time may use it.
type Trainer interface {
	// Step takes one step of training and returns the batch's mean loss before
	// it. After ErrNotFinite the state must be discarded; after any other
	// error it is unchanged.
	Step(s *State, b Batch, h Hyper) (loss float32, err error)
	// Evaluate counts the images whose largest logit (the first of equals) is
	// their label's, and sums their losses.
	Evaluate(w []Tensor, b Batch) (correct int, lossSum float32, err error)
	// Logits returns the model's outputs, N×classes. Labels may be nil.
	Logits(w []Tensor, b Batch) ([]float32, error)
}

// Lookup returns the model called name, or ErrUnknownModel.
func Lookup(name string) (Model, error) { //nolint:ireturn // a registry hands out what it is asked for
	if name == simpleNetName {
		return SimpleNet{}, nil
	}
	return nil, fmt.Errorf("%w %q: the models are %q", ErrUnknownModel, name, []string{simpleNetName})
}
