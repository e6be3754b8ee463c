package dispute

import (
	"fmt"
	"slices"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
)

const tagPanel = "autonet/panel/v1"

// maxDraws is how often judges are drawn for one panel: once, and once more for those who stayed silent.
const maxDraws = 2

// call opens a panel for a question. Its judges are drawn from the hash of the next block, which nobody knows yet.
func call(ctx *ledger.Context, kv ledger.KV, task string, q Question) {
	savePanel(kv, &Panel{Task: task, Question: q, Stage: Drawing, Called: ctx.Height})
}

// candidate is an account that can be drawn.
type candidate struct {
	account ledger.Account
	role    ledger.Role
	stake   ledger.Natn
}

// draw seats judges from this block's hash: coordinators without a part in the task and, when those are used up,
// validators.
func (k Keeper) draw(ctx *ledger.Context, kv ledger.KV, p *Panel) error {
	p.Draws++
	p.DrawHash = ctx.Hash
	out := k.excluded(kv, p)
	wanted := int(ctx.Params.Disputes.Judges)
	drawn := []Drawn{}
	for _, j := range p.Judges {
		if !j.Silent {
			wanted--
		}
	}
	for _, role := range []ledger.Role{ledger.RoleCoordinator, ledger.RoleValidator} {
		var pool []candidate
		k.ports.Stakes.Holders(ctx, kv, role, func(account ledger.Account, stake ledger.Natn) bool {
			if stake > 0 && !slices.Contains(out, account) {
				pool = append(pool, candidate{account: account, role: role, stake: stake})
			}
			return true
		})
		for ; wanted > 0 && len(pool) > 0; wanted-- {
			stakes := make([]uint64, len(pool))
			for i, c := range pool {
				stakes[i] = uint64(c.stake)
			}
			counter := p.Draws<<16 | uint32(len(p.Judges))
			i := ledger.PickByStake(tagPanel, ctx.Hash, p.Task+"/"+p.Question.ID(), counter, stakes)
			j := Judge{Account: pool[i].account, Role: role, Stake: pool[i].stake}
			p.Judges = append(p.Judges, j)
			drawn = append(drawn, Drawn{Account: j.Account, Role: role, Stake: j.Stake})
			out = append(out, j.Account)
			pool = slices.Delete(pool, i, i+1)
		}
	}
	p.Stage, p.Deadline = Sealing, ctx.WorkMS+ctx.Params.JudgeMS
	ctx.Emit(EventPanel{
		Task: p.Task, Question: p.Question, Draw: p.Draws, DrawHash: ctx.Hash, Drawn: drawn, Deadline: p.Deadline,
	})
	if len(p.Judges) == 0 {
		return k.undecided(ctx, kv, p, "nobody without a part in the task can judge")
	}
	savePanel(kv, p)
	return nil
}

// excluded lists who cannot be drawn: who had a part in the task, the parties, and who sat on the panel before.
func (k Keeper) excluded(kv ledger.KV, p *Panel) []ledger.Account {
	out := k.ports.Tasks.Insiders(kv, p.Task)
	for _, d := range k.about(kv, p.Task, p.Question.Solver) {
		out = append(out, d.Solver, d.Challenger)
	}
	for _, d := range k.Aggregates(kv, p.Task) {
		if p.Question.Aggregate() {
			out = append(out, d.Aggregator, d.Challenger)
		}
	}
	for _, j := range p.Judges {
		out = append(out, j.Account)
	}
	return out
}

// Commit seals the sender's judgement.
func (k Keeper) Commit(ctx *ledger.Context, kv ledger.KV, m Commit) error {
	p, j, err := k.judge(ctx, kv, m.Task, m.Question, Sealing)
	if err != nil {
		return err
	}
	if j.Sealed() {
		return refused("%s has sealed its judgement already", ctx.Sender)
	}
	j.Commitment = m.Commitment
	savePanel(kv, p)
	ctx.Emit(EventSealed{Task: p.Task, Question: p.Question, Judge: ctx.Sender, Commitment: m.Commitment})
	return nil
}

