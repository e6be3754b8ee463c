package roles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"autonet/ledger/task"
	"autonet/work/codec"
	"autonet/work/dataset"
	"autonet/work/engine"
	"autonet/work/train"
)

// Size limits of what a task may ask a node to fetch, in bytes.
const (
	MaxSpecBytes  = 64 << 10
	MaxModelBytes = 1 << 30
	MaxDataBytes  = 512 << 20
	MaxTruthBytes = 256 << 20
)

// ErrMaterial says that what a task names is not what it says; nobody should work on it.
var ErrMaterial = errors.New("the task's material is not usable")

// Material is what is needed to train, replay or judge one task.
type Material struct {
	Spec  engine.Spec
	Model train.Model
	Base  train.State // step 0, the optimiser at rest
	Set   dataset.Set // training examples
}

// maxCached is how many data sets and how many base models are remembered.
const maxCached = 2

// Materials fetches and remembers the material of recent tasks. It is safe for concurrent use; the data sets it hands
// out are shared and must not be changed.
type Materials struct {
	files  Files
	sets   cache[dataset.Set]
	models cache[train.State]
}

// NewMaterials returns an empty cache over files.
func NewMaterials(files Files) *Materials { return &Materials{files: files} }

// Load fetches the spec, the base model and the training data of t and checks them against what the ledger says of t.
func (m *Materials) Load(ctx context.Context, t task.Task) (Material, error) {
	raw, err := m.files.Fetch(ctx, t.Spec, MaxSpecBytes)
	if err != nil {
		return Material{}, fmt.Errorf("fetch the spec of task %s: %w", t.ID, err)
	}
	spec, err := engine.DecodeSpec(raw)
	if err != nil {
		return Material{}, fmt.Errorf("%w: spec of task %s: %w", ErrMaterial, t.ID, err)
	}
	if spec.Steps != t.Steps || spec.Interval != t.Interval || spec.Batch != t.Batch || spec.Slots != uint32(len(t.Slots)) ||
		spec.Replay != t.Replay || spec.BaseModel != t.Model {
		return Material{}, fmt.Errorf("%w: the spec of task %s differs from what the ledger says of it", ErrMaterial, t.ID)
	}
	return m.LoadSpec(ctx, spec)
}

// LoadSpec fetches what spec names. A solver uses it on an announcement, before the ledger has the task.
func (m *Materials) LoadSpec(ctx context.Context, spec engine.Spec) (Material, error) {
	model, err := train.Lookup(spec.Model)
	if err != nil {
		return Material{}, fmt.Errorf("%w: %w", ErrMaterial, err)
	}
	base, err := m.models.get(ctx, spec.Model+" "+spec.BaseModel, func() (train.State, error) {
		return m.base(ctx, model, spec.BaseModel)
	})
	if err != nil {
		return Material{}, err
	}
	set, err := m.sets.get(ctx, spec.TrainImages+" "+spec.TrainLabels, func() (dataset.Set, error) {
		return m.set(ctx, spec.TrainImages, spec.TrainLabels)
	})
	if err != nil {
		return Material{}, err
	}
	return Material{Spec: spec, Model: model, Base: base.Clone(), Set: set}, nil
}

func (m *Materials) base(ctx context.Context, model train.Model, cid string) (train.State, error) {
	weights, err := FetchWeights(ctx, m.files, cid)
	if err != nil {
		return train.State{}, err
	}
	state, err := model.FromWeights(weights)
	if err != nil {
		return train.State{}, fmt.Errorf("%w: base model %s: %w", ErrMaterial, cid, err)
	}
	return state, nil
}

func (m *Materials) set(ctx context.Context, images, labels string) (dataset.Set, error) {
	rawImages, err := m.files.Fetch(ctx, images, MaxDataBytes)
	if err != nil {
		return dataset.Set{}, fmt.Errorf("fetch the training images: %w", err)
	}
	rawLabels, err := m.files.Fetch(ctx, labels, MaxDataBytes)
	if err != nil {
		return dataset.Set{}, fmt.Errorf("fetch the training labels: %w", err)
	}
	set, err := dataset.Parse(rawImages, rawLabels)
	if err != nil {
		return dataset.Set{}, fmt.Errorf("%w: %w", ErrMaterial, err)
	}
	return set, nil
}

// FetchWeights fetches a safetensors file and returns its model weights.
func FetchWeights(ctx context.Context, files Files, cid string) ([]train.Tensor, error) {
	raw, err := files.Fetch(ctx, cid, MaxModelBytes)
	if err != nil {
		return nil, fmt.Errorf("fetch model %s: %w", cid, err)
	}
	tensors, _, err := codec.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: model %s: %w", ErrMaterial, cid, err)
	}
	weights := slices.DeleteFunc(tensors, func(t train.Tensor) bool { return strings.HasPrefix(t.Name, train.OptimizerPrefix) })
	slices.SortFunc(weights, func(a, b train.Tensor) int { return strings.Compare(a.Name, b.Name) })
	return weights, nil
}
