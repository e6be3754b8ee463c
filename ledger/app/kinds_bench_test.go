package app_test

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/dispute"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// accepted is a transaction that the ledger accepts, and the state and block in which it does.
type accepted struct {
	kv   *ledgertest.KV
	info app.BlockInfo
	raw  []byte
}

// gallery is the first accepted transaction of every kind that some stories tell.
type gallery map[string]accepted

// watch collects from a chain's blocks.
func (g gallery) watch(c *chain) {
	c.watch = func(txs [][]byte) {
		for _, raw := range txs {
			_, body, err := ledger.DecodeTx(raw)
			if _, have := g[body.Kind]; err != nil || have {
				continue
			}
			one := accepted{kv: c.kv, info: c.info(), raw: raw}
			if res, _ := one.run(c.App); res.Code == ledger.CodeOK {
				one.kv = c.kv.Clone()
				g[body.Kind] = one
			}
		}
	}
}

// run executes the transaction, whose signature is verified already, and leaves the state as it was.
func (a accepted) run(on *app.App) (app.TxResult, *ledger.Overlay) {
	state := ledger.NewOverlay(a.kv)
	return on.DeliverTx(state, a.info, a.raw), state
}

func (g gallery) chain(tb testing.TB) *chain {
	tb.Helper()
	c := newChain(tb)
	g.watch(c)
	return c
}

// collect tells stories until every kind was accepted once.
func collect(tb testing.TB) gallery {
	tb.Helper()
	g := gallery{}
	g.work(tb)
	g.wrongs(tb)
	g.money(tb)
	g.files(tb)
	g.sale(tb)
	g.votes(tb)
	g.values(tb)
	return g
}

// work is a task with a trap in it, and a dispute.
func (g gallery) work(tb testing.TB) {
	tb.Helper()
	p := plotOn(g.chain(tb))
	p.bad, p.lazy = acct(solver), true
	p.claimed()
	p.must(solver, task.Checkpoint{Task: p.id, Step: 2, Hash: digest(2)})
	p.seal(true)
	p.until(task.StateChallenge, "")
	p.open()
	p.challenge()
	p.judged()
}

// wrongs are a wrong aggregate and an appeal.
func (g gallery) wrongs(tb testing.TB) {
	tb.Helper()
	c := g.chain(tb)
	_, id := c.proposed()
	now := c.until(id, task.StateChallenge)
	who := now.Slots[0].Account
	c.must(owner, dispute.AppealScore{Task: id, Solver: who, Score: 60_000})
	c.must(owner, dispute.VoteAppeal{Task: id, Solver: who, Appellant: acct(owner), Support: true})
	c = g.chain(tb)
	_, id = c.proposed()
	c.until(id, task.StateSettled)
	c.must(aggregator, task.Aggregate{Task: id, Manifest: manifest("wrong"), Root: digest("wrong"), Size: 1, Parameters: 1})
	now, _ = c.view().Task(id)
	m := right(now)
	c.must(second, dispute.ChallengeAggregate{Task: id, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters})
}

// money is what moves it, and keys.
func (g gallery) money(tb testing.TB) {
	tb.Helper()
	c := g.chain(tb)
	c.must(citizen, bank.Send{To: acct(owner), Denom: ledger.DenomATN, Amount: 1})
	c.must(citizen, bank.Burn{Denom: ledger.DenomATN, Amount: 1})
	c.grant(800)
	claim, err := ledger.SignTx(ledgertest.Key(900), network, 0, claimOf(800, ledgertest.Account(900)))
	require.NoError(tb, err)
	c.block(100, claim)
	c.must(solver, staking.Bond{Role: ledger.RoleSolver, Amount: 10 * atn})
	c.must(solver, staking.Unbond{Role: ledger.RoleSolver, Amount: 10 * atn})
	c.must(member, staking.SetSalts{Head: digest("head")})
	next := ledgertest.Key(801)
	pub := []byte(next[ed25519.SeedSize:])
	c.must(citizen, staking.RotateKey{Key: pub, Proof: staking.ProveKey(next, network, acct(citizen))})
	c.must(owner, staking.RotateConsensusKey{Key: pub, Proof: staking.ProveConsensusKey(next, network, acct(owner))})
	c.must(third, heartbeat.Leave{})
	c.must(third, heartbeat.Register{})
}

// files are registered, announced, audited and given up.
func (g gallery) files(tb testing.TB) {
	tb.Helper()
	c := g.chain(tb)
	s := store(tb, 50_000, 2, 2)
	c.must(provider, shardreg.RegisterProvider{Capacity: 1 << 31})
	c.keep(s)
	for len(c.view().Audits()) == 0 {
		c.block(1000)
	}
	a := c.view().Audits()[0]
	c.must(index(a.Provider), s.answer(tb, a))
	c.must(provider, shardreg.Withdraw{Manifest: s.CID().String()})
	c.must(provider+1, shardreg.Deregister{})
	c.must(owner, shardreg.Unregister{Manifest: s.CID().String()})
}

