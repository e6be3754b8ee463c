package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/project"
	"autonet/ledger/task"
	"autonet/node/api/types"
	"autonet/node/roles"
	"autonet/work/aggregate"
	"autonet/work/dataset"
	"autonet/work/train"
)

// Defaults of a project and of a task proposed without numbers.
const (
	defaultModel      = "simplenet"
	defaultGoal       = 1000 * ledger.ATN
	defaultFundingMS  = 24 * 60 * 60 * 1000
	defaultPTPrice    = uint64(ledger.ATN / 100)
	defaultSteps      = 120
	defaultIntervals  = 8
	defaultBatch      = 32
	defaultSlots      = 3
	defaultReplay     = 3
	defaultLearning   = 20_000
	defaultMomentum   = 900_000
	defaultPerSample  = ledger.ATN / 1000
	defaultCommittee  = 30 * ledger.ATN
	defaultAggregator = 10 * ledger.ATN
	defaultStorage    = 14 * ledger.ATN
	defaultProposer   = 20 * ledger.ATN
)

type taskBackend struct{ n *Node }

// CreateProject implements api.TaskBackend.
func (b taskBackend) CreateProject(ctx context.Context, req types.CreateProjectRequest) (types.Project, error) {
	n := b.n
	msg := project.Create{
		Name: req.Name, Goal: ledger.Natn(req.GoalNatn), DeadlineMS: req.DeadlineMS, PTBase: req.PTBase, PTSlope: req.PTSlope, Model: req.Model,
	}
	if msg.Model == "" {
		msg.Model = defaultModel
	}
	if msg.Goal == 0 {
		msg.Goal = max(ledger.Natn(req.FundNatn), defaultGoal)
	}
	if msg.DeadlineMS == 0 {
		msg.DeadlineMS = defaultFundingMS
	}
	if msg.PTBase == 0 {
		msg.PTBase = defaultPTPrice
	}
	if _, err := train.Lookup(msg.Model); err != nil {
		return types.Project{}, types.NewError(types.CodeUsage, "found a project", err.Error(), "")
	}
	var id string
	if _, err := n.sender.SendBuilt(ctx, func(nonce uint64) (ledger.Msg, error) {
		id = ledger.ProjectID(n.network, n.account, nonce)
		return msg, nil
	}); err != nil {
		return types.Project{}, ledgerError("found a project", err)
	}
	if req.FundNatn > 0 {
		if _, err := n.sender.Send(ctx, project.Fund{Project: id, Amount: ledger.Natn(req.FundNatn)}); err != nil {
			return types.Project{}, ledgerError("fund the project", err)
		}
	}
	return b.project(id)
}

func (b taskBackend) project(id string) (types.Project, error) {
	var out types.Project
	err := b.n.engine.View(func(v app.View) error {
		p, ok := v.Project(id)
		if !ok {
			return types.NewError(types.CodeNotFound, "there is no project "+id, "", "list them with: autonet project ls")
		}
		out = projectOf(v, p)
		return nil
	})
	return out, err
}

// Projects implements api.TaskBackend.
func (b taskBackend) Projects(context.Context) ([]types.Project, error) {
	out := []types.Project{}
	err := b.n.engine.View(func(v app.View) error {
		for _, p := range v.Projects() {
			out = append(out, projectOf(v, p))
		}
		return nil
	})
	return out, err
}

func projectOf(v app.View, p project.Project) types.Project {
	out := types.Project{
		ID: p.ID, Name: p.Name, Owner: string(p.Owner), State: string(p.State), Model: p.Model, GoalNatn: uint64(p.Goal),
		RaisedNatn: uint64(p.Raised), BudgetNatn: uint64(p.Budget), Versions: []types.ModelVersion{},
	}
	for _, m := range v.Versions(p.ID) {
		out.Versions = append(out.Versions, types.ModelVersion{
			Version: m.Version, CID: m.Manifest, Root: m.Root.String(), SizeBytes: m.Size, Parameters: m.Parameters, Task: m.Task, Height: m.Height,
		})
	}
	for _, t := range v.Tasks() {
		if t.Project == p.ID {
			out.Tasks++
			out.EscrowNatn += escrowOf(t)
		}
	}
	return out
}

func escrowOf(t task.Task) uint64 {
	e := t.Escrow
	return uint64(e.Solvers + e.Coordinators + e.Proposer + e.Aggregator + e.Storage)
}

// ProposeTask implements api.TaskBackend.
func (b taskBackend) ProposeTask(ctx context.Context, req types.ProposeTaskRequest) (types.Proposed, error) {
	if !b.n.cfg.Has("proposer") {
		return types.Proposed{}, types.NewError(types.CodeUsage, "propose a task", "this node does not work as a proposer",
			"add \"proposer\" to roles.enabled in "+b.n.home.Config()+" and start the node again")
	}
	in, err := b.proposal(ctx, req)
	if err != nil {
		return types.Proposed{}, err
	}
	p, err := b.n.proposer.Propose(ctx, in)
	if err != nil {
		if file, ok := errors.AsType[*dataset.FileError](err); ok {
			return types.Proposed{}, types.NewError(types.CodeFailed, "read the data", file.File+": "+file.Problem, file.Advice)
		}
		return types.Proposed{}, ledgerError("propose the task", err)
	}
	return types.Proposed{
		Task: p.Task, Spec: p.Spec, Model: p.Model, EscrowNatn: uint64(p.Escrow), Height: p.Receipt.Height, TxHash: p.Receipt.Hash.String(),
	}, nil
}

