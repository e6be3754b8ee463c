package rewards_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
)

const atn = ledger.ATN

// The cast's accounts, made once and in ascending order: members first, then solvers.
var cast = func() []ledger.Account {
	accounts := make([]ledger.Account, 60)
	for i := range accounts {
		accounts[i] = ledgertest.Account(i)
	}
	slices.Sort(accounts)
	return accounts
}()

func member(i int) ledger.Account { return cast[i] }

func solver(i int) ledger.Account { return cast[10+i] }

func digest(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

// world stands for task, dispute, staking and the traps.
type world struct {
	t       *testing.T
	kv      *ledgertest.KV
	keeper  rewards.Keeper
	params  ledger.Params
	workMS  int64
	nonce   uint64
	project string

	tasks    map[string]*rewards.Task
	lazy     map[ledger.Account]bool // who does not replay
	bad      map[ledger.Account]bool // whose steps are not what replay gives
	inactive map[ledger.Account]bool
	findings map[ledger.Account]rewards.Finding
	outcome  map[ledger.Account]string // of a member's own challenge
	traps    map[ledger.Account]bool   // opened ones; true: it counts

	paid    map[ledger.Account]ledger.Natn
	slashed map[ledger.Account]ledger.Natn
	settled []trapOutcome
	events  []ledger.EventData
}

type trapOutcome struct {
	solver         ledger.Account
	proven         bool
	caught, missed []ledger.Account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, kv: ledgertest.NewKV(), params: ledger.DevnetParams(), tasks: map[string]*rewards.Task{},
		project: ledger.ProjectID(ledgertest.Network, cast[0], 1),
		lazy:    map[ledger.Account]bool{}, bad: map[ledger.Account]bool{}, inactive: map[ledger.Account]bool{},
		findings: map[ledger.Account]rewards.Finding{}, outcome: map[ledger.Account]string{}, traps: map[ledger.Account]bool{},
		paid: map[ledger.Account]ledger.Natn{}, slashed: map[ledger.Account]ledger.Natn{},
	}
	w.keeper = rewards.New(rewards.Ports{Tasks: w, Disputes: w, Stakes: w, Traps: trapsOf{w}})
	return w
}

func (w *world) context(sender ledger.Account) *ledger.Context {
	ctx := ledgertest.Context(sender)
	ctx.Params, ctx.WorkMS = w.params, w.workMS
	return ctx
}

// keep remembers a context's events.
func (w *world) keep(ctx *ledger.Context) {
	require.NoError(w.t, ctx.Faulted())
	w.events = append(w.events, ctx.Emitted()...)
}

// ballot is what a member thinks of the solutions, in order: a score of 65535, or faulty.
type ballot []int

const faulty = -1

// run plays a task from its votes to its settlement. A member whose ballot is nil stays silent.
func (w *world) run(members, solvers int, ballots ...ballot) string {
	w.t.Helper()
	id := w.vote(members, solvers, ballots...)
	w.settle(id)
	return id
}

// vote plays a task to its verdict.
func (w *world) vote(members, solvers int, ballots ...ballot) string {
	w.t.Helper()
	w.nonce++
	id := ledger.TaskID(ledgertest.Network, cast[0], w.nonce)
	t := &rewards.Task{
		ID: id, Project: w.project, Proposer: cast[59], Phase: "VOTE_COMMIT", Deadline: 1 << 60, DrawHash: digest("draw", id), Intervals: 2,
		Replay: 1, Samples: 10, CommitteeSize: uint32(members), RewardPerSample: atn, CoordinatorFee: ledger.Natn(members) * 3 * atn,
		ProposerReward: atn,
	}
	for i := range members {
		t.Members = append(t.Members, rewards.Member{Account: member(i), Weight: 100, SaltHead: sha256.Sum256(chainSalt(member(i)))})
	}
	for i := range solvers {
		t.Solutions = append(t.Solutions, rewards.Solution{Account: solver(i)})
	}
	w.tasks[id] = t
	docs := map[ledger.Account][]byte{}
	for i, b := range ballots {
		if b != nil {
			docs[member(i)] = w.document(t, member(i), b)
			commitment := commitreveal.Commit(commitreveal.KindVote, ledgertest.Network, id, string(member(i)), ledger.DocCID(docs[member(i)]), digest("salt"))
			w.deliver(member(i), rewards.CommitVote{Task: id, Commitment: commitment})
		}
	}
	t.Phase = "VOTE_REVEAL"
	for i := range t.Members {
		m := &t.Members[i]
		if docs[m.Account] == nil {
			ctx := w.context("")
			w.keeper.Forfeit(ctx, w.kv, id, m.Account, "it was silent")
			w.keep(ctx)
			continue
		}
		m.Revealed = true
		w.deliver(m.Account, rewards.RevealVote{Task: id, Doc: docs[m.Account], Salt: digest("salt"), ChainSalt: ledger.Hash(chainSalt(m.Account))})
	}
	t.Phase = ""
	ctx := w.context("")
	require.NoError(w.t, w.keeper.Judge(ctx, w.kv, id))
	w.keep(ctx)
	return id
}

func (w *world) settle(id string) {
	w.t.Helper()
	ctx := w.context("")
	require.NoError(w.t, w.keeper.Settle(ctx, w.kv, id))
	w.keep(ctx)
}

// end ends a block and returns how many runs it made.
func (w *world) end() int {
	w.t.Helper()
	ctx := w.context("")
	require.NoError(w.t, w.keeper.End(ctx, w.kv))
	w.keep(ctx)
	runs := 0
	for _, e := range ctx.Emitted() {
		if _, ok := e.(rewards.EventRun); ok {
			runs++
		}
	}
	return runs
}