// sale is a project that sells inference, and one that misses its goal.
func (g gallery) sale(tb testing.TB) {
	tb.Helper()
	c, id := shopOf(tb, g.watch)
	order, _ := c.order(citizen+1, id, 10, kindText)
	c.deliver(order)
	c.must(citizen, project.Withdraw{Project: id})
	order, _ = c.order(citizen+1, id, 10, kindText)
	c.beat()
	c.block(100)
	o, _ := c.view().Order(order)
	c.must(index(o.Provider), project.Deliver{Order: order, Output: manifest("out")})
	c.must(citizen+1, project.Reject{Order: order, Reason: "not what was asked for"})
	c.must(owner, project.Pause{Project: id})
	c.must(owner, project.Resume{Project: id})
	missed := ledger.ProjectID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, create())
	c.must(citizen, project.Fund{Project: missed, Amount: atn})
	c.wait(create().DeadlineMS + 1000)
	c.must(citizen, project.Refund{Project: missed})
}

// votes are governance at work, and an amendment.
func (g gallery) votes(tb testing.TB) {
	tb.Helper()
	c := g.chain(tb)
	rules := c.view().Params().Governance
	c.decide(dao.Propose{Title: "A grant", Text: why(), Grant: dao.Grant{To: acct(citizen), Amount: 20 * atn}})
	c.must(owner, dao.Signal{Version: 2})
	c.must(solver, dao.Delegate{To: acct(owner)})
	c.must(solver, dao.Delegate{})
	id := constitution.AmendmentID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, constitution.Amend{
		Title: "A right", Text: why(),
		Standards: []constitution.StandardChange{{Jurisdiction: constitution.Default, Number: 31, Title: "Clean air", Text: "Everyone may breathe clean air."}},
	})
	doc := verdictOf(id, member)
	c.must(member, constitution.CommitVerdict{Matter: id, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, network, id, string(acct(member)), ledger.DocCID(doc), digest("salt"),
	)})
	c.pass(rules.VerdictCommitMS)
	c.must(member, constitution.RevealVerdict{Matter: id, Doc: doc, Salt: digest("salt")})
	c.pass(rules.VerdictRevealMS)
	c.must(owner, constitution.Sign{Amendment: id, Support: true})
	c.pass(rules.DormantMS)
	c.must(citizen, constitution.Notice{Account: acct(third)})
}

// values are communities, and judges of a text.
func (g gallery) values(tb testing.TB) {
	tb.Helper()
	c := g.chain(tb)
	c.must(owner, alignment.Publish{Name: "helpers", Text: kindText, MaxPrice: 1000 * atn})
	c.must(citizen, alignment.SetValues{Text: "Help refugees"})
	c.must(citizen, alignment.Join{Community: "helpers"})
	c.must(citizen, alignment.Leave{})
	round := alignment.RoundID(network, acct(citizen), c.view().Nonce(acct(citizen)))
	c.must(citizen, alignment.Ask{Text: kindText, Community: "helpers"})
	c.must(second, alignment.CommitScore{Round: round, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, network, round, string(acct(second)), alignment.ScoreDoc(40_000, ""), digest("salt"),
	)})
	c.wait(c.view().Params().Pricing.JudgeCommitMS)
	c.must(second, alignment.RevealScore{Round: round, Score: 40_000, Salt: digest("salt")})
}

func TestEveryKindOfMessageHasACost(t *testing.T) {
	g := collect(t)
	for _, kind := range app.New().Kinds() {
		require.Contains(t, g, kind, "tell a story in which it is accepted")
	}
}

// BenchmarkKinds measures the execution of every kind of message, without its signature: the time, against that of a
// transfer, the bytes that it writes into the state and those of the transaction. It prints a table.
func BenchmarkKinds(b *testing.B) {
	g, on := collect(b), app.New()
	type row struct {
		kind           string
		ns             float64
		written, bytes int
	}
	var rows []row
	for b.Loop() {
		rows = rows[:0]
		for _, kind := range on.Kinds() {
			one := g[kind]
			one.info.Verified = believed
			r := row{kind: kind, ns: one.fastest(on), bytes: len(one.raw)}
			res, state := one.run(on)
			require.Equal(b, ledger.CodeOK, res.Code, kind)
			state.Changes(func(key, _, now []byte) { r.written += len(key) + len(now) })
			rows = append(rows, r)
		}
	}
	transfer := rows[slices.IndexFunc(rows, func(r row) bool { return r.kind == "bank/send" })].ns
	slices.SortFunc(rows, func(x, y row) int { return int(y.ns - x.ns) })
	var table strings.Builder
	fmt.Fprintln(&table, "kind\tµs\t× transfer\tB written\tB sent\t")
	for _, r := range rows {
		fmt.Fprintf(&table, "%s\t%.1f\t%.2f\t%d\t%d\t\n", r.kind, r.ns/1000, r.ns/transfer, r.written, r.bytes)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, err := out.Write([]byte(table.String()))
	require.NoError(b, err)
	require.NoError(b, out.Flush())
	b.ReportMetric(rows[0].ns/transfer, "×transfer-dearest")
	b.ReportMetric(float64(len(rows)), "kinds")
}

// fastest is the least of the times that some executions take, in nanoseconds: other work on the machine only adds. What is
// done once for a whole block, to read the numbers in force, is taken off: it is all that becomes of no transaction at all.
func (a accepted) fastest(on *app.App) float64 {
	whole, around, none := time.Hour, time.Hour, a
	none.raw = nil
	for range 300 {
		begin := time.Now()
		a.run(on)
		between := time.Now()
		none.run(on)
		whole, around = min(whole, between.Sub(begin)), min(around, time.Since(between))
	}
	return float64(max(0, whole-around))
}

// believed stands for a node that verified the signature at the door.
func believed(ledger.Hash, ledger.Tx) bool { return true }
