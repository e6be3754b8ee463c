package roles

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"autonet/consensus/commitreveal"
	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/task"
	"autonet/node/journal"
	"autonet/work/codec"
	"autonet/work/engine"
	"autonet/work/train"
	"autonet/work/verify"
)

// Solver claims a slot, trains, commits, reveals and opens the steps that votes drew.
type Solver struct {
	d Deps
}

// NewSolver returns a solver that has claimed nothing.
func NewSolver(d Deps) *Solver { return &Solver{d: d} }

// Name is the role's name on the ledger.
func (*Solver) Name() string { return string(ledger.RoleSolver) }

// training is what a solver must not lose: the pinned checkpoints with their hashes and, once it is done, the
// document and the salt behind its commitment.
type training struct {
	Checkpoints []string
	Boundary    [][32]byte
	Hashes      [][][32]byte // per interval, per step
	Doc         []byte
	Salt        [32]byte
	Copied      [32]byte // the commitment a copier took; zero for everybody else
}

// tree is the Merkle tree over all step hashes.
func (tr training) tree(t task.Task) (*verify.StepTree, error) {
	return verify.NewStepTree(slices.Concat(tr.Hashes...), int(t.Interval))
}

func (s *Solver) key(t task.Task) string { return t.ID + ".solver" }

func (s *Solver) load(t task.Task) (training, error) {
	var tr training
	err := s.d.Journal.Get(s.key(t), &tr)
	if errors.Is(err, journal.ErrMissing) {
		return training{}, nil
	}
	return tr, err
}

// Step implements Role.
func (s *Solver) Step(ctx context.Context, t task.Task) error {
	slot, claimed := t.SlotOf(s.d.Ledger.Account())
	switch {
	case t.State == task.StateOpen && !claimed:
		return s.claim(ctx, t)
	case !claimed || !t.Slots[slot].Live():
		return nil
	case t.State == task.StateOpen && t.Slots[slot].Commitment.IsZero():
		return s.trainAndCommit(ctx, t, t.Slots[slot])
	case t.State == task.StateTruthRevealed && !t.Slots[slot].Revealed:
		return s.reveal(ctx, t)
	case t.Slots[slot].Revealed && len(t.Slots[slot].Drawn) > 0 && !t.Slots[slot].Complete():
		return s.open(ctx, t, t.Slots[slot])
	default:
		return nil
	}
}

func (s *Solver) claim(ctx context.Context, t task.Task) error {
	me := s.d.Ledger.Account()
	if t.Proposer == me {
		return nil
	}
	var work int64
	active := false
	if err := s.d.Ledger.View(func(v app.View) error {
		work = v.WorkClock().WorkMS
		active = v.IsActive(me, ledger.RoleSolver)
		return nil
	}); err != nil || !active || t.ClaimDeadline > 0 && work >= t.ClaimDeadline {
		return err
	}
	if _, err := s.d.Stuff.Load(ctx, t); err != nil {
		return err // claim nothing that cannot be worked on
	}
	for _, slot := range s.wishes(t) {
		_, err := s.d.Ledger.Send(ctx, task.Claim{Task: t.ID, Slot: slot})
		if refused(err, ledger.CodeRefused) {
			continue // somebody was quicker
		}
		if refused(err, ledger.CodeLate, ledger.CodeFunds) {
			s.d.Log.WarnContext(ctx, "slot not claimed", slog.String("task", t.ID), slog.Any("error", err))
			return nil
		}
		return err
	}
	return nil
}

// wishes lists the free slots, the preferred one first. Without a preference it follows from task and account, so that
// the wishes of many solvers rarely meet.
func (s *Solver) wishes(t task.Task) []uint32 {
	n := uint32(len(t.Slots))
	first := uint32(s.d.Slot)
	if s.d.Slot < 0 || first >= n {
		sum := sha256.Sum256([]byte(t.ID + string(s.d.Ledger.Account())))
		first = binary.BigEndian.Uint32(sum[:4]) % n
	}
	var out []uint32
	for i := range n {
		if slot := (first + i) % n; t.Slots[slot].Account == "" {
			out = append(out, slot)
		}
	}
	return out
}

func (s *Solver) trainAndCommit(ctx context.Context, t task.Task, slot task.Slot) error {
	tr, err := s.load(t)
	if err != nil {
		return err
	}
	if s.d.Cheat == CheatCopiedCommitment {
		return s.copyCommitment(ctx, t, tr)
	}
	if tr.Doc == nil {
		if tr, err = s.train(ctx, t, slot, tr); err != nil {
			return err
		}
	}
	me := s.d.Ledger.Account()
	commitment := commitreveal.Commit(commitreveal.KindSolution, s.d.Ledger.Network(), t.ID, string(me), task.DocCID(tr.Doc), tr.Salt)
	_, err = s.d.Ledger.Send(ctx, task.Commit{Task: t.ID, Commitment: commitment})
	return err
}

