package task

import (
	"autonet/ledger"
)

// MaxLive is how many tasks of one proposer may be on their way: every block looks at each of them, so that they must cost
// stake, not only a transaction.
const MaxLive = 32

// Propose creates a task of the sender and escrows its rewards.
func (k Keeper) Propose(ctx *ledger.Context, kv ledger.KV, m Propose) error {
	if err := checkBounds(ctx.Params, m); err != nil {
		return err
	}
	if !k.ports.Stakes.Active(ctx, kv, ctx.Sender, ledger.RoleProposer) {
		return ledger.Refuse(ledger.CodeFunds, "%s is no active proposer: it needs a stake of %s", ctx.Sender, ctx.Params.Proposer.MinStake)
	}
	live, _ := ledger.Load[uint32](kv, keyCount(ctx.Sender))
	if live >= MaxLive {
		return refused("%s has %d tasks on their way: wait for one to end", ctx.Sender, live)
	}
	id := ledger.TaskID(ctx.Network, ctx.Sender, ctx.Nonce)
	if _, taken := k.Record(kv, id); taken {
		return refused("task %s exists", id)
	}
	t := newTask(ctx, id, m)
	escrow, err := escrowOf(&t)
	if err != nil {
		return invalid("the rewards are more than any budget can hold")
	}
	if err := checkBond(ctx.Params, &t); err != nil {
		return err
	}
	if err := k.ports.Budget.Reserve(ctx, kv, t.Project, escrow.Total()); err != nil {
		return err
	}
	t.Escrow = escrow
	ctx.Emit(EventProposed{
		Task: id, Project: t.Project, Proposer: t.Proposer, Spec: t.Spec, Model: t.Model, Truth: t.Truth,
		Slots: m.Slots, EvaluateOnly: t.EvaluateOnly, Escrow: escrow,
	})
	enter(ctx, &t, StateProposed, "", ctx.WorkMS+ctx.Params.OpenMS, "proposed")
	kv.Set(keyLive(id), []byte{1})
	ledger.Save(kv, keyCount(ctx.Sender), live+1)
	save(kv, &t)
	return nil
}

func newTask(ctx *ledger.Context, id string, m Propose) Task {
	committee := m.Committee
	if committee == 0 {
		committee = ctx.Params.Committee
	}
	commitMS := int64(m.CommitMS)
	if commitMS == 0 {
		commitMS = ctx.Params.CommitMS
	}
	n, detection := intervals(m.Steps, m.Interval), uint32(0)
	if !m.EvaluateOnly {
		detection = DetectionPerMille(n, m.Replay, committee)
	}
	slots := make([]Slot, m.Slots)
	for i := range slots {
		slots[i].Index = uint32(i)
	}
	return Task{
		ID: id, Project: m.Project, Proposer: ctx.Sender, Spec: m.Spec, Model: m.Model, Truth: m.Truth,
		Steps: m.Steps, Interval: m.Interval, Intervals: n, Batch: m.Batch, Replay: m.Replay,
		CommitteeSize: committee, Detection: detection, EvaluateOnly: m.EvaluateOnly,
		RewardPerSample: m.RewardPerSample, CoordinatorFee: m.CoordinatorFee, AggregatorFee: m.AggregatorFee,
		StorageFee: m.StorageFee, ProposerReward: m.ProposerReward, CommitMS: commitMS, Slots: slots,
	}
}

func checkBounds(p ledger.Params, m Propose) error {
	n := intervals(m.Steps, m.Interval)
	switch {
	case m.Slots > p.MaxSlots:
		return refused("%d slots; at most %d", m.Slots, p.MaxSlots)
	case m.Steps > p.MaxSteps:
		return refused("%d steps; at most %d", m.Steps, p.MaxSteps)
	case !m.EvaluateOnly && m.Interval > p.MaxInterval:
		return refused("intervals of %d steps; at most %d", m.Interval, p.MaxInterval)
	case n > p.MaxIntervals:
		return refused("%d intervals; at most %d", n, p.MaxIntervals)
	case m.Replay > p.MaxReplay:
		return refused("%d intervals to replay; at most %d", m.Replay, p.MaxReplay)
	case m.Committee != 0 && (m.Committee < p.Committee || m.Committee > p.MaxCommittee):
		return refused("a committee of %d; between %d and %d", m.Committee, p.Committee, p.MaxCommittee)
	case m.CommitMS != 0 && int64(m.CommitMS) < p.CommitMS/4:
		return refused("a commit window of %d ms; at least %d", m.CommitMS, p.CommitMS/4)
	}
	return nil
}

func checkBond(p ledger.Params, t *Task) error {
	reward, err := t.SlotReward()
	if err != nil {
		return invalid("the rewards are more than any budget can hold")
	}
	if _, err := bondOf(p, reward, t); err != nil {
		return invalid("no stake can cover a bond for %s at a detection of %d per mille", reward, t.Detection)
	}
	return nil
}

// Open opens the sender's task for claims.
func (k Keeper) Open(ctx *ledger.Context, kv ledger.KV, m Open) error {
	t, err := k.load(kv, m.Task)
	if err != nil {
		return err
	}
	if ctx.Sender != t.Proposer {
		return refused("only the proposer %s can open task %s", t.Proposer, t.ID)
	}
	if err := inState(ctx, &t, StateProposed); err != nil {
		return err
	}
	t.ClaimDeadline = ctx.WorkMS + min(ctx.Params.ClaimMS, t.CommitMS)
	enter(ctx, &t, StateOpen, "", ctx.WorkMS+t.CommitMS, "the truth has landed")
	save(kv, &t)
	return nil
}
