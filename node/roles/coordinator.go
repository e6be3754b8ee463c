package roles

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"autonet/consensus/commitreveal"
	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dispute"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/node/journal"
	"autonet/work/dataset"
	"autonet/work/engine"
	"autonet/work/train"
	"autonet/work/truth"
	"autonet/work/verify"
)

// SaltChainLength is how many votes a coordinator's salt chain lasts.
const SaltChainLength = 4096

// Coordinator evaluates and replays solutions, votes in secret, and challenges what it found wrong.
type Coordinator struct {
	d    Deps
	seed [32]byte // of the salt chain
}

// NewCoordinator returns a coordinator whose salt chain grows from seed.
func NewCoordinator(d Deps, seed [32]byte) *Coordinator { return &Coordinator{d: d, seed: seed} }

// Name is the role's name on the ledger.
func (*Coordinator) Name() string { return string(ledger.RoleCoordinator) }

// ballot is what a coordinator must not lose between committing and revealing.
type ballot struct {
	Doc       []byte
	Salt      [32]byte
	ChainSalt [32]byte
	// Replayed holds, by solver and interval, the step hashes that the coordinator's own replay gave.
	Replayed map[string]map[uint32][][32]byte
}

func (c *Coordinator) key(t task.Task) string { return t.ID + ".coordinator" }

// Step implements Role.
func (c *Coordinator) Step(ctx context.Context, t task.Task) error {
	i, member := t.MemberOf(c.d.Ledger.Account())
	if !member {
		return nil
	}
	m := t.Committee[i]
	switch {
	case t.Phase == task.PhaseVoteCommit && !m.Committed:
		return c.vote(ctx, t, m)
	case t.Phase == task.PhaseVoteReveal && m.Committed && !m.Revealed:
		return c.reveal(ctx, t)
	case t.State == task.StateChallenge && m.Revealed:
		return c.challenge(ctx, t)
	case t.Phase == task.PhaseAggregateChallenge:
		return c.checkAggregate(ctx, t)
	default:
		return nil
	}
}

func (c *Coordinator) vote(ctx context.Context, t task.Task, m task.Member) error {
	var b ballot
	err := c.d.Journal.Get(c.key(t), &b)
	if errors.Is(err, journal.ErrMissing) {
		if b, err = c.judge(ctx, t, m); err == nil {
			err = c.d.Journal.Put(c.key(t), b)
		}
	}
	if err != nil {
		return err
	}
	me := c.d.Ledger.Account()
	commitment := commitreveal.Commit(commitreveal.KindVote, c.d.Ledger.Network(), t.ID, string(me), rewards.DocCID(b.Doc), b.Salt)
	_, err = c.d.Ledger.Send(ctx, rewards.CommitVote{Task: t.ID, Commitment: commitment})
	return err
}

// judge looks at every solution and writes the ballot.
func (c *Coordinator) judge(ctx context.Context, t task.Task, m task.Member) (_ ballot, err error) {
	defer func() { c.d.Report(Progress{Kind: "verify", Task: t.ID, Done: true, Err: err}) }()
	chainSalt, err := c.chainSalt(m.SaltHead)
	if err != nil {
		return ballot{}, err
	}
	b := ballot{Salt: c.d.Salts.For("vote", t.ID), ChainSalt: chainSalt, Replayed: map[string]map[uint32][][32]byte{}}
	l, err := c.d.Lease.Wait(ctx)
	if err != nil {
		return ballot{}, err
	}
	mat, ex, err := c.evidence(ctx, t)
	if err != nil {
		return ballot{}, err
	}
	vote := rewards.Vote{Task: t.ID, Account: c.d.Ledger.Account()}
	for _, slot := range candidates(t) {
		entry, replayed, err := c.examine(ctx, l, t, slot, mat, ex, chainSalt)
		if err != nil {
			return ballot{}, err
		}
		vote.Entries = append(vote.Entries, entry)
		b.Replayed[string(slot.Account)] = replayed
	}
	b.Doc, err = vote.Encode()
	return b, err
}

// evidence fetches what all solutions are judged by: the material and the revealed truth.
func (c *Coordinator) evidence(ctx context.Context, t task.Task) (Material, exam, error) {
	mat, err := c.d.Stuff.Load(ctx, t)
	if err != nil {
		return Material{}, exam{}, err
	}
	sealed, err := c.d.Files.Fetch(ctx, t.TruthCID, MaxTruthBytes)
	if err != nil {
		return Material{}, exam{}, fmt.Errorf("fetch the truth: %w", err)
	}
	exam, err := openExam(sealed, t.TruthSalt)
	return mat, exam, err
}

