package engine

import (
	"fmt"
	"slices"

	"autonet/consensus/lease"
	"autonet/work/dataset"
	"autonet/work/train"
	"autonet/work/verify"
)

// Engine computes. It holds no state between calls and may be used concurrently.
type Engine struct{ threads int }

// New returns an engine that uses up to threads goroutines in each call; below
// one means one. The number changes the time taken, never a bit.
func New(threads int) *Engine { return &Engine{threads: max(1, threads)} }

// Checkpoint is the state at one boundary of a training.
type Checkpoint struct {
	// Index is the boundary: 0 before the first step, j after interval j−1.
	Index int
	// State is a copy that belongs to the receiver; Boundary is its hash.
	State    train.State
	Boundary [32]byte
	// Hashes are the hashes after each step of the interval just done; none for
	// Index 0.
	Hashes [][32]byte
}

// Prior is what an interrupted training had delivered: add to it every
// checkpoint, and hand it back with the state of the last one.
type Prior struct {
	// Initial is the hash of the state before the first step.
	Initial [32]byte
	// Hashes are the hashes after every step done.
	Hashes [][32]byte
}

// Add takes note of the next checkpoint.
func (p *Prior) Add(c Checkpoint) {
	if c.Index == 0 {
		p.Initial, p.Hashes = c.Boundary, nil
		return
	}
	p.Hashes = append(p.Hashes, c.Hashes...)
}

// Result is what a solver commits to.
type Result struct {
	// Boundary holds the hash of the state before the first step and after every
	// interval: Intervals + 1 hashes.
	Boundary [][32]byte
	// StepRoot is the Merkle root over the interval roots.
	StepRoot [32]byte
	// Hashes are the hashes after every step.
	Hashes [][32]byte
	// Final is the state after the last step.
	Final train.State
}

// Train computes the whole run of an assignment. from is Initial of the base
// weights for a new run, or the state of the last checkpoint delivered, with
// a.Prior, for one that was interrupted; it is not written to.
//
// sink gets a checkpoint before the first step of a new run and after every
// interval; its error ends the training. progress is told every step done, from
// 1, and its loss. Either may be nil. When the lease ends, Train returns within
// one step an error wrapping lease.ErrLapsed, and what was delivered stands.
func (e *Engine) Train(l lease.Lease, a Assignment, set dataset.Set, from train.State,
	sink func(Checkpoint) error, progress func(step int, loss float32),
) (Result, error) {
	r, err := e.newRun(a, set, from)
	if err != nil {
		return Result{}, fmt.Errorf("train: %w", err)
	}
	r.progress = progress
	if sink == nil {
		sink = func(Checkpoint) error { return nil }
	}
	if err := l.Err(); err != nil {
		return Result{}, fmt.Errorf("train: before step %d: %w", from.Step, err)
	}
	done, err := r.begin(a.Prior, sink)
	if err != nil {
		return Result{}, fmt.Errorf("train: %w", err)
	}
	for r.state.Step < a.Spec.Steps {
		j := int(r.state.Step / a.Spec.Interval)
		hashes, err := r.interval(l, j)
		if err != nil {
			return Result{}, fmt.Errorf("train: %w", err)
		}
		done.Hashes = append(done.Hashes, hashes...)
		c := Checkpoint{Index: j + 1, State: r.state.Clone(), Boundary: hashes[len(hashes)-1], Hashes: hashes}
		if err := sink(c); err != nil {
			return Result{}, fmt.Errorf("train: checkpoint %d: %w", c.Index, err)
		}
	}
	return result(a.Spec, done, r.state)
}

// Replay computes one interval of an assignment from the state at its beginning,
// and returns the hash after each of its steps and the state at its end. from is
// not written to. The caller compares from's hash with the solver's boundary.
func (e *Engine) Replay(l lease.Lease, a Assignment, set dataset.Set, from train.State, interval int) ([][32]byte, train.State, error) {
	first, end := verify.Bounds(a.Spec.Steps, a.Spec.Interval, interval)
	if first == end || int(from.Step) != first {
		return nil, train.State{}, fmt.Errorf("replay: %w: interval %d of %d does not begin at step %d", ErrState, interval, a.Spec.Intervals(), from.Step)
	}
	r, err := e.newRun(a, set, from)
	if err != nil {
		return nil, train.State{}, fmt.Errorf("replay: %w", err)
	}
	hashes, err := r.interval(l, interval)
	if err != nil {
		return nil, train.State{}, fmt.Errorf("replay: %w", err)
	}
	return hashes, r.state, nil
}

// Initial returns the state in which a run from the given weights begins: the
// optimiser at rest, step 0.
func Initial(model string, weights []train.Tensor) (train.State, error) {
	m, err := train.Lookup(model)
	if err != nil {
		return train.State{}, err
	}
	return m.FromWeights(weights)
}

