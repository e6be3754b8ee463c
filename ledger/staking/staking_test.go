package staking_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
)

const atn = ledger.ATN

var (
	ann = ledgertest.Account(1)
	bob = ledgertest.Account(2)
	eve = ledgertest.Account(3)
)

func consKey(i byte) []byte {
	sum := sha256.Sum256([]byte{i})
	return sum[:]
}

// vault is a bank that keeps one balance per account and the pots as plain numbers.
type vault struct {
	balances                    map[ledger.Account]ledger.Natn
	stakes, unbonding, treasury ledger.Natn
	power                       map[ledger.Account]ledger.Natn // as governance was told
	used                        map[ledger.Account]bool
}

func (v *vault) StakeChanged(_ *ledger.Context, _ ledger.KV, account ledger.Account, before, after ledger.Natn) {
	if v.power == nil {
		v.power = map[ledger.Account]ledger.Natn{}
	}
	if v.power[account] != before {
		panic("governance was told of another sum before")
	}
	v.power[account] = after
}

func (v *vault) Used(_ ledger.KV, account ledger.Account) bool { return v.used[account] }

func (v *vault) Inherit(_ *ledger.Context, _ ledger.KV, key, account ledger.Account) error {
	v.balances[account] += v.balances[key]
	delete(v.balances, key)
	return nil
}

func (v *vault) Bond(_ *ledger.Context, _ ledger.KV, account ledger.Account, amount ledger.Natn) error {
	if v.balances[account] < amount {
		return ledger.Refuse(ledger.CodeFunds, "poor")
	}
	v.balances[account] -= amount
	v.stakes += amount
	return nil
}

func (v *vault) Unbond(_ *ledger.Context, _ ledger.KV, _ ledger.Account, amount ledger.Natn) error {
	v.stakes -= amount
	v.unbonding += amount
	return nil
}

func (v *vault) Release(_ *ledger.Context, _ ledger.KV, account ledger.Account, amount ledger.Natn) error {
	v.unbonding -= amount
	v.balances[account] += amount
	return nil
}

func (v *vault) Slash(_ *ledger.Context, _ ledger.KV, bonded, unbonding, share ledger.Natn, p staking.Penalty) error {
	v.stakes -= bonded
	v.unbonding -= unbonding
	v.treasury += bonded + unbonding - share
	if share > 0 {
		v.balances[p.Reporter] += share
	}
	return nil
}

type world struct {
	staking.Keeper
	t     *testing.T
	kv    *ledgertest.KV
	vault *vault
}

// newWorld has ann and bob as validators with 20 000 ATN each, and a million for everybody.
func newWorld(t *testing.T) *world {
	t.Helper()
	v := &vault{balances: map[ledger.Account]ledger.Natn{ann: 1_000_000 * atn, bob: 1_000_000 * atn, eve: 1_000_000 * atn}}
	w := &world{Keeper: staking.New(v, v), t: t, kv: ledgertest.NewKV(), vault: v}
	for i, account := range []ledger.Account{ann, bob} {
		w.must(w.Bond(w.ctx(account), w.kv, staking.Bond{Role: staking.Validator, Amount: 20_000 * atn, ConsKey: consKey(byte(i))}))
	}
	require.Len(t, w.EndBlock(w.ctx(""), w.kv), 2)
	return w
}

func (w *world) ctx(sender ledger.Account) *ledger.Context { return ledgertest.Context(sender) }

func (w *world) at(ms int64) *ledger.Context {
	ctx := w.ctx("")
	ctx.TimeMS += ms
	return ctx
}

func (w *world) must(err error) {
	w.t.Helper()
	require.NoError(w.t, err)
}

func (w *world) bond(account ledger.Account, role ledger.Role, amount ledger.Natn) {
	w.t.Helper()
	w.must(w.Bond(w.ctx(account), w.kv, staking.Bond{Role: role, Amount: amount}))
}

func (w *world) of(account ledger.Account, role ledger.Role) staking.Stake {
	record, _ := w.Record(w.kv, account)
	return record.Of(role)
}

