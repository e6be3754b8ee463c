package task

import (
	"fmt"

	"autonet/ledger"
)

// MarkVote tells that a member committed (revealed = false) or revealed its vote.
func (k Keeper) MarkVote(kv ledger.KV, id string, member ledger.Account, revealed bool) error {
	t, err := k.must(kv, id)
	if err != nil {
		return err
	}
	i, ok := t.MemberOf(member)
	if !ok {
		return fmt.Errorf("task %s has no member %s", id, member)
	}
	if revealed {
		t.Committee[i].Revealed = true
	} else {
		t.Committee[i].Committed = true
	}
	save(kv, &t)
	return nil
}

// SetVerdict stores the verdict on a solution.
func (k Keeper) SetVerdict(kv ledger.KV, id string, solver ledger.Account, v Verdict) error {
	t, err := k.must(kv, id)
	if err != nil {
		return err
	}
	i, ok := t.SlotOf(solver)
	if !ok {
		return fmt.Errorf("task %s has no solver %s", id, solver)
	}
	t.Slots[i].Verdict = &v
	save(kv, &t)
	return nil
}

// ReplaceScore gives a solution that is not settled the score that governance decided on an appeal.
func (k Keeper) ReplaceScore(ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, score uint16, reason string) error {
	t, err := k.must(kv, id)
	if err != nil {
		return err
	}
	i, ok := t.SlotOf(solver)
	if !ok || t.Slots[i].Verdict == nil || t.State != StateChallenge {
		return fmt.Errorf("task %s has no open verdict on %s", id, solver)
	}
	v := *t.Slots[i].Verdict
	ctx.Emit(EventRescored{Task: id, Solver: solver, Was: v.Score, Score: score, Reason: reason})
	v.Score, v.Reason = score, reason
	v.Accepted = score > 0 && !v.Suspended && !v.Fraud
	t.Slots[i].Verdict = &v
	save(kv, &t)
	return nil
}

// ProveFraud rejects a solution whose bits a dispute has disproved, slashes the solver's bond with the reporter's share
// and returns what it took.
func (k Keeper) ProveFraud(ctx *ledger.Context, kv ledger.KV, id string, solver, reporter ledger.Account, cause, evidence string) (ledger.Natn, error) {
	t, err := k.must(kv, id)
	if err != nil {
		return 0, err
	}
	i, ok := t.SlotOf(solver)
	if !ok || t.Slots[i].Verdict == nil {
		return 0, fmt.Errorf("task %s has no verdict on %s", id, solver)
	}
	v := *t.Slots[i].Verdict
	v.Fraud, v.Accepted, v.Suspended, v.Reason = true, false, false, cause
	t.Slots[i].Verdict = &v
	taken := k.ports.Stakes.SlashLocked(ctx, kv, LockPurpose(id), Penalty{
		Account: solver, Role: ledger.RoleSolver, Amount: t.Slots[i].Bond, Reporter: reporter, Task: id, Cause: cause, Evidence: evidence,
	})
	k.ports.Stakes.Unlock(ctx, kv, solver, ledger.RoleSolver, LockPurpose(id))
	save(kv, &t)
	return taken, nil
}

func (k Keeper) advanceVoting(ctx *ledger.Context, kv ledger.KV, t *Task, over bool) (bool, error) {
	switch t.Phase {
	case PhaseVoteCommit:
		return k.endVotes(ctx, kv, t, over, votePart{
			acted:   func(m Member) bool { return m.Committed },
			able:    func(Member) bool { return true },
			forfeit: "it did not commit its vote in time",
			all:     "every member has committed its vote",
			window:  "the window to commit votes is over",
			few:     "too few members committed a vote",
			next:    PhaseVoteReveal,
			length:  ctx.Params.VoteRevealMS,
		})
	case PhaseVoteReveal:
		return k.endVotes(ctx, kv, t, over, votePart{
			acted:   func(m Member) bool { return m.Revealed },
			able:    func(m Member) bool { return m.Committed },
			forfeit: "it did not reveal its vote in time",
			all:     "every member has revealed its vote",
			window:  "the window to reveal votes is over",
			few:     "too few members revealed a vote",
			next:    PhaseOpening,
			length:  ctx.Params.OpeningMS,
		})
	case PhaseOpening:
		return k.endOpening(ctx, kv, t, over)
	default:
		return false, fmt.Errorf("unknown phase %q", t.Phase)
	}
}

// minVotes is how many members must vote for there to be a verdict: two thirds of the committee, so that neither one of
// three can decide alone nor one of three prevent it.
func minVotes(members int) int { return (2*members + 2) / 3 }

// votePart is one of the two halves of voting.
type votePart struct {
	acted, able      func(Member) bool
	forfeit          string
	all, window, few string
	next             Phase
	length           int64
}

func (k Keeper) endVotes(ctx *ledger.Context, kv ledger.KV, t *Task, over bool, part votePart) (bool, error) {
	acted := 0
	var silent []ledger.Account
	for _, m := range t.Committee {
		switch {
		case part.acted(m):
			acted++
		case part.able(m):
			silent = append(silent, m.Account)
		}
	}
	if !over && len(silent) > 0 {
		return false, nil
	}
	for _, account := range silent {
		k.ports.Votes.Forfeit(ctx, kv, t.ID, account, part.forfeit)
	}
	if acted < minVotes(len(t.Committee)) {
		return true, k.expire(ctx, kv, t, fmt.Sprintf("%s: %d of %d", part.few, acted, len(t.Committee)), true)
	}
	enter(ctx, t, StateVoting, part.next, ctx.WorkMS+part.length, closing(len(silent) == 0, part.all, part.window))
	save(kv, t)
	return true, nil
}

func (k Keeper) endOpening(ctx *ledger.Context, kv ledger.KV, t *Task, over bool) (bool, error) {
	waiting := 0
	for _, slot := range t.Slots {
		if slot.Candidate() && !slot.Complete() {
			waiting++
		}
	}
	if !over && waiting > 0 {
		return false, nil
	}
	for i := range t.Slots {
		if t.Slots[i].Candidate() && !t.Slots[i].Complete() {
			k.drop(ctx, kv, t, i, "it did not open the steps that the votes drew",
				fmt.Sprintf("drawn %v, opened %v", t.Slots[i].Drawn, t.Slots[i].Opened))
		}
	}
	enter(ctx, t, StateVerdict, "", ctx.WorkMS, closing(waiting == 0, "every solver has opened its steps", "the opening window is over"))
	save(kv, t)
	return true, k.ports.Votes.Judge(ctx, kv, t.ID)
}