// run is one computation over one slot's data.
type run struct {
	spec     Spec
	trainer  train.Trainer
	sampler  *dataset.Sampler
	state    train.State
	progress func(int, float32)
}

func (e *Engine) newRun(a Assignment, set dataset.Set, from train.State) (*run, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	m, err := train.Lookup(a.Spec.Model)
	if err != nil {
		return nil, err
	}
	if err := fits(m, a.Spec, from); err != nil {
		return nil, err
	}
	if err := checkImages(set); err != nil {
		return nil, err
	}
	part := a.Partition(set.N)
	if len(part) == 0 {
		return nil, fmt.Errorf("%w: %d examples for %d slots leave none for slot %d", ErrData, set.N, a.Spec.Slots, a.Slot)
	}
	return &run{
		spec: a.Spec, trainer: m.NewTrainer(e.threads), state: from.Clone(),
		sampler: dataset.NewSampler(set, part, a.Seed()),
	}, nil
}

// fits checks that a state has exactly the tensors of the model, finite, at a
// boundary of the run, and at step 0 with the optimiser at rest.
func fits(m train.Model, spec Spec, s train.State) error {
	rest, err := m.FromWeights(s.Weights())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	if len(s.Tensors) != len(rest.Tensors) {
		return fmt.Errorf("%w: it has %d tensors, %s has %d", ErrState, len(s.Tensors), m.Name(), len(rest.Tensors))
	}
	for i, t := range s.Tensors {
		want := rest.Tensors[i]
		if t.Name != want.Name || !slices.Equal(t.Shape, want.Shape) || len(t.Data) != len(want.Data) {
			return fmt.Errorf("%w: tensor %d is %s %v, %s has %s %v there", ErrState, i, t.Name, t.Shape, m.Name(), want.Name, want.Shape)
		}
		if !finite(t.Data) {
			return fmt.Errorf("%w: %s holds a value that is not finite", ErrState, t.Name)
		}
	}
	switch {
	case s.Step > spec.Steps || (s.Step%spec.Interval != 0 && s.Step != spec.Steps):
		return fmt.Errorf("%w: step %d of %d is no checkpoint of every %d", ErrState, s.Step, spec.Steps, spec.Interval)
	case s.Step == 0 && s.Hash() != rest.Hash():
		return fmt.Errorf("%w: before the first step the optimiser must be at rest", ErrState)
	}
	return nil
}

// begin delivers the first checkpoint of a new run, or checks that an interrupted
// one goes on where it stopped.
func (r *run) begin(prior Prior, sink func(Checkpoint) error) (Prior, error) {
	at := r.state.Hash()
	if r.state.Step == 0 {
		if len(prior.Hashes) > 0 {
			return Prior{}, fmt.Errorf("%w: %d steps were done before, the state is at step 0", ErrState, len(prior.Hashes))
		}
		if err := sink(Checkpoint{State: r.state.Clone(), Boundary: at}); err != nil {
			return Prior{}, fmt.Errorf("checkpoint 0: %w", err)
		}
		return Prior{Initial: at}, nil
	}
	if len(prior.Hashes) != int(r.state.Step) || prior.Hashes[len(prior.Hashes)-1] != at {
		return Prior{}, fmt.Errorf("%w: the %d step hashes known do not lead to the state at step %d", ErrState, len(prior.Hashes), r.state.Step)
	}
	return Prior{Initial: prior.Initial, Hashes: slices.Clone(prior.Hashes)}, nil
}

// interval takes the steps of interval j, asking the lease before each.
func (r *run) interval(l lease.Lease, j int) ([][32]byte, error) {
	from, to := verify.Bounds(r.spec.Steps, r.spec.Interval, j)
	hashes := make([][32]byte, 0, to-from)
	for step := from; step < to; step++ {
		if err := l.Err(); err != nil {
			return nil, fmt.Errorf("before step %d: %w", step, err)
		}
		loss, err := r.trainer.Step(&r.state, r.sampler.At(step, int(r.spec.Batch)), r.spec.Hyper())
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", step, err)
		}
		hashes = append(hashes, r.state.Hash())
		if r.progress != nil {
			r.progress(step+1, loss)
		}
	}
	return hashes, nil
}

func result(spec Spec, done Prior, final train.State) (Result, error) {
	tree, err := verify.NewStepTree(done.Hashes, int(spec.Interval))
	if err != nil {
		return Result{}, fmt.Errorf("train: %w", err)
	}
	boundary := [][32]byte{done.Initial}
	for j := range tree.Intervals() {
		_, end := verify.Bounds(spec.Steps, spec.Interval, j)
		boundary = append(boundary, done.Hashes[end-1])
	}
	return Result{Boundary: boundary, StepRoot: tree.Root(), Hashes: done.Hashes, Final: final}, nil
}
