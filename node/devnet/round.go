package devnet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"

	"autonet/ledger"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

// States of solutions, votes and disputes as the API names them.
const (
	stateClaimed  = "claimed"
	stateAccepted = "accepted"
	stateDropped  = "dropped"
)

// Hyper-parameters of a round of SimpleNet on MNIST. Each solver sees its part of the data once per round.
const (
	batchSize     = 32
	learningMicro = 12_000 // of the first round; round r takes an r-th of it, so that later rounds refine and do not wander
	momentumMicro = 900_000
	intervals     = 8
	replayed      = 3
	// stepsPerSecond is a low estimate of one solver's pace on a shared core, for the commit window.
	stepsPerSecond = 10
	leastWindow    = 2 * time.Minute
)

// Money of one round.
const (
	fundATN        = 100_000 * ledger.ATN
	perSampleNatn  = ledger.ATN / 1000
	coordinatorATN = 30 * ledger.ATN
	aggregatorATN  = 10 * ledger.ATN
	storageATN     = 14 * ledger.ATN
	proposerFeeATN = 20 * ledger.ATN
)

// fund makes the project that pays for the rounds.
func (s *swarm) fund(ctx context.Context) error {
	p, err := s.proposer().api().CreateProject(ctx, types.CreateProjectRequest{
		Name: "devnet", Model: s.opts.Model, GoalNatn: uint64(fundATN), FundNatn: uint64(fundATN),
	})
	if err != nil {
		return fmt.Errorf("found the project: %w", err)
	}
	s.project = p.ID
	return nil
}

// round proposes one task and follows it to its end.
func (s *swarm) round(ctx context.Context, r int) error {
	begun := time.Now()
	before, err := s.traffic(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.snap.Round, s.snap.Stage = r, "training"
	s.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, roundTimeout, errors.New("the round did not end in time"))
	defer cancel()
	req, err := s.request(ctx, r)
	if err != nil {
		return err
	}
	proposed, err := s.proposer().api().ProposeTask(ctx, req)
	if err != nil {
		return fmt.Errorf("propose the task: %w", err)
	}
	plan := s.planKill(r, req)
	t, err := s.follow(ctx, proposed.Task, plan)
	if err != nil {
		return err
	}
	s.noteRejections(r, t)
	if err := s.verdict(t); err != nil {
		return err
	}
	after, err := s.traffic(ctx)
	if err != nil {
		return err
	}
	s.keepRound(r, t, time.Since(begun), before, after)
	return s.awaitRecovery(ctx, plan)
}

// noteRejections tells the observer which solutions were not accepted and the ledger's reason.
func (s *swarm) noteRejections(r int, t types.Task) {
	for _, sol := range t.Solutions {
		if sol.State == stateAccepted {
			continue
		}
		name := sol.Account
		if p := s.byAccount(sol.Account); p != nil {
			name = p.m.name
		}
		s.obs.Note(fmt.Sprintf("round %d: %s is %s: %s", r, name, sol.State, sol.Reason))
	}
}

// request describes the round's task.
func (s *swarm) request(ctx context.Context, r int) (types.ProposeTaskRequest, error) {
	slots, err := s.activeSolvers(ctx)
	if err != nil {
		return types.ProposeTaskRequest{}, err
	}
	steps := uint32(s.images / slots / batchSize)
	interval := (steps + intervals - 1) / intervals
	return types.ProposeTaskRequest{
		Project: s.project, Model: s.opts.Model, Data: s.opts.Data, Seed: s.taskSeed(r),
		Steps: steps, Interval: interval, Batch: batchSize, Slots: uint32(slots), Replay: replayed,
		LearningRateMicro: max(1, learningMicro/uint32(r)), MomentumMicro: momentumMicro,
		RewardPerSampleNatn: uint64(perSampleNatn), CoordinatorFeeNatn: uint64(coordinatorATN),
		AggregatorFeeNatn: uint64(aggregatorATN), StorageFeeNatn: uint64(storageATN), ProposerRewardNatn: uint64(proposerFeeATN),
		CommitMS: uint64(max(leastWindow, time.Duration(steps)*time.Second/stepsPerSecond).Milliseconds()),
	}, nil
}

// activeSolvers counts the solvers that still have the stake to claim a slot.
func (s *swarm) activeSolvers(ctx context.Context) (int, error) {
	accounts, err := s.proposer().api().Accounts(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the solvers: %w", err)
	}
	n := 0
	for _, a := range accounts {
		for _, st := range a.Stakes {
			if st.Role == string(ledger.RoleSolver) && st.Active {
				n++
			}
		}
	}
	if n == 0 {
		return 0, errors.New("no solver has the stake to claim a slot any more")
	}
	return min(n, 32), nil
}

