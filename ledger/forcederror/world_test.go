package forcederror_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/forcederror"
	"autonet/ledger/ledgertest"
)

const atn = ledger.ATN

// The cast.
const (
	governor = 1 // and 2, 3
	solver   = 4 // to 6
	member   = 7 // to 9
	stranger = 10
)

// The cast's accounts, made once: deriving them is most of what a history would do.
var cast = func() (accounts [stranger + 1]ledger.Account) {
	for i := range accounts {
		accounts[i] = ledgertest.Account(i)
	}
	return accounts
}()

func acct(i int) ledger.Account { return cast[i] }

func digest(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

func taskID(n int) string { return ledger.TaskID(ledgertest.Network, acct(0), uint64(n)) }

func doc(task string, account ledger.Account) string {
	return ledger.DocCID([]byte(task + string(account)))
}

// world stands for the other modules: tasks, accounts, stakes and the bank.
type world struct {
	t      *testing.T
	kv     *ledgertest.KV
	keeper forcederror.Keeper
	now    *ledger.Context

	tasks    map[string]*forcederror.Task
	shown    map[string]bool // task and account of revealed solutions
	stakes   map[ledger.Account]ledger.Natn
	locks    map[string]ledger.Natn // by account and purpose
	balances map[ledger.Account]ledger.Natn
	treasury ledger.Natn
	pot      ledger.Natn
	old      bool // solvers have a history
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, kv: ledgertest.NewKV(), now: ledgertest.Context(acct(governor)), tasks: map[string]*forcederror.Task{},
		shown: map[string]bool{}, stakes: map[ledger.Account]ledger.Natn{}, locks: map[string]ledger.Natn{}, balances: map[ledger.Account]ledger.Natn{},
		treasury: 1000 * atn, old: true,
	}
	for i := range stranger + 1 {
		w.balances[acct(i)] = 100 * atn
		w.stakes[acct(i)] = 500 * atn
	}
	w.keeper = forcederror.New(forcederror.Ports{Tasks: w, Accounts: w, Stakes: w, Bank: w})
	return w
}

// task makes an open task and returns its ID.
func (w *world) task(n int) string {
	w.tasks[taskID(n)] = &forcederror.Task{Proposer: acct(0), Open: true, Early: true, Reward: 20 * atn}
	return taskID(n)
}

// challenge brings a task to its challenge window, with the solutions of these accounts.
func (w *world) challenge(id string, solvers ...int) {
	*w.tasks[id] = forcederror.Task{Proposer: acct(0), Window: true, Verdict: true, Reward: 20 * atn}
	for _, i := range solvers {
		w.shown[id+string(acct(i))] = true
	}
}

// over ends a task and the block.
func (w *world) over(id string) {
	w.tasks[id].Window, w.tasks[id].Over = false, true
	w.end()
}

func (w *world) end() {
	w.t.Helper()
	require.NoError(w.t, w.keeper.End(w.context(0), w.kv))
	w.audit()
}

func (w *world) context(sender int) *ledger.Context {
	ctx := *w.now
	ctx.Sender = acct(sender)
	w.now = &ctx
	return &ctx
}

// audit checks that the pot is what the books say and that nothing is lost.
func (w *world) audit() {
	w.t.Helper()
	held, err := w.keeper.Recount(w.kv)
	require.NoError(w.t, err)
	require.Equal(w.t, held, w.pot, "books and pot")
	worth := ledger.Natn(0)
	for _, key := range w.kv.Keys() {
		worth += forcederror.Worth([]byte(key), w.kv.Get([]byte(key)))
	}
	require.Equal(w.t, held, worth)
	sum := w.treasury + w.pot
	for i := range stranger + 1 {
		sum += w.balances[acct(i)] + w.stakes[acct(i)]
	}
	require.Equal(w.t, 1000*atn+(stranger+1)*600*atn, sum, "supply")
}

// secrets are a set of seals: one trap of a solver, the rest dummies.
func (w *world) secrets(id string, governor, trapped int) []forcederror.Secret {
	secrets := []forcederror.Secret{{Nonce: digest(id, governor, "dummy")}}
	secrets = append(secrets, trapOf(id, governor, trapped, trapped))
	return secrets
}

func dummies(id string, governor int) []forcederror.Secret {
	return []forcederror.Secret{{Nonce: digest(id, governor, 1)}, {Nonce: digest(id, governor, 2)}}
}

// trapOf is the secret of a trap, with the consent of a signer that should be the solver.
func trapOf(id string, governor, solver, signer int) forcederror.Secret {
	s := forcederror.Secret{Solver: acct(solver), Doc: doc(id, acct(solver)), Nonce: digest(id, governor, solver), Key: acct(signer)}
	d := forcederror.ConsentDigest(ledgertest.Network, id, acct(governor), s)
	s.Consent = ed25519.Sign(ledgertest.Key(signer), d[:])
	return s
}

func (w *world) seal(governor int, id string, secrets []forcederror.Secret) error {
	m := forcederror.Seal{Task: id}
	for _, s := range secrets {
		m.Commitments = append(m.Commitments, forcederror.Commitment(ledgertest.Network, id, acct(governor), s))
	}
	return w.deliver(governor, m)
}

func (w *world) open(governor int, id string, secrets []forcederror.Secret) error {
	return w.deliver(governor, forcederror.Open{Task: id, Secrets: secrets})
}