// sound compares the module's books with the vault's.
func (w *world) sound() {
	w.t.Helper()
	sums, err := w.Recount(w.kv)
	w.must(err)
	require.Equal(w.t, w.vault.stakes, sums.Bonded)
	require.Equal(w.t, w.vault.unbonding, sums.Unbonding)
}

func TestBondRefusals(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		from ledger.Account
		msg  staking.Bond
		code ledger.Code
	}{
		"more than the balance":    {eve, staking.Bond{Role: staking.Solver, Amount: 2_000_000 * atn}, ledger.CodeFunds},
		"validator without a key":  {eve, staking.Bond{Role: staking.Validator, Amount: 20_000 * atn}, ledger.CodeRefused},
		"key for less than active": {eve, staking.Bond{Role: staking.Validator, Amount: 9999 * atn, ConsKey: consKey(9)}, ledger.CodeRefused},
		"another's key":            {eve, staking.Bond{Role: staking.Validator, Amount: 20_000 * atn, ConsKey: consKey(0)}, ledger.CodeRefused},
		"another key than before":  {ann, staking.Bond{Role: staking.Validator, Amount: atn, ConsKey: consKey(9)}, ledger.CodeRefused},
	} {
		err := w.Bond(w.ctx(c.from), ledger.NewOverlay(w.kv), c.msg)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
	}
	w.must(w.Bond(w.ctx(ann), w.kv, staking.Bond{Role: staking.Validator, Amount: atn, ConsKey: consKey(0)}))
	w.bond(ann, staking.Validator, atn)
	w.sound()
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	for name, m := range map[string]ledger.Msg{
		"no role":        staking.Bond{Amount: 1},
		"odd role":       staking.Bond{Role: "king", Amount: 1},
		"bond nothing":   staking.Bond{Role: staking.Solver},
		"key of solver":  staking.Bond{Role: staking.Solver, Amount: 1, ConsKey: consKey(1)},
		"short key":      staking.Bond{Role: staking.Validator, Amount: 1, ConsKey: []byte{1}},
		"unbond no role": staking.Unbond{Amount: 1},
		"unbond nothing": staking.Unbond{Role: staking.Solver},
		"zero head":      staking.SetSalts{},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, staking.Bond{Role: staking.Validator, Amount: 1, ConsKey: consKey(1)}.Validate())
	require.NoError(t, staking.Unbond{Role: staking.Provider, Amount: 1}.Validate())
}

func TestARoleIsActiveFromItsMinimumOn(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 50*atn)
	w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 1})
	require.False(t, w.Active(w.ctx(""), w.kv, eve, staking.Solver))
	w.bond(eve, staking.Solver, 1)
	require.True(t, w.Active(w.ctx(""), w.kv, eve, staking.Solver))
	require.False(t, w.Active(w.ctx(""), w.kv, eve, staking.Provider), "each role has its own stake")
	require.Equal(t, 50*atn, w.Power(w.kv, eve))
	var seen []ledger.Account
	w.Holders(ledger.DevnetParams(), w.kv, staking.Validator, func(a ledger.Account, _ ledger.Natn) bool {
		seen = append(seen, a)
		return true
	})
	require.Len(t, seen, 2)
	require.Less(t, seen[0], seen[1])
}

