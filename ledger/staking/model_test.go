package staking_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/staking"
)

// naive is staking told as plainly as possible: lists that are walked, sums that are made anew each time.
type naive struct {
	balance  map[ledger.Account]ledger.Natn
	bonded   map[seat]ledger.Natn
	leaving  map[ledger.Account][]departure // in the order they began
	locks    map[seat]map[string]ledger.Natn
	treasury ledger.Natn
}

type seat struct {
	account ledger.Account
	role    ledger.Role
}

type departure struct {
	role    ledger.Role
	amount  ledger.Natn
	endMS   int64
	waiting bool
}

func (n *naive) unbonding(s seat) (sum ledger.Natn) {
	for _, d := range n.leaving[s.account] {
		if d.role == s.role {
			sum += d.amount
		}
	}
	return sum
}

func (n *naive) locked(s seat) (sum ledger.Natn) {
	for _, amount := range n.locks[s] {
		sum += amount
	}
	return sum
}

// crumb is the least stake in the model.
const crumb = 12

func (n *naive) bond(s seat, amount ledger.Natn) bool {
	if n.balance[s.account] < amount || n.bonded[s]+amount < crumb {
		return false
	}
	n.balance[s.account] -= amount
	n.bonded[s] += amount
	return true
}

func (n *naive) unbond(s seat, amount ledger.Natn, endMS int64) bool {
	if n.bonded[s] < amount || len(n.leaving[s.account]) >= staking.MaxUnbonding {
		return false
	}
	if left := n.bonded[s] - amount; left > 0 && left < crumb {
		return false
	}
	n.bonded[s] -= amount
	n.leaving[s.account] = append(n.leaving[s.account], departure{role: s.role, amount: amount, endMS: endMS})
	return true
}

// pay lets those of an account's departures go that are chosen and that no lock needs; others are marked as waiting.
func (n *naive) pay(account ledger.Account, order []int) {
	var gone []int
	for _, i := range order {
		d := &n.leaving[account][i]
		s := seat{account, d.role}
		left := n.bonded[s] + n.unbonding(s) - d.amount
		if n.locked(s) > left {
			d.waiting = true
			continue
		}
		n.balance[account] += d.amount
		d.amount = 0
		gone = append(gone, i)
	}
	n.forget(account, gone)
}

func (n *naive) forget(account ledger.Account, gone []int) {
	var kept []departure
	for i, d := range n.leaving[account] {
		if !slices.Contains(gone, i) {
			kept = append(kept, d)
		}
	}
	n.leaving[account] = kept
}

func (n *naive) tick(nowMS int64) {
	for account, list := range n.leaving {
		var order []int
		for i, d := range list {
			if !d.waiting && d.endMS <= nowMS {
				order = append(order, i)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(list[a].endMS, list[b].endMS) })
		n.pay(account, order)
	}
}

func (n *naive) retry(s seat) {
	var order []int
	for i, d := range n.leaving[s.account] {
		if d.waiting && d.role == s.role {
			order = append(order, i)
		}
	}
	n.pay(s.account, order)
}

func (n *naive) lock(s seat, purpose string, amount ledger.Natn) bool {
	if n.bonded[s] < n.locked(s) || n.bonded[s]-n.locked(s) < amount || n.locks[s][purpose] > 0 {
		return false
	}
	if n.locks[s] == nil {
		n.locks[s] = map[string]ledger.Natn{}
	}
	n.locks[s][purpose] = amount
	return true
}

func (n *naive) unlock(s seat, purpose string) {
	if _, ok := n.locks[s][purpose]; ok {
		delete(n.locks[s], purpose)
		n.retry(s)
	}
}

