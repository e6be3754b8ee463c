package task_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
)

// world joins the three modules to a small bank, staking, project and shard register whose books are in the store, so
// that refused messages roll them back too.
type world struct {
	kv       *ledgertest.KV
	tasks    task.Keeper
	votes    rewards.Keeper
	disputes dispute.Keeper

	ctx    *ledger.Context
	height int64
	timeMS int64
	workMS int64
	nonce  uint64
	supply ledger.Natn

	names    []string // of the accounts
	accounts []ledger.Account
	projects string
}

func newWorld() *world {
	w := &world{kv: ledgertest.NewKV(), timeMS: 1_700_000_000_000, projects: strings.Repeat("a", 32)}
	w.tasks = task.New(task.Ports{
		Budget: books{}, Bank: books{}, Stakes: books{}, Votes: votesPort{w}, Disputes: disputesPort{w}, Providers: books{},
	})
	w.votes = rewards.New(rewards.Ports{Tasks: votesTasks{w}, Disputes: votesDisputes{w}, Stakes: votesStakes{}})
	w.disputes = dispute.New(dispute.Ports{Tasks: disputeTasks{w}, Stakes: disputeStakes{}, Bank: books{}, Governance: books{}})
	w.ctx = w.context("")
	return w
}

func (w *world) context(sender ledger.Account) *ledger.Context {
	return &ledger.Context{
		Network: ledgertest.Network, Height: w.height, TimeMS: w.timeMS, WorkMS: w.workMS, LeaseLive: true,
		Hash: sha256.Sum256(fmt.Appendf(nil, "block %d", w.height)), Params: ledger.DevnetParams(), Sender: sender, Nonce: w.nonce,
	}
}

// account returns the account with a name, new if there is none.
func (w *world) account(name string) ledger.Account {
	for i, known := range w.names {
		if known == name {
			return w.accounts[i]
		}
	}
	w.names = append(w.names, name)
	w.accounts = append(w.accounts, ledgertest.Account(len(w.accounts)))
	return w.accounts[len(w.accounts)-1]
}

// stake gives an account stake out of nowhere.
func (w *world) stake(name string, role ledger.Role, amount ledger.Natn) {
	account := w.account(name)
	addTo(w.kv, keyStake(role, account), amount)
	w.supply += amount
	if role == ledger.RoleCoordinator {
		ledger.Save(w.kv, keySalt(account), ledger.Hash(saltAt(account, saltLength)))
	}
}

func (w *world) fund(amount ledger.Natn) {
	addTo(w.kv, keyBudget(w.projects), amount)
	w.supply += amount
}

// deliver runs a message as a transaction of the sender: what it refuses leaves nothing behind.
func (w *world) deliver(sender ledger.Account, m ledger.Msg) ([]ledger.EventData, error) {
	w.nonce++
	ctx := w.context(sender)
	if err := m.Validate(); err != nil {
		return nil, err
	}
	overlay := ledger.NewOverlay(w.kv)
	if err := w.route(ctx, overlay, m); err != nil {
		return nil, err
	}
	overlay.Flush()
	return ctx.Emitted(), nil
}

func (w *world) route(ctx *ledger.Context, kv ledger.KV, m ledger.Msg) error {
	switch m := m.(type) {
	case task.Propose:
		return w.tasks.Propose(ctx, kv, m)
	case task.Open:
		return w.tasks.Open(ctx, kv, m)
	case task.Claim:
		return w.tasks.Claim(ctx, kv, m)
	case task.Checkpoint:
		return w.tasks.Checkpoint(ctx, kv, m)
	case task.Commit:
		return w.tasks.Commit(ctx, kv, m)
	case task.RevealTruth:
		return w.tasks.RevealTruth(ctx, kv, m)
	case task.Reveal:
		return w.tasks.Reveal(ctx, kv, m)
	case task.OpenSteps:
		return w.tasks.OpenSteps(ctx, kv, m)
	case task.Aggregate:
		return w.tasks.Aggregate(ctx, kv, m)
	case rewards.CommitVote:
		return w.votes.CommitVote(ctx, kv, m)
	case rewards.RevealVote:
		return w.votes.RevealVote(ctx, kv, m)
	case dispute.Challenge:
		return w.disputes.Challenge(ctx, kv, m)
	case dispute.ChallengeAggregate:
		return w.disputes.ChallengeAggregate(ctx, kv, m)
	case dispute.Commit:
		return w.disputes.Commit(ctx, kv, m)
	case dispute.Reveal:
		return w.disputes.Reveal(ctx, kv, m)
	case dispute.AppealScore:
		return w.disputes.Appeal(ctx, kv, m)
	case dispute.VoteAppeal:
		return w.disputes.VoteAppeal(ctx, kv, m)
	default:
		return fmt.Errorf("no route for %s", m.Kind())
	}
}

