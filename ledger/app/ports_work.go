package app

import (
	"cmp"
	"slices"

	"autonet/ledger"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/task"
)

// votesPort is rewards as task sees it.
type votesPort struct{ *App }

// Forfeit implements task.Votes.
func (v votesPort) Forfeit(ctx *ledger.Context, kv ledger.KV, id string, member ledger.Account, cause string) {
	v.rewards.Forfeit(ctx, kv, id, member, cause)
}

// Judge implements task.Votes.
func (v votesPort) Judge(ctx *ledger.Context, kv ledger.KV, id string) error {
	return v.rewards.Judge(ctx, kv, id)
}

// Settle implements task.Votes.
func (v votesPort) Settle(ctx *ledger.Context, kv ledger.KV, id string) error {
	if err := v.rewards.Settle(ctx, kv, id); err != nil {
		return err
	}
	v.observe(ctx, kv, id)
	return nil
}

// providersPort is shardreg as task sees it.
type providersPort struct{ *App }

// Columns implements task.Providers.
func (p providersPort) Columns(
	ctx *ledger.Context, kv ledger.KV, manifest string, root ledger.Hash, fn func(account ledger.Account, columns uint64) bool,
) {
	p.shardreg.Holders(ctx, kv, manifest, root, func(h shardreg.Holding) bool {
		return fn(h.Provider, uint64(len(h.Columns)))
	})
}

// rewardsTasks is task as rewards sees it.
type rewardsTasks struct{ *App }

// Task implements rewards.Tasks.
func (r rewardsTasks) Task(kv ledger.KV, id string) (rewards.Task, bool) {
	t, ok := r.task.Record(kv, id)
	if !ok {
		return rewards.Task{}, false
	}
	out := rewards.Task{
		ID: t.ID, Project: t.Project, Proposer: t.Proposer, EvaluateOnly: t.EvaluateOnly, Phase: string(t.Phase), Early: t.Before(task.StateVoting), Deadline: t.Deadline,
		DrawHash: t.DrawHash, Intervals: t.Intervals, Replay: t.Replay, Samples: t.Samples(), CommitteeSize: t.CommitteeSize,
		RewardPerSample: t.RewardPerSample, CoordinatorFee: t.CoordinatorFee, ProposerReward: t.ProposerReward,
	}
	for _, m := range t.Committee {
		out.Members = append(out.Members, rewards.Member(m))
	}
	for _, slot := range t.Slots {
		if !slot.Revealed {
			continue
		}
		s := rewards.Solution{Account: slot.Account, Dropped: slot.Dropped}
		if slot.Verdict != nil {
			s.Verdict = rewards.Verdict(*slot.Verdict)
		}
		out.Solutions = append(out.Solutions, s)
	}
	slices.SortFunc(out.Solutions, func(a, b rewards.Solution) int { return cmp.Compare(a.Account, b.Account) })
	return out, true
}

// Opening implements rewards.Tasks.
func (r rewardsTasks) Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return r.task.Opening(kv, id, solver, interval)
}

// MarkVote implements rewards.Tasks.
func (r rewardsTasks) MarkVote(kv ledger.KV, id string, member ledger.Account, revealed bool) error {
	return r.task.MarkVote(kv, id, member, revealed)
}

// Demand implements rewards.Tasks.
func (r rewardsTasks) Demand(kv ledger.KV, id string, solver ledger.Account, intervals []uint32) error {
	return r.task.Demand(kv, id, solver, intervals)
}

// SetVerdict implements rewards.Tasks.
func (r rewardsTasks) SetVerdict(kv ledger.KV, id string, solver ledger.Account, v rewards.Verdict) error {
	return r.task.SetVerdict(kv, id, solver, task.Verdict(v))
}

// Pay implements rewards.Tasks.
func (r rewardsTasks) Pay(
	ctx *ledger.Context, kv ledger.KV, id, pot string, to ledger.Account, amount ledger.Natn, cause string,
) error {
	return r.task.Pay(ctx, kv, id, pot, to, amount, cause)
}

// disputesPort is dispute as task and rewards see it.
type disputesPort struct{ *App }

// Pending implements task.Disputes.
func (d disputesPort) Pending(kv ledger.KV, id string) bool { return d.dispute.Pending(kv, id) }

// Demanded implements task.Disputes.
func (d disputesPort) Demanded(kv ledger.KV, id string, solver ledger.Account, interval uint32) bool {
	return d.dispute.Demanded(kv, id, solver, interval)
}

// Opened implements task.Disputes.
func (d disputesPort) Opened(
	ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, interval uint32, hashes []ledger.Hash,
) error {
	return d.dispute.Opened(ctx, kv, id, solver, interval, hashes)
}

// Finding implements rewards.Disputes.
func (d disputesPort) Finding(kv ledger.KV, id string, solver ledger.Account) rewards.Finding {
	return rewards.Finding{
		Fraud: d.dispute.Fraud(kv, id, solver), Bits: d.disproved(kv, id, solver), Void: d.dispute.Void(kv, id, solver),
	}
}

// Challenger implements rewards.Disputes.
func (d disputesPort) Challenger(kv ledger.KV, id string, solver, member ledger.Account) string {
	return d.dispute.Challenger(kv, id, solver, member)
}

// Proven implements rewards.Disputes.
func (d disputesPort) Proven(
	kv ledger.KV, id string, solver ledger.Account, fn func(interval uint32, hashes []ledger.Hash) bool,
) {
	d.dispute.Proven(kv, id, solver, fn)
}
