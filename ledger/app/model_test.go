package app_test

import (
	"math/rand"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
)

// TestTheLedgerAgreesWithItsModel plays histories of thousands of transactions, good and bad, on the ledger and on a plain
// model of it, and compares them after every block.
func TestTheLedgerAgreesWithItsModel(t *testing.T) {
	seen := map[string]int{}
	for seed := range int64(7) {
		raw := make([]byte, 10_000)
		rand.New(rand.NewSource(seed)).Read(raw)
		for what, n := range playModel(t, raw) {
			seen[what] += n
		}
	}
	t.Log(seen)
	for _, what := range []string{
		"done bank/send", "done bank/claim", "done staking/bond", "refused staking/unbond", "done staking/rotate-consensus-key",
		"staking/slashed", "staking/released", "staking/barred", "done dao/delegate", "done dao/vote", "dao/params-changed",
		"executed", "lapsed", "rejected", "done heartbeat/pulse", "done project/fund", "done project/refund", "done project/deploy",
		"done project/order", "done project/deliver", "done project/reject", "done project/withdraw", "SETTLED", "REFUNDED", "unpaid project/order",
		"done shardreg/announce", "done shardreg/answer-audit", "done shardreg/deregister", "done task/claim", "done task/commit",
		"done task/reveal-truth", "task/paid", "task/dropped", "task/returned",
	} {
		require.NotZero(t, seen[what], "the histories never reach %q", what)
	}
}

// FuzzModel lets the fuzzer choose the history.
func FuzzModel(f *testing.F) {
	for seed := range int64(8) {
		raw := make([]byte, 2000)
		rand.New(rand.NewSource(100 + seed)).Read(raw)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 16_000 {
			return
		}
		playModel(t, raw)
	})
}

// modelFiles are the files that providers store: cut once, they are only read.
func modelFiles(tb testing.TB) []stored {
	tb.Helper()
	return []stored{store(tb, 3000, 2, 1), store(tb, 900, 1, 1), store(tb, 5000, 3, 2)}
}

func playModel(t *testing.T, raw []byte) map[string]int {
	t.Helper()
	genesis := genesis()
	c := &chain{App: app.New(), t: t, kv: ledgertest.NewKV(), timeMS: start}
	_, err := c.InitGenesis(c.kv, genesis, start)
	require.NoError(t, err)
	g := &game{tape: &tape{raw: raw}, chain: c, r: newRef(genesis), files: modelFiles(t), seen: map[string]int{}}
	g.play(nil)
	if g.n(4) > 0 {
		g.play(g.opening())
	}
	for !g.over() {
		g.play(g.choose())
	}
	for _, p := range g.r.proposals {
		g.seen[string(p.state)]++
	}
	for _, o := range g.r.orders {
		g.seen[string(o.state)]++
	}
	return g.seen
}

// choose picks a block's messages.
func (g *game) choose() (moves []move) {
	if interval := uint64(g.timeMS / g.r.rules.PulseIntervalMS); g.r.beats == 0 || interval > g.r.beatInterval && g.often() {
		for i := range third + 1 {
			moves = append(moves, move{i, g.pulse()})
		}
	}
	for range g.n(5) {
		from := g.n(castSize)
		switch g.n(12) {
		case 0:
			moves = append(moves, move{from, g.bankMove(from)})
		case 1, 2:
			moves = append(moves, move{from, g.stakeMove(from)})
		case 3, 4:
			moves = append(moves, g.voteMove(from))
		case 5:
			moves = append(moves, g.shardMove(from))
		case 6, 7:
			moves = append(moves, g.taskMove(from))
		default:
			moves = append(moves, g.projectMove(from))
		}
	}
	moves = append(moves, g.orderMoves()...)
	moves = append(moves, g.ballots()...)
	moves = append(moves, g.work()...)
	return append(moves, g.answers()...)
}

