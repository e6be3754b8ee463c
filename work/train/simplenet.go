package train

import (
	"fmt"
	"slices"

	"autonet/work/kernel"
)

// The shape of SimpleNet.
const (
	simpleNetName = "simplenet"

	side    = 28 // an image's height and width
	pixels  = side * side
	half    = side / 2 // after the first pooling
	quarter = half / 2 // after the second
	cells   = quarter * quarter
	chan1   = 16 // channels of the first convolution
	chan2   = 32 // of the second
	flat    = chan2 * cells
	hidden  = 64
	classes = 10
)

// The order of SimpleNet's tensors in a state.
const (
	conv1Bias = iota
	conv1Weight
	conv2Bias
	conv2Weight
	fc1Bias
	fc1Weight
	fc2Bias
	fc2Weight
	layers
)

// SimpleNet is a small image classifier of 105 866 parameters for 28×28 grey
// images and ten classes: convolution 1→16, ReLU, 2×2 maximum, convolution
// 16→32, ReLU, 2×2 maximum, linear 1568→64, ReLU, linear 64→10. Convolutions
// are 3×3 with padding 1.
//
// Its tensors are conv1.weight [16,1,3,3], conv1.bias [16], conv2.weight
// [32,16,3,3], conv2.bias [32], fc1.weight [64,1568], fc1.bias [64],
// fc2.weight [10,64], fc2.bias [10]; their momentum has the same names behind
// "opt.momentum.". Column c·49 + y·7 + x of fc1.weight
// belongs to channel c of pixel (y, x).
type SimpleNet struct{}

// parameter describes one tensor of a model.
type parameter struct {
	name     string
	momentum string // the name of its velocity
	shape    []int
	fan      int // the inputs of one output
}

// parameters returns the tensors in the order of a state.
func (SimpleNet) parameters() [layers]parameter {
	ps := [layers]parameter{
		conv1Bias:   {name: "conv1.bias", shape: []int{chan1}, fan: 9},
		conv1Weight: {name: "conv1.weight", shape: []int{chan1, 1, 3, 3}, fan: 9},
		conv2Bias:   {name: "conv2.bias", shape: []int{chan2}, fan: 9 * chan1},
		conv2Weight: {name: "conv2.weight", shape: []int{chan2, chan1, 3, 3}, fan: 9 * chan1},
		fc1Bias:     {name: "fc1.bias", shape: []int{hidden}, fan: flat},
		fc1Weight:   {name: "fc1.weight", shape: []int{hidden, flat}, fan: flat},
		fc2Bias:     {name: "fc2.bias", shape: []int{classes}, fan: hidden},
		fc2Weight:   {name: "fc2.weight", shape: []int{classes, hidden}, fan: hidden},
	}
	for i := range ps {
		ps[i].momentum = OptimizerPrefix + "momentum." + ps[i].name
	}
	return ps
}

// Name returns "simplenet".
func (SimpleNet) Name() string { return simpleNetName }

// Parameters returns 105 866.
func (m SimpleNet) Parameters() int {
	n := 0
	for _, p := range m.parameters() {
		n += elements(p.shape)
	}
	return n
}

// Init draws the weights from seed and sets the optimiser at rest.
func (m SimpleNet) Init(seed [32]byte) State {
	s := m.empty()
	for i, p := range m.parameters() {
		uniform(s.Tensors[i].Data, seed, p.name, p.fan)
	}
	return s
}

// FromWeights returns a state at step 0 with copies of w.
func (m SimpleNet) FromWeights(w []Tensor) (State, error) {
	s := m.empty()
	if len(w) != layers {
		return State{}, fmt.Errorf("%w: %d tensors, want %d", ErrShape, len(w), int(layers))
	}
	for i, p := range m.parameters() {
		data, err := find(w, p.name, p.shape)
		if err != nil {
			return State{}, err
		}
		if !kernel.Best().Finite(data) {
			return State{}, fmt.Errorf("%w: in %s", ErrNotFinite, p.name)
		}
		copy(s.Tensors[i].Data, data)
	}
	return s, nil
}

// NewTrainer returns a trainer for this machine's fastest instructions.
func (m SimpleNet) NewTrainer(threads int) Trainer { //nolint:ireturn // the Model interface
	return NewSimpleNetTrainer(threads, kernel.Best())
}

// empty returns a state of zeros at step 0.
func (m SimpleNet) empty() State {
	s := State{Tensors: make([]Tensor, 2*layers)}
	for i, p := range m.parameters() {
		s.Tensors[i] = Tensor{Name: p.name, Shape: p.shape, Data: make([]float32, elements(p.shape))}
		s.Tensors[layers+i] = Tensor{
			Name:  p.momentum,
			Shape: slices.Clone(p.shape),
			Data:  make([]float32, elements(p.shape)),
		}
	}
	return s
}