func TestCrumbsAreNoStake(t *testing.T) {
	for _, role := range ledger.Roles() {
		w := newWorld(t)
		least := ledger.DevnetParams().Role(role).MinStake
		w.vault.balances[eve] = 10 * least
		bond := func(amount ledger.Natn) ledger.Code {
			m := staking.Bond{Role: role, Amount: amount}
			if role == staking.Validator {
				m.ConsKey = consKey(7)
			}
			return ledger.CodeOf(w.Bond(w.ctx(eve), w.kv, m))
		}
		unbond := func(amount ledger.Natn) ledger.Code {
			return ledger.CodeOf(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: role, Amount: amount}))
		}
		require.NotEqual(t, ledger.CodeOK, bond(least-1), role)
		require.Equal(t, ledger.CodeOK, bond(3*least), role)
		require.Equal(t, ledger.CodeRefused, unbond(2*least+1), role)
		require.Equal(t, ledger.CodeRefused, unbond(3*least-1), role)
		require.Equal(t, ledger.CodeOK, unbond(2*least), role)
		w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: role, Amount: 3})
		require.Equal(t, ledger.CodeRefused, unbond(1), "%s: what a slash left goes as a whole", role)
		require.Equal(t, ledger.CodeFunds, bond(2), "%s: or is made whole", role)
		require.Equal(t, ledger.CodeOK, bond(3), role)
		w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: role, Amount: 3})
		require.Equal(t, ledger.CodeOK, unbond(least-3), role)
		w.sound()
	}
}

func TestUnbondRefusals(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 100*atn)
	unbond := func(from ledger.Account, role ledger.Role, amount ledger.Natn) ledger.Code {
		return ledger.CodeOf(w.Unbond(w.ctx(from), ledger.NewOverlay(w.kv), staking.Unbond{Role: role, Amount: amount}))
	}
	require.Equal(t, ledger.CodeFunds, unbond(eve, staking.Solver, 101*atn))
	require.Equal(t, ledger.CodeFunds, unbond(eve, staking.Provider, 1))
	require.Equal(t, ledger.CodeFunds, unbond(ledgertest.Account(9), staking.Solver, 1))
	for range staking.MaxUnbonding {
		w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: staking.Solver, Amount: 1}))
	}
	require.Equal(t, ledger.CodeRefused, unbond(eve, staking.Solver, 1), "entries are bounded")
	w.must(w.Unbond(w.ctx(ann), w.kv, staking.Unbond{Role: staking.Validator, Amount: 20_000 * atn}))
	require.Equal(t, ledger.CodeRefused, unbond(bob, staking.Validator, 10_001*atn), "the last validator stays")
	w.sound()
	require.Equal(t, ledger.CodeOK, unbond(bob, staking.Validator, 10_000*atn), "down to the minimum it may")
}

func TestUnbondingEndsOnLedgerTimeAndStaysSlashable(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 110*atn)
	had := w.vault.balances[eve]
	w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: staking.Solver, Amount: 60 * atn}))
	w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 10 * atn})
	require.False(t, w.Active(w.ctx(""), w.kv, eve, staking.Solver))
	wait := ledger.DevnetParams().Solver.UnbondMS

	taken := w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 70 * atn, Cause: "late fraud"})
	require.Equal(t, 70*atn, taken, "40 bonded, 30 on their way out")
	w.sound()
	w.must(w.BeginBlock(w.at(wait-1), w.kv))
	require.Equal(t, had, w.vault.balances[eve])
	w.must(w.BeginBlock(w.at(wait), w.kv))
	require.Equal(t, had+30*atn, w.vault.balances[eve])
	require.Equal(t, 80*atn, w.vault.treasury)
	require.Zero(t, w.of(eve, staking.Solver))
	w.sound()
}

func TestSlashGivesTheReporterItsShare(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 100*atn)
	had := w.vault.balances[bob]
	ctx := w.ctx("")
	taken := w.Slash(ctx, w.kv, staking.Penalty{
		Account: eve, Role: staking.Solver, Amount: 55, Reporter: bob, Cause: "fraud", Evidence: "step 3", Ref: "task",
	})
	require.Equal(t, ledger.Natn(55), taken)
	require.Equal(t, had+5, w.vault.balances[bob], "10 % rounded down")
	require.Equal(t, ledger.Natn(50), w.vault.treasury)
	require.Equal(t, []ledger.EventData{staking.Slashed{
		Account: eve, Role: staking.Solver, Due: 55, Amount: 55, Cause: "fraud", Evidence: "step 3", Ref: "task",
		Reporter: bob, Share: 5, Total: 100*atn - 55, Active: true,
	}}, ctx.Emitted())
	w.Slash(ctx, w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 100, Reporter: eve, Cause: "own report"})
	require.Equal(t, ledger.Natn(150), w.vault.treasury, "nobody reports himself")
	require.Equal(t, 100*atn-155, w.Slash(ctx, w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 1000 * atn}), "no more than there is")
	require.Zero(t, w.Slash(ctx, w.kv, staking.Penalty{Account: eve, Role: "king", Amount: 1}))
	require.Zero(t, w.Slash(ctx, w.kv, staking.Penalty{Account: ledgertest.Account(9), Role: staking.Solver, Amount: 1}))
	require.NoError(t, ctx.Faulted())
	w.sound()
}