// block runs one block with an optional message. The work clock stands still while halted.
func (w *world) block(t *testing.T, step int64, halted bool, sender ledger.Account, m ledger.Msg) ([]ledger.EventData, error) {
	t.Helper()
	w.height++
	w.timeMS += step
	if !halted {
		w.workMS += step
	}
	ctx := w.context("")
	overlay := ledger.NewOverlay(w.kv)
	require.NoError(t, w.tasks.Begin(ctx, overlay))
	require.NoError(t, w.disputes.Begin(ctx, overlay))
	overlay.Flush()
	events := ctx.Emitted()
	var refusal error
	if m != nil {
		var own []ledger.EventData
		own, refusal = w.deliver(sender, m)
		events = append(events, own...)
	}
	ctx = w.context("")
	overlay = ledger.NewOverlay(w.kv)
	require.NoError(t, w.disputes.End(ctx, overlay))
	require.NoError(t, w.tasks.End(ctx, overlay))
	overlay.Flush()
	require.NoError(t, ctx.Faulted())
	w.audit(t)
	return append(events, ctx.Emitted()...), refusal
}

// audit checks conservation, that locks stay within stakes, and that what is final holds nothing.
func (w *world) audit(t *testing.T) {
	t.Helper()
	sum := w.tasks.Escrowed(w.kv)
	for _, prefix := range []string{"x/balance/", "x/stake/", "x/budget/", "x/treasury"} {
		w.kv.Iterate([]byte(prefix), func(key, value []byte) bool {
			var amount ledger.Natn
			ledger.DecodeRecord(key, value, &amount)
			sum += amount
			return true
		})
	}
	require.Equal(t, w.supply, sum, "supply")
	for _, tk := range w.tasks.Tasks(w.kv) {
		if !tk.Final() {
			continue
		}
		require.Zero(t, tk.Escrow.Total(), "escrow of a final task")
		require.False(t, w.disputes.Pending(w.kv, tk.ID))
		w.kv.Iterate([]byte("x/lock/"), func(key, _ []byte) bool {
			require.NotContains(t, string(key), tk.ID, "lock of a final task")
			return true
		})
	}
	for _, account := range w.accounts {
		for _, role := range ledger.Roles() {
			require.LessOrEqual(t, locked(w.kv, account, role), load(w.kv, keyStake(role, account)))
		}
	}
}

// The joints between the three modules.

type votesPort struct{ w *world }

func (p votesPort) Forfeit(ctx *ledger.Context, kv ledger.KV, id string, member ledger.Account, cause string) {
	p.w.votes.Forfeit(ctx, kv, id, member, cause)
}

func (p votesPort) Judge(ctx *ledger.Context, kv ledger.KV, id string) error {
	return p.w.votes.Judge(ctx, kv, id)
}

func (p votesPort) Settle(ctx *ledger.Context, kv ledger.KV, id string) error {
	return p.w.votes.Settle(ctx, kv, id)
}

type disputesPort struct{ w *world }

func (p disputesPort) Pending(kv ledger.KV, id string) bool { return p.w.disputes.Pending(kv, id) }
func (p disputesPort) Demanded(kv ledger.KV, id string, solver ledger.Account, interval uint32) bool {
	return p.w.disputes.Demanded(kv, id, solver, interval)
}

func (p disputesPort) Opened(ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, interval uint32, hashes []ledger.Hash) error {
	return p.w.disputes.Opened(ctx, kv, id, solver, interval, hashes)
}

type votesTasks struct{ w *world }

func (p votesTasks) Task(kv ledger.KV, id string) (rewards.Task, bool) {
	t, ok := p.w.tasks.Record(kv, id)
	if !ok {
		return rewards.Task{}, false
	}
	out := rewards.Task{
		ID: t.ID, Proposer: t.Proposer, Phase: string(t.Phase), Early: t.Before(task.StateVoting), Deadline: t.Deadline,
		DrawHash: t.DrawHash, Intervals: t.Intervals, Replay: t.Replay, Samples: t.Samples(), CommitteeSize: t.CommitteeSize,
		RewardPerSample: t.RewardPerSample, CoordinatorFee: t.CoordinatorFee, ProposerReward: t.ProposerReward,
	}
	for _, m := range t.Committee {
		out.Members = append(out.Members, rewards.Member(m))
	}
	for _, s := range t.RevealedSlots() {
		solution := rewards.Solution{Account: s.Account, Dropped: s.Dropped}
		if s.Verdict != nil {
			solution.Verdict = rewards.Verdict(*s.Verdict)
		}
		out.Solutions = append(out.Solutions, solution)
	}
	return out, true
}

func (p votesTasks) Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return p.w.tasks.Opening(kv, id, solver, interval)
}

func (p votesTasks) MarkVote(kv ledger.KV, id string, member ledger.Account, revealed bool) error {
	return p.w.tasks.MarkVote(kv, id, member, revealed)
}

func (p votesTasks) Demand(kv ledger.KV, id string, solver ledger.Account, intervals []uint32) error {
	return p.w.tasks.Demand(kv, id, solver, intervals)
}

