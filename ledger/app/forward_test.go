package app_test

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/heartbeat"
	"autonet/ledger/staking"
)

// Forward only. No message, and no entry of the state machine, mints, seizes, pauses or rewinds. The tests in this file do not
// list messages: they take every kind there is from the routing table, make messages of it from the shape of its type and of
// what the state holds, and look at what an accepted one did.

// wealth is what an account cannot lose but by its own doing or by a slash.
type wealth struct {
	balance, staked ledger.Natn
	nonce           uint64
	tokens          map[string]uint64
}

// picture is all that must only go forward.
type picture struct {
	supply, burned ledger.Natn
	params         []byte
	paramsVersion  uint64
	protocol       uint64
	height, work   int64
	beats          uint64
	beatMS         int64
	wealth         map[ledger.Account]wealth
	history        map[string][]byte // records that are written once
}

// once lists the prefixes of records that are never changed after they are written.
func once() []string {
	return []string{"dao/n/", "dao/z/", "constitution/h/", "constitution/p/", "dao/v/", "constitution/v/", "alignment/s/"}
}

func take(c *chain) picture {
	v := c.view()
	totals := bank.New().Totals(c.kv)
	p := picture{
		supply: totals.Supply, burned: totals.Burned, params: bytes.Clone(c.kv.Get(dao.ParamsKey())),
		paramsVersion: v.ParamsVersion(), protocol: v.Protocol().Version, height: v.LastBlock().Height, work: v.WorkClock().WorkMS,
		beats: v.Heartbeat().Count, beatMS: v.Heartbeat().TimeMS,
		wealth: map[ledger.Account]wealth{}, history: map[string][]byte{},
	}
	projects := v.Projects()
	bank.New().Accounts(c.kv, func(account ledger.Account, a bank.Account) bool {
		stake := ledger.Key("staking", "s", string(account))
		bonded, unbonding := staking.Worth(stake, c.kv.Get(stake))
		w := wealth{balance: a.Balance, staked: bonded + unbonding, nonce: a.Nonce, tokens: map[string]uint64{}}
		for _, one := range projects {
			w.tokens[one.ID] = v.Balance(account, one.ID)
		}
		p.wealth[account] = w
		return true
	})
	for _, prefix := range once() {
		c.kv.Iterate([]byte(prefix), func(key, value []byte) bool {
			p.history[string(key)] = bytes.Clone(value)
			return true
		})
	}
	return p
}

// slashes sums up what accounts lost to slashes that name their cause.
func slashes(t require.TestingT, events []ledger.Event) map[ledger.Account]ledger.Natn {
	lost := map[ledger.Account]ledger.Natn{}
	for _, e := range events {
		decoded, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(t, err)
		if s, ok := decoded.(staking.Slashed); ok {
			require.NotEmpty(t, s.Cause, "a slash names its cause")
			lost[s.Account] += s.Amount
		}
	}
	return lost
}

// forward asserts that from one picture to the next nothing was minted, seized, paused or rewound. The sender is empty at the
// begin and the end of a block.
func forward(c *chain, what string, sender ledger.Account, before, after picture, events []ledger.Event) {
	t := c.t
	lost := slashes(t, events)
	require.LessOrEqual(t, after.supply, before.supply, "%s mints", what)
	require.Equal(t, before.supply+before.burned, after.supply+after.burned, "%s: what was burned is known", what)
	require.GreaterOrEqual(t, after.paramsVersion, before.paramsVersion, "%s rewinds the parameters", what)
	require.GreaterOrEqual(t, after.protocol, before.protocol, "%s rewinds the protocol", what)
	require.GreaterOrEqual(t, after.height, before.height, "%s rewinds the height", what)
	require.GreaterOrEqual(t, after.work, before.work, "%s rewinds the work clock", what)
	require.GreaterOrEqual(t, after.beats, before.beats, "%s takes a heartbeat back", what)
	require.GreaterOrEqual(t, after.beatMS, before.beatMS, "%s pauses work", what)
	if sender != "" {
		require.Equal(t, before.params, after.params, "%s: no message changes the parameters", what)
		require.Equal(t, before.protocol, after.protocol, "%s: no message raises the protocol", what)
	} else if !bytes.Equal(before.params, after.params) {
		require.Greater(t, after.paramsVersion, before.paramsVersion, "%s: new numbers are a new version", what)
	}
	for key, value := range before.history {
		require.Equal(t, value, after.history[key], "%s changes the past at %s", what, key)
	}
	for account, was := range before.wealth {
		is, known := after.wealth[account]
		require.True(t, known, "%s: account %s is gone", what, account)
		require.GreaterOrEqual(t, is.nonce, was.nonce, "%s rewinds a nonce", what)
		if account == sender {
			continue // what its own transaction costs it is its own will
		}
		require.GreaterOrEqual(t, is.balance, was.balance, "%s seizes the balance of %s", what, account)
		require.GreaterOrEqual(t, is.balance+is.staked+lost[account], was.balance+was.staked, "%s seizes the stake of %s", what, account)
		for denom, amount := range was.tokens {
			require.GreaterOrEqual(t, is.tokens[denom], amount, "%s seizes tokens of %s", what, account)
		}
	}
}

