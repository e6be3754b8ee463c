package train

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

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
// its shape and the BLAKE3-256 digest of its values' bits; lengths, step,
// dimensions and values are little-endian, 32 bits each.
func (s State) Hash() [32]byte {
	buf := make([]byte, 0, 2048)
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
		digest := blake3.Sum256(littleEndian(t.Data))
		buf = append(buf, digest[:]...)
	}
	return blake3.Sum256(buf)
}

// littleEndian returns the bits of x as bytes, x's own memory where the
// machine keeps them so: copying took as long as hashing.
func littleEndian(x []float32) []byte {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && len(x) > 0 {
		return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)) //nolint:gosec // only read, and within x
	}
	out := make([]byte, 0, 4*len(x))
	for _, v := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
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