// taskSeed is the seed of a round's task: fixed by --seed, otherwise random.
func (s *swarm) taskSeed(r int) string {
	var seed [32]byte
	if s.opts.Seed != nil {
		seed = sha256.Sum256(fmt.Appendf(nil, "autonet/devnet-task/v1 %d %d", *s.opts.Seed, r))
	} else {
		rand.Read(seed[:])
	}
	return hex.EncodeToString(seed[:])
}

// follow watches the task until the model is published and measured, killing a process on the way if planned.
func (s *swarm) follow(ctx context.Context, id string, k *killPlan) (types.Task, error) {
	var t types.Task
	err := s.until(ctx, func() (bool, error) {
		for _, p := range s.procs {
			if _, err := s.look(ctx, p); err != nil {
				return false, err
			}
		}
		var err error
		if s.beingKilled(s.proposer()) {
			return false, nil
		}
		if t, err = s.proposer().api().Task(ctx, id); err != nil {
			return false, fmt.Errorf("ask for task %s: %w", id, err)
		}
		s.paintTask(t)
		s.tell()
		if err := s.killIfDue(ctx, k, t); err != nil {
			return false, err
		}
		if t.State == "EXPIRED" {
			return false, fmt.Errorf("task %s expired: %s", id, t.Reason)
		}
		return t.State == "AGGREGATED" && t.Evaluation != nil && t.Evaluation.Done, nil
	})
	return t, err
}

// verdict fails a seeded run whose model depends on who was late.
func (s *swarm) verdict(t types.Task) error {
	if s.opts.Seed == nil {
		return nil
	}
	for _, sol := range t.Solutions {
		if p := s.byAccount(sol.Account); sol.State == stateDropped && p != nil && p.m.cheat == "" {
			return fmt.Errorf("%s was too late (%s): with --seed the run ends here, since the model would be another one", p.m.name, sol.Reason)
		}
	}
	if len(t.Solutions) < int(t.Slots) {
		return fmt.Errorf("%d of %d slots were claimed in time: with --seed the run ends here, since the model would be another one", len(t.Solutions), t.Slots)
	}
	return nil
}

func (s *swarm) byAccount(account string) *process {
	for _, p := range s.procs {
		if string(p.m.identity.Account) == account {
			return p
		}
	}
	return nil
}

// keepRound writes down what the round's task and the nodes' counters say.
func (s *swarm) keepRound(r int, t types.Task, took time.Duration, before, after types.Traffic) {
	out := report.Round{
		Round: r, Accepted: t.Accepted, Seconds: took.Seconds(),
		AccuracyBefore: fraction(t.Evaluation.BeforeCorrect, t.Evaluation.Total),
		AccuracyAfter:  fraction(t.Evaluation.AfterCorrect, t.Evaluation.Total),
		GossipBytes:    after.GossipSent - min(before.GossipSent, after.GossipSent),
		ShardBytes:     after.ShardSent - min(before.ShardSent, after.ShardSent),
	}
	out.Solutions = len(t.Solutions)
	out.Rejected = t.Rejected
	for _, v := range t.Votes {
		for _, e := range v.Entries {
			if e.Backed || e.Fault == "replay-mismatch" {
				out.ReplayChecked += len(e.Intervals)
			}
			if e.Fault == "replay-mismatch" {
				out.ReplayMismatch++
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r == 1 {
		s.snap.Accuracy = append(s.snap.Accuracy, out.AccuracyBefore)
	}
	s.snap.Accuracy = append(s.snap.Accuracy, out.AccuracyAfter)
	s.rounds = append(s.rounds, out)
	s.taskIDs = append(s.taskIDs, t.ID)
	s.lastTask = t
}

func fraction(n, of uint32) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// traffic adds up what all nodes have sent.
func (s *swarm) traffic(ctx context.Context) (types.Traffic, error) {
	var sum types.Traffic
	for _, p := range s.procs {
		st, err := s.look(ctx, p)
		if err != nil {
			return sum, err
		}
		sum.GossipSent += st.Traffic.GossipSent
		sum.ShardSent += st.Traffic.ShardSent
	}
	return sum, nil
}

// chance draws below n: from the seed in a seeded run, otherwise at random.
func (s *swarm) chance(what string, n int) int {
	if s.opts.Seed != nil {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", what, *s.opts.Seed))
		return int(new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), big.NewInt(int64(n))).Int64())
	}
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0
	}
	return int(v.Int64())
}