// play runs a block on both.
func (g *game) play(moves []move) {
	g.t.Helper()
	type sent struct {
		move
		nonce uint64
		size  int
	}
	var txs [][]byte
	var out []sent
	nonces := map[int]uint64{}
	for _, m := range moves {
		if m.msg.Validate() != nil {
			continue
		}
		nonce := g.r.nonce[acct(m.from)] + nonces[m.from]
		if g.n(40) == 1 {
			nonce++
		} else if app.TakesNonce(m.msg.Kind()) {
			nonces[m.from]++
		}
		raw, err := ledger.SignTx(key(m.from), network, nonce, m.msg)
		require.NoError(g.t, err)
		txs, out = append(txs, raw), append(out, sent{m, nonce, len(raw)})
	}
	g.height++
	g.timeMS += []int64{1, 100, 400, 700, 700, 1500, 3000, 20_000}[g.n(8)]
	info := g.info()
	info.Txs = len(txs)
	if g.n(8) > 0 { // else every signature is verified
		info.Verified = func(ledger.Hash, ledger.Tx) bool { return true }
	}
	claimed := keys(g.r.keyOwner)
	info.Proposer = []byte(one(g.tape, claimed))
	if g.n(150) == 1 {
		info.Equivocations = []app.Equivocation{{
			Kind: app.DoubleSign, Address: []byte(one(g.tape, claimed)), Height: 1 + int64(g.n(int(g.height))), TimeMS: g.timeMS - int64(g.n(90_000)),
		}}
	}
	res, err := g.ExecBlock(g.kv, info, txs)
	require.NoError(g.t, err, "height %d", g.height)
	require.Empty(g.t, g.r.begin(info, len(txs), g.draws(res.Events)), "height %d", g.height)
	for i, tx := range res.Txs {
		want := g.r.deliver(acct(out[i].from), out[i].nonce, out[i].size, out[i].msg)
		require.NotEqual(g.t, ledger.CodeInternal, tx.Code, tx.Text)
		require.Equal(g.t, want == done, tx.Code == ledger.CodeOK, "height %d, %d sends %#v: the model says %s, the ledger %s %s",
			g.height, out[i].from, out[i].msg, want, tx.Code, tx.Text)
		g.seen[want+" "+tx.Kind]++
	}
	g.r.end()
	g.compare()
}

// draws reads what the block's hash chose.
func (g *game) draws(events []ledger.Event) drawn {
	d := drawn{orders: map[string]who{}}
	for _, e := range events {
		g.seen[e.Kind]++
		if e.Kind != (project.OrderDrawn{}).EventKind() && e.Kind != (shardreg.AuditDrawn{}).EventKind() {
			continue
		}
		data, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(g.t, err)
		switch one := data.(type) {
		case project.OrderDrawn:
			d.orders[one.Order] = one.Provider
		case shardreg.AuditDrawn:
			d.audits = append(d.audits, one)
		}
	}
	return d
}

// compare holds everything that the model knows against the ledger.
func (g *game) compare() {
	g.t.Helper()
	v, r := g.view(), g.r
	at := "height " + strconv.FormatInt(g.height, 10)
	s := v.Supply()
	require.True(g.t, s.Conserved, "%s: %s", at, s.Breach)
	require.Equal(g.t, r.rules, v.Params(), at)
	require.Equal(g.t, r.treasury, uint64(s.Treasury), "%s: treasury", at)
	require.Equal(g.t, r.burned, uint64(s.Burned), "%s: burned", at)
	require.Equal(g.t, r.clockWork, v.WorkClock().WorkMS, "%s: work clock", at)
	require.Equal(g.t, r.leased(), v.LeaseLive(g.timeMS), "%s: lease", at)
	g.compareAccounts(v, at)
	g.compareProjects(v, at)
	sums := map[string]uint64{}
	for _, o := range r.orders {
		if o.deadline > 0 || o.state == project.OrderWaiting {
			sums["orders"] += o.base
		}
	}
	for _, i := range r.invited {
		sums["grants"] += i.amount
	}
	for _, t := range r.jobs {
		sums["escrows"] += t.escrow
	}
	for id, p := range r.projects {
		sums["revenues"] += p.undrawn
		sums["projects"] += p.budget
		require.Equal(g.t, p.undrawn, uint64(v.Revenue(id).Undrawn), at)
	}
	require.Equal(g.t, []uint64{sums["orders"], sums["grants"], sums["escrows"], sums["revenues"], sums["projects"], 0, 0},
		[]uint64{uint64(s.Orders), uint64(s.Grants), uint64(s.Escrows), uint64(s.Revenues), uint64(s.Projects), uint64(s.Traps), uint64(s.Subsidies)},
		"%s: orders, grants, escrows, revenues, projects", at)
	g.compareRest(v, at)
}