func (n *naive) slash(s seat, amount ledger.Natn, reporter ledger.Account) ledger.Natn {
	part := min(amount, n.bonded[s])
	n.bonded[s] -= part
	taken := part
	var gone []int
	for i := range n.leaving[s.account] {
		if d := &n.leaving[s.account][i]; d.role == s.role {
			part := min(amount-taken, d.amount)
			d.amount -= part
			taken += part
			if d.amount == 0 {
				gone = append(gone, i)
			}
		}
	}
	n.forget(s.account, gone)
	for _, purpose := range slices.Sorted(maps.Keys(n.locks[s])) {
		over := n.locked(s) - min(n.locked(s), n.bonded[s]+n.unbonding(s))
		n.shrink(s, purpose, min(over, n.locks[s][purpose]))
	}
	share := ledger.Natn(0)
	if reporter != s.account {
		share = taken / 10
		n.balance[reporter] += share
	}
	n.treasury += taken - share
	n.retry(s)
	return taken
}

func (n *naive) shrink(s seat, purpose string, by ledger.Natn) {
	if n.locks[s][purpose] -= by; n.locks[s][purpose] == 0 {
		delete(n.locks[s], purpose)
	}
}

func (n *naive) slashLocked(s seat, purpose string, amount ledger.Natn, reporter ledger.Account) ledger.Natn {
	held, ok := n.locks[s][purpose]
	if !ok {
		return 0
	}
	amount = min(amount, held)
	n.shrink(s, purpose, amount)
	return n.slash(s, amount, reporter)
}

func TestStakingAgreesWithThePlainModel(t *testing.T) {
	for seed := range int64(40) {
		agree(t, rand.New(rand.NewSource(seed)), 300)
	}
}

func FuzzStakingModel(f *testing.F) {
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, seed int64) { agree(t, rand.New(rand.NewSource(seed)), 2000) })
}

// agree plays random operations on both.
func agree(t *testing.T, d *rand.Rand, steps int) {
	t.Helper()
	w := newWorld(t)
	n := &naive{
		balance: maps.Clone(w.vault.balances), bonded: map[seat]ledger.Natn{}, leaving: map[ledger.Account][]departure{},
		locks: map[seat]map[string]ledger.Natn{},
	}
	n.bonded[seat{ann, staking.Validator}], n.bonded[seat{bob, staking.Validator}] = 20_000*atn, 20_000*atn
	accounts := []ledger.Account{ann, bob, eve}
	roles := []ledger.Role{staking.Solver, staking.Coordinator, staking.Provider}
	now := w.ctx("").TimeMS
	for range steps {
		s, other := seat{accounts[d.Intn(3)], roles[d.Intn(3)]}, accounts[d.Intn(3)]
		ctx := w.ctx(s.account)
		ctx.TimeMS = now
		ctx.Params.Solver.MinStake, ctx.Params.Coordinator.MinStake, ctx.Params.Provider.MinStake = crumb, crumb, crumb
		amount := ledger.Natn(1 + d.Intn(50))
		purpose := fmt.Sprint("task", d.Intn(4))
		penalty := staking.Penalty{Account: s.account, Role: s.role, Amount: amount, Reporter: other, Cause: "test"}
		switch d.Intn(9) {
		case 0, 1, 2:
			require.Equal(t, n.bond(s, amount), w.Bond(ctx, w.kv, staking.Bond{Role: s.role, Amount: amount}) == nil)
		case 3, 4:
			want := n.unbond(s, amount, now+ctx.Params.Role(s.role).UnbondMS)
			require.Equal(t, want, w.Unbond(ctx, w.kv, staking.Unbond{Role: s.role, Amount: amount}) == nil)
		case 5:
			require.Equal(t, n.lock(s, purpose, amount), w.Lock(ctx, w.kv, s.account, s.role, purpose, amount) == nil)
		case 6:
			n.unlock(s, purpose)
			w.Unlock(ctx, w.kv, s.account, s.role, purpose)
		case 7:
			if d.Intn(2) == 0 {
				require.Equal(t, n.slash(s, amount, other), w.Slash(ctx, w.kv, penalty))
			} else {
				require.Equal(t, n.slashLocked(s, purpose, amount, other), w.SlashLocked(ctx, w.kv, purpose, penalty))
			}
		default:
			now += int64(d.Intn(15_000))
			ctx.TimeMS = now
			n.tick(now)
			w.must(w.BeginBlock(ctx, w.kv))
		}
		require.NoError(t, ctx.Faulted())
		n.check(t, w, accounts)
	}
}