// exam is the revealed truth, ready to judge by.
type exam struct {
	truth truth.Truth
	set   dataset.Set
}

func openExam(sealed []byte, salt [32]byte) (exam, error) {
	doc, err := truth.Open(sealed, salt)
	if err != nil {
		return exam{}, fmt.Errorf("%w: truth: %w", ErrMaterial, err)
	}
	t, err := truth.Decode(doc)
	if err != nil {
		return exam{}, fmt.Errorf("%w: truth: %w", ErrMaterial, err)
	}
	set, err := t.Set()
	if err != nil {
		return exam{}, fmt.Errorf("%w: truth: %w", ErrMaterial, err)
	}
	return exam{truth: t, set: set}, nil
}

// examine evaluates one solution on the truth and replays the drawn intervals.
func (c *Coordinator) examine(ctx context.Context, l lease.Lease, t task.Task, slot task.Slot, mat Material, ex exam, chainSalt [32]byte) (rewards.Entry, map[uint32][][32]byte, error) {
	entry := rewards.Entry{Solver: slot.Account}
	replayed := map[uint32][][32]byte{}
	if c.d.Cheat == CheatApproveAll {
		return c.approve(t, entry, ex, chainSalt), replayed, nil
	}
	unusable := func(err error) (rewards.Entry, map[uint32][][32]byte, error) {
		if ctx.Err() != nil || halted(err) {
			return entry, nil, err
		}
		kind := rewards.FaultUnretrievable
		if errors.Is(err, ErrMaterial) {
			kind = rewards.FaultMalformed
		}
		note := err.Error()
		return rewards.Entry{
			Solver: slot.Account, Fault: &rewards.Fault{Kind: kind}, Note: note[:min(len(note), rewards.MaxNote)],
		}, nil, nil
	}
	n := int(t.Intervals)
	final, err := c.checkpoint(ctx, mat, slot, n)
	if err != nil {
		return unusable(err)
	}
	correct, total, err := c.d.Engine.Evaluate(l, mat.Spec.Model, final.Weights(), ex.set)
	if err != nil {
		if errors.Is(err, train.ErrNotFinite) {
			err = fmt.Errorf("%w: %w", ErrMaterial, err)
		}
		return unusable(err)
	}
	entry.Correct, entry.Total = uint32(correct), uint32(total)
	entry.Score = ex.truth.Score(uint32(correct))
	a := engine.Assignment{Spec: mat.Spec, Task: t.ID, Slot: slot.Index, Account: string(slot.Account)}
	drawn := commitreveal.DrawIntervals(chainSalt, t.DrawHash, t.ID, string(slot.Account), n, int(t.Replay))
	for done, i := range drawn {
		c.d.Report(Progress{Kind: "verify", Task: t.ID, Phase: "replay", Step: uint32(done), Steps: uint32(len(drawn))})
		from, err := c.checkpoint(ctx, mat, slot, i)
		if err != nil {
			return unusable(err)
		}
		hashes, _, err := c.d.Engine.Replay(l, a, mat.Set, from, i)
		if err != nil && !errors.Is(err, train.ErrNotFinite) {
			return unusable(err)
		}
		hashes = padded(hashes, int(t.StepsIn(uint32(i))))
		replayed[uint32(i)] = hashes
		entry.Intervals = append(entry.Intervals, uint32(i))
		entry.Bindings = append(entry.Bindings, commitreveal.Binding(string(c.d.Ledger.Account()), chainSalt, hashes))
		if last := len(hashes) - 1; entry.Fault == nil && hashes[last] != slot.Solution.Boundary[i+1] {
			entry.Fault = &rewards.Fault{Interval: uint32(i), Step: uint32(last), Kind: rewards.FaultMismatch}
		}
	}
	return entry, replayed, nil
}

// padded completes the hashes of a replay that diverged before the interval's end: no further state exists, so none can match.
func padded(hashes [][32]byte, n int) [][32]byte {
	for len(hashes) < n {
		hashes = append(hashes, sha256.Sum256([]byte("autonet/diverged/v1")))
	}
	return hashes
}

// checkpoint fetches checkpoint i of a solution and checks it against the boundary hash that the solution states.
func (c *Coordinator) checkpoint(ctx context.Context, mat Material, slot task.Slot, i int) (train.State, error) {
	return fetchCheckpoint(ctx, c.d.Files, mat, *slot.Solution, i)
}

