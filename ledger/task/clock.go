package task

import (
	"fmt"

	"autonet/ledger"
)

// Begin draws the committees that wait for this block's hash. An error is a fault of the ledger.
func (k Keeper) Begin(ctx *ledger.Context, kv ledger.KV) error {
	for _, id := range k.live(kv) {
		t, err := k.must(kv, id)
		if err != nil {
			return err
		}
		if !wantsCommittee(ctx, &t) {
			continue
		}
		if !k.drawCommittee(ctx, kv, &t) && t.Draws >= draws {
			if err := k.expire(ctx, kv, &t, "too few coordinators for a committee", true); err != nil {
				return err
			}
			continue
		}
		save(kv, &t)
	}
	return nil
}

// wantsCommittee reports whether a draw is due: the first in the block after the commitments closed, the second when the
// truth window is over and the truth known.
func wantsCommittee(ctx *ledger.Context, t *Task) bool {
	if !t.DrawHash.IsZero() || rank(t.State) < rank(StateCommitted) || rank(t.State) > rank(StateRevealed) {
		return false
	}
	if t.Draws == 0 {
		return ctx.Height > t.ClosedHeight
	}
	return t.State != StateCommitted && ctx.WorkMS >= t.TruthDeadline
}

// End moves every task as far as it can go: past deadlines, and past phases in which everybody has acted. An error is a
// fault of the ledger.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	for _, id := range k.live(kv) {
		for {
			t, err := k.must(kv, id)
			if err != nil {
				return err
			}
			moved, err := k.advance(ctx, kv, &t)
			if err != nil {
				return fmt.Errorf("task %s in %s: %w", id, t.State, err)
			}
			if !moved {
				break
			}
		}
	}
	return nil
}

// advance makes at most one transition, saves the task and reports whether it did.
func (k Keeper) advance(ctx *ledger.Context, kv ledger.KV, t *Task) (bool, error) {
	over := ctx.WorkMS >= t.Deadline
	switch t.State {
	case StateProposed:
		if !over {
			return false, nil
		}
		return true, k.neverOpened(ctx, kv, t)
	case StateOpen:
		return k.endCommit(ctx, kv, t, over)
	case StateCommitted:
		if !over {
			return false, nil
		}
		return true, k.failTruth(ctx, kv, t, "the proposer did not reveal the truth in time")
	case StateTruthRevealed:
		return k.endReveal(ctx, kv, t, over)
	case StateRevealed:
		return k.beginVoting(ctx, kv, t), nil
	case StateVoting:
		return k.advanceVoting(ctx, kv, t, over)
	case StateVerdict:
		enter(ctx, t, StateChallenge, "", ctx.WorkMS+ctx.Params.ChallengeMS, "the verdict can be challenged")
		save(kv, t)
		return true, nil
	case StateChallenge:
		if !over || k.ports.Disputes.Pending(kv, t.ID) {
			return false, nil
		}
		return true, k.settle(ctx, kv, t)
	case StateSettled:
		if over {
			return true, k.missAggregator(ctx, kv, t)
		}
		if t.Aggregator == "" && k.seatAggregator(ctx, kv, t) {
			save(kv, t)
		}
		return false, nil
	case StateAggregated:
		if !over || t.Phase == "" || k.ports.Disputes.Pending(kv, t.ID) {
			return false, nil
		}
		return true, k.endAggregated(ctx, kv, t)
	case StateExpired:
		return false, nil
	default:
		return false, fmt.Errorf("unknown state %q", t.State)
	}
}

func (k Keeper) endCommit(ctx *ledger.Context, kv ledger.KV, t *Task, over bool) (bool, error) {
	claimed, committed := 0, 0
	for _, slot := range t.Slots {
		if slot.Account != "" {
			claimed++
		}
		if slot.Order != 0 {
			committed++
		}
	}
	claimOver := claimed == len(t.Slots) || ctx.WorkMS >= t.ClaimDeadline
	if claimOver && claimed == 0 {
		return true, k.expire(ctx, kv, t, "nobody claimed a slot", false)
	}
	early := claimOver && committed == claimed
	if !over && !early {
		return false, nil
	}
	for i := range t.Slots {
		if t.Slots[i].Live() && t.Slots[i].Order == 0 {
			k.drop(ctx, kv, t, i, "it did not commit to a solution in time", fmt.Sprintf("last checkpoint at step %d", t.Slots[i].Step))
		}
	}
	if committed == 0 {
		return true, k.expire(ctx, kv, t, "nobody committed to a solution", false)
	}
	t.ClosedHeight = ctx.Height
	t.TruthDeadline = ctx.WorkMS + ctx.Params.TruthMS
	enter(ctx, t, StateCommitted, "", t.TruthDeadline, closing(early, "every claimant has committed", "the commit window is over"))
	save(kv, t)
	return true, nil
}

