package train

import (
	"fmt"
	"slices"

	"autonet/work/kernel"
)

const (
	// group is the number of images whose gradients are summed in one run; the
	// runs' sums are added in order. It is part of the definition of a step.
	group = 8

	wide   = kernel.Columns // the classes padded to whole vectors
	edge   = half + 2       // the second convolution's padded side
	padRow = 32             // a padded image's row: 30 values and a gap
	padded = (side + 2) * padRow
	inner  = edge * edge * chan1 // the second convolution's padded input

	// strip is the number of columns of fc1.weight updated at a time.
	strip  = 112
	strips = flat / strip

	// The gradients that groups sum for themselves, one after the other.
	sumDW1 = 0
	sumDB1 = sumDW1 + 9*chan1
	sumDW2 = sumDB1 + chan1 // [out][3·3][in]
	sumDB2 = sumDW2 + 9*chan1*chan2
	sums   = sumDB2 + chan2
)

// arena holds what one goroutine needs for one group of images.
type arena struct {
	image  [group][]float32 // padded inputs
	conv1  []float32
	pool1  [group][]float32 // padded inputs of the second convolution
	code1  [group][]int32
	conv2  []float32
	pool2  []float32
	code2  [group][]int32
	flat   []float32 // group×flat
	dFlat  []float32 // group×flat
	dPool1 []float32
	taps   []kernel.Tap
	strip  []float32 // hidden×strip
}

func newArena() *arena {
	a := &arena{
		conv1:  make([]float32, pixels*chan1),
		conv2:  make([]float32, half*half*chan2),
		pool2:  make([]float32, cells*chan2),
		flat:   make([]float32, group*flat),
		dFlat:  make([]float32, group*flat),
		dPool1: make([]float32, inner),
		taps:   make([]kernel.Tap, cells),
		strip:  make([]float32, hidden*strip),
	}
	for i := range group {
		a.image[i] = make([]float32, padded)
		a.pool1[i] = make([]float32, inner)
		a.code1[i] = make([]int32, half*half*chan1)
		a.code2[i] = make([]int32, cells*chan2)
	}
	return a
}

// packed holds the weights in the orders the kernels read.
type packed struct {
	conv1   [9 * chan1]float32         // [3·3][out]
	conv2   [9 * chan1 * chan2]float32 // [3·3][in][out]
	conv2By [9 * chan1 * chan2]float32 // [out][3·3][in]
	fc1     [flat * hidden]float32     // transposed
	fc2     [hidden * wide]float32     // transposed, padded with zeros
	fc2Bias [wide]float32
}

// SimpleNetTrainer is the Trainer of SimpleNet.
type SimpleNetTrainer struct {
	set    kernel.Set
	crew   *crew
	arenas []*arena
	pack   *packed
	names  [layers]parameter

	// Of the call in progress.
	w, v  [layers][]float32
	batch Batch
	hyper Hyper

	// For every image of the batch.
	flat, hidden, dHidden, logits, losses []float32
	sums                                  [][]float32 // for every group
	sound                                 []bool      // for every item of an update: its weights are finite
	grad                                  [layers][]float32

	// Method values made once, so that a step allocates nothing.
	learn, answer, update func(worker, item int)
}

// NewSimpleNetTrainer returns a trainer that uses up to threads goroutines and
// the instructions of set. Neither changes a result.
func NewSimpleNetTrainer(threads int, set kernel.Set) *SimpleNetTrainer {
	t := &SimpleNetTrainer{
		set:   set,
		crew:  newCrew(threads),
		pack:  new(packed),
		names: SimpleNet{}.parameters(),
		sound: make([]bool, strips+1),
	}
	for range t.crew.work {
		t.arenas = append(t.arenas, newArena())
	}
	for i, p := range t.names {
		if i != fc1Weight {
			t.grad[i] = make([]float32, elements(p.shape))
		}
	}
	t.learn, t.answer, t.update = t.learnGroup, t.answerGroup, t.updateItem
	return t
}

