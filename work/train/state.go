package train

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"lukechampine.com/blake3"
)

// OptimizerPrefix begins the name of every tensor that belongs to the
// optimiser and not to the model.
const OptimizerPrefix = "opt."

const stateTag = "autonet/state/v1"

// Tensor is a named row-major array of float32.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Clone returns a deep copy.
func (t Tensor) Clone() Tensor {
	return Tensor{Name: t.Name, Shape: slices.Clone(t.Shape), Data: slices.Clone(t.Data)}
}

// State is a model in training: its weights sorted by name, then the
// optimiser's tensors sorted by name, after Step steps.
type State struct {
	Step    uint32
	Tensors []Tensor
}

// Weights returns the tensors of the model, without the optimiser's. They
// share memory with the state.
func (s State) Weights() []Tensor {
	n := slices.IndexFunc(s.Tensors, func(t Tensor) bool { return strings.HasPrefix(t.Name, OptimizerPrefix) })
	if n < 0 {
		n = len(s.Tensors)
	}
	return s.Tensors[:n:n]
}

// Clone returns a deep copy.
func (s State) Clone() State {
	c := State{Step: s.Step, Tensors: make([]Tensor, len(s.Tensors))}
	for i, t := range s.Tensors {
		c.Tensors[i] = t.Clone()
	}
	return c
}

// Hash returns the BLAKE3-256 hash that names the state. It covers
// "autonet/state/v1", the step, the number of tensors, and of each its name,
// shape and values; lengths, step and dimensions are little-endian uint32, as
// are the values' bits.
func (s State) Hash() [32]byte {
	h := blake3.New(32, nil)
	buf := make([]byte, 0, 32<<10)
	buf = append(buf, stateTag...)
	buf = binary.LittleEndian.AppendUint32(buf, s.Step)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(s.Tensors)))
	for _, t := range s.Tensors {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(t.Name)))
		buf = append(buf, t.Name...)
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(t.Shape)))
		for _, d := range t.Shape {
			buf = binary.LittleEndian.AppendUint32(buf, uint32(d))
		}
		h.Write(buf)
		for chunk := range slices.Chunk(t.Data, 8<<10) {
			buf = buf[:4*len(chunk)]
			for i, v := range chunk {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
			}
			h.Write(buf)
		}
		buf = buf[:0]
	}
	h.Write(buf)
	return [32]byte(h.Sum(nil))
}

// elements returns the product of shape.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// find returns the tensor of ts called name, checked against shape.
func find(ts []Tensor, name string, shape []int) ([]float32, error) {
	for i := range ts {
		if ts[i].Name != name {
			continue
		}
		if !slices.Equal(ts[i].Shape, shape) || len(ts[i].Data) != elements(shape) {
			return nil, fmt.Errorf("%w: %s has shape %v and %d values, want shape %v", ErrShape, name, ts[i].Shape, len(ts[i].Data), shape)
		}
		return ts[i].Data, nil
	}
	return nil, fmt.Errorf("%w: %s is missing", ErrShape, name)
}