// deliver runs a message; what is refused leaves nothing behind.
func (w *world) deliver(sender int, m ledger.Msg) error {
	w.t.Helper()
	if err := m.Validate(); err != nil {
		return err
	}
	ctx, state := w.context(sender), ledger.NewOverlay(w.kv)
	var err error
	switch m := m.(type) {
	case forcederror.Seal:
		err = w.keeper.Seal(ctx, state, m)
	case forcederror.Open:
		err = w.keeper.Open(ctx, state, m)
	}
	if err == nil {
		state.Flush()
	}
	w.audit()
	return err
}

func (w *world) settle(id string, o forcederror.Outcome) {
	w.t.Helper()
	require.NoError(w.t, w.keeper.Settle(w.context(0), w.kv, id, o))
	w.audit()
}

func (w *world) events(kind string) []ledger.EventData {
	var out []ledger.EventData
	for _, e := range w.now.Emitted() {
		if e.EventKind() == kind {
			out = append(out, e)
		}
	}
	return out
}

// Task implements forcederror.Tasks.
func (w *world) Task(_ *ledger.Context, _ ledger.KV, id string) (forcederror.Task, bool) {
	t, ok := w.tasks[id]
	if !ok {
		return forcederror.Task{}, false
	}
	return *t, true
}

// Solution implements forcederror.Tasks.
func (w *world) Solution(_ ledger.KV, id string, account ledger.Account) (forcederror.Solution, bool) {
	return forcederror.Solution{Doc: doc(id, account), Candidate: true}, w.shown[id+string(account)]
}

// Party implements forcederror.Tasks.
func (w *world) Party(_ ledger.KV, id string, account ledger.Account) bool {
	return w.tasks[id].Proposer == account
}

// Governor implements forcederror.Accounts.
func (w *world) Governor(_ ledger.KV, account ledger.Account) bool {
	return account == acct(0) || account == acct(governor) || account == acct(governor+1) || account == acct(governor+2)
}

// Solver implements forcederror.Accounts.
func (w *world) Solver(*ledger.Context, ledger.KV, ledger.Account) bool { return true }

// History implements forcederror.Accounts.
func (w *world) History(ledger.KV, ledger.Account) (accepted uint64, firstMS int64) {
	if w.old {
		return 100, 0
	}
	return 0, 0
}

// Signed implements forcederror.Accounts.
func (w *world) Signed(_ ledger.KV, key, account ledger.Account) bool { return key == account }

// Lock implements forcederror.Stakes: everybody stakes as a coordinator only.
func (w *world) Lock(
	_ *ledger.Context, _ ledger.KV, account ledger.Account, role ledger.Role, purpose string, amount ledger.Natn,
) error {
	if role != ledger.RoleCoordinator || w.stakes[account] < amount {
		return ledger.Refuse(ledger.CodeFunds, "no stake")
	}
	w.locks[string(account)+purpose] = amount
	return nil
}

// Unlock implements forcederror.Stakes.
func (w *world) Unlock(_ *ledger.Context, _ ledger.KV, account ledger.Account, _ ledger.Role, purpose string) {
	delete(w.locks, string(account)+purpose)
}

// SlashLocked implements forcederror.Stakes.
func (w *world) SlashLocked(ctx *ledger.Context, kv ledger.KV, purpose string, p forcederror.Penalty) ledger.Natn {
	p.Amount = min(p.Amount, w.locks[string(p.Account)+purpose])
	return w.Slash(ctx, kv, p)
}

// Slash implements forcederror.Stakes.
func (w *world) Slash(_ *ledger.Context, _ ledger.KV, p forcederror.Penalty) ledger.Natn {
	taken := min(p.Amount, w.stakes[p.Account])
	w.stakes[p.Account] -= taken
	w.treasury += taken
	return taken
}

// Balance implements forcederror.Bank.
func (w *world) Balance(_ ledger.KV, account ledger.Account) ledger.Natn { return w.balances[account] }

// Escrow implements forcederror.Bank.
func (w *world) Escrow(_ *ledger.Context, _ ledger.KV, amount ledger.Natn, _ string) error {
	if amount > w.treasury {
		return ledger.Refuse(ledger.CodeFunds, "the treasury holds %s", w.treasury)
	}
	w.treasury, w.pot = w.treasury-amount, w.pot+amount
	return nil
}

// Pay implements forcederror.Bank.
func (w *world) Pay(_ *ledger.Context, _ ledger.KV, to ledger.Account, amount ledger.Natn, _, _ string) error {
	require.GreaterOrEqual(w.t, w.pot, amount)
	w.pot -= amount
	w.balances[to] += amount
	return nil
}

// Return implements forcederror.Bank.
func (w *world) Return(_ *ledger.Context, _ ledger.KV, amount ledger.Natn, _, _ string) error {
	require.GreaterOrEqual(w.t, w.pot, amount)
	w.pot, w.treasury = w.pot-amount, w.treasury+amount
	return nil
}

// Restore implements forcederror.Bank.
func (w *world) Restore(_ *ledger.Context, _ ledger.KV, to ledger.Account, amount ledger.Natn, _, _ string) (ledger.Natn, error) {
	amount = min(amount, w.treasury)
	w.treasury -= amount
	w.balances[to] += amount
	return amount, nil
}