// neverOpened ends a task whose truth did not land in time.
func (k Keeper) neverOpened(ctx *ledger.Context, kv ledger.KV, t *Task) error {
	cause := "the proposer did not open it in time"
	k.slash(ctx, kv, t, t.Proposer, ledger.RoleProposer, ctx.Params.MissSlash, cause, fmt.Sprintf("commitment %s", t.Truth))
	return k.expire(ctx, kv, t, cause, false)
}

// failTruth slashes the proposer for a truth that is early, late, missing or unmatching, and ends the task.
func (k Keeper) failTruth(ctx *ledger.Context, kv ledger.KV, t *Task, cause string) error {
	due := share(ctx.Params.Proposer.MinStake, ctx.Params.TruthSlashPerMille, perMille)
	k.slash(ctx, kv, t, t.Proposer, ledger.RoleProposer, due, cause, fmt.Sprintf("commitment %s", t.Truth))
	return k.expire(ctx, kv, t, cause, true)
}

func (k Keeper) endReveal(ctx *ledger.Context, kv ledger.KV, t *Task, over bool) (bool, error) {
	waiting, candidates := 0, 0
	for _, slot := range t.Slots {
		switch {
		case slot.Candidate():
			candidates++
		case slot.Live():
			waiting++
		}
	}
	if !over && waiting > 0 {
		return false, nil
	}
	for i := range t.Slots {
		if t.Slots[i].Live() && !t.Slots[i].Revealed {
			cause, evidence := t.missedReveal(i)
			k.drop(ctx, kv, t, i, cause, evidence)
		}
	}
	if candidates == 0 {
		return true, k.expire(ctx, kv, t, "nobody revealed a solution", false)
	}
	enter(ctx, t, StateRevealed, "", t.TruthDeadline, closing(waiting == 0, "every solver has revealed", "the reveal window is over"))
	save(kv, t)
	return true, nil
}

func (k Keeper) beginVoting(ctx *ledger.Context, kv ledger.KV, t *Task) bool {
	if t.DrawHash.IsZero() {
		return false // the redraw comes when the truth window is over
	}
	enter(ctx, t, StateVoting, PhaseVoteCommit, ctx.WorkMS+ctx.Params.VoteCommitMS, "the committee evaluates and replays")
	save(kv, t)
	return true
}

// expire ends a task: solvers are paid the floor if they did their part, everything else goes back to the project.
func (k Keeper) expire(ctx *ledger.Context, kv ledger.KV, t *Task, cause string, floor bool) error {
	if floor {
		if err := k.payFloor(ctx, kv, t, cause); err != nil {
			return err
		}
	}
	k.releaseBonds(ctx, kv, t)
	if err := k.giveBack(ctx, kv, t, cause, PotSolvers, PotCoordinators, PotProposer, PotAggregator, PotStorage); err != nil {
		return err
	}
	t.Cause = cause
	enter(ctx, t, StateExpired, "", 0, cause)
	return k.close(kv, t)
}

// payFloor pays every solver that is in the task its floor share of the reward for the steps it did: all of them with a
// commitment, else those up to its last checkpoint.
func (k Keeper) payFloor(ctx *ledger.Context, kv ledger.KV, t *Task, cause string) error {
	reward, err := t.SlotReward()
	if err != nil {
		return fmt.Errorf("reward of a slot: %w", err)
	}
	full := share(reward, ctx.Params.FloorPerMille, perMille)
	for i := range t.Slots {
		if !t.Slots[i].Live() {
			continue
		}
		done := t.Slots[i].Step
		if t.Slots[i].Order != 0 {
			done = t.Steps
		}
		floor := share(full, uint64(done), uint64(t.Steps))
		text := fmt.Sprintf("floor for %d of %d steps: %s", done, t.Steps, cause)
		if err := k.pay(ctx, kv, t, PotSolvers, t.Slots[i].Account, floor, text); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) releaseBonds(ctx *ledger.Context, kv ledger.KV, t *Task) {
	for _, slot := range t.Slots {
		if slot.Live() {
			k.ports.Stakes.Unlock(ctx, kv, slot.Account, ledger.RoleSolver, LockPurpose(t.ID))
		}
	}
}

func closing(early bool, all, window string) string {
	if early {
		return all
	}
	return window
}
