package heartbeat_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
)

const atn = ledger.ATN

var (
	ann = ledgertest.Account(1)
	bob = ledgertest.Account(2)
	eve = ledgertest.Account(3)
)

type powers map[ledger.Account]ledger.Natn

func (p powers) Power(_ ledger.KV, account ledger.Account) ledger.Natn { return p[account] }

type chain struct {
	heartbeat.Keeper
	t      *testing.T
	kv     *ledgertest.KV
	powers powers
	params ledger.Params
	height int64
	timeMS int64
}

// newChain has three governors of 1000 ATN each and begins at a whole interval.
func newChain(t *testing.T) *chain {
	t.Helper()
	c := &chain{
		t: t, kv: ledgertest.NewKV(), powers: powers{ann: 1000 * atn, bob: 1000 * atn, eve: 1000 * atn},
		params: ledger.DefaultParams(), timeMS: 1_700_000_040_000,
	}
	require.Zero(t, c.timeMS%c.params.PulseIntervalMS)
	c.Keeper = heartbeat.New(c.powers)
	c.Genesis(c.kv, c.timeMS)
	for _, account := range []ledger.Account{ann, bob, eve} {
		c.GenesisGovernor(c.kv, account)
	}
	c.block(0, 1)
	return c
}

func hashOf(height int64) ledger.Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
}

func (c *chain) ctx(sender ledger.Account) *ledger.Context {
	return &ledger.Context{
		Network: "test", Height: c.height, TimeMS: c.timeMS, Hash: hashOf(c.height), Params: c.params, Sender: sender,
		WorkMS: c.Work(c.params, c.kv, c.timeMS),
	}
}

// block moves time and begins the next block.
func (c *chain) block(afterMS int64, txs int) {
	c.height++
	c.timeMS += afterMS
	c.BeginBlock(c.ctx(""), c.kv, txs)
}

func (c *chain) interval() uint64 { return uint64(c.timeMS / c.params.PulseIntervalMS) }

func (c *chain) pulse(from ledger.Account, interval uint64) ledger.Code {
	last := c.Last(c.kv)
	return ledger.CodeOf(c.Pulse(c.ctx(from), c.kv, heartbeat.Pulse{Interval: interval, BlockHeight: last.Height, BlockHash: last.Hash}))
}

func (c *chain) live() bool { return c.LeaseLive(c.params, c.kv, c.timeMS) }

func (c *chain) work() int64 { return c.Work(c.params, c.kv, c.timeMS) }

func TestTwoThirdsOfThePowerMakeAHeartbeat(t *testing.T) {
	c := newChain(t)
	require.False(t, c.live(), "a network begins halted")
	require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
	require.False(t, c.live())
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
	require.True(t, c.live(), "exactly two thirds suffice")
	beat := c.Beat(c.kv)
	require.Equal(t, heartbeat.Beat{
		Interval: c.interval(), TimeMS: c.timeMS, Height: c.height, Pulsed: 2000 * atn, Power: 3000 * atn, Count: 1,
		LengthMS: 60_000,
	}, beat)
	c.block(10, 1)
	require.Equal(t, ledger.CodeOK, c.pulse(eve, c.interval()))
	require.Equal(t, beat, c.Beat(c.kv), "one heartbeat an interval")
	c.timeMS = beat.TimeMS + c.params.LeaseMS
	require.True(t, c.live())
	c.timeMS++
	require.False(t, c.live())
}

func TestPowerDecidesNotHeads(t *testing.T) {
	c := newChain(t)
	c.powers[eve] = 6000 * atn
	require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
	require.False(t, c.live())
	require.Equal(t, ledger.CodeOK, c.pulse(eve, c.interval()))
	require.True(t, c.live())

	c = newChain(t)
	c.powers[eve] = 999 * atn
	require.Equal(t, ledger.CodeRefused, c.pulse(eve, c.interval()), "below the power of a governor")
	require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
	require.Equal(t, 2000*atn, c.Beat(c.kv).Power, "what cannot pulse does not count against the others")
}

