package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/project"
	"autonet/ledger/task"
	"autonet/node/journal"
	"autonet/work/codec"
	"autonet/work/engine"
	"autonet/work/train"
	"autonet/work/truth"
)

// Proposal is a training job as its proposer asks for it.
type Proposal struct {
	Project string
	Model   string // kind of model, for a project without a version yet
	Base    string // manifest CID of the project's latest version; empty makes a fresh one
	Data    string // folder with IDX files; empty is the built-in subset
	Seed    [32]byte
	Rule    string

	Steps, Interval, Batch, Slots, Replay, Committee                           uint32
	LearningRateMicro, MomentumMicro                                           uint32
	RewardPerSample, CoordinatorFee, AggregatorFee, StorageFee, ProposerReward ledger.Natn
	CommitMS                                                                   uint64
}

// Proposed says what the ledger took.
type Proposed struct {
	Task, Spec, Model string
	Escrow            ledger.Natn
	Receipt           Receipt
}

// Evaluation is the proposer's own measurement on all its held-out images, before and after a task.
type Evaluation struct {
	Before, After, Total uint32
	Done                 bool // After is measured
}

// Proposer stores the spec and the sealed truth, opens the task when both have landed, reveals the truth when every
// solver is bound, and measures the model that came out.
type Proposer struct{ d Deps }

// NewProposer returns a proposer.
func NewProposer(d Deps) *Proposer { return &Proposer{d: d} }

// Name is the role's name on the ledger.
func (*Proposer) Name() string { return string(ledger.RoleProposer) }

// secret is what a proposer must not lose: without the salt the truth cannot be revealed.
type secret struct {
	TruthCID   string
	Salt       [32]byte
	Data       string
	Evaluation Evaluation
	Measured   string // manifest CID of the model that was evaluated
}

func (p *Proposer) key(id string) string { return id + ".proposer" }

// Propose stores everything the task needs, then proposes and opens it. It returns when the ledger has the task;
// opening goes on in Step, also after a restart.
func (p *Proposer) Propose(ctx context.Context, in Proposal) (_ Proposed, err error) {
	defer func() { p.d.Report(Progress{Kind: "propose", Done: true, Err: err}) }()
	src, err := openSource(in.Data)
	if err != nil {
		return Proposed{}, err
	}
	spec, err := p.spec(ctx, in, src)
	if err != nil {
		return Proposed{}, err
	}
	rawSpec, err := engine.EncodeSpec(spec)
	if err != nil {
		return Proposed{}, err
	}
	pinnedSpec, err := p.d.Files.Pin(ctx, rawSpec)
	if err != nil {
		return Proposed{}, fmt.Errorf("store the spec: %w", err)
	}
	sec, err := p.seal(ctx, in, spec, src)
	if err != nil {
		return Proposed{}, err
	}
	var id string
	receipt, err := p.d.Ledger.SendBuilt(ctx, func(nonce uint64) (ledger.Msg, error) {
		id = ledger.TaskID(p.d.Ledger.Network(), p.d.Ledger.Account(), nonce)
		if err := p.d.Journal.Put(p.key(id), sec); err != nil {
			return nil, err
		}
		if err := p.d.Announce(ctx, id, pinnedSpec.CID, rawSpec); err != nil {
			p.d.Log.WarnContext(ctx, "task not announced", slog.String("task", id), slog.Any("error", err))
		}
		return p.message(in, spec, pinnedSpec.CID, id, sec), nil
	})
	if err != nil {
		return Proposed{}, err
	}
	return Proposed{Task: id, Spec: pinnedSpec.CID, Model: spec.BaseModel, Receipt: receipt, Escrow: escrow(in)}, nil
}

func (p *Proposer) message(in Proposal, spec engine.Spec, specCID, id string, sec secret) task.Propose {
	commitment := commitreveal.Commit(commitreveal.KindTruth, p.d.Ledger.Network(), id, string(p.d.Ledger.Account()), sec.TruthCID, sec.Salt)
	return task.Propose{
		Project: in.Project, Spec: specCID, Model: spec.BaseModel,
		Steps: in.Steps, Interval: in.Interval, Batch: in.Batch, Slots: in.Slots, Replay: in.Replay, Committee: in.Committee,
		Truth: commitment, RewardPerSample: in.RewardPerSample, CoordinatorFee: in.CoordinatorFee,
		AggregatorFee: in.AggregatorFee, StorageFee: in.StorageFee, ProposerReward: in.ProposerReward, CommitMS: in.CommitMS,
	}
}

func escrow(in Proposal) ledger.Natn {
	return in.RewardPerSample*ledger.Natn(uint64(in.Steps)*uint64(in.Batch)*uint64(in.Slots)) +
		in.CoordinatorFee + in.AggregatorFee + in.StorageFee + in.ProposerReward
}

// spec stores the data and, for a project without a model, a fresh one, and describes the job.
func (p *Proposer) spec(ctx context.Context, in Proposal, src source) (engine.Spec, error) {
	images, err := p.d.Files.Pin(ctx, src.images)
	if err != nil {
		return engine.Spec{}, fmt.Errorf("store the training images: %w", err)
	}
	labels, err := p.d.Files.Pin(ctx, src.labels)
	if err != nil {
		return engine.Spec{}, fmt.Errorf("store the training labels: %w", err)
	}
	base := in.Base
	if base == "" {
		if base, err = p.fresh(ctx, in); err != nil {
			return engine.Spec{}, err
		}
	}
	return engine.Spec{
		Trainer: engine.TrainerNative, Model: in.Model, Seed: in.Seed,
		Steps: in.Steps, Interval: in.Interval, Batch: in.Batch, Slots: in.Slots, Replay: in.Replay,
		LearningRateMicro: in.LearningRateMicro, MomentumMicro: in.MomentumMicro,
		Rule: in.Rule, BaseModel: base, TrainImages: images.CID, TrainLabels: labels.CID,
	}, nil
}

