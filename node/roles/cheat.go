package roles

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"autonet/consensus/lease"
	"autonet/ledger/task"
	"autonet/node/config"
	"autonet/work/engine"
	"autonet/work/train"
)

// Ways in which a node of a test swarm breaks the protocol. The network knows nothing of them: it has to find out.
const (
	CheatGarbageUpdate    = config.CheatGarbageUpdate
	CheatCopiedCommitment = config.CheatCopiedCommitment
	CheatScaledUpdate     = config.CheatScaledUpdate
	CheatSkippedSteps     = config.CheatSkippedSteps
	CheatApproveAll       = config.CheatApproveAll
)

// scale is by how much a scaled update overshoots what was trained.
const scale = 10

type keepFunc func(state train.State, hashes [][32]byte) error

// forges reports whether this solver makes up its checkpoints.
func (s *Solver) forges() bool {
	return s.d.Cheat == CheatGarbageUpdate || s.d.Cheat == CheatSkippedSteps || s.d.Cheat == CheatScaledUpdate
}

// forge makes the checkpoints of a cheating solver.
func (s *Solver) forge(l lease.Lease, a engine.Assignment, mat Material, from train.State, keep keepFunc) error {
	switch s.d.Cheat {
	case CheatGarbageUpdate:
		return s.garbage(a, from, keep)
	case CheatSkippedSteps:
		return s.trainUpTo(l, a, mat, from, keep, a.Spec.Intervals()/2, nil)
	default:
		return s.trainUpTo(l, a, mat, from, keep, a.Spec.Intervals(), func(end train.State) train.State {
			return overshoot(mat.Base, end)
		})
	}
}

// garbage claims noise as the result of every interval.
func (s *Solver) garbage(a engine.Assignment, from train.State, keep keepFunc) error {
	state := from
	for i := range a.Spec.Intervals() {
		state = state.Clone()
		state.Step = boundaryStep(a.Spec, i)
		for _, t := range state.Weights() {
			for j := range t.Data {
				t.Data[j] = noise()
			}
		}
		if err := keep(state, inventedHashes(a.Spec, i, state)); err != nil {
			return err
		}
	}
	return nil
}

// trainUpTo trains the first honest intervals and passes the last state off as the result of the rest; spoil, if
// given, changes the very last state.
func (s *Solver) trainUpTo(l lease.Lease, a engine.Assignment, mat Material, from train.State, keep keepFunc, honest int, spoil func(train.State) train.State) error {
	state, n := from, a.Spec.Intervals()
	for i := range n {
		hashes := [][32]byte(nil)
		if i < honest {
			var err error
			if hashes, state, err = s.d.Engine.Replay(l, a, mat.Set, state, i); err != nil {
				return fmt.Errorf("train interval %d: %w", i, err)
			}
		} else {
			state = state.Clone()
			state.Step = boundaryStep(a.Spec, i)
			hashes = inventedHashes(a.Spec, i, state)
		}
		if i == n-1 && spoil != nil {
			state = spoil(state)
			hashes[len(hashes)-1] = state.Hash()
		}
		if err := keep(state, hashes); err != nil {
			return err
		}
	}
	return nil
}

// overshoot moves the weights by a multiple of what training moved them.
func overshoot(base, end train.State) train.State {
	out := end.Clone()
	for i, t := range out.Weights() {
		for j := range t.Data {
			before := base.Weights()[i].Data[j]
			t.Data[j] = before + scale*float32(t.Data[j]-before)
		}
	}
	return out
}

func boundaryStep(s engine.Spec, interval int) uint32 {
	return min(uint32(interval+1)*s.Interval, s.Steps)
}

// inventedHashes are step hashes of work never done; the last is that of the state handed in, as the ledger checks.
func inventedHashes(s engine.Spec, interval int, end train.State) [][32]byte {
	out := make([][32]byte, boundaryStep(s, interval)-uint32(interval)*s.Interval)
	for i := range out {
		rand.Read(out[i][:])
	}
	out[len(out)-1] = end.Hash()
	return out
}

// noise is uniform in [-0.1, 0.1].
func noise() float32 {
	const steps = 1 << 16
	n, err := rand.Int(rand.Reader, big.NewInt(steps))
	if err != nil {
		return 0
	}
	return float32(n.Int64()-steps/2) / steps / 5
}

// copyCommitment waits for another solver's commitment and sends it as its own.
func (s *Solver) copyCommitment(ctx context.Context, t task.Task, tr training) error {
	for _, other := range t.Slots {
		if other.Account == s.d.Ledger.Account() || other.Commitment.IsZero() {
			continue
		}
		tr.Copied = other.Commitment
		if err := s.d.Journal.Put(s.key(t), tr); err != nil {
			return err
		}
		_, err := s.d.Ledger.Send(ctx, task.Commit{Task: t.ID, Commitment: other.Commitment})
		return err
	}
	return nil // nobody to copy from yet: the next event brings us back
}

// revealCopied tries to open the copied commitment with the document of whoever made it.
func (s *Solver) revealCopied(ctx context.Context, t task.Task, tr training) error {
	for _, other := range t.Slots {
		if [32]byte(other.Commitment) != tr.Copied || other.Account == s.d.Ledger.Account() || other.Solution == nil {
			continue
		}
		stolen := *other.Solution
		stolen.Account = s.d.Ledger.Account()
		doc, err := stolen.Encode()
		if err != nil {
			return err
		}
		_, err = s.d.Ledger.Send(ctx, task.Reveal{Task: t.ID, Doc: doc, Salt: s.d.Salts.For("solution", t.ID)})
		if err != nil && !halted(err) {
			return nil // refused, as it should be; nothing else to try
		}
		return err
	}
	return nil
}
