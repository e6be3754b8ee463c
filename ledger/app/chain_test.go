package app_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
)

const (
	network = "test"
	atn     = ledger.ATN
	start   = int64(1_700_000_000_000)
	salts   = 200 // length of every coordinator's chain
)

// The cast: who stakes for what. Everybody is rich besides.
const (
	owner      = 0 // validator, proposer, governor
	second     = 1 // validator, governor
	third      = 2 // validator, governor
	solver     = 3 // to 5
	member     = 6 // to 9: coordinators
	aggregator = 10
	provider   = 11 // and 12
	citizen    = 13 // and 14: no stake
	castSize   = 15
)

func saltSeed(i int) [32]byte { return sha256.Sum256([]byte{byte(i), 's'}) }

func genesis() app.Genesis {
	g := app.Genesis{Network: network, Params: ledger.DevnetParams(), Treasury: 1000 * atn}
	for i := range castSize {
		a := app.GenAccount{Account: acct(i), Balance: 10_000 * atn}
		stake := func(role ledger.Role, amount ledger.Natn) {
			s := app.GenStake{Role: role, Amount: amount}
			if role == ledger.RoleValidator {
				key := sha256.Sum256([]byte{byte(i), 'c'})
				s.ConsKey = key[:]
			}
			a.Stakes = append(a.Stakes, s)
		}
		switch {
		case i <= third:
			stake(ledger.RoleValidator, 10_000*atn)
			a.Governor = true
			if i == owner {
				stake(ledger.RoleProposer, 1000*atn)
			}
		case i < member:
			stake(ledger.RoleSolver, 100*atn)
		case i < aggregator:
			stake(ledger.RoleCoordinator, ledger.Natn(500+i)*atn)
			a.Salts = commitreveal.SaltChain(saltSeed(i), salts)
		case i == aggregator:
			stake(ledger.RoleAggregator, 1000*atn)
		case i < citizen:
			stake(ledger.RoleProvider, 50*atn)
			a.Capacity = 1 << 30
		}
		g.Accounts = append(g.Accounts, a)
	}
	return g
}

// chain runs blocks one after the other.
type chain struct {
	*app.App
	t      testing.TB
	kv     *ledgertest.KV
	height int64
	timeMS int64
	events []ledger.Event
	watch  func(txs [][]byte) // told of every block before it is run; may be nil
}

func newChain(tb testing.TB) *chain {
	tb.Helper()
	return newChainOf(tb, genesis())
}

func newChainOf(tb testing.TB, g app.Genesis) *chain {
	tb.Helper()
	c := &chain{App: app.New(), t: tb, kv: ledgertest.NewKV(), timeMS: start}
	updates, err := c.InitGenesis(c.kv, g, start)
	require.NoError(tb, err)
	require.Len(tb, updates, 3)
	c.block(0)
	return c
}

func (c *chain) view() app.View { return c.View(c.kv) }

func (c *chain) info() app.BlockInfo {
	return app.BlockInfo{
		Network: network, Height: c.height, TimeMS: c.timeMS,
		Hash: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(c.height))),
	}
}

// block runs a block some time after the last one.
func (c *chain) block(afterMS int64, txs ...[]byte) app.BlockResult {
	c.t.Helper()
	c.height++
	c.timeMS += afterMS
	if c.watch != nil {
		c.watch(txs)
	}
	res, err := c.ExecBlock(c.kv, c.info(), txs)
	require.NoError(c.t, err)
	for i, e := range res.Events {
		require.Equal(c.t, i, e.Index)
		_, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(c.t, err, e.Kind)
	}
	c.events = append(c.events, res.Events...)
	return res
}

// sign makes the cast's next transaction.
func (c *chain) sign(from int, m ledger.Msg) []byte {
	c.t.Helper()
	raw, err := ledger.SignTx(key(from), network, c.view().Nonce(acct(from)), m)
	require.NoError(c.t, err)
	return raw
}

// send runs a block with one message.
func (c *chain) send(from int, m ledger.Msg) app.TxResult {
	c.t.Helper()
	return c.block(100, c.sign(from, m)).Txs[0]
}

func (c *chain) must(from int, m ledger.Msg) {
	c.t.Helper()
	res := c.send(from, m)
	require.Equal(c.t, ledger.CodeOK, res.Code, "%s: %s", m.Kind(), res.Text)
}

func (c *chain) pulse() heartbeat.Pulse {
	last := c.view().LastBlock()
	return heartbeat.Pulse{
		Interval: uint64(c.timeMS / c.view().Params().PulseIntervalMS), BlockHeight: last.Height, BlockHash: last.Hash,
	}
}

// beat makes a heartbeat if the present interval has none.
func (c *chain) beat() {
	c.t.Helper()
	interval := uint64(c.timeMS / c.view().Params().PulseIntervalMS)
	if b := c.view().Heartbeat(); b.Count > 0 && b.Interval >= interval {
		return
	}
	var txs [][]byte
	for i := range third + 1 {
		txs = append(txs, c.sign(i, c.pulse()))
	}
	c.block(0, txs...)
}

// wait lets time pass in small blocks while governance lives.
func (c *chain) wait(ms int64) {
	c.t.Helper()
	for left := ms; left > 0; left -= 1000 {
		c.beat()
		c.block(min(left, 1000))
	}
}

func (c *chain) sound() {
	c.t.Helper()
	s := c.view().Supply()
	require.True(c.t, s.Conserved, s.Breach)
	require.Equal(c.t, s.Total, s.Balances+s.Stakes+s.Unbonding+s.Escrows+s.Projects+
		s.Grants+s.Traps+s.Subsidies+s.Revenues+s.Orders+s.Treasury)
}