// train runs the steps that are not journalled yet, pins every checkpoint as it comes and writes the document.
func (s *Solver) train(ctx context.Context, t task.Task, slot task.Slot, tr training) (_ training, err error) {
	report := func(step uint32, loss float32, done bool) {
		s.d.Report(Progress{Kind: "train", Task: t.ID, Step: step, Steps: t.Steps, Loss: loss, Done: done, Err: err})
	}
	defer func() { report(0, 0, true) }()
	mat, err := s.d.Stuff.Load(ctx, t)
	if err != nil {
		return tr, err
	}
	l, err := s.d.Lease.Wait(ctx)
	if err != nil {
		return tr, err
	}
	from := mat.Base
	if s.forges() {
		tr = training{} // a forgery is made in one go
	}
	if n := len(tr.Checkpoints); n > 1 {
		if from, err = fetchState(ctx, s.d.Files, mat.Model, tr.Checkpoints[n-1]); err != nil {
			return tr, fmt.Errorf("resume from checkpoint %d: %w", n-1, err)
		}
	}
	a := engine.Assignment{Spec: mat.Spec, Task: t.ID, Slot: slot.Index, Account: string(s.d.Ledger.Account())}
	if len(tr.Boundary) > 1 {
		a.Prior = engine.Prior{Initial: tr.Boundary[0], Hashes: slices.Concat(tr.Hashes...)}
	}
	if err = s.run(ctx, l, a, mat, from, t, &tr, report); err != nil {
		return tr, err
	}
	tr.Salt = s.d.Salts.For("solution", t.ID)
	tr.Doc, err = s.document(t, tr)
	if err != nil {
		return tr, err
	}
	return tr, s.d.Journal.Put(s.key(t), tr)
}

func (s *Solver) run(ctx context.Context, l lease.Lease, a engine.Assignment, mat Material, from train.State, t task.Task, tr *training, report func(uint32, float32, bool)) error {
	keep := func(state train.State, hashes [][32]byte) error {
		return s.keep(ctx, t, tr, mat, state, hashes)
	}
	if len(tr.Boundary) == 0 {
		tr.Checkpoints, tr.Boundary = []string{""}, [][32]byte{from.Hash()}
	}
	if s.forges() {
		return s.forge(l, a, mat, from, keep)
	}
	sink := func(c engine.Checkpoint) error {
		if c.Index < len(tr.Checkpoints) {
			return nil // the state training began from
		}
		return keep(c.State, c.Hashes)
	}
	progress := func(step int, loss float32) { report(uint32(step), loss, false) }
	_, err := s.d.Engine.Train(l, a, mat.Set, from, sink, progress)
	return err
}

// keep pins a checkpoint and journals it, so that neither a crash nor a lapsed lease costs more than one interval.
func (s *Solver) keep(ctx context.Context, t task.Task, tr *training, mat Material, state train.State, hashes [][32]byte) error {
	raw, err := codec.EncodeState(state, mat.Model.Name())
	if err != nil {
		return err
	}
	pinned, err := s.d.Files.Pin(ctx, raw)
	if err != nil {
		return fmt.Errorf("pin checkpoint %d: %w", len(tr.Checkpoints), err)
	}
	tr.Checkpoints = append(tr.Checkpoints, pinned.CID)
	tr.Boundary = append(tr.Boundary, state.Hash())
	tr.Hashes = append(tr.Hashes, hashes)
	return s.d.Journal.Put(s.key(t), tr)
}

func (s *Solver) document(t task.Task, tr training) ([]byte, error) {
	tree, err := tr.tree(t)
	if err != nil {
		return nil, err
	}
	return task.Solution{
		Task: t.ID, Account: s.d.Ledger.Account(), Checkpoints: tr.Checkpoints, Boundary: toHashes(tr.Boundary),
		StepRoot: tree.Root(), Steps: uint64(t.Steps), Samples: t.Samples(),
	}.Encode()
}

func (s *Solver) reveal(ctx context.Context, t task.Task) error {
	tr, err := s.load(t)
	if err != nil {
		return err
	}
	if tr.Copied != [32]byte{} {
		return s.revealCopied(ctx, t, tr)
	}
	if tr.Doc == nil {
		return fmt.Errorf("task %s: the document behind the commitment is not in the journal", t.ID)
	}
	_, err = s.d.Ledger.Send(ctx, task.Reveal{Task: t.ID, Doc: tr.Doc, Salt: tr.Salt})
	return err
}

func (s *Solver) open(ctx context.Context, t task.Task, slot task.Slot) error {
	tr, err := s.load(t)
	if err != nil {
		return err
	}
	tree, err := tr.tree(t)
	if err != nil {
		return err
	}
	msg := task.OpenSteps{Task: t.ID}
	opened := map[uint32]bool{}
	for _, i := range slot.Opened {
		opened[i] = true
	}
	for _, i := range slot.Drawn {
		if opened[i] {
			continue
		}
		o, err := tree.Open(int(i))
		if err != nil {
			return fmt.Errorf("open interval %d: %w", i, err)
		}
		msg.Intervals = append(msg.Intervals, task.IntervalOpening{Index: i, Hashes: toHashes(o.Hashes), Path: toHashes(o.Path)})
	}
	if len(msg.Intervals) == 0 {
		return nil
	}
	_, err = s.d.Ledger.Send(ctx, msg)
	if refused(err, ledger.CodeRefused, ledger.CodeLate) {
		s.d.Log.WarnContext(ctx, "steps not opened", slog.String("task", t.ID), slog.Any("error", err))
		return nil
	}
	return err
}

// fetchState fetches a checkpoint of model.
func fetchState(ctx context.Context, files Files, model train.Model, cid string) (train.State, error) {
	raw, err := files.Fetch(ctx, cid, MaxModelBytes)
	if err != nil {
		return train.State{}, err
	}
	state, name, err := codec.DecodeState(raw)
	if err != nil {
		return train.State{}, fmt.Errorf("%w: checkpoint %s: %w", ErrMaterial, cid, err)
	}
	if name != model.Name() {
		return train.State{}, fmt.Errorf("%w: checkpoint %s is of model %q, not %q", ErrMaterial, cid, name, model.Name())
	}
	return state, nil
}

func toHashes(in [][32]byte) []ledger.Hash {
	out := make([]ledger.Hash, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}

func fromHashes(in []ledger.Hash) [][32]byte {
	out := make([][32]byte, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}