func consKey(i int) []byte {
	key := sha256.Sum256([]byte{byte(i), 'c'})
	return key[:]
}

// run plays a block step by step and asserts after each.
func (c *chain) run(afterMS int64, offence bool, txs [][]byte, senders []int) map[string]map[ledger.Code]int {
	c.t.Helper()
	c.height++
	c.timeMS += afterMS
	info := c.info()
	info.Txs = len(txs)
	if offence {
		info.Equivocations = []app.Equivocation{{Address: staking.ConsAddress(consKey(owner)), Height: 1, TimeMS: c.timeMS - 1}}
	}
	outcome := map[string]map[ledger.Code]int{}
	before := take(c)
	events, err := c.BeginBlock(c.kv, info)
	require.NoError(c.t, err)
	after := take(c)
	forward(c, "the begin of a block", "", before, after, events)
	for i, raw := range txs {
		before := after
		res := c.DeliverTx(c.kv, info, raw)
		require.NotEqual(c.t, ledger.CodeInternal, res.Code, "%s: %s", res.Kind, res.Text)
		if outcome[res.Kind] == nil {
			outcome[res.Kind] = map[ledger.Code]int{}
		}
		outcome[res.Kind][res.Code]++
		after = take(c)
		forward(c, res.Kind, acct(senders[i]), before, after, res.Events)
		if res.Kind != "bank/burn" {
			require.Equal(c.t, before.supply, after.supply, "%s burns", res.Kind)
		}
	}
	_, events, err = c.EndBlock(c.kv, info)
	require.NoError(c.t, err)
	forward(c, "the end of a block", "", after, take(c), events)
	c.sound()
	return outcome
}

func TestNoMessageMintsSeizesPausesOrRewinds(t *testing.T) {
	const blocks = 36
	reached, accepted := map[string]bool{}, map[string]bool{}
	for seed := range int64(4) {
		rnd := rand.New(rand.NewSource(seed))
		c := newChain(t)
		c.must(owner, c.proposal(c.funded()))
		kinds := c.Kinds()
		for range blocks {
			var moves []move
			if rnd.Intn(2) > 0 {
				c.beat()
			} else {
				for i := range third + 1 {
					moves = append(moves, move{i, c.pulse()})
				}
			}
			m := newMaker(rnd, c)
			moves = append(moves, c.governors(rnd)...)
			for _, one := range c.view().Tasks() {
				for _, next := range c.moves(one) {
					if rnd.Intn(4) > 0 && next.from >= 0 {
						moves = append(moves, next)
					}
				}
			}
			for range 12 {
				if msg := m.message(c.Skeleton(pick(rnd, kinds))); msg != nil {
					moves = append(moves, move{rnd.Intn(castSize), msg})
				}
			}
			for range 4 {
				moves = append(moves, dice{rnd}.message(c))
			}
			txs, senders := c.seal(moves)
			for kind, codes := range c.run([]int64{1, 100, 500, 700, 2000, 2000, 2000, 21_000}[rnd.Intn(8)], rnd.Intn(30) == 0, txs, senders) {
				reached[kind] = true
				if codes[ledger.CodeOK] > 0 {
					accepted[kind] = true
				}
			}
		}
	}
	t.Logf("accepted: %v", slices.Sorted(maps.Keys(accepted)))
	c := newChain(t)
	for _, kind := range c.Kinds() {
		if !reached[kind] {
			require.NotNil(t, shaped(c, kind), "no message of kind %s can be made from its shape", kind)
		}
	}
	require.GreaterOrEqual(t, len(accepted), 20, "the histories accept too little to prove much")
}

