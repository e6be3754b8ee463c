package dataset

import (
	"autonet/work/train"
)

// Mean and Deviation of the pixels of MNIST, over 255.
const (
	Mean      float32 = 0.1307
	Deviation float32 = 0.3081
)

// Table returns what each pixel value becomes: (x/255 − Mean) / Deviation, every
// operation rounded to float32. No multiplication meets an addition, so that no
// compiler can fuse them.
func Table() [256]float32 {
	var t [256]float32
	for x := range t {
		unit := float32(float32(x) / 255)
		centred := float32(unit - Mean)
		t[x] = float32(centred / Deviation)
	}
	return t
}

// Normalize returns the pixels as the models take them.
func Normalize(pixels []byte) []float32 {
	table, out := Table(), make([]float32, len(pixels))
	for i, p := range pixels {
		out[i] = table[p]
	}
	return out
}

// Whole returns all examples of s as one batch, in order.
func Whole(s Set) train.Batch {
	return train.Batch{Images: Normalize(s.Images), Labels: append([]byte(nil), s.Labels...), N: s.N}
}

// Sampler gives the batches of one slot. It keeps the order of the epoch last
// asked for; it is not safe for concurrent use.
type Sampler struct {
	set   Set
	part  []int
	seed  [32]byte
	table [256]float32
	epoch uint64
	order []int // part in the order of epoch; nil before the first batch
}

// NewSampler returns a sampler over the examples of set whose indices are in
// part. The indices must lie in the set. Both are read, never written.
func NewSampler(set Set, part []int, seed [32]byte) *Sampler {
	return &Sampler{set: set, part: part, seed: seed, table: Table()}
}

// At returns the batch of one step, counted from 0: places step·batch to
// (step+1)·batch − 1 of an endless sequence that runs through the part again and
// again, in a new order each time. Each epoch's order is a function of seed and
// epoch alone. An empty part gives an empty batch.
func (s *Sampler) At(step, batch int) train.Batch {
	if len(s.part) == 0 || step < 0 || batch < 1 {
		return train.Batch{}
	}
	size := s.set.Rows * s.set.Cols
	b := train.Batch{Images: make([]float32, batch*size), Labels: make([]byte, batch), N: batch}
	for i := range batch {
		place := uint64(step)*uint64(batch) + uint64(i)
		epoch, offset := place/uint64(len(s.part)), place%uint64(len(s.part))
		example := s.ordered(epoch)[offset]
		b.Labels[i] = s.set.Labels[example]
		to := b.Images[i*size : (i+1)*size]
		for j, p := range s.set.Images[example*size : (example+1)*size] {
			to[j] = s.table[p]
		}
	}
	return b
}

func (s *Sampler) ordered(epoch uint64) []int {
	if s.order == nil || s.epoch != epoch {
		s.order = append(s.order[:0], s.part...)
		shuffle(s.order, newStream("autonet/epoch/v1", s.seed, epoch))
		s.epoch = epoch
	}
	return s.order
}

// BatchAt returns the batch of one step without keeping anything: see
// Sampler.At, which is faster for more than one.
func BatchAt(set Set, part []int, seed [32]byte, step, batch int) train.Batch {
	return NewSampler(set, part, seed).At(step, batch)
}