// Step takes one step of training.
func (t *SimpleNetTrainer) Step(s *State, b Batch, h Hyper) (float32, error) {
	if err := h.Validate(); err != nil {
		return 0, err
	}
	if len(s.Tensors) != 2*layers {
		return 0, fmt.Errorf("%w: a state of %d tensors, want %d", ErrShape, len(s.Tensors), 2*int(layers))
	}
	if err := t.bind(s.Tensors[:layers], b, true); err != nil {
		return 0, err
	}
	defer t.release()
	for i, p := range t.names {
		v, err := find(s.Tensors[layers:], p.momentum, p.shape)
		if err != nil {
			return 0, err
		}
		t.v[i] = v
	}
	t.hyper = h
	t.grow(b.N, true)
	t.crew.each((b.N+group-1)/group, t.learn)
	sum := 0.0
	for _, l := range t.losses {
		sum += float64(l)
	}
	loss := float32(sum / float64(b.N))
	if !finite(loss) {
		return loss, fmt.Errorf("%w: the loss of step %d is %v", ErrNotFinite, s.Step, loss)
	}
	t.crew.each(strips+1, t.update)
	s.Step++
	if slices.Contains(t.sound, false) {
		return loss, fmt.Errorf("%w: a weight after step %d", ErrNotFinite, s.Step)
	}
	return loss, nil
}

// Evaluate counts the images whose largest logit is their label's.
func (t *SimpleNetTrainer) Evaluate(w []Tensor, b Batch) (int, float32, error) {
	if err := t.bind(w, b, true); err != nil {
		return 0, 0, err
	}
	defer t.release()
	t.grow(b.N, false)
	t.crew.each((b.N+group-1)/group, t.answer)
	correct, sum := 0, 0.0
	for i := range b.N {
		row := t.logits[i*wide : i*wide+classes]
		label := int(b.Labels[i])
		if best(row) == label {
			correct++
		}
		sum += float64(softmax(row, label, 1))
	}
	loss := float32(sum)
	if !finite(loss) {
		return correct, loss, fmt.Errorf("%w: the loss is %v", ErrNotFinite, loss)
	}
	return correct, loss, nil
}

// Logits returns the ten outputs of every image.
func (t *SimpleNetTrainer) Logits(w []Tensor, b Batch) ([]float32, error) {
	if err := t.bind(w, b, false); err != nil {
		return nil, err
	}
	defer t.release()
	t.grow(b.N, false)
	t.crew.each((b.N+group-1)/group, t.answer)
	out := make([]float32, 0, b.N*classes)
	for i := range b.N {
		out = append(out, t.logits[i*wide:i*wide+classes]...)
	}
	return out, nil
}

// bind checks weights and batch and holds on to them for this call.
func (t *SimpleNetTrainer) bind(w []Tensor, b Batch, labels bool) error {
	if b.N <= 0 || len(b.Images) != b.N*pixels || labels && len(b.Labels) != b.N {
		return fmt.Errorf("%w: %d images with %d pixels and %d labels", ErrBatch, b.N, len(b.Images), len(b.Labels))
	}
	if labels {
		for i, l := range b.Labels {
			if l >= classes {
				return fmt.Errorf("%w: label %d of image %d is not below %d", ErrBatch, l, i, classes)
			}
		}
	}
	if !t.set.Finite(b.Images) {
		return fmt.Errorf("%w: a pixel of the batch", ErrBatch)
	}
	for i := range t.names {
		data, err := find(w, t.names[i].name, t.names[i].shape)
		if err != nil {
			return err
		}
		t.w[i] = data
	}
	t.batch = b
	t.packWeights()
	return nil
}

// release lets go of what belongs to the caller.
func (t *SimpleNetTrainer) release() {
	t.batch = Batch{}
	t.w, t.v = [layers][]float32{}, [layers][]float32{}
}

// packWeights brings the weights into the orders the kernels read.
func (t *SimpleNetTrainer) packWeights() {
	p := t.pack
	t.set.Transpose(p.conv1[:], chan1, t.w[conv1Weight], 9, chan1, 9)
	for o := range chan2 {
		for i := range chan1 {
			for k := range 9 {
				v := t.w[conv2Weight][(o*chan1+i)*9+k]
				p.conv2[(k*chan1+i)*chan2+o] = v
				p.conv2By[(o*9+k)*chan1+i] = v
			}
		}
	}
	t.set.Transpose(p.fc1[:], hidden, t.w[fc1Weight], flat, hidden, flat)
	t.set.Transpose(p.fc2[:], wide, t.w[fc2Weight], hidden, classes, hidden)
	copy(p.fc2Bias[:], t.w[fc2Bias])
}

// grow makes room for n images.
func (t *SimpleNetTrainer) grow(n int, learn bool) {
	t.logits = room(t.logits, n*wide)
	t.hidden = room(t.hidden, n*hidden)
	if !learn {
		return
	}
	t.flat = room(t.flat, n*flat)
	t.dHidden = room(t.dHidden, n*hidden)
	t.losses = room(t.losses, n)
	for len(t.sums) < (n+group-1)/group {
		t.sums = append(t.sums, make([]float32, sums))
	}
}

// room returns a slice of n values, x itself where it is large enough.
func room(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}