// proposal fills in the defaults.
func (b taskBackend) proposal(ctx context.Context, req types.ProposeTaskRequest) (roles.Proposal, error) {
	p, err := b.chooseProject(ctx, req.Project)
	if err != nil {
		return roles.Proposal{}, err
	}
	in := roles.Proposal{
		Project: p.ID, Model: p.Model, Data: req.Data, Rule: req.Rule, Committee: req.Committee,
		Steps: or(req.Steps, defaultSteps), Batch: or(req.Batch, defaultBatch), Slots: or(req.Slots, defaultSlots),
		LearningRateMicro: or(req.LearningRateMicro, defaultLearning), MomentumMicro: or(req.MomentumMicro, defaultMomentum),
		RewardPerSample: or(ledger.Natn(req.RewardPerSampleNatn), defaultPerSample),
		CoordinatorFee:  or(ledger.Natn(req.CoordinatorFeeNatn), defaultCommittee),
		AggregatorFee:   or(ledger.Natn(req.AggregatorFeeNatn), defaultAggregator),
		StorageFee:      or(ledger.Natn(req.StorageFeeNatn), defaultStorage),
		ProposerReward:  or(ledger.Natn(req.ProposerRewardNatn), defaultProposer),
		CommitMS:        req.CommitMS,
	}
	if n := len(p.Versions); n > 0 {
		in.Base = p.Versions[n-1].CID
	}
	if req.Model != "" && req.Model != p.Model {
		return in, types.NewError(types.CodeUsage, "propose a task", fmt.Sprintf("project %s trains %s, not %s", p.ID, p.Model, req.Model), "")
	}
	in.Rule = or(in.Rule, aggregate.RuleFedAvg)
	in.Interval = or(req.Interval, (in.Steps+defaultIntervals-1)/defaultIntervals)
	in.Replay = or(req.Replay, min(defaultReplay, (in.Steps+in.Interval-1)/in.Interval))
	if req.Seed == "" {
		rand.Read(in.Seed[:])
		return in, nil
	}
	seed, err := hex.DecodeString(req.Seed)
	if err != nil || len(seed) != len(in.Seed) {
		return in, types.NewError(types.CodeUsage, "propose a task", "the seed is not 32 bytes in hex", "")
	}
	in.Seed = [32]byte(seed)
	return in, nil
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// chooseProject takes the named project, or the only one this account founded.
func (b taskBackend) chooseProject(ctx context.Context, id string) (types.Project, error) {
	if id != "" {
		return b.project(id)
	}
	all, err := b.Projects(ctx)
	if err != nil {
		return types.Project{}, err
	}
	all = slices.DeleteFunc(all, func(p types.Project) bool { return p.Owner != string(b.n.account) })
	if len(all) != 1 {
		return types.Project{}, types.NewError(types.CodeUsage, "propose a task", fmt.Sprintf("this account has founded %d projects", len(all)), "name one with --project")
	}
	return all[0], nil
}

// Infer implements api.TaskBackend.
func (b taskBackend) Infer(ctx context.Context, req types.InferRequest) (types.InferResult, error) {
	n := b.n
	cid, kind := req.Model, defaultModel
	if ledger.ValidID(req.Model) {
		p, err := b.project(req.Model)
		if err != nil {
			return types.InferResult{}, err
		}
		if len(p.Versions) == 0 {
			return types.InferResult{}, types.NewError(types.CodeNotFound, "project "+p.ID+" has no model yet", "", "")
		}
		cid, kind = p.Versions[len(p.Versions)-1].CID, p.Model
	}
	var images []byte
	for i, img := range req.Images {
		if len(img) != 28*28 {
			return types.InferResult{}, types.NewError(types.CodeUsage, "infer", fmt.Sprintf("image %d has %d bytes instead of 784", i, len(img)), "send 28 x 28 bytes, row by row")
		}
		images = append(images, img...)
	}
	l, err := n.keeper.Acquire()
	if err != nil {
		return types.InferResult{}, types.NewError(types.CodeHalted, "infer", err.Error(), "wait for the next heartbeat: autonet heartbeat")
	}
	weights, err := roles.FetchWeights(ctx, files{pins: n.pins, store: n.store}, cid)
	if err != nil {
		return types.InferResult{}, shardError("infer", err)
	}
	classes, err := n.work.Infer(l, kind, weights, images)
	if err != nil {
		return types.InferResult{}, ledgerError("infer", err)
	}
	out := types.InferResult{Model: cid, Classes: make([]int, len(classes))}
	for i, c := range classes {
		out.Classes[i] = int(c)
	}
	return out, nil
}
