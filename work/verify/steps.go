package verify

import (
	"errors"
	"fmt"
	"slices"

	"autonet/shards/merkle"
)

var (
	// ErrSteps says that a number of steps or hashes cannot be right.
	ErrSteps = errors.New("invalid steps")
	// ErrOpening says that an opening does not belong to a root.
	ErrOpening = errors.New("the opening does not match the step root")
)

// Intervals returns the number of intervals of a run: ⌈steps/interval⌉, zero
// when either is zero.
func Intervals(steps, interval uint32) int {
	if steps == 0 || interval == 0 {
		return 0
	}
	return int((uint64(steps) + uint64(interval) - 1) / uint64(interval))
}

// Bounds returns the first step of interval j and the one after its last,
// counted from 0. An interval outside the run is empty.
func Bounds(steps, interval uint32, j int) (from, to int) {
	if j < 0 || j >= Intervals(steps, interval) {
		return 0, 0
	}
	from = j * int(interval)
	return from, min(from+int(interval), int(steps))
}

// IntervalRoot is the Merkle root over the step hashes of one interval.
func IntervalRoot(hashes [][32]byte) [32]byte { return merkle.RootHashes(hashes) }

// StepTree holds the step hashes of a whole run.
type StepTree struct {
	interval uint32
	hashes   [][32]byte
	roots    [][32]byte
}

// NewStepTree builds the tree over the hash of the state after every step, in
// order, with a checkpoint every interval steps.
func NewStepTree(hashes [][32]byte, interval int) (*StepTree, error) {
	if len(hashes) == 0 || interval < 1 || interval > len(hashes) {
		return nil, fmt.Errorf("%w: %d step hashes with an interval of %d", ErrSteps, len(hashes), interval)
	}
	t := &StepTree{interval: uint32(interval), hashes: slices.Clone(hashes)}
	for part := range slices.Chunk(t.hashes, interval) {
		t.roots = append(t.roots, IntervalRoot(part))
	}
	return t, nil
}

// Root returns the StepRoot.
func (t *StepTree) Root() [32]byte { return merkle.RootHashes(t.roots) }

// Intervals returns the number of intervals.
func (t *StepTree) Intervals() int { return len(t.roots) }

// Interval returns the step hashes of interval j, nil outside the run.
func (t *StepTree) Interval(j int) [][32]byte {
	from, to := Bounds(uint32(len(t.hashes)), t.interval, j)
	if from == to {
		return nil
	}
	return slices.Clone(t.hashes[from:to])
}

// Opening shows the steps of one interval under a StepRoot.
type Opening struct {
	// Index is the interval.
	Index uint32
	// Hashes are the hashes of all its steps, in order.
	Hashes [][32]byte
	// Path is the Merkle path from the interval's root to the StepRoot.
	Path [][32]byte
}

// Open returns the opening of interval j.
func (t *StepTree) Open(j int) (Opening, error) {
	if j < 0 || j >= len(t.roots) {
		return Opening{}, fmt.Errorf("%w: interval %d of %d", ErrSteps, j, len(t.roots))
	}
	return Opening{Index: uint32(j), Hashes: t.Interval(j), Path: merkle.Path(t.roots, j)}, nil
}

// CheckOpening says whether o shows interval o.Index of a run of the given
// length under root: nil, or ErrOpening.
func CheckOpening(root [32]byte, steps, interval uint32, o Opening) error {
	n := Intervals(steps, interval)
	if int64(o.Index) >= int64(n) {
		return fmt.Errorf("%w: interval %d of %d", ErrOpening, o.Index, n)
	}
	from, to := Bounds(steps, interval, int(o.Index))
	if len(o.Hashes) != to-from {
		return fmt.Errorf("%w: interval %d has %d steps, %d hashes were opened", ErrOpening, o.Index, to-from, len(o.Hashes))
	}
	if !merkle.Verify(root, IntervalRoot(o.Hashes), int(o.Index), n, o.Path) {
		return fmt.Errorf("%w: interval %d", ErrOpening, o.Index)
	}
	return nil
}

// CompareInterval returns the place of the first hash, within the interval, at
// which two runs of it differ, and whether they are the same. Where one is a
// beginning of the other they differ at its end; the place is −1 for the same.
func CompareInterval(a, b [][32]byte) (step int, same bool) {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i, false
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b)), false
	}
	return -1, true
}