func TestPulseRefusals(t *testing.T) {
	c := newChain(t)
	c.block(30_000, 1)
	last := c.Last(c.kv)
	good := heartbeat.Pulse{Interval: c.interval(), BlockHeight: last.Height, BlockHash: last.Hash}
	spoil := func(fn func(*heartbeat.Pulse)) heartbeat.Pulse { m := good; fn(&m); return m }
	for name, v := range map[string]struct {
		from ledger.Account
		msg  heartbeat.Pulse
		code ledger.Code
	}{
		"not a governor":  {ledgertest.Account(9), good, ledger.CodeRefused},
		"far ahead":       {ann, spoil(func(m *heartbeat.Pulse) { m.Interval++ }), ledger.CodeEarly},
		"long past":       {ann, spoil(func(m *heartbeat.Pulse) { m.Interval -= 2 }), ledger.CodeLate},
		"endless":         {ann, spoil(func(m *heartbeat.Pulse) { m.Interval = 1<<64 - 1 }), ledger.CodeEarly},
		"unknown block":   {ann, spoil(func(m *heartbeat.Pulse) { m.BlockHeight = 99 }), ledger.CodeRefused},
		"another hash":    {ann, spoil(func(m *heartbeat.Pulse) { m.BlockHash[0] ^= 1 }), ledger.CodeRefused},
		"height collides": {ann, spoil(func(m *heartbeat.Pulse) { m.BlockHeight += heartbeat.RingSize }), ledger.CodeRefused},
	} {
		before := c.kv.Dump()
		require.Equal(t, v.code, ledger.CodeOf(c.Pulse(c.ctx(v.from), c.kv, v.msg)), name)
		require.Equal(t, before, c.kv.Dump(), name)
	}
	require.Equal(t, ledger.CodeOK, ledger.CodeOf(c.Pulse(c.ctx(ann), c.kv, spoil(func(m *heartbeat.Pulse) { m.Interval-- }))), "the last interval is in time")
	require.Equal(t, ledger.CodeOK, ledger.CodeOf(c.Pulse(c.ctx(ann), c.kv, good)))
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.Pulse(c.ctx(ann), c.kv, good)), "one pulse an interval")
	c.block(60_001, 1)
	old := spoil(func(m *heartbeat.Pulse) { m.Interval = c.interval() })
	require.Equal(t, ledger.CodeLate, ledger.CodeOf(c.Pulse(c.ctx(bob), c.kv, old)), "a block over a minute old")
	for name, m := range map[string]heartbeat.Pulse{"no block": {Interval: 1}, "no hash": {BlockHeight: 1}} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, heartbeat.Register{}.Validate())
}

func TestHeadersMayLagBehindTheClockOfAPulse(t *testing.T) {
	c := newChain(t)
	c.block(c.params.PulseIntervalMS-10_000, 1)
	require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()+1), "the next interval is ten seconds away")
	c.timeMS--
	require.Equal(t, ledger.CodeEarly, c.pulse(bob, c.interval()+1))
}

func TestRegisterRefusals(t *testing.T) {
	c := newChain(t)
	dan := ledgertest.Account(4)
	register := func(from ledger.Account) ledger.Code {
		return ledger.CodeOf(c.Register(c.ctx(from), c.kv, heartbeat.Register{}))
	}
	require.Equal(t, ledger.CodeRefused, register(ann), "registered already")
	c.powers[dan] = 1000*atn - 1
	require.Equal(t, ledger.CodeFunds, register(dan))
	c.powers[dan]++
	require.Equal(t, ledger.CodeOK, register(dan))
	_, ok := c.Governor(c.kv, dan)
	require.True(t, ok)
}

func TestWorkClockRunsOnlyUnderALease(t *testing.T) {
	c := newChain(t)
	c.block(60_000, 1)
	require.Zero(t, c.work(), "no lease yet")
	c.pulse(ann, c.interval())
	c.pulse(bob, c.interval())
	began := c.timeMS
	c.block(10_000, 1)
	require.Equal(t, int64(10_000), c.work())
	c.block(100_000, 1)
	require.Equal(t, int64(70_000), c.work(), "at most a minute a block")
	c.timeMS = began + c.params.LeaseMS - 1000
	c.block(0, 1)
	require.Equal(t, int64(79_000), c.work())
	c.block(50_000, 1)
	require.Equal(t, int64(80_000), c.work(), "the lease had one second left")
	c.block(3_600_000, 1)
	require.Equal(t, int64(80_000), c.work(), "a halted hour is no time")
	c.pulse(ann, c.interval())
	c.pulse(bob, c.interval())
	require.Equal(t, int64(80_000), c.work())
	c.block(5_000, 1)
	require.Equal(t, int64(85_000), c.work(), "it resumes where it stopped")
}

func TestAnIdleChainWritesOnlyAtEmptyBlockIntervals(t *testing.T) {
	c := newChain(t)
	before := c.kv.Dump()
	c.block(c.params.EmptyBlockMS-1, 0)
	require.Equal(t, before, c.kv.Dump())
	c.block(1, 0)
	require.NotEqual(t, before, c.kv.Dump())
	require.Equal(t, c.height, c.Last(c.kv).Height)
}

func TestTheRingForgetsOldBlocksAndPulses(t *testing.T) {
	c := newChain(t)
	for range 3 * heartbeat.RingSize {
		c.block(c.params.PulseIntervalMS/2, 1)
		c.pulse(ann, c.interval())
	}
	blocks, pulses := 0, 0
	c.kv.Iterate(ledger.Key("heartbeat", "b", ""), func(_, _ []byte) bool { blocks++; return true })
	c.kv.Iterate(ledger.Key("heartbeat", "p", ""), func(_, _ []byte) bool { pulses++; return true })
	require.Equal(t, heartbeat.RingSize, blocks)
	require.LessOrEqual(t, pulses, 3)
}