func TestLocksNeverExceedTheStake(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 100*atn)
	ctx := w.ctx("")
	lock := func(purpose string, amount ledger.Natn) ledger.Code {
		return ledger.CodeOf(w.Lock(ctx, w.kv, eve, staking.Solver, purpose, amount))
	}
	require.Equal(t, ledger.CodeOK, lock("a", 60*atn))
	require.Equal(t, ledger.CodeFunds, lock("b", 41*atn))
	require.Equal(t, ledger.CodeRefused, lock("a", atn), "one lock for one purpose")
	require.Equal(t, ledger.CodeOK, lock("b", 40*atn))
	require.Equal(t, ledger.CodeFunds, lock("c", 1))
	w.sound()

	require.Equal(t, 30*atn, w.Slash(ctx, w.kv, staking.Penalty{Account: eve, Role: staking.Solver, Amount: 30 * atn}))
	require.Equal(t, staking.Stake{Bonded: 70 * atn, Locked: 70 * atn}, w.of(eve, staking.Solver), "locks shrink with the stake")
	w.sound()
	require.Equal(t, 30*atn, w.SlashLocked(ctx, w.kv, "a", staking.Penalty{Account: eve, Role: staking.Solver, Amount: 50 * atn}), "no more than the lock holds")
	require.Zero(t, w.SlashLocked(ctx, w.kv, "a", staking.Penalty{Account: eve, Role: staking.Solver, Amount: 1}), "the lock is gone")
	require.Equal(t, 10*atn, w.SlashLocked(ctx, w.kv, "b", staking.Penalty{Account: eve, Role: staking.Solver, Amount: 10 * atn}))
	require.Equal(t, staking.Stake{Bonded: 30 * atn, Locked: 30 * atn}, w.of(eve, staking.Solver))
	w.Unlock(ctx, w.kv, eve, staking.Solver, "b")
	w.Unlock(ctx, w.kv, eve, staking.Solver, "b")
	require.Zero(t, w.of(eve, staking.Solver).Locked)
	w.sound()
	require.NoError(t, ctx.Faulted())
}

func TestLockedStakeCannotFinishUnbonding(t *testing.T) {
	w := newWorld(t)
	w.bond(eve, staking.Solver, 100*atn)
	had := w.vault.balances[eve]
	w.must(w.Lock(w.ctx(""), w.kv, eve, staking.Solver, "task", 80*atn))
	w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: staking.Solver, Amount: 15 * atn}))
	w.must(w.Unbond(w.ctx(eve), w.kv, staking.Unbond{Role: staking.Solver, Amount: 85 * atn}))
	wait := ledger.DevnetParams().Solver.UnbondMS
	w.must(w.BeginBlock(w.at(wait), w.kv))
	require.Equal(t, had+15*atn, w.vault.balances[eve], "what no lock needs is free")
	w.must(w.BeginBlock(w.at(10*wait), w.kv))
	require.Equal(t, had+15*atn, w.vault.balances[eve])
	w.sound()
	w.Unlock(w.at(11*wait), w.kv, eve, staking.Solver, "task")
	require.Equal(t, had+100*atn, w.vault.balances[eve], "the end of the lock ends the wait")
	w.sound()
	count := 0
	w.Entries(w.kv, eve, func(uint64, staking.Entry) bool { count++; return true })
	require.Zero(t, count)
}