// shaped is a message that a kind's own form allows, found with more patience; documents within messages have makers of
// their own.
func shaped(c *chain, kind string) ledger.Msg {
	for _, known := range governanceMessages() {
		if known.Kind() == kind {
			return known
		}
	}
	for seed := range int64(50) {
		if msg := newMaker(rand.New(rand.NewSource(seed)), c).message(c.Skeleton(kind)); msg != nil {
			return msg
		}
	}
	return nil
}

// governors are proposals that can be carried, and the votes that carry them.
func (c *chain) governors(rnd *rand.Rand) []move {
	var out []move
	switch rnd.Intn(8) {
	case 0:
		out = append(out, move{owner, dao.Propose{Title: "x", Text: why(), Grant: dao.Grant{To: acct(citizen), Amount: ledger.Natn(1 + rnd.Intn(20))}}})
	case 1:
		out = append(out, move{second, dao.Propose{Title: "x", Text: why(), Changes: []ledger.Change{{Name: "claim_ms", Value: int64(5000 + rnd.Intn(5000))}}}})
	case 2:
		out = append(out, move{rnd.Intn(third + 1), dao.Signal{Version: 2}})
	}
	for i := range third + 1 { // what chance took from governance is put right, so that work goes on
		if power, _ := c.view().Power(acct(i)); power.Delegate != "" {
			out = append(out, move{i, dao.Delegate{}})
		}
		if !c.view().Governor(acct(i)) {
			out = append(out, move{i, heartbeat.Register{}})
		}
	}
	for _, p := range c.view().Proposals() {
		if p.State == dao.StateVoting && p.Upgrade == (dao.Upgrade{}) {
			for i := range third + 1 {
				out = append(out, move{i, dao.Vote{Proposal: p.ID, Choice: dao.Yes}})
			}
		}
	}
	return out
}

// seal signs moves, each with its sender's next nonce.
func (c *chain) seal(moves []move) (txs [][]byte, senders []int) {
	c.t.Helper()
	nonces := map[int]uint64{}
	for _, m := range moves {
		if m.msg.Validate() != nil {
			continue
		}
		raw, err := ledger.SignTx(key(m.from), network, c.view().Nonce(acct(m.from))+nonces[m.from], m.msg)
		require.NoError(c.t, err)
		if app.TakesNonce(m.msg.Kind()) {
			nonces[m.from]++
		}
		txs, senders = append(txs, raw), append(senders, m.from)
	}
	return txs, senders
}

// TestTheStateIsEnteredByBlocksAlone lists every exported method of the state machine that is given a store. What writes to it
// is the beginning of a ledger and the running of blocks; none goes back, and a transaction is the only way in for people.
func TestTheStateIsEnteredByBlocksAlone(t *testing.T) {
	writes := []string{"InitGenesis", "BeginBlock", "DeliverTx", "EndBlock", "ExecBlock"}
	scratch := []string{"CheckTx", "RecheckTx"} // over a copy that is thrown away
	store := reflect.TypeFor[ledger.KV]()
	typ := reflect.TypeFor[*app.App]()
	for method := range typ.Methods() {
		takes := false
		for in := range method.Type.Ins() {
			takes = takes || in == store
		}
		if !takes || slices.Contains(writes, method.Name) || slices.Contains(scratch, method.Name) {
			continue
		}
		// Whatever else takes a store only reads it.
		c := newChain(t)
		before := c.kv.Dump()
		args := []reflect.Value{reflect.ValueOf(c.App)}
		for j := 1; j < method.Type.NumIn(); j++ {
			in := reflect.New(method.Type.In(j)).Elem()
			if method.Type.In(j) == store {
				in.Set(reflect.ValueOf(ledger.KV(c.kv)))
			}
			args = append(args, in)
		}
		if method.Type.IsVariadic() {
			args = args[:len(args)-1]
		}
		func() {
			defer func() { _ = recover() }() // an argument of nothing may be too little for a reader
			method.Func.Call(args)
		}()
		require.Equal(t, before, c.kv.Dump(), "App.%s writes to the state", method.Name)
	}
	for _, name := range append(writes, scratch...) {
		_, ok := typ.MethodByName(name)
		require.True(t, ok, name)
	}
}

// TestNoKindOfMessageIsNamedForPower guards against the plainest mistake.
func TestNoKindOfMessageIsNamedForPower(t *testing.T) {
	for _, kind := range newChain(t).Kinds() {
		for _, word := range []string{"mint", "seize", "freeze", "pause-network", "halt", "rollback", "rewind", "admin", "sudo", "force"} {
			_, verb, _ := strings.Cut(kind, "/")
			require.NotContains(t, verb, word, "%s: what is it for?", kind)
		}
	}
}