// Reveal shows the sender's judgement.
func (k Keeper) Reveal(ctx *ledger.Context, kv ledger.KV, m Reveal) error {
	p, j, err := k.judge(ctx, kv, m.Task, m.Question, Revealing)
	if err != nil {
		return err
	}
	if j.Revealed {
		return refused("%s has shown its judgement already", ctx.Sender)
	}
	doc, err := JudgementCID(m.Task, m.Question, m.Finding)
	if err != nil {
		return invalid("the judgement: %v", err)
	}
	commit := func(account ledger.Account) ledger.Hash {
		return commitreveal.Commit(commitreveal.KindVerdict, ctx.Network, m.Task, string(account), doc, m.Salt)
	}
	if commit(ctx.Sender) != j.Commitment {
		for _, other := range p.Judges {
			if other.Account != ctx.Sender && (other.Commitment == j.Commitment || commit(other.Account) == j.Commitment) {
				return refused("the commitment binds another account: %s made it, and it cannot be opened by %s", other.Account, ctx.Sender)
			}
		}
		return refused("the judgement does not match the commitment %s of %s", j.Commitment, ctx.Sender)
	}
	j.Revealed, j.Finding = true, m.Finding
	savePanel(kv, p)
	ctx.Emit(EventJudged{Task: p.Task, Question: p.Question, Judge: ctx.Sender, Finding: m.Finding, Stake: j.Stake})
	return nil
}

// judge returns a panel in the wanted stage and the sender's seat on it.
func (k Keeper) judge(ctx *ledger.Context, kv ledger.KV, task string, q Question, stage Stage) (*Panel, *Judge, error) {
	p, ok := k.Panel(kv, task, q)
	if !ok {
		return nil, nil, ledger.Refuse(ledger.CodeNotFound, "no panel is asked about %s in task %s", q.ID(), task)
	}
	seat := p.Seat(ctx.Sender)
	switch {
	case p.Stage == stage && ctx.WorkMS < p.Deadline:
	case p.Stage == Drawing || p.Stage == Sealing && stage == Revealing:
		return nil, nil, ledger.Refuse(ledger.CodeEarly, "the panel about %s in task %s is %s", q.ID(), task, p.Stage)
	default:
		return nil, nil, ledger.Refuse(ledger.CodeLate, "the panel about %s in task %s is %s", q.ID(), task, p.Stage)
	}
	switch {
	case seat < 0:
		return nil, nil, refused("%s was not drawn to judge %s in task %s", ctx.Sender, q.ID(), task)
	case p.Judges[seat].Silent:
		return nil, nil, refused("%s was silent and has lost its seat", ctx.Sender)
	case stage == Revealing && !p.Judges[seat].Sealed():
		return nil, nil, refused("%s sealed no judgement", ctx.Sender)
	}
	return &p, &p.Judges[seat], nil
}

// advance moves a panel past its deadline, or past a stage in which every judge has acted.
func (k Keeper) advance(ctx *ledger.Context, kv ledger.KV, p *Panel) error {
	switch p.Stage {
	case Sealing:
		return k.endSealing(ctx, kv, p)
	case Revealing:
		return k.endRevealing(ctx, kv, p)
	case Drawing, Decided, Undecided:
		return nil
	default:
		return fmt.Errorf("unknown stage %q", p.Stage)
	}
}

func (k Keeper) endSealing(ctx *ledger.Context, kv ledger.KV, p *Panel) error {
	silent := waiting(p, Judge.Sealed)
	if len(silent) > 0 && ctx.WorkMS < p.Deadline {
		return nil
	}
	k.silence(ctx, kv, p, silent, "it was drawn to judge a dispute and sealed no judgement in time")
	if len(silent) > 0 && p.Draws < maxDraws {
		p.Stage, p.Called, p.Deadline = Drawing, ctx.Height, 0
		savePanel(kv, p)
		return nil
	}
	sealed := uint32(0)
	for _, j := range p.Judges {
		if j.Sealed() {
			sealed++
		}
	}
	if sealed == 0 {
		return k.undecided(ctx, kv, p, "no judge sealed a judgement in time")
	}
	p.Stage, p.Deadline = Revealing, ctx.WorkMS+ctx.Params.Disputes.JudgeRevealMS
	savePanel(kv, p)
	ctx.Emit(EventRevealing{Task: p.Task, Question: p.Question, Sealed: sealed, Deadline: p.Deadline})
	return nil
}