func TestValidatorSetFollowsTheStakes(t *testing.T) {
	w := newWorld(t)
	require.Empty(t, w.EndBlock(w.ctx(""), w.kv), "nothing changed")
	w.must(w.Bond(w.ctx(eve), w.kv, staking.Bond{Role: staking.Validator, Amount: 10_000*atn + 5, ConsKey: consKey(7)}))
	w.bond(ann, staking.Validator, 1)
	require.Equal(t, []staking.Update{{Account: eve, ConsKey: consKey(7), Power: 10_000}}, w.EndBlock(w.ctx(""), w.kv), "powers are whole tokens")
	w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: eve, Role: staking.Validator, Amount: 6})
	require.Equal(t, []staking.Update{{Account: eve, ConsKey: consKey(7), Power: 0}}, w.EndBlock(w.ctx(""), w.kv))
	w.bond(eve, staking.Validator, 6)
	require.Equal(t, []staking.Update{{Account: eve, ConsKey: consKey(7), Power: 10_000}}, w.EndBlock(w.ctx(""), w.kv), "the key stays the account's")
}

func TestValidatorSetNeverBecomesEmpty(t *testing.T) {
	w := newWorld(t)
	for _, account := range []ledger.Account{ann, bob} {
		w.Slash(w.ctx(""), w.kv, staking.Penalty{Account: account, Role: staking.Validator, Amount: 15_000 * atn})
	}
	require.Empty(t, w.EndBlock(w.ctx(""), w.kv), "the set stays rather than becoming empty")
	w.must(w.Bond(w.ctx(eve), w.kv, staking.Bond{Role: staking.Validator, Amount: 10_000 * atn, ConsKey: consKey(7)}))
	require.Len(t, w.EndBlock(w.ctx(""), w.kv), 3, "with a new one the old ones leave")
	w.sound()
}

func TestOnlyTheStrongestValidate(t *testing.T) {
	w := newWorld(t)
	for i := range staking.MaxValidators {
		account := ledgertest.Account(100 + i)
		w.vault.balances[account] = 30_000 * atn
		w.must(w.Bond(w.ctx(account), w.kv, staking.Bond{Role: staking.Validator, Amount: 30_000 * atn, ConsKey: consKey(byte(100 + i))}))
	}
	require.Len(t, w.EndBlock(w.ctx(""), w.kv), staking.MaxValidators+2)
	count := 0
	w.Validators(w.kv, func(_ ledger.Account, m staking.Member) bool {
		require.Equal(t, int64(30_000), m.Power)
		count++
		return true
	})
	require.Equal(t, staking.MaxValidators, count)
}

func TestSaltsBelongToCoordinators(t *testing.T) {
	w := newWorld(t)
	head := ledger.Hash{1}
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.SetSalts(w.ctx(eve), w.kv, staking.SetSalts{Head: head})))
	w.bond(eve, staking.Coordinator, 500*atn)
	w.must(w.SetSalts(w.ctx(eve), w.kv, staking.SetSalts{Head: head}))
	require.Equal(t, head, w.SaltHead(w.kv, eve))
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.SetSalts(w.ctx(eve), w.kv, staking.SetSalts{Head: head})))
	w.MoveSaltHead(w.kv, eve, ledger.Hash{2})
	require.Equal(t, ledger.Hash{2}, w.SaltHead(w.kv, eve))
}

func TestRecountFindsForgedStake(t *testing.T) {
	w := newWorld(t)
	for name, forged := range map[string]staking.Stake{
		"unbonding without an entry": {Unbonding: 1},
		"lock without a record":      {Locked: 1},
		"stake that is not listed":   {Bonded: 1},
	} {
		kv := w.kv.Clone()
		record := staking.Record{}
		record.Stakes[0] = forged
		ledger.Save(kv, ledger.Key("staking", "s", string(eve)), record)
		_, err := w.Recount(kv)
		require.Error(t, err, name)
	}
}
