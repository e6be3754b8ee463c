package truth

import (
	"errors"
	"fmt"

	"autonet/work/codec"
	"autonet/work/dataset"
)

// Bounds of a document.
const (
	// MaxExamples bounds the examples.
	MaxExamples = 100_000
	// MaxBytes bounds the encoded document.
	MaxBytes = 64 << 20
	// MaxPixels bounds the unpacked images, in bytes.
	MaxPixels = 128 << 20
)

// MetricAccuracy counts the examples whose largest logit is their label's.
const MetricAccuracy = "accuracy"

// ErrInvalid says that a document is not a truth.
var ErrInvalid = errors.New("invalid truth document")

// Truth is the ground truth of a task.
type Truth struct {
	// Metric is what is counted: MetricAccuracy.
	Metric string `cbor:"metric"`
	// BaseCorrect is the count that is worth nothing: that of the base model.
	BaseCorrect uint32 `cbor:"base_correct"`
	// BarCorrect is the count that is worth everything, above BaseCorrect.
	BarCorrect uint32 `cbor:"bar_correct"`
	// Total is the number of examples.
	Total uint32 `cbor:"total"`
	// Images and Labels are IDX files, plain or gzipped.
	Images []byte `cbor:"images"`
	Labels []byte `cbor:"labels"`
}

// Validate checks everything but the images and labels: see Set.
func (t Truth) Validate() error {
	switch {
	case t.Metric != MetricAccuracy:
		return fmt.Errorf("%w: the metric is %q, %q is known", ErrInvalid, t.Metric, MetricAccuracy)
	case t.Total == 0 || t.Total > MaxExamples:
		return fmt.Errorf("%w: %d examples, 1 to %d are allowed", ErrInvalid, t.Total, MaxExamples)
	case t.BaseCorrect >= t.BarCorrect || t.BarCorrect > t.Total:
		return fmt.Errorf("%w: base %d and bar %d of %d: the bar must be above the base and within the examples", ErrInvalid, t.BaseCorrect, t.BarCorrect, t.Total)
	}
	return nil
}

// Set returns the examples.
func (t Truth) Set() (dataset.Set, error) {
	if err := t.Validate(); err != nil {
		return dataset.Set{}, err
	}
	s, err := dataset.ParseWithin(t.Images, t.Labels, MaxPixels)
	if err != nil {
		return dataset.Set{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if uint64(s.N) != uint64(t.Total) {
		return dataset.Set{}, fmt.Errorf("%w: it has %d examples and says %d", ErrInvalid, s.N, t.Total)
	}
	return s, nil
}

// Score returns the score of a solution with that many examples right.
func (t Truth) Score(correct uint32) uint16 {
	return ScoreOf(correct, t.Total, t.BaseCorrect, t.BarCorrect)
}

// Encode returns the one encoding of a valid truth.
func Encode(t Truth) ([]byte, error) {
	if _, err := t.Set(); err != nil {
		return nil, err
	}
	raw, err := codec.EncodeCBOR(t)
	if err != nil {
		return nil, fmt.Errorf("truth: %w", err)
	}
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrInvalid, len(raw), MaxBytes)
	}
	return raw, nil
}

// Decode reads what Encode wrote, examples included.
func Decode(raw []byte) (Truth, error) {
	var t Truth
	if err := codec.DecodeCBOR(raw, MaxBytes, &t); err != nil {
		return Truth{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := t.Set(); err != nil {
		return Truth{}, err
	}
	return t, nil
}

// ScoreOf returns ⌊65535 · clamp((correct − base) / (bar − base), 0, 1)⌋, where
// all are counts of the same total examples. More correct than total counts as
// total; a bar that is not above the base gives no score at all.
func ScoreOf(correct, total, base, bar uint32) uint16 {
	correct = min(correct, total)
	switch {
	case bar <= base || correct <= base:
		return 0
	case correct >= bar:
		return 65535
	}
	return uint16(uint64(correct-base) * 65535 / uint64(bar-base))
}