func fetchCheckpoint(ctx context.Context, files Files, mat Material, s task.Solution, i int) (train.State, error) {
	state := mat.Base
	if i > 0 || s.Checkpoints[0] != "" {
		var err error
		if state, err = fetchState(ctx, files, mat.Model, s.Checkpoints[i]); err != nil {
			return train.State{}, fmt.Errorf("checkpoint %d: %w", i, err)
		}
	}
	if state.Hash() != [32]byte(s.Boundary[i]) {
		return train.State{}, fmt.Errorf("%w: checkpoint %d is not the state the solution states", ErrMaterial, i)
	}
	if want := min(uint32(i)*mat.Spec.Interval, mat.Spec.Steps); state.Step != want {
		return train.State{}, fmt.Errorf("%w: checkpoint %d is of step %d, not %d", ErrMaterial, i, state.Step, want)
	}
	if i == 0 && state.Hash() != mat.Base.Hash() {
		return train.State{}, fmt.Errorf("%w: the solution does not begin at the task's base model", ErrMaterial)
	}
	return state, nil
}

// approve is what a coordinator votes that works for nobody: full marks and bindings of nothing.
func (c *Coordinator) approve(t task.Task, e rewards.Entry, ex exam, chainSalt [32]byte) rewards.Entry {
	e.Score, e.Correct, e.Total = 65535, uint32(ex.set.N), uint32(ex.set.N)
	for _, i := range commitreveal.DrawIntervals(chainSalt, t.DrawHash, t.ID, string(e.Solver), int(t.Intervals), int(t.Replay)) {
		var invented ledger.Hash
		rand.Read(invented[:])
		e.Intervals = append(e.Intervals, uint32(i))
		e.Bindings = append(e.Bindings, invented)
	}
	return e
}

func (c *Coordinator) reveal(ctx context.Context, t task.Task) error {
	var b ballot
	if err := c.d.Journal.Get(c.key(t), &b); err != nil {
		return fmt.Errorf("reveal the vote on task %s: %w", t.ID, err)
	}
	_, err := c.d.Ledger.Send(ctx, rewards.RevealVote{Task: t.ID, Doc: b.Doc, Salt: b.Salt, ChainSalt: b.ChainSalt})
	return err
}

// challenge publishes the coordinator's own step hashes wherever the solver's differ.
func (c *Coordinator) challenge(ctx context.Context, t task.Task) error {
	var b ballot
	if err := c.d.Journal.Get(c.key(t), &b); err != nil {
		return fmt.Errorf("challenge in task %s: %w", t.ID, err)
	}
	for _, slot := range candidates(t) {
		interval, found, err := c.contradiction(t, slot, b.Replayed[string(slot.Account)])
		if err != nil {
			return err
		}
		if !found || slot.Verdict != nil && slot.Verdict.Fraud {
			continue
		}
		_, err = c.d.Ledger.Send(ctx, dispute.Challenge{
			Task: t.ID, Solver: slot.Account, Interval: interval, Hashes: toHashes(b.Replayed[string(slot.Account)][interval]),
		})
		if refused(err, ledger.CodeRefused, ledger.CodeLate, ledger.CodeFunds) {
			c.d.Log.InfoContext(ctx, "challenge refused", slog.String("task", t.ID), slog.Any("error", err))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// contradiction returns the first replayed interval in which the solver opened other hashes than ours, unless a
// dispute about it exists already.
func (c *Coordinator) contradiction(t task.Task, slot task.Slot, replayed map[uint32][][32]byte) (uint32, bool, error) {
	mine := false
	var found *uint32
	err := c.d.Ledger.View(func(v app.View) error {
		for _, d := range v.Disputes(t.ID) {
			mine = mine || d.Solver == slot.Account && d.Challenger == c.d.Ledger.Account()
		}
		for _, i := range slot.Opened {
			ours, ok := replayed[i]
			if !ok {
				continue
			}
			if _, same := verify.CompareInterval(fromHashes(v.Opening(t.ID, slot.Account, i)), ours); !same {
				found = &i
				return nil
			}
		}
		return nil
	})
	if err != nil || mine || found == nil {
		return 0, false, err
	}
	return *found, true, nil
}

// chainSalt finds the salt behind the head that staking knows.
func (c *Coordinator) chainSalt(head ledger.Hash) ([32]byte, error) {
	salt := commitreveal.SaltAt(c.seed, 0)
	for range SaltChainLength {
		next := sha256.Sum256(salt[:])
		if next == [32]byte(head) {
			return salt, nil
		}
		salt = next
	}
	return [32]byte{}, fmt.Errorf("the salt chain of this home does not lead to the head on the ledger (%s): publish a new one", head)
}

// candidates lists the solutions to vote on, by account.
func candidates(t task.Task) []task.Slot {
	var out []task.Slot
	for _, s := range t.Slots {
		if s.Candidate() && s.Solution != nil {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b task.Slot) int { return strings.Compare(string(a.Account), string(b.Account)) })
	return out
}