func (g *game) compareAccounts(v app.View, at string) {
	g.t.Helper()
	r := g.r
	set := map[who]bool{}
	for _, m := range v.Validators() {
		set[m.Account] = true
	}
	require.Equal(g.t, r.set, set, "%s: validators", at)
	for i := range castSize {
		a := acct(i)
		info, _ := v.Account(a)
		require.Equal(g.t, r.nonce[a], info.Nonce, "%s: nonce of %d", at, i)
		require.Equal(g.t, r.balance[a], uint64(info.Balance), "%s: balance of %d", at, i)
		require.Equal(g.t, r.own(a), uint64(info.Bonded), "%s: stake of %d", at, i)
		_, governor := r.governors[a]
		require.Equal(g.t, governor, info.Governor, "%s: %d a governor", at, i)
		stakes := map[ledger.Role]app.StakeInfo{}
		for _, s := range info.Stakes {
			stakes[s.Role] = s
		}
		for _, role := range ledger.Roles() {
			s, p := stakes[role], place{a, role}
			require.Equal(g.t, [3]uint64{r.bonded[p], r.unbonding(p), r.locked(p)},
				[3]uint64{uint64(s.Bonded), uint64(s.Unbonding), uint64(s.Locked)}, "%s: %d as %s", at, i, role)
			require.Equal(g.t, r.active(a, role), s.Active, "%s: %d active as %s", at, i, role)
		}
		var leaving []staking.Entry
		for _, d := range r.leaving[a] {
			leaving = append(leaving, staking.Entry{Role: d.role, Amount: ledger.Natn(d.amount), EndMS: d.endMS, Due: d.waiting})
		}
		require.Equal(g.t, leaving, v.Unbonding(a), "%s: what of %d is leaving", at, i)
		power, _ := v.Power(a)
		require.Equal(g.t, r.power(a), uint64(power.Power), "%s: power of %d", at, i)
		for back := range int64(3) { // and a few of the past
			if h := g.height - back*back*7; h > 0 {
				require.Equal(g.t, r.past[h][a], uint64(v.PowerAt(a, h)), "%s: power of %d at height %d", at, i, h)
			}
		}
		p, known := v.Provider(a)
		require.Equal(g.t, r.providers[a] != nil, known, "%s: %d a provider", at, i)
		if known {
			want := r.providers[a]
			require.Equal(g.t, []any{want.capacity, r.used(a), want.reputation, want.left, want.quarantine, r.holds(a), r.asked(a)},
				[]any{p.Capacity, p.Used, int(p.Reputation), p.Left, p.Quarantine, p.Manifests, p.Audit}, "%s: provider %d", at, i)
		}
	}
}

func (g *game) compareProjects(v app.View, at string) {
	g.t.Helper()
	require.Len(g.t, v.Projects(), len(g.r.projects), at)
	for id, want := range g.r.projects {
		p, _ := v.Project(id)
		require.Equal(g.t, []any{want.state, want.sold, want.raised, want.budget, want.reserved, want.handed, want.revenue},
			[]any{p.State, p.Sold, uint64(p.Raised), uint64(p.Budget), uint64(p.Reserved), uint64(p.Returned), uint64(p.Revenue)},
			"%s: project %s", at, id)
		total := uint64(0)
		for i := range castSize {
			require.Equal(g.t, want.held[acct(i)], v.Balance(acct(i), id), "%s: tokens of %d", at, i)
			require.Equal(g.t, want.due(acct(i)), uint64(v.RevenueDue(id, acct(i))), "%s: revenue of %d", at, i)
			total += want.held[acct(i)]
		}
		token, _ := v.Token(id)
		require.Equal(g.t, total, token.Outstanding(), "%s: token %s", at, id)
	}
}

func (g *game) compareRest(v app.View, at string) {
	g.t.Helper()
	r := g.r
	require.Len(g.t, v.Proposals(), len(r.proposals), at)
	for id, want := range r.proposals {
		p, _ := v.Proposal(id)
		yes, no, all := uint64(0), uint64(0), uint64(0)
		if want.snapshot > 0 {
			yes, no, all = r.tally(want)
		}
		require.Equal(g.t, []any{want.state, want.total, yes, no, all}, []any{p.State, uint64(p.Power), uint64(p.Yes), uint64(p.No), uint64(p.Yes + p.No + p.Abstain)},
			"%s: proposal %s", at, id)
	}
	require.Len(g.t, v.Orders(""), len(r.orders), at)
	for id, want := range r.orders {
		o, _ := v.Order(id)
		require.Equal(g.t, []any{want.state, want.deadline}, []any{o.State, o.Deadline}, "%s: order %s", at, id)
	}
	require.Len(g.t, v.Manifests(), len(r.files), at)
	for cid := range r.files {
		a, _ := v.Availability(cid, r.files[cid].root)
		require.Equal(g.t, r.liveColumns(cid), a.Live, "%s: live columns of %s", at, cid)
	}
	require.Len(g.t, v.Audits(), len(r.audits), at)
	for id, want := range r.jobs {
		t, _ := v.Task(id)
		require.Equal(g.t, []any{want.state, want.escrow}, []any{t.State, uint64(t.Escrow.Total())}, "%s: task %s", at, id)
	}
}
