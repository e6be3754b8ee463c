package rewards

import (
	"fmt"
	"strings"

	"autonet/consensus/commitreveal"
	"autonet/consensus/yuma"
	"autonet/internal/fixed"
	"autonet/ledger"
)

const fullScore = 65535

// Judge makes the verdict of every solution from the revealed votes, now that the solvers have opened their steps.
func (k Keeper) Judge(ctx *ledger.Context, kv ledger.KV, id string) error {
	t, ok := k.ports.Tasks.Task(kv, id)
	if !ok {
		return fmt.Errorf("task %s is not in the state", id)
	}
	votes := k.revealed(ctx, kv, t)
	for _, s := range t.Solutions {
		if err := k.judgeSolution(ctx, kv, t, s, votes); err != nil {
			return err
		}
	}
	for i := range votes {
		save(kv, &votes[i].record)
	}
	return nil
}

// ballot is a revealed vote with its member's weight.
type ballot struct {
	record Record
	weight uint64
}

// revealed returns the revealed votes in the order of the committee. One whose member has lost its minimum stake since the
// draw weighs nothing.
func (k Keeper) revealed(ctx *ledger.Context, kv ledger.KV, t Task) []ballot {
	var votes []ballot
	for _, m := range t.Members {
		if r, ok := k.Vote(kv, t.ID, m.Account); ok && r.Revealed {
			votes = append(votes, ballot{record: r, weight: k.standing(ctx, kv, m)})
		}
	}
	return votes
}

// standing is a member's weight: none without its minimum stake.
func (k Keeper) standing(ctx *ledger.Context, kv ledger.KV, m Member) uint64 {
	if !k.ports.Stakes.Active(ctx, kv, m.Account, ledger.RoleCoordinator) {
		return 0
	}
	return m.Weight
}

// on returns the entry of a vote about a solver; nil if it has none.
func (b *ballot) on(solver ledger.Account) *Judged {
	for i := range b.record.Entries {
		if b.record.Entries[i].Entry.Solver == solver {
			return &b.record.Entries[i]
		}
	}
	return nil
}

func (k Keeper) judgeSolution(ctx *ledger.Context, kv ledger.KV, t Task, s Solution, votes []ballot) error {
	var stake []uint64
	var score []fixed.I32F32
	var total, alarms uint32
	for i := range votes {
		judged := votes[i].on(s.Account)
		if judged == nil {
			continue // the solution was dropped before the votes
		}
		total++
		k.classify(kv, t, s, &votes[i].record, judged)
		switch judged.Status {
		case Backed, Unusable:
			stake = append(stake, votes[i].weight)
			score = append(score, fixed.FromInt(int64(judged.Entry.Score)))
		case Alarm:
			alarms++
		case Unbacked, Moot:
		}
	}
	v := Verdict{Suspended: alarms > 0}
	median := yuma.Median(yuma.Shares(stake), score, yuma.Kappa(yuma.KappaHalf))
	v.Score = uint16(median.Int())
	k.emitEntries(ctx, t, s, votes, median)
	if s.Dropped != "" {
		return nil
	}
	v.Correct, v.Total = counts(votes, s.Account, v.Score)
	v.Accepted = v.Score > 0 && !v.Suspended
	v.Reason = verdictReason(v, votes, s.Account, len(score), total)
	ctx.Emit(EventVerdict{
		Task: t.ID, Solver: s.Account, Score: v.Score, Correct: v.Correct, Total: v.Total,
		Votes: total, Backed: uint32(len(score)), Suspended: v.Suspended, Reason: v.Reason,
	})
	return k.ports.Tasks.SetVerdict(kv, t.ID, s.Account, v)
}

// classify says what an entry is worth against what the solver opened.
func (k Keeper) classify(kv ledger.KV, t Task, s Solution, r *Record, judged *Judged) {
	e := judged.Entry
	switch {
	case s.Dropped != "":
		judged.Status, judged.Detail = Moot, "the solver is out: "+s.Dropped
	case e.Unusable():
		judged.Status, judged.Detail = Unusable, e.Fault.Kind
	case e.Mismatch():
		judged.Status = Alarm
		judged.Detail = fmt.Sprintf("replay mismatch in interval %d at step %d", e.Fault.Interval, e.Fault.Step)
	case t.EvaluateOnly:
		judged.Status, judged.Detail = Backed, "evaluated; nobody can replay it"
	default:
		judged.Status, judged.Detail = Backed, fmt.Sprintf("replayed intervals %v", e.Intervals)
		if wrong := k.unbound(kv, t, r, e); len(wrong) > 0 {
			judged.Status = Unbacked
			judged.Detail = fmt.Sprintf("the bindings of intervals %v are not those of the opened steps", wrong)
		}
	}
}

// unbound lists the intervals whose binding does not follow from the steps the solver opened.
func (k Keeper) unbound(kv ledger.KV, t Task, r *Record, e Entry) []uint32 {
	var wrong []uint32
	for i, interval := range e.Intervals {
		hashes := k.ports.Tasks.Opening(kv, t.ID, e.Solver, interval)
		if hashes == nil || !binds(r, e.Bindings[i], hashes) {
			wrong = append(wrong, interval)
		}
	}
	return wrong
}

func binds(r *Record, binding ledger.Hash, hashes []ledger.Hash) bool {
	plain := make([][32]byte, len(hashes))
	for i, h := range hashes {
		plain[i] = h
	}
	return commitreveal.Binding(string(r.Account), r.ChainSalt, plain) == binding
}

func (k Keeper) emitEntries(ctx *ledger.Context, t Task, s Solution, votes []ballot, median fixed.I32F32) {
	for i := range votes {
		judged := votes[i].on(s.Account)
		if judged == nil {
			continue
		}
		own := [][]fixed.I32F32{{fixed.FromInt(int64(judged.Entry.Score))}}
		clipped := yuma.Clip(own, []fixed.I32F32{median})[0][0]
		ctx.Emit(EventEntry{
			Task: t.ID, Account: votes[i].record.Account, Solver: s.Account, Status: judged.Status,
			Score: judged.Entry.Score, Clipped: uint16(clipped.Int()), Detail: judged.Detail,
		})
	}
}

// counts returns what the first entry with the verdict's score counted.
func counts(votes []ballot, solver ledger.Account, score uint16) (correct, total uint32) {
	for i := range votes {
		judged := votes[i].on(solver)
		if judged != nil && judged.Status == Backed && judged.Entry.Score == score {
			return judged.Entry.Correct, judged.Entry.Total
		}
	}
	return 0, 0
}

func verdictReason(v Verdict, votes []ballot, solver ledger.Account, counted int, total uint32) string {
	if v.Suspended {
		var alarms []string
		for i := range votes {
			if judged := votes[i].on(solver); judged != nil && judged.Status == Alarm {
				alarms = append(alarms, fmt.Sprintf("%s reports a %s", votes[i].record.Account, judged.Detail))
			}
		}
		return "suspended: " + strings.Join(alarms, "; ")
	}
	if counted == 0 {
		return fmt.Sprintf("none of %d votes is backed by a replay", total)
	}
	return fmt.Sprintf("score %s by %d of %d votes", proportion(v.Score), counted, total)
}

// proportion writes a score with three decimals.
func proportion(score uint16) string {
	thousandths := uint32(score) * 1000 / fullScore
	return fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000)
}
