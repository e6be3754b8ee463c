package rewards

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Outcomes of a member's own challenge, as the disputes name them.
const (
	challengeProven    = "proven"
	challengeDismissed = "dismissed"
	challengeVoid      = "void"
)

// Settle makes the verdicts final after the challenge window, penalises false alarms and unbacked votes, and pays.
func (k Keeper) Settle(ctx *ledger.Context, kv ledger.KV, id string) error {
	t, ok := k.ports.Tasks.Task(kv, id)
	if !ok {
		return fmt.Errorf("task %s is not in the state", id)
	}
	finals := t.candidates()
	for i := range finals {
		v, err := k.settleSolution(ctx, kv, t, finals[i])
		if err != nil {
			return err
		}
		finals[i].Verdict = v
	}
	if err := k.settleMembers(ctx, kv, t, finals); err != nil {
		return err
	}
	k.enqueue(ctx, kv, t)
	return k.settleProposer(ctx, kv, t, finals)
}

// settleSolution makes one verdict final and pays its solver.
func (k Keeper) settleSolution(ctx *ledger.Context, kv ledger.KV, t Task, s Solution) (Verdict, error) {
	v := s.Verdict
	finding := k.ports.Disputes.Finding(kv, t.ID, s.Account)
	v.Final, v.Suspended, v.Accepted = true, false, false
	switch {
	case k.ports.Traps.Opened(kv, t.ID, s.Account):
		v.Score, v.Fraud, v.Reason = 0, false, "it was opened as a trap"
	case finding.Fraud || v.Fraud:
		v.Fraud = true
	case finding.Void:
		v.Suspended, v.Reason = true, "a dispute about it ended without a judgement"
	case v.Score == 0:
		if s.Verdict.Suspended {
			v.Reason = "score 0.000"
		}
	default:
		v.Accepted = true
		if s.Verdict.Suspended {
			v.Reason = fmt.Sprintf("score %s; the alarm against it did not hold", proportion(v.Score))
		}
	}
	if v.Accepted {
		full, err := fixed.Mul(uint64(t.RewardPerSample), t.Samples)
		if err != nil {
			return v, fmt.Errorf("reward of %s: %w", s.Account, err)
		}
		reward, err := fixed.MulDiv(full, uint64(v.Score), fullScore)
		if err != nil {
			return v, fmt.Errorf("reward of %s: %w", s.Account, err)
		}
		v.Reward = ledger.Natn(reward)
		cause := fmt.Sprintf("%d samples at score %s", t.Samples, proportion(v.Score))
		if err := k.ports.Tasks.Pay(ctx, kv, t.ID, potSolvers, s.Account, v.Reward, cause); err != nil {
			return v, err
		}
		recordSolver(ctx, kv, s.Account)
	}
	ctx.Emit(EventSettled{
		Task: t.ID, Solver: s.Account, Accepted: v.Accepted, Score: v.Score, Samples: t.Samples, Reward: v.Reward, Reason: v.Reason,
	})
	return v, k.ports.Tasks.SetVerdict(kv, t.ID, s.Account, v)
}

// settleMembers penalises what did not hold and pays the members whose whole vote did.
func (k Keeper) settleMembers(ctx *ledger.Context, kv ledger.KV, t Task, finals []Solution) error {
	traps := k.openedTraps(kv, t, finals)
	for _, m := range t.Members {
		r := k.record(kv, t.ID, m.Account)
		earned := r.Revealed
		r.Reason = "every entry is backed"
		if !r.Revealed {
			r.Reason = r.Forfeit
		}
		for i := range r.Entries {
			held, why := k.settleEntry(ctx, kv, t, &r, &r.Entries[i], finals, traps)
			if !held {
				earned, r.Reason = false, why
			}
		}
		e := EventMember{Task: t.ID, Account: m.Account}
		if earned && t.CommitteeSize > 0 {
			if err := k.payMember(ctx, kv, t, &r, &e); err != nil {
				return err
			}
		}
		save(kv, &r)
		e.Fee, e.Reason = r.Fee, r.Reason
		ctx.Emit(e)
	}
	return k.settleTraps(ctx, kv, t, traps)
}

// payMember pays a member its seat's fee: two thirds of the seat's part of the pot, times the multiplier that its bonds
// earned it, which is between one and one and a half.
func (k Keeper) payMember(ctx *ledger.Context, kv ledger.KV, t Task, r *Record, e *EventMember) error {
	m := k.Multiplier(kv, r.Account)
	e.Seat, e.Multiplier, e.Epoch = t.CoordinatorFee/ledger.Natn(t.CommitteeSize), m.PerMillion, m.Epoch
	fee, err := fixed.MulDiv(uint64(e.Seat), m.PerMillion, maxMultiplier)
	if err != nil {
		return fmt.Errorf("fee of %s: %w", r.Account, err)
	}
	r.Fee = ledger.Natn(fee)
	return k.ports.Tasks.Pay(ctx, kv, t.ID, potMembers, r.Account, r.Fee, "a vote backed by its replays")
}