func (p votesTasks) SetVerdict(kv ledger.KV, id string, solver ledger.Account, v rewards.Verdict) error {
	return p.w.tasks.SetVerdict(kv, id, solver, task.Verdict(v))
}

func (p votesTasks) Pay(ctx *ledger.Context, kv ledger.KV, id, pot string, to ledger.Account, amount ledger.Natn, cause string) error {
	return p.w.tasks.Pay(ctx, kv, id, pot, to, amount, cause)
}

type votesDisputes struct{ w *world }

func (p votesDisputes) Finding(kv ledger.KV, id string, solver ledger.Account) rewards.Finding {
	return rewards.Finding{Fraud: p.w.disputes.Fraud(kv, id, solver), Void: p.w.disputes.Void(kv, id, solver)}
}

func (p votesDisputes) Challenger(kv ledger.KV, id string, solver, member ledger.Account) string {
	return p.w.disputes.Challenger(kv, id, solver, member)
}

func (p votesDisputes) Proven(kv ledger.KV, id string, solver ledger.Account, fn func(uint32, []ledger.Hash) bool) {
	p.w.disputes.Proven(kv, id, solver, fn)
}

type votesStakes struct{ books }

func (p votesStakes) Slash(ctx *ledger.Context, kv ledger.KV, pen rewards.Penalty) ledger.Natn {
	return p.books.Slash(ctx, kv, task.Penalty(pen))
}

func (votesStakes) MoveSaltHead(kv ledger.KV, a ledger.Account, head ledger.Hash) {
	ledger.Save(kv, keySalt(a), head)
}

type disputeTasks struct{ w *world }

func (p disputeTasks) Subject(kv ledger.KV, id string, solver, sender ledger.Account, interval uint32) (dispute.Subject, bool) {
	t, ok := p.w.tasks.Record(kv, id)
	if !ok {
		return dispute.Subject{}, false
	}
	i, ok := t.SlotOf(solver)
	if !ok || !t.Slots[i].Revealed {
		return dispute.Subject{}, false
	}
	slot := t.Slots[i]
	_, member := t.MemberOf(sender)
	s := dispute.Subject{
		Open: t.State == task.StateChallenge, Early: t.Before(task.StateChallenge), Deadline: t.Deadline,
		EvaluateOnly: t.EvaluateOnly, Candidate: slot.Candidate(), Member: member, Intervals: t.Intervals,
	}
	if v := slot.Verdict; v != nil {
		s.Judged, s.Score, s.Fraud = true, v.Score, v.Fraud
	}
	if interval < t.Intervals {
		s.Steps = t.StepsIn(interval)
	}
	return s, true
}

func (p disputeTasks) Published(kv ledger.KV, id string) (dispute.Published, bool) {
	t, ok := p.w.tasks.Record(kv, id)
	if !ok {
		return dispute.Published{}, false
	}
	out := dispute.Published{
		Early: t.Before(task.StateAggregated), Open: t.Phase == task.PhaseAggregateChallenge, Deadline: t.Deadline,
		Aggregator: t.Aggregator,
	}
	if r := t.Result; r != nil {
		out.Model = dispute.Model{Manifest: r.Manifest, Root: r.Root, Size: r.Size, Parameters: r.Parameters}
	}
	return out, true
}

func (p disputeTasks) Insiders(kv ledger.KV, id string) []ledger.Account {
	t, _ := p.w.tasks.Record(kv, id)
	return t.Insiders()
}

func (p disputeTasks) ReplaceAggregate(
	ctx *ledger.Context, kv ledger.KV, id string, right dispute.Model, reporter ledger.Account, cause, evidence string,
) (ledger.Natn, error) {
	return p.w.tasks.ReplaceAggregate(ctx, kv, id, task.Result{
		Manifest: right.Manifest, Root: right.Root, Size: right.Size, Parameters: right.Parameters,
	}, reporter, cause, evidence)
}

func (p disputeTasks) ReplaceScore(
	ctx *ledger.Context, kv ledger.KV, id string, solver ledger.Account, score uint16, reason string,
) error {
	return p.w.tasks.ReplaceScore(ctx, kv, id, solver, score, reason)
}

func (p disputeTasks) Opening(kv ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return p.w.tasks.Opening(kv, id, solver, interval)
}

func (p disputeTasks) ProveFraud(
	ctx *ledger.Context, kv ledger.KV, id string, solver, reporter ledger.Account, cause, evidence string,
) (ledger.Natn, error) {
	return p.w.tasks.ProveFraud(ctx, kv, id, solver, reporter, cause, evidence)
}

type disputeStakes struct{ books }

func (p disputeStakes) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, pen dispute.Penalty) ledger.Natn {
	return p.books.SlashLocked(ctx, kv, purpose, task.Penalty(pen))
}

func (p disputeStakes) Slash(ctx *ledger.Context, kv ledger.KV, pen dispute.Penalty) ledger.Natn {
	return p.books.Slash(ctx, kv, task.Penalty(pen))
}