func (k Keeper) endRevealing(ctx *ledger.Context, kv ledger.KV, p *Panel) error {
	silent := waiting(p, func(j Judge) bool { return j.Revealed })
	if len(silent) > 0 && ctx.WorkMS < p.Deadline {
		return nil
	}
	k.silence(ctx, kv, p, silent, "it sealed a judgement of a dispute and did not show it in time")
	majority, ok := p.tally()
	switch {
	case !ok:
		return k.undecided(ctx, kv, p, "no judgement has more than half of the stake that was revealed")
	case majority.Unusable:
		p.Majority = majority
		return k.undecided(ctx, kv, p, "the panel could not get what it takes to recompute it")
	}
	return k.decide(ctx, kv, p, majority)
}

// waiting lists the seats of judges who have not acted.
func waiting(p *Panel, acted func(Judge) bool) []int {
	var seats []int
	for i, j := range p.Judges {
		if !j.Silent && !acted(j) {
			seats = append(seats, i)
		}
	}
	return seats
}

// silence slashes judges and takes their seats.
func (k Keeper) silence(ctx *ledger.Context, kv ledger.KV, p *Panel, seats []int, cause string) {
	for _, i := range seats {
		p.Judges[i].Silent = true
		penalty := Penalty{
			Account: p.Judges[i].Account, Role: p.Judges[i].Role, Amount: ctx.Params.Disputes.JudgeSlash, Task: p.Task,
			Cause: cause, Evidence: "panel about " + p.Question.ID(),
		}
		emitSlashed(ctx, penalty, k.ports.Stakes.Slash(ctx, kv, penalty))
	}
}

// tally returns the finding that more than half of the revealed stake shares.
func (p *Panel) tally() (Finding, bool) {
	var total ledger.Natn
	for _, j := range p.Judges {
		if j.Revealed {
			total += j.Stake
		}
	}
	for _, j := range p.Judges {
		if !j.Revealed {
			continue
		}
		var sum ledger.Natn
		for _, other := range p.Judges {
			if other.Revealed && other.Finding == j.Finding {
				sum += other.Stake
			}
		}
		if sum > total-sum {
			return j.Finding, true
		}
	}
	return Finding{}, false
}

// decide closes a panel with a majority and every dispute that waits for it.
func (k Keeper) decide(ctx *ledger.Context, kv ledger.KV, p *Panel, majority Finding) error {
	p.Stage, p.Deadline, p.Majority, p.Outcome = Decided, 0, majority, "more than half of the revealed stake agrees"
	k.emitDecided(ctx, p)
	var pot ledger.Natn
	for _, d := range k.Aggregates(kv, p.Task) {
		if d.Status != Judging || !p.Question.Aggregate() {
			continue
		}
		share, err := k.settleAggregate(ctx, kv, &d, majority.Model)
		if err != nil {
			return err
		}
		pot += share
	}
	for _, d := range k.about(kv, p.Task, p.Question.Solver) {
		if d.Status != Judging || d.question() != p.Question {
			continue
		}
		share, err := k.settle(ctx, kv, &d, majority.State)
		if err != nil {
			return err
		}
		pot += share
	}
	if err := k.payJudges(ctx, kv, p, pot); err != nil {
		return err
	}
	savePanel(kv, p)
	return nil
}

// undecided closes a panel without a majority: every dispute that waits for it is void.
func (k Keeper) undecided(ctx *ledger.Context, kv ledger.KV, p *Panel, outcome string) error {
	p.Stage, p.Deadline, p.Outcome = Undecided, 0, outcome
	k.emitDecided(ctx, p)
	for _, d := range k.Aggregates(kv, p.Task) {
		if d.Status == Judging && p.Question.Aggregate() {
			k.closeAggregate(ctx, kv, &d, Void, outcome)
		}
	}
	for _, d := range k.about(kv, p.Task, p.Question.Solver) {
		if d.Status == Judging && d.question() == p.Question {
			k.close(ctx, kv, &d, Void, outcome)
		}
	}
	savePanel(kv, p)
	return nil
}

func (Keeper) emitDecided(ctx *ledger.Context, p *Panel) {
	ctx.Emit(EventDecided{Task: p.Task, Question: p.Question, Stage: p.Stage, Majority: p.Majority, Outcome: p.Outcome})
}
