package engine

import (
	"fmt"
	"math"

	"autonet/consensus/lease"
	"autonet/work/aggregate"
	"autonet/work/dataset"
	"autonet/work/train"
)

const (
	// Side is the height and width of the images the models take, in pixels.
	Side = 28
	// pixels of one image.
	pixels = Side * Side
	// chunk is the number of images computed between two looks at the lease.
	chunk = 256
)

// Evaluate counts the examples of set whose largest logit, the first of equals,
// is their label's. Weights that are not the model's, or not finite, are an error.
func (e *Engine) Evaluate(l lease.Lease, model string, w []train.Tensor, set dataset.Set) (correct, total int, err error) {
	if err := checkImages(set); err != nil {
		return 0, 0, fmt.Errorf("evaluate: %w", err)
	}
	answers, err := e.answers(l, model, w, set.Images)
	if err != nil {
		return 0, 0, fmt.Errorf("evaluate: %w", err)
	}
	for i, a := range answers {
		if a == set.Labels[i] {
			correct++
		}
	}
	return correct, set.N, nil
}

// Infer returns the class of each image. images holds Side × Side bytes each, 255
// for full ink.
func (e *Engine) Infer(l lease.Lease, model string, w []train.Tensor, images []byte) ([]uint8, error) {
	if len(images) == 0 || len(images)%pixels != 0 || len(images) > dataset.MaxPixels {
		return nil, fmt.Errorf("infer: %w: %d bytes are not a whole number of images of %d×%d", ErrData, len(images), Side, Side)
	}
	answers, err := e.answers(l, model, w, images)
	if err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	return answers, nil
}

// Aggregate joins updates by the named rule.
func (e *Engine) Aggregate(l lease.Lease, rule string, updates []aggregate.Update) ([]train.Tensor, error) {
	if err := l.Err(); err != nil {
		return nil, fmt.Errorf("aggregate: %w", err)
	}
	out, err := aggregate.Apply(rule, updates)
	if err != nil {
		return nil, fmt.Errorf("aggregate: %w", err)
	}
	if err := l.Err(); err != nil {
		return nil, fmt.Errorf("aggregate: %w", err)
	}
	return out, nil
}

func (e *Engine) answers(l lease.Lease, model string, w []train.Tensor, images []byte) ([]uint8, error) {
	if err := l.Err(); err != nil {
		return nil, err
	}
	m, err := train.Lookup(model)
	if err != nil {
		return nil, err
	}
	s, err := m.FromWeights(w)
	if err != nil {
		return nil, err
	}
	t := m.NewTrainer(e.threads)
	out := make([]uint8, 0, len(images)/pixels)
	for at := 0; at < len(images); at += chunk * pixels {
		if err := l.Err(); err != nil {
			return nil, err
		}
		part := images[at:min(at+chunk*pixels, len(images))]
		n := len(part) / pixels
		logits, err := t.Logits(s.Weights(), train.Batch{Images: dataset.Normalize(part), N: n})
		if err != nil {
			return nil, err
		}
		classes := len(logits) / n
		for i := range n {
			out = append(out, largest(logits[i*classes:(i+1)*classes]))
		}
	}
	return out, nil
}

// largest returns the place of the largest value, the first of equals.
func largest(values []float32) uint8 {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return uint8(best)
}

func checkImages(set dataset.Set) error {
	if err := set.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	if set.N == 0 || set.Rows != Side || set.Cols != Side {
		return fmt.Errorf("%w: %d images of %d×%d, the models take %d×%d", ErrData, set.N, set.Rows, set.Cols, Side, Side)
	}
	return nil
}

func finite(values []float32) bool {
	for _, v := range values {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	return true
}
