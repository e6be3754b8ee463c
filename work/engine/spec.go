package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"autonet/work/aggregate"
	"autonet/work/codec"
	"autonet/work/dataset"
	"autonet/work/train"
	"autonet/work/verify"
)

// TrainerNative names the trainer of this package, whose bits anyone can replay.
const TrainerNative = "native"

// Bounds of a spec.
const (
	// MaxSpecBytes bounds an encoded spec.
	MaxSpecBytes = 4096
	// MaxSteps bounds the training steps.
	MaxSteps = 1_000_000
	// MaxBatch bounds the samples of a step.
	MaxBatch = 4096
	// MaxSlots bounds the solvers of one task.
	MaxSlots = 32
	// MaxLearningRateMicro bounds the learning rate: 10.
	MaxLearningRateMicro = 10_000_000
	// maxText bounds names and CIDs.
	maxText = 128
)

var (
	// ErrSpec says that a spec or an assignment is not one.
	ErrSpec = errors.New("invalid task spec")
	// ErrData says that a data set does not serve a task.
	ErrData = errors.New("the data set does not fit the task")
	// ErrState says that a state is not one of the run it is said to be from.
	ErrState = errors.New("the state does not fit the task")
)

// Spec says what a task computes. Its encoding is stored as a document, and its
// CID stands in the ledger.
type Spec struct {
	// Trainer is TrainerNative; Model a name known to train.Lookup.
	Trainer string `cbor:"trainer"`
	Model   string `cbor:"model"`
	// Seed decides partition and order.
	Seed [32]byte `cbor:"seed"`
	// Steps is 1 to MaxSteps; a checkpoint is kept every Interval steps, 1 to Steps.
	Steps    uint32 `cbor:"steps"`
	Interval uint32 `cbor:"interval"`
	// Batch is the samples of one step, 1 to MaxBatch.
	Batch uint32 `cbor:"batch"`
	// Slots is the number of solvers, 1 to MaxSlots.
	Slots uint32 `cbor:"slots"`
	// Replay is how many intervals of a solution a coordinator replays, 1 to
	// ⌈Steps/Interval⌉.
	Replay uint32 `cbor:"replay"`
	// LearningRateMicro and MomentumMicro are in millionths: 1 to
	// MaxLearningRateMicro, and below a million.
	LearningRateMicro uint32 `cbor:"learning_rate_micro"`
	MomentumMicro     uint32 `cbor:"momentum_micro"`
	// Rule is the aggregation rule.
	Rule string `cbor:"rule"`
	// BaseModel, TrainImages and TrainLabels are CIDs of manifests, in base32.
	BaseModel   string `cbor:"base_model"`
	TrainImages string `cbor:"train_images"`
	TrainLabels string `cbor:"train_labels"`
}

// Validate says which field breaks its bounds.
func (s Spec) Validate() error {
	if s.Trainer != TrainerNative {
		return fmt.Errorf("%w: the trainer is %q, %q is known", ErrSpec, s.Trainer, TrainerNative)
	}
	if _, err := train.Lookup(s.Model); err != nil {
		return fmt.Errorf("%w: %w", ErrSpec, err)
	}
	if err := aggregate.Known(s.Rule); err != nil {
		return fmt.Errorf("%w: %w", ErrSpec, err)
	}
	for _, f := range []struct {
		name      string
		value     uint32
		low, high uint32
	}{
		{"steps", s.Steps, 1, MaxSteps},
		{"interval", s.Interval, 1, s.Steps},
		{"batch", s.Batch, 1, MaxBatch},
		{"slots", s.Slots, 1, MaxSlots},
		{"replay", s.Replay, 1, uint32(verify.Intervals(s.Steps, s.Interval))},
		{"learning rate, in millionths,", s.LearningRateMicro, 1, MaxLearningRateMicro},
		{"momentum, in millionths,", s.MomentumMicro, 0, 999_999},
	} {
		if f.value < f.low || f.value > f.high {
			return fmt.Errorf("%w: %s is %d, allowed are %d to %d", ErrSpec, f.name, f.value, f.low, f.high)
		}
	}
	for _, c := range []struct{ name, cid string }{
		{"base model", s.BaseModel}, {"training images", s.TrainImages}, {"training labels", s.TrainLabels},
	} {
		if !looksLikeCID(c.cid) {
			return fmt.Errorf("%w: %s %q is not a CID in base32", ErrSpec, c.name, c.cid)
		}
	}
	return nil
}

// looksLikeCID checks the alphabet and length of a CIDv1 in base32. Whoever
// fetches it parses it.
func looksLikeCID(s string) bool {
	return len(s) >= 8 && len(s) <= maxText && s[0] == 'b' &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Intervals returns ⌈Steps/Interval⌉.
func (s Spec) Intervals() int { return verify.Intervals(s.Steps, s.Interval) }

// Samples returns the samples one solver trains on: Steps · Batch.
func (s Spec) Samples() uint64 { return uint64(s.Steps) * uint64(s.Batch) }

// Hyper returns the hyper-parameters as the trainer takes them.
func (s Spec) Hyper() train.Hyper {
	return train.Hyper{LearningRate: micro(s.LearningRateMicro), Momentum: micro(s.MomentumMicro)}
}

func micro(v uint32) float32 { return float32(float64(v) / 1e6) }

// EncodeSpec returns the one encoding of a valid spec.
func EncodeSpec(s Spec) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	raw, err := codec.EncodeCBOR(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	return raw, nil
}

// Encode is EncodeSpec.
func (s Spec) Encode() ([]byte, error) { return EncodeSpec(s) }

// DecodeSpec reads what EncodeSpec wrote and validates it.
func DecodeSpec(raw []byte) (Spec, error) {
	var s Spec
	if err := codec.DecodeCBOR(raw, MaxSpecBytes, &s); err != nil {
		return Spec{}, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	if err := s.Validate(); err != nil {
		return Spec{}, err
	}
	return s, nil
}

// Assignment is one solver's part of a task.
type Assignment struct {
	Spec Spec
	// Task is the task's identifier, for messages only.
	Task string
	// Slot is below Spec.Slots.
	Slot uint32
	// Account is the solver's peer ID.
	Account string
	// Prior is what an interrupted training had done; empty for a new one.
	Prior Prior
}

// Validate says what is wrong with a.
func (a Assignment) Validate() error {
	if err := a.Spec.Validate(); err != nil {
		return err
	}
	if a.Slot >= a.Spec.Slots {
		return fmt.Errorf("%w: slot %d of %d", ErrSpec, a.Slot, a.Spec.Slots)
	}
	if a.Account == "" || len(a.Account) > maxText {
		return fmt.Errorf("%w: account %q", ErrSpec, a.Account)
	}
	return nil
}

// Seed decides the order of the slot's examples: SHA-256 over
// "autonet/slot/v1", the task's seed, the slot as big-endian uint32 and the
// account, each preceded by its length as big-endian uint32. Two accounts, or
// two slots, never share a computation.
func (a Assignment) Seed() [32]byte {
	var text []byte
	for _, part := range [][]byte{
		[]byte("autonet/slot/v1"), a.Spec.Seed[:], binary.BigEndian.AppendUint32(nil, a.Slot), []byte(a.Account),
	} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part)))
		text = append(text, part...)
	}
	return sha256.Sum256(text)
}

// Partition returns the examples of the slot, out of n: a function of the task's
// seed, the slots and the slot, so that the slots of a task are disjoint.
func (a Assignment) Partition(n int) []int {
	return dataset.Partition(n, int(a.Spec.Slots), int(a.Slot), a.Spec.Seed)
}