func (n *naive) check(t *testing.T, w *world, accounts []ledger.Account) {
	t.Helper()
	w.sound()
	require.Equal(t, n.balance, w.vault.balances)
	require.Equal(t, n.treasury, w.vault.treasury)
	for _, account := range accounts {
		power := ledger.Natn(0)
		for _, role := range ledger.Roles() {
			s := seat{account, role}
			require.Equal(t, staking.Stake{Bonded: n.bonded[s], Unbonding: n.unbonding(s), Locked: n.locked(s)}, w.of(account, role))
			power += n.bonded[s]
		}
		require.Equal(t, power, w.vault.power[account], "what governance was told")
		count := 0
		w.Entries(w.kv, account, func(uint64, staking.Entry) bool { count++; return true })
		require.Len(t, n.leaving[account], count)
	}
}

func TestStakingByRole(t *testing.T) {
	for _, role := range ledger.Roles() {
		t.Run(string(role), func(t *testing.T) {
			w := newWorld(t)
			p := ledger.DevnetParams().Role(role)
			w.vault.balances[eve] = 10 * p.MinStake
			bond := staking.Bond{Role: role, Amount: p.MinStake}
			if role == staking.Validator {
				bond.ConsKey = consKey(7)
			} else {
				w.bond(eve, role, p.MinStake)
				w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: role, Amount: p.MinStake}))
				require.False(t, w.Active(w.ctx(""), w.kv, eve, role), "nothing left")
			}
			poor := bond
			poor.Amount = 11 * p.MinStake
			require.Equal(t, ledger.CodeFunds, ledger.CodeOf(w.Bond(w.ctx(eve), ledger.NewOverlay(w.kv), poor)), "more than it has")

			w.must(w.Bond(w.ctx(eve), w.kv, bond))
			require.True(t, w.Active(w.ctx(""), w.kv, eve, role), "enough")
			for _, other := range ledger.Roles() {
				require.Equal(t, other == role, w.Active(w.ctx(""), w.kv, eve, other), "no other role comes with it: %s", other)
			}
			w.must(w.Bond(w.ctx(eve), w.kv, bond))
			require.Equal(t, 2*p.MinStake, w.of(eve, role).Bonded, "bonding twice adds up")

			w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: role, Amount: p.MinStake}))
			require.True(t, w.Active(w.ctx(""), w.kv, eve, role))
			require.Equal(t, ledger.Natn(1), w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: role, Amount: 1, Cause: "x"}))
			require.False(t, w.Active(w.ctx(""), w.kv, eve, role), "a slash below the minimum makes inactive")
			w.bond(eve, role, 1)
			require.True(t, w.Active(w.ctx(""), w.kv, eve, role), "and a bond active again")

			before := w.vault.balances[eve]
			leaving := w.of(eve, role).Unbonding
			w.must(w.BeginBlock(w.at(p.UnbondMS-1), w.kv))
			require.Equal(t, before, w.vault.balances[eve])
			w.must(w.BeginBlock(w.at(p.UnbondMS), w.kv))
			require.Equal(t, before+leaving, w.vault.balances[eve], "unbonding ends on time")
			w.sound()
		})
	}
}

func TestACoordinatorWhoseSaltChainIsUsedUpBeginsAnother(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Coordinator, 500*atn)
	chain := []ledger.Hash{{3}, {2}, {1}}
	w.must(w.SetSalts(w.ctx(eve), w.kv, staking.SetSalts{Head: chain[0]}))
	for _, shown := range chain[1:] {
		w.MoveSaltHead(w.kv, eve, shown)
	}
	fresh := ledger.Hash{9}
	w.must(w.SetSalts(w.ctx(eve), w.kv, staking.SetSalts{Head: fresh}))
	require.Equal(t, fresh, w.SaltHead(w.kv, eve))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(staking.SetSalts{}.Validate()))
}
