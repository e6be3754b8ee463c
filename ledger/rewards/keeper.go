package rewards

import (
	"slices"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
)

// saltDepth is how far behind the head of a member's salt chain a shown salt may lie: votes on several tasks at once use
// salts of one chain in any order.
const saltDepth = 16

// Keeper is the module's rules over the state it is handed.
type Keeper struct {
	ports Ports
}

// New returns the module joined to its ports.
func New(ports Ports) Keeper {
	if ports.Traps == nil {
		ports.Traps = noTraps{}
	}
	return Keeper{ports: ports}
}

func keyRecord(task string, member ledger.Account) []byte {
	return ledger.Key("rewards", "vote", task, string(member))
}

// Vote returns one member's part in a task.
func (k Keeper) Vote(kv ledger.KV, task string, member ledger.Account) (Record, bool) {
	return ledger.Load[Record](kv, keyRecord(task, member))
}

// Votes returns every member's part in a task, in ascending account order.
func (k Keeper) Votes(kv ledger.KV, task string) []Record {
	var records []Record
	kv.Iterate(ledger.Key("rewards", "vote", task, ""), func(key, value []byte) bool {
		var r Record
		ledger.DecodeRecord(key, value, &r)
		records = append(records, r)
		return true
	})
	return records
}

func save(kv ledger.KV, r *Record) { ledger.Save(kv, keyRecord(r.Task, r.Account), *r) }

// record returns a member's record, new if there is none.
func (k Keeper) record(kv ledger.KV, task string, member ledger.Account) Record {
	if r, ok := k.Vote(kv, task, member); ok {
		return r
	}
	return Record{Task: task, Account: member}
}

// CommitVote binds the sender to its vote.
func (k Keeper) CommitVote(ctx *ledger.Context, kv ledger.KV, m CommitVote) error {
	t, _, err := k.seat(ctx, kv, m.Task, phaseVoteCommit)
	if err != nil {
		return err
	}
	r := k.record(kv, t.ID, ctx.Sender)
	if !r.Commitment.IsZero() {
		return refused("%s has committed its vote already", ctx.Sender)
	}
	if err := k.ports.Tasks.MarkVote(kv, t.ID, ctx.Sender, false); err != nil {
		return err
	}
	r.Commitment = m.Commitment
	save(kv, &r)
	ctx.Emit(EventVoteCommitted{Task: t.ID, Account: ctx.Sender, Commitment: m.Commitment})
	return nil
}

// RevealVote opens the sender's vote and moves its salt chain.
func (k Keeper) RevealVote(ctx *ledger.Context, kv ledger.KV, m RevealVote) error {
	t, member, err := k.seat(ctx, kv, m.Task, phaseVoteReveal)
	if err != nil {
		return err
	}
	r := k.record(kv, t.ID, ctx.Sender)
	switch {
	case r.Commitment.IsZero():
		return refused("%s committed no vote", ctx.Sender)
	case r.Revealed:
		return refused("%s has revealed its vote already", ctx.Sender)
	}
	want := commitreveal.Commit(commitreveal.KindVote, ctx.Network, t.ID, string(ctx.Sender), ledger.DocCID(m.Doc), m.Salt)
	if want != r.Commitment {
		return k.unmatched(ctx, kv, t, r, m)
	}
	vote, err := DecodeVote(m.Doc)
	if err != nil {
		return err
	}
	if vote.Task != t.ID || vote.Account != ctx.Sender {
		return refused("the vote is that of %s on task %s", vote.Account, vote.Task)
	}
	if !commitreveal.Precedes(m.ChainSalt, member.SaltHead, saltDepth) {
		return refused("the salt does not lie behind the head %s of %s's salt chain", member.SaltHead, ctx.Sender)
	}
	if err := k.acceptEntries(kv, t, vote, m.ChainSalt); err != nil {
		return err
	}
	if head := k.ports.Stakes.SaltHead(kv, ctx.Sender); commitreveal.Precedes(m.ChainSalt, head, saltDepth) {
		k.ports.Stakes.MoveSaltHead(kv, ctx.Sender, m.ChainSalt)
	}
	if err := k.ports.Tasks.MarkVote(kv, t.ID, ctx.Sender, true); err != nil {
		return err
	}
	r.Revealed, r.ChainSalt = true, m.ChainSalt
	for _, e := range vote.Entries {
		r.Entries = append(r.Entries, Judged{Entry: e})
	}
	save(kv, &r)
	ctx.Emit(EventVoteRevealed{Task: t.ID, Account: ctx.Sender, ChainSalt: m.ChainSalt, Entries: vote.Entries})
	return nil
}