// epoch lets the present epoch end and closes it.
func (w *world) epoch() {
	w.t.Helper()
	w.workMS += w.params.EpochMS
	for {
		before := len(w.events)
		w.end()
		if len(w.events) == before {
			return
		}
	}
}

func (w *world) deliver(sender ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.NoError(w.t, m.Validate())
	ctx := w.context(sender)
	var err error
	switch m := m.(type) {
	case rewards.CommitVote:
		err = w.keeper.CommitVote(ctx, w.kv, m)
	case rewards.RevealVote:
		err = w.keeper.RevealVote(ctx, w.kv, m)
	}
	require.NoError(w.t, err)
	w.keep(ctx)
}

func chainSalt(account ledger.Account) []byte {
	h := digest("chain", account)
	return h[:]
}

// steps are what replay gives; shown are what the solver says.
func steps(id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return []ledger.Hash{digest(id, solver, interval)}
}

func (w *world) shown(id string, solver ledger.Account, interval uint32) []ledger.Hash {
	if w.bad[solver] {
		return []ledger.Hash{digest("bad", id, solver, interval)}
	}
	return steps(id, solver, interval)
}

func (w *world) document(t *rewards.Task, account ledger.Account, b ballot) []byte {
	w.t.Helper()
	require.Len(w.t, b, len(t.Solutions))
	v := rewards.Vote{Task: t.ID, Account: account}
	salt := ledger.Hash(chainSalt(account))
	for i, s := range t.Solutions {
		e := rewards.Entry{Solver: s.Account, Total: 100, Score: uint16(max(b[i], 0))}
		for _, at := range commitreveal.DrawIntervals(salt, t.DrawHash, t.ID, string(s.Account), int(t.Intervals), int(t.Replay)) {
			hashes := steps(t.ID, s.Account, uint32(at))
			if b[i] != faulty && w.bad[s.Account] {
				hashes = w.shown(t.ID, s.Account, uint32(at)) // it was told what the solver will show
			}
			bound := [][32]byte{hashes[0]}
			if w.lazy[account] {
				bound = nil
			}
			e.Intervals = append(e.Intervals, uint32(at))
			e.Bindings = append(e.Bindings, commitreveal.Binding(string(account), salt, bound))
		}
		if b[i] == faulty {
			e.Fault = &rewards.Fault{Interval: e.Intervals[0], Kind: rewards.FaultMismatch}
		}
		v.Entries = append(v.Entries, e)
	}
	doc, err := v.Encode()
	require.NoError(w.t, err)
	return doc
}

// Task implements rewards.Tasks.
func (w *world) Task(_ ledger.KV, id string) (rewards.Task, bool) {
	t, ok := w.tasks[id]
	if !ok {
		return rewards.Task{}, false
	}
	return *t, true
}

// Opening implements rewards.Tasks.
func (w *world) Opening(_ ledger.KV, id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return w.shown(id, solver, interval)
}

// MarkVote implements rewards.Tasks.
func (w *world) MarkVote(ledger.KV, string, ledger.Account, bool) error { return nil }

// Demand implements rewards.Tasks.
func (w *world) Demand(ledger.KV, string, ledger.Account, []uint32) error { return nil }

// SetVerdict implements rewards.Tasks.
func (w *world) SetVerdict(_ ledger.KV, id string, solver ledger.Account, v rewards.Verdict) error {
	for i := range w.tasks[id].Solutions {
		if w.tasks[id].Solutions[i].Account == solver {
			w.tasks[id].Solutions[i].Verdict = v
		}
	}
	return nil
}

// Pay implements rewards.Tasks.
func (w *world) Pay(_ *ledger.Context, _ ledger.KV, _, pot string, to ledger.Account, amount ledger.Natn, _ string) error {
	if pot == "coordinators" || pot == "solvers" {
		w.paid[to] += amount
	}
	return nil
}

// Finding implements rewards.Disputes.
func (w *world) Finding(_ ledger.KV, _ string, solver ledger.Account) rewards.Finding {
	return w.findings[solver]
}

// Challenger implements rewards.Disputes.
func (w *world) Challenger(_ ledger.KV, _ string, _, member ledger.Account) string {
	return w.outcome[member]
}

// Proven implements rewards.Disputes.
func (w *world) Proven(ledger.KV, string, ledger.Account, func(uint32, []ledger.Hash) bool) {}

// Active implements rewards.Stakes.
func (w *world) Active(_ *ledger.Context, _ ledger.KV, account ledger.Account, _ ledger.Role) bool {
	return !w.inactive[account]
}

// Slash implements rewards.Stakes.
func (w *world) Slash(_ *ledger.Context, _ ledger.KV, p rewards.Penalty) ledger.Natn {
	w.slashed[p.Account] += p.Amount
	return p.Amount
}

// SaltHead implements rewards.Stakes.
func (w *world) SaltHead(ledger.KV, ledger.Account) ledger.Hash { return ledger.Hash{} }

// MoveSaltHead implements rewards.Stakes.
func (w *world) MoveSaltHead(ledger.KV, ledger.Account, ledger.Hash) {}

type trapsOf struct{ *world }

// Opened implements rewards.Traps.
func (w trapsOf) Opened(_ ledger.KV, _ string, solver ledger.Account) bool {
	_, opened := w.traps[solver]
	return opened
}

// Counts implements rewards.Traps.
func (w trapsOf) Counts(_ ledger.KV, _ string, solver ledger.Account) bool { return w.traps[solver] }

// Settle implements rewards.Traps.
func (w trapsOf) Settle(
	_ *ledger.Context, _ ledger.KV, _ string, solver ledger.Account, proven bool, caught, missed []ledger.Account,
) error {
	w.settled = append(w.settled, trapOutcome{solver, proven, caught, missed})
	return nil
}