func TestAGovernorAbsentForTooLongLeaves(t *testing.T) {
	c := newChain(t)
	c.params.GovernorAbsentMS = 300_000
	for c.work() <= 300_000 {
		require.Equal(t, 3, c.governors())
		c.pulse(ann, c.interval())
		c.pulse(bob, c.interval())
		c.block(c.params.PulseIntervalMS, 1)
	}
	c.pulse(ann, c.interval())
	c.pulse(bob, c.interval())
	require.Equal(t, 2, c.governors(), "eve never pulsed")
	c.block(0, 1)
	require.Equal(t, ledger.CodeRefused, c.pulse(eve, c.interval()))
	require.Equal(t, ledger.CodeOK, ledger.CodeOf(c.Register(c.ctx(eve), c.kv, heartbeat.Register{})), "she may come back")
}

func (c *chain) governors() int {
	count := 0
	c.Governors(c.kv, func(ledger.Account, heartbeat.Governor) bool { count++; return true })
	return count
}

func TestAGovernorMayLeave(t *testing.T) {
	c := newChain(t)
	leave := func(from ledger.Account) ledger.Code {
		return ledger.CodeOf(c.Leave(c.ctx(from), c.kv, heartbeat.Leave{}))
	}
	require.NoError(t, heartbeat.Leave{}.Validate())
	require.Equal(t, ledger.CodeRefused, leave(ledgertest.Account(9)))
	require.Equal(t, ledger.CodeOK, leave(eve))
	require.Equal(t, ledger.CodeRefused, leave(eve))
	require.Equal(t, ledger.CodeRefused, c.pulse(eve, c.interval()))
	require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
	require.False(t, c.live())
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
	require.Equal(t, 2000*atn, c.Beat(c.kv).Power)
}

func TestPowerGivenAwayDoesNotPulse(t *testing.T) {
	c := newChain(t)
	c.powers[ann], c.powers[bob] = 0, 2000*atn // ann delegates to bob
	require.Equal(t, ledger.CodeRefused, c.pulse(ann, c.interval()))
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
	require.True(t, c.live())
}

func TestTheThresholdIsTheConstitutions(t *testing.T) {
	c := newChain(t)
	c.params.Governance.HeartbeatQuorum = ledger.Ratio{Num: 1, Den: 1}
	c.pulse(ann, c.interval())
	c.pulse(bob, c.interval())
	require.False(t, c.live())
	c.pulse(eve, c.interval())
	require.True(t, c.live())
}

func TestAnotherLengthOfIntervalsDoesNotSilenceGovernance(t *testing.T) {
	for _, length := range []int64{10_000, 120_000} {
		c := newChain(t)
		c.pulse(ann, c.interval())
		c.pulse(bob, c.interval())
		first := c.Beat(c.kv)
		c.params.PulseIntervalMS = length // intervals are numbered anew, higher or lower
		c.block(2*length, 1)
		require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
		require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
		require.Equal(t, first.Count+1, c.Beat(c.kv).Count)
		c.block(length, 1)
		require.Equal(t, ledger.CodeOK, c.pulse(ann, c.interval()))
		require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()))
		require.Equal(t, first.Count+2, c.Beat(c.kv).Count)
	}
}

func TestASkewedProposerMovesTheWorkClockByAMinuteAtMost(t *testing.T) {
	c := newChain(t)
	for _, jump := range []int64{1, 59_999, 60_000, 60_001, 119_000, 120_001, 3_600_000, 365 * 24 * 3_600_000} {
		c.pulse(ann, c.interval())
		c.pulse(bob, c.interval())
		require.True(t, c.live())
		before := c.work()
		c.block(jump, 1)
		require.Equal(t, before+min(jump, 60_000), c.work(), "a header %d ms ahead", jump)
		c.block(0, 1)
		require.Equal(t, before+min(jump, 60_000), c.work(), "the next block does not catch up")
		c.block(c.params.PulseIntervalMS, 1)
	}
	c.timeMS -= 1000
	before := c.Clock(c.kv)
	require.Equal(t, before.WorkMS, c.work(), "a header behind the last one moves nothing")
}

func TestPowerThatWandersDoesNotFillTheRegister(t *testing.T) {
	c := newChain(t)
	for i := range 1024 - 3 {
		account := ledgertest.Account(100 + i)
		c.powers[account] = 1000 * atn
		require.NoError(t, c.Register(c.ctx(account), c.kv, heartbeat.Register{}))
	}
	late := ledgertest.Account(5000)
	c.powers[late] = 1000 * atn
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.Register(c.ctx(late), c.kv, heartbeat.Register{})))
	c.powers[ledgertest.Account(500)] = 0 // delegated to somebody else
	require.NoError(t, c.Register(c.ctx(late), c.kv, heartbeat.Register{}))
	require.Equal(t, 1024, c.governors())
	_, ok := c.Governor(c.kv, ledgertest.Account(500))
	require.False(t, ok)
}

func TestAPulseAheadDoesNotLetAnEarlierOneBeSaidAgain(t *testing.T) {
	c := newChain(t)
	c.block(60_000, 1)
	past := c.interval() - 1
	require.Equal(t, ledger.CodeOK, c.pulse(ann, past))
	c.block(55_000, 1)
	require.Equal(t, ledger.CodeOK, c.pulse(bob, c.interval()+1), "its own clock is a little ahead")
	require.Equal(t, ledger.CodeRefused, c.pulse(ann, past), "one pulse of an interval, while it can be said")
}