// settleEntry reports whether an entry held, and why not; a false alarm and an unbacked vote are slashed.
func (k Keeper) settleEntry(
	ctx *ledger.Context, kv ledger.KV, t Task, r *Record, judged *Judged, finals []Solution, traps []trap,
) (bool, string) {
	solver := judged.Entry.Solver
	if trapped := find(traps, solver); trapped != nil {
		return k.settleTrapEntry(ctx, kv, t, r, judged, trapped)
	}
	switch judged.Status {
	case Backed, Moot:
		return true, ""
	case Unusable:
		for _, s := range finals {
			if s.Account == solver && s.Verdict.Accepted {
				return false, fmt.Sprintf("it did not judge %s, which others could", solver)
			}
		}
		return true, ""
	case Alarm:
		return k.settleAlarm(ctx, kv, t, r, judged)
	case Unbacked:
		return k.settleUnbacked(ctx, kv, t, r, judged)
	default:
		return false, fmt.Sprintf("the entry on %s was not judged", solver)
	}
}

func (k Keeper) settleAlarm(ctx *ledger.Context, kv ledger.KV, t Task, r *Record, judged *Judged) (bool, string) {
	solver := judged.Entry.Solver
	finding := k.ports.Disputes.Finding(kv, t.ID, solver)
	if finding.Fraud {
		judged.Detail += "; the fraud is proven"
		return true, ""
	}
	if finding.Void {
		return false, fmt.Sprintf("its alarm against %s was not judged", solver)
	}
	if k.ports.Disputes.Challenger(kv, t.ID, solver, r.Account) == challengeDismissed {
		return false, fmt.Sprintf("its challenge of %s was lost", solver)
	}
	cause := "false alarm: it voted a replay mismatch and did not challenge"
	k.slash(ctx, kv, r, ctx.Params.AlarmSlash, cause, solver, judged.Detail)
	judged.Detail += "; false alarm"
	return false, fmt.Sprintf("false alarm against %s", solver)
}

func (k Keeper) settleUnbacked(ctx *ledger.Context, kv ledger.KV, t Task, r *Record, judged *Judged) (bool, string) {
	solver := judged.Entry.Solver
	switch k.ports.Disputes.Challenger(kv, t.ID, solver, r.Account) {
	case challengeProven:
		judged.Detail += "; its challenge proved the opened steps wrong"
		return true, ""
	case challengeVoid:
		return false, fmt.Sprintf("its challenge of %s was not judged", solver)
	}
	if k.vindicated(kv, t, r, judged.Entry) {
		judged.Detail += "; it replayed what a won challenge showed"
		return true, ""
	}
	cause := "unbacked vote: it scored a solution without the replay it claims"
	k.slash(ctx, kv, r, ctx.Params.UnbackedSlash, cause, solver, judged.Detail)
	return false, fmt.Sprintf("unbacked vote on %s", solver)
}

// vindicated reports whether every interval that the opened steps do not back is backed by the steps with which a
// challenger proved the fraud: one won challenge then clears every member that had done the same replay.
func (k Keeper) vindicated(kv ledger.KV, t Task, r *Record, e Entry) bool {
	for _, interval := range k.unbound(kv, t, r, e) {
		cleared := false
		k.ports.Disputes.Proven(kv, t.ID, e.Solver, func(at uint32, hashes []ledger.Hash) bool {
			for i := range e.Intervals {
				if at == interval && e.Intervals[i] == interval && binds(r, e.Bindings[i], hashes) {
					cleared = true
				}
			}
			return !cleared
		})
		if !cleared {
			return false
		}
	}
	return true
}

// settleProposer pays the proposer by learnability: 4·m·(1−m) of the mean score m, at least a quarter when any solution
// was accepted.
func (k Keeper) settleProposer(ctx *ledger.Context, kv ledger.KV, t Task, finals []Solution) error {
	var sum uint64
	improved := false
	for _, s := range finals {
		if s.Verdict.Accepted {
			sum += uint64(s.Verdict.Score)
			improved = true
		}
	}
	var mean, share uint64
	if len(finals) > 0 {
		mean = sum / uint64(len(finals))
		share = 4 * mean * (fullScore - mean) / fullScore
	}
	if improved {
		share = max(share, fullScore/4)
	}
	reward, err := fixed.MulDiv(uint64(t.ProposerReward), share, fullScore)
	if err != nil {
		return fmt.Errorf("reward of the proposer: %w", err)
	}
	ctx.Emit(EventLearnability{
		Task: t.ID, Proposer: t.Proposer, Mean: uint16(mean), Share: uint16(share), Reward: ledger.Natn(reward),
	})
	cause := fmt.Sprintf("learnability %s at a mean score of %s", proportion(uint16(share)), proportion(uint16(mean)))
	return k.ports.Tasks.Pay(ctx, kv, t.ID, potProposer, t.Proposer, ledger.Natn(reward), cause)
}