// fresh makes the project's version 0: an untrained model, a function of the seed.
func (p *Proposer) fresh(ctx context.Context, in Proposal) (string, error) {
	model, err := train.Lookup(in.Model)
	if err != nil {
		return "", err
	}
	raw, err := codec.EncodeWeights(model.Init(in.Seed).Weights(), model.Name())
	if err != nil {
		return "", err
	}
	pinned, err := p.d.Files.Pin(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("store the fresh model: %w", err)
	}
	_, err = p.d.Ledger.Send(ctx, project.PublishModel{
		Project: in.Project, Manifest: pinned.CID, Root: pinned.Root, Size: pinned.Size, Parameters: uint64(model.Parameters()),
	})
	if err != nil {
		return "", fmt.Errorf("publish the fresh model: %w", err)
	}
	return pinned.CID, nil
}

// seal draws the held-out examples of this task, measures the base model on them, sets the bar and stores it encrypted.
func (p *Proposer) seal(ctx context.Context, in Proposal, spec engine.Spec, src source) (secret, error) {
	weights, err := FetchWeights(ctx, p.d.Files, spec.BaseModel)
	if err != nil {
		return secret{}, err
	}
	l, err := p.d.Lease.Wait(ctx)
	if err != nil {
		return secret{}, err
	}
	sample := src.sample(in.Seed)
	correct, total, err := p.d.Engine.Evaluate(l, spec.Model, weights, sample)
	if err != nil {
		return secret{}, err
	}
	before, pool, err := p.d.Engine.Evaluate(l, spec.Model, weights, src.heldOut)
	if err != nil {
		return secret{}, err
	}
	doc, err := truth.Encode(exampleTruth(sample, uint32(correct), uint32(total)))
	if err != nil {
		return secret{}, err
	}
	salt := p.d.Salts.For("truth", fmt.Sprintf("%x %s", in.Seed, spec.BaseModel))
	sealed, err := truth.Seal(doc, salt)
	if err != nil {
		return secret{}, err
	}
	pinned, err := p.d.Files.Pin(ctx, sealed)
	if err != nil {
		return secret{}, fmt.Errorf("store the sealed truth: %w", err)
	}
	return secret{
		TruthCID: pinned.CID, Salt: salt, Data: in.Data,
		Evaluation: Evaluation{Before: uint32(before), Total: uint32(pool)},
	}, nil
}

// Step implements Role.
func (p *Proposer) Step(ctx context.Context, t task.Task) error {
	if t.Proposer != p.d.Ledger.Account() {
		return nil
	}
	var sec secret
	if err := p.d.Journal.Get(p.key(t.ID), &sec); err != nil {
		if errors.Is(err, journal.ErrMissing) {
			p.d.Log.WarnContext(ctx, "a task of this account was proposed from another home", slog.String("task", t.ID))
			return nil
		}
		return err
	}
	switch {
	case t.State == task.StateProposed:
		return p.open(ctx, t, sec)
	case t.State == task.StateCommitted && t.TruthCID == "" && t.Draws > 0:
		_, err := p.d.Ledger.Send(ctx, task.RevealTruth{Task: t.ID, CID: sec.TruthCID, Salt: sec.Salt})
		return err
	case t.State == task.StateAggregated && sec.Measured != t.Result.Manifest:
		return p.measure(ctx, t, sec)
	default:
		return nil
	}
}

// open confirms that spec and truth can be fetched back, then opens the task.
func (p *Proposer) open(ctx context.Context, t task.Task, sec secret) error {
	for _, cid := range []string{t.Spec, t.Model, sec.TruthCID} {
		if _, err := p.d.Files.Fetch(ctx, cid, MaxModelBytes); err != nil {
			return fmt.Errorf("confirm that %s has landed: %w", cid, err)
		}
	}
	_, err := p.d.Ledger.Send(ctx, task.Open{Task: t.ID})
	return err
}

// measure evaluates the new model on all held-out images.
func (p *Proposer) measure(ctx context.Context, t task.Task, sec secret) error {
	src, err := openSource(sec.Data)
	if err != nil {
		return err
	}
	mat, err := p.d.Stuff.Load(ctx, t)
	if err != nil {
		return err
	}
	weights, err := FetchWeights(ctx, p.d.Files, t.Result.Manifest)
	if err != nil {
		return err
	}
	l, err := p.d.Lease.Wait(ctx)
	if err != nil {
		return err
	}
	after, _, err := p.d.Engine.Evaluate(l, mat.Spec.Model, weights, src.heldOut)
	if err != nil {
		return err
	}
	sec.Evaluation.After, sec.Evaluation.Done, sec.Measured = uint32(after), true, t.Result.Manifest
	if err := p.d.Journal.Put(p.key(t.ID), sec); err != nil {
		return err
	}
	p.d.Report(Progress{Kind: "measure", Task: t.ID, Done: true})
	return nil
}

// Evaluation returns what this node measured of a task it proposed.
func (p *Proposer) Evaluation(id string) (Evaluation, bool) {
	var sec secret
	if err := p.d.Journal.Get(p.key(id), &sec); err != nil {
		return Evaluation{}, false
	}
	return sec.Evaluation, true
}
