package aggregate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"autonet/work/train"
)

// RuleFedAvg names federated averaging.
const RuleFedAvg = "fedavg"

// Bounds of one aggregation.
const (
	// MaxUpdates bounds the updates.
	MaxUpdates = 1024
	// MaxSamples bounds the sum of samples, so that it is exact in a float64.
	MaxSamples = 1 << 53
)

// Errors of an aggregation. They are wrapped with the account at fault.
var (
	// ErrUnknownRule says that no rule has the name asked for.
	ErrUnknownRule = errors.New("unknown aggregation rule")
	// ErrNoUpdates says that there is nothing to join, or far too much.
	ErrNoUpdates = errors.New("no updates to aggregate")
	// ErrDuplicate says that an account appears twice.
	ErrDuplicate = errors.New("an account has more than one update")
	// ErrShape says that two updates are not of the same model.
	ErrShape = errors.New("updates are not of one model")
	// ErrNotFinite says that a value is infinite or not a number.
	ErrNotFinite = errors.New("an update holds a value that is not finite")
	// ErrSamples says that a count of samples is zero or the sum too large.
	ErrSamples = errors.New("invalid count of samples")
)

// Update is one solver's weights.
type Update struct {
	// Account orders the updates.
	Account string
	// Weights are the tensors of the model, the same names and shapes in the
	// same order in all updates.
	Weights []train.Tensor
	// Samples is the verified number of samples trained on, never a claimed one.
	Samples uint64
}

// Rules lists the rules known, sorted.
func Rules() []string { return []string{RuleFedAvg} }

// Known says whether a rule exists: nil, or ErrUnknownRule with those that do.
func Known(rule string) error {
	if slices.Contains(Rules(), rule) {
		return nil
	}
	return fmt.Errorf("%w %q: the rules are %q", ErrUnknownRule, rule, Rules())
}

// Apply joins the updates by the named rule.
func Apply(rule string, updates []Update) ([]train.Tensor, error) {
	if err := Known(rule); err != nil {
		return nil, err
	}
	return FedAvg(updates)
}

// FedAvg returns the mean of the updates weighted by their samples (McMahan et
// al. 2017). With the updates ordered by account, the weight of update i is
//
//	wᵢ = float32(float64(samplesᵢ) / float64(Σ samples))
//
// and each value is float32(((0 + w₀·x₀) + w₁·x₁) + …), summed in float64. The
// product of two float32 is exact in a float64, so that a compiler that fuses it
// with the sum gets the same bits. The mean of one update is that update.
func FedAvg(updates []Update) ([]train.Tensor, error) {
	ordered, weights, err := prepare(updates)
	if err != nil {
		return nil, fmt.Errorf("FedAvg: %w", err)
	}
	out := make([]train.Tensor, len(ordered[0].Weights))
	for t, first := range ordered[0].Weights {
		sum := make([]float64, len(first.Data))
		for i, u := range ordered {
			w := float64(weights[i])
			for j, x := range u.Weights[t].Data {
				sum[j] += w * float64(x)
			}
		}
		mean := make([]float32, len(sum))
		for j, v := range sum {
			mean[j] = float32(v)
			if !finite(mean[j]) {
				return nil, fmt.Errorf("FedAvg: %w: the mean of %s overflows", ErrNotFinite, first.Name)
			}
		}
		out[t] = train.Tensor{Name: first.Name, Shape: slices.Clone(first.Shape), Data: mean}
	}
	return out, nil
}

// prepare checks every premise and returns the updates in account order with
// their weights.
func prepare(updates []Update) ([]Update, []float32, error) {
	if len(updates) == 0 || len(updates) > MaxUpdates {
		return nil, nil, fmt.Errorf("%w: %d given, 1 to %d needed", ErrNoUpdates, len(updates), MaxUpdates)
	}
	ordered := slices.Clone(updates)
	slices.SortFunc(ordered, func(a, b Update) int { return strings.Compare(a.Account, b.Account) })
	total := uint64(0)
	for i, u := range ordered {
		if i > 0 && u.Account == ordered[i-1].Account {
			return nil, nil, fmt.Errorf("%w: %s", ErrDuplicate, u.Account)
		}
		if u.Samples == 0 || u.Samples > MaxSamples-total {
			return nil, nil, fmt.Errorf("%w: %s has %d after %d, the sum is at most %d", ErrSamples, u.Account, u.Samples, total, uint64(MaxSamples))
		}
		total += u.Samples
		if err := same(u, ordered[0]); err != nil {
			return nil, nil, err
		}
	}
	weights := make([]float32, len(ordered))
	for i, u := range ordered {
		weights[i] = float32(float64(u.Samples) / float64(total))
	}
	return ordered, weights, nil
}

// same checks an update's values, and its names and shapes against the first's.
func same(u, first Update) error {
	if len(u.Weights) == 0 || len(u.Weights) != len(first.Weights) {
		return fmt.Errorf("%w: %s has %d tensors, %s has %d", ErrShape, u.Account, len(u.Weights), first.Account, len(first.Weights))
	}
	for i, t := range u.Weights {
		f := first.Weights[i]
		if t.Name != f.Name || !slices.Equal(t.Shape, f.Shape) || len(t.Data) != len(f.Data) {
			return fmt.Errorf("%w: %s has %s %v with %d values, %s has %s %v with %d", ErrShape,
				u.Account, t.Name, t.Shape, len(t.Data), first.Account, f.Name, f.Shape, len(f.Data))
		}
		for j, v := range t.Data {
			if !finite(v) {
				return fmt.Errorf("%w: %s, %s at %d", ErrNotFinite, u.Account, t.Name, j)
			}
		}
	}
	return nil
}

func finite(v float32) bool { return math.Float32bits(v)&0x7f800000 != 0x7f800000 }