// unmatched refuses a reveal that the sender's commitment does not bind, and says whose it is if it was copied.
func (k Keeper) unmatched(ctx *ledger.Context, kv ledger.KV, t Task, own Record, m RevealVote) error {
	for _, other := range k.Votes(kv, t.ID) {
		if other.Account == ctx.Sender {
			continue
		}
		theirs := commitreveal.Commit(commitreveal.KindVote, ctx.Network, t.ID, string(other.Account), ledger.DocCID(m.Doc), m.Salt)
		if theirs == own.Commitment || other.Commitment == own.Commitment {
			return refused("the commitment binds another account: %s made it, and it cannot be opened by %s", other.Account, ctx.Sender)
		}
	}
	return refused("the vote does not match the commitment %s of %s", own.Commitment, ctx.Sender)
}

// acceptEntries checks that the vote judges every solution on the intervals its salt draws, and demands their opening.
func (k Keeper) acceptEntries(kv ledger.KV, t Task, vote Vote, chainSalt ledger.Hash) error {
	candidates := t.candidates()
	if len(vote.Entries) != len(candidates) {
		return refused("the vote has %d entries for %d solutions", len(vote.Entries), len(candidates))
	}
	for i, e := range vote.Entries {
		if e.Solver != candidates[i].Account {
			return refused("entry %d is about %s instead of %s", i, e.Solver, candidates[i].Account)
		}
		if t.EvaluateOnly && (len(e.Intervals) > 0 || e.Mismatch()) {
			return refused("the vote on %s replays %v: nobody can replay this task's solutions", e.Solver, e.Intervals)
		}
		if t.EvaluateOnly || e.Unusable() {
			continue
		}
		drawn := commitreveal.DrawIntervals(chainSalt, t.DrawHash, t.ID, string(e.Solver), int(t.Intervals), int(t.Replay))
		if !sameIntervals(drawn, e.Intervals) {
			return refused("the vote on %s replays %v; its salt draws %v", e.Solver, e.Intervals, drawn)
		}
		if e.Mismatch() && !slices.Contains(e.Intervals, e.Fault.Interval) {
			return refused("the fault of %s is in interval %d, which was not drawn", e.Solver, e.Fault.Interval)
		}
		if err := k.ports.Tasks.Demand(kv, t.ID, e.Solver, e.Intervals); err != nil {
			return err
		}
	}
	return nil
}

// seat returns a task in the wanted phase and the sender's seat on its committee.
func (k Keeper) seat(ctx *ledger.Context, kv ledger.KV, id, phase string) (Task, Member, error) {
	t, ok := k.ports.Tasks.Task(kv, id)
	if !ok {
		return t, Member{}, ledger.Refuse(ledger.CodeNotFound, "no task %s", id)
	}
	if err := inPhase(ctx, t, phase); err != nil {
		return t, Member{}, err
	}
	for _, m := range t.Members {
		if m.Account == ctx.Sender {
			return t, m, nil
		}
	}
	return t, Member{}, refused("%s is not on the committee of task %s", ctx.Sender, id)
}

func inPhase(ctx *ledger.Context, t Task, phase string) error {
	switch {
	case t.Phase == phase && ctx.WorkMS < t.Deadline:
		return nil
	case t.Early || (phase == phaseVoteReveal && t.Phase == phaseVoteCommit):
		return ledger.Refuse(ledger.CodeEarly, "task %s has not reached %s", t.ID, phase)
	default:
		return ledger.Refuse(ledger.CodeLate, "%s of task %s is over", phase, t.ID)
	}
}

// Forfeit penalises a member that did not commit or did not reveal its vote.
func (k Keeper) Forfeit(ctx *ledger.Context, kv ledger.KV, task string, member ledger.Account, cause string) {
	r := k.record(kv, task, member)
	r.Forfeit = cause
	k.slash(ctx, kv, &r, ctx.Params.VoteSlash, cause, "", "")
	save(kv, &r)
}

func (k Keeper) slash(ctx *ledger.Context, kv ledger.KV, r *Record, amount ledger.Natn, cause string, solver ledger.Account, evidence string) {
	taken := k.ports.Stakes.Slash(ctx, kv, Penalty{
		Account: r.Account, Role: ledger.RoleCoordinator, Amount: amount, Task: r.Task, Cause: cause, Evidence: evidence,
	})
	r.Lost += taken
	ctx.Emit(EventSlashed{
		Task: r.Task, Account: r.Account, Role: ledger.RoleCoordinator, Amount: taken, Cause: cause, Solver: solver, Evidence: evidence,
	})
}

// candidates are the solutions still in the task.
func (t Task) candidates() []Solution {
	var in []Solution
	for _, s := range t.Solutions {
		if s.Dropped == "" {
			in = append(in, s)
		}
	}
	return in
}

func sameIntervals(drawn []int, claimed []uint32) bool {
	if len(drawn) != len(claimed) {
		return false
	}
	for i := range drawn {
		if uint32(drawn[i]) != claimed[i] {
			return false
		}
	}
	return true
}
