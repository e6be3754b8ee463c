package heartbeat

import (
	"bytes"
	"fmt"
	"strconv"

	"autonet/ledger"
)

// headerLagMS is how far the header's time may lie behind the clock of whoever signs a pulse: a block after a pause still
// carries the time at which the one before it was decided. An interval this close ahead counts as begun.
const headerLagMS = 10_000

// Keeper is the module's rules. It holds its port and no state.
type Keeper struct {
	governance Governance
}

// New returns the keeper over its port.
func New(governance Governance) Keeper { return Keeper{governance: governance} }

func governorKey(account ledger.Account) []byte { return ledger.Key("heartbeat", "g", string(account)) }

func beatKey() []byte { return ledger.Key("heartbeat", "h") }

func clockKey() []byte { return ledger.Key("heartbeat", "c") }

func lastKey() []byte { return ledger.Key("heartbeat", "l") }

func ringKey(height int64) []byte {
	return ledger.Key("heartbeat", "b", fmt.Sprintf("%02x", height%RingSize))
}

func pulseKey(interval uint64, account ledger.Account) []byte {
	return ledger.Key("heartbeat", "p", fmt.Sprintf("%016x", interval), string(account))
}

// Beat returns the last heartbeat.
func (Keeper) Beat(kv ledger.KV) Beat {
	beat, _ := ledger.Load[Beat](kv, beatKey())
	return beat
}

// LeaseLive reports whether work is allowed at a ledger time.
func (k Keeper) LeaseLive(p ledger.Params, kv ledger.KV, timeMS int64) bool {
	beat := k.Beat(kv)
	return beat.Count > 0 && timeMS <= beat.TimeMS+p.LeaseMS
}

// Clock returns the work clock as last recorded.
func (Keeper) Clock(kv ledger.KV) Clock {
	clock, _ := ledger.Load[Clock](kv, clockKey())
	return clock
}

// Work returns the work clock at a ledger time: what is recorded plus the part of the time since that a lease covered, at
// most the step of one block.
func (k Keeper) Work(p ledger.Params, kv ledger.KV, timeMS int64) int64 {
	clock, beat := k.Clock(kv), k.Beat(kv)
	if beat.Count == 0 {
		return clock.WorkMS
	}
	covered := min(timeMS, beat.TimeMS+p.LeaseMS) - clock.TimeMS
	return clock.WorkMS + max(0, min(covered, p.WorkStepMS))
}

// Last returns the newest block the state remembers: the one a pulse should name.
func (Keeper) Last(kv ledger.KV) Block {
	last, _ := ledger.Load[Block](kv, lastKey())
	return last
}

// Governors visits the register in ascending account order until fn returns false.
func (Keeper) Governors(kv ledger.KV, fn func(account ledger.Account, g Governor) bool) {
	prefix := governorKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var g Governor
		ledger.DecodeRecord(key, value, &g)
		return fn(ledger.Account(key[len(prefix):]), g)
	})
}

// Governor returns an account's place in the register.
func (Keeper) Governor(kv ledger.KV, account ledger.Account) (Governor, bool) {
	return ledger.Load[Governor](kv, governorKey(account))
}

// Genesis starts the work clock at the chain's time.
func (k Keeper) Genesis(kv ledger.KV, timeMS int64) {
	ledger.Save(kv, clockKey(), Clock{TimeMS: timeMS})
}

// GenesisGovernor registers a governor in genesis.
func (k Keeper) GenesisGovernor(kv ledger.KV, account ledger.Account) {
	ledger.Save(kv, governorKey(account), Governor{})
}

// BeginBlock records the block and the work clock. A block without transactions is recorded only when the last record is an
// empty-block interval old: otherwise every empty block would change the state, and every change of the state calls for a
// block that proves it.
func (k Keeper) BeginBlock(ctx *ledger.Context, kv ledger.KV, txs int) {
	clock := k.Clock(kv)
	if _, started := ledger.Load[Block](kv, lastKey()); started && txs == 0 && ctx.TimeMS-clock.TimeMS < ctx.Params.EmptyBlockMS {
		return
	}
	ledger.Save(kv, clockKey(), Clock{TimeMS: ctx.TimeMS, WorkMS: k.Work(ctx.Params, kv, ctx.TimeMS)})
	block := Block{Height: ctx.Height, TimeMS: ctx.TimeMS, Hash: ctx.Hash}
	ledger.Save(kv, ringKey(ctx.Height), block)
	ledger.Save(kv, lastKey(), block)
}

// Register executes the message.
func (k Keeper) Register(ctx *ledger.Context, kv ledger.KV, _ Register) error {
	if _, known := k.Governor(kv, ctx.Sender); known {
		return ledger.Refuse(ledger.CodeRefused, "register: the sender is a governor")
	}
	power := k.governance.Power(kv, ctx.Sender)
	if power < ctx.Params.GovernorPower {
		return ledger.Refuse(ledger.CodeFunds, "register: the sender's governance power is %s; a governor needs %s", power, ctx.Params.GovernorPower)
	}
	count, idle := 0, ledger.Account("")
	k.Governors(kv, func(account ledger.Account, _ Governor) bool {
		count++
		if idle == "" && k.governance.Power(kv, account) < ctx.Params.GovernorPower {
			idle = account
		}
		return true
	})
	if count >= maxGovernors {
		if idle == "" {
			return ledger.Refuse(ledger.CodeRefused, "register: the register is full with %d governors", count)
		}
		// Power can be delegated from one account to the next; a place in the register stays only with power behind it.
		kv.Delete(governorKey(idle))
		ctx.Emit(Left{Governor: idle, Cause: "its power left, and the register is full"})
	}
	ledger.Save(kv, governorKey(ctx.Sender), Governor{Since: ctx.Height, SeenWorkMS: ctx.WorkMS})
	ctx.Emit(Registered{Governor: ctx.Sender, Power: power})
	return nil
}

// Leave executes the message.
func (k Keeper) Leave(ctx *ledger.Context, kv ledger.KV, _ Leave) error {
	if _, known := k.Governor(kv, ctx.Sender); !known {
		return ledger.Refuse(ledger.CodeRefused, "leave: the sender is not a governor")
	}
	kv.Delete(governorKey(ctx.Sender))
	ctx.Emit(Left{Governor: ctx.Sender, Cause: "its own wish"})
	return nil
}

// Pulse executes the message.
func (k Keeper) Pulse(ctx *ledger.Context, kv ledger.KV, m Pulse) error {
	governor, known := k.Governor(kv, ctx.Sender)
	if !known {
		return ledger.Refuse(ledger.CodeRefused, "pulse: the sender is not a governor")
	}
	power := k.governance.Power(kv, ctx.Sender)
	if power < ctx.Params.GovernorPower {
		return ledger.Refuse(ledger.CodeRefused, "pulse: the sender's governance power is %s; a governor needs %s", power, ctx.Params.GovernorPower)
	}
	if err := k.timely(ctx, kv, m); err != nil {
		return err
	}
	key := pulseKey(m.Interval, ctx.Sender)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "pulse: the sender pulsed in interval %d already", m.Interval)
	}
	k.prune(kv, m.Interval)
	kv.Set(key, []byte{1})
	governor.SeenWorkMS, governor.Interval = ctx.WorkMS, max(governor.Interval, m.Interval)
	ledger.Save(kv, governorKey(ctx.Sender), governor)
	ctx.Emit(Pulsed{Governor: ctx.Sender, Interval: m.Interval, Power: power})
	k.beat(ctx, kv, m.Interval)
	return nil
}

func interval(timeMS, length int64) uint64 { return uint64(max(timeMS, 0)) / uint64(length) }

// timely checks that a pulse is of the present or the last interval and names a recent block.
func (Keeper) timely(ctx *ledger.Context, kv ledger.KV, m Pulse) error {
	length := ctx.Params.PulseIntervalMS
	now, ahead := interval(ctx.TimeMS, length), interval(ctx.TimeMS+min(length, headerLagMS), length)
	if m.Interval > ahead {
		return ledger.Refuse(ledger.CodeEarly, "pulse: interval %d has not begun; the ledger is in %d", m.Interval, now)
	}
	if m.Interval+1 < now {
		return ledger.Refuse(ledger.CodeLate, "pulse: interval %d is over; the ledger is in %d", m.Interval, now)
	}
	block, known := ledger.Load[Block](kv, ringKey(m.BlockHeight))
	if !known || block.Height != m.BlockHeight || block.Hash != m.BlockHash {
		return ledger.Refuse(ledger.CodeRefused, "pulse: block %d with hash %s is not among the recent ones", m.BlockHeight, m.BlockHash)
	}
	if age := ctx.TimeMS - block.TimeMS; age > ctx.Params.PulseBlockAgeMS {
		return ledger.Refuse(ledger.CodeLate, "pulse: block %d is %d ms old; at most %d are allowed", m.BlockHeight, age, ctx.Params.PulseBlockAgeMS)
	}
	return nil
}

// prune forgets pulses of intervals that are over. A pulse may be one interval ahead of the ledger and one behind it: what two
// intervals before this one was said may still be said, and only once.
func (Keeper) prune(kv ledger.KV, interval uint64) {
	if interval < 3 {
		return
	}
	prefix := ledger.Key("heartbeat", "p", "")
	var old [][]byte
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, _, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		n, err := strconv.ParseUint(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("heartbeat: a pulse has the key %q", key))
		}
		if n+2 >= interval {
			return false
		}
		old = append(old, bytes.Clone(key))
		return true
	})
	for _, key := range old {
		kv.Delete(key)
	}
}

// beat makes a heartbeat of an interval's pulses if their power suffices and it is newer than the last.
func (k Keeper) beat(ctx *ledger.Context, kv ledger.KV, interval uint64) {
	last := k.Beat(kv)
	if last.Count > 0 && last.LengthMS == ctx.Params.PulseIntervalMS && interval <= last.Interval {
		return
	}
	var registered, pulsed ledger.Natn // at most the supply
	k.Governors(kv, func(account ledger.Account, _ Governor) bool {
		power := k.governance.Power(kv, account)
		if power < ctx.Params.GovernorPower {
			return true
		}
		registered += power
		if kv.Get(pulseKey(interval, account)) != nil {
			pulsed += power
		}
		return true
	})
	if pulsed == 0 || !ctx.Params.Governance.HeartbeatQuorum.Reached(pulsed, registered) {
		return
	}
	beat := Beat{
		Interval: interval, TimeMS: ctx.TimeMS, Height: ctx.Height, Pulsed: pulsed, Power: registered, Count: last.Count + 1,
		LengthMS: ctx.Params.PulseIntervalMS,
	}
	// The clock is settled before the lease it runs on is renewed: time the old lease did not cover stays uncounted.
	ledger.Save(kv, clockKey(), Clock{TimeMS: ctx.TimeMS, WorkMS: k.Work(ctx.Params, kv, ctx.TimeMS)})
	ledger.Save(kv, beatKey(), beat)
	ctx.Emit(Beaten{Interval: interval, TimeMS: ctx.TimeMS, Pulsed: pulsed, Power: registered})
	k.dismiss(ctx, kv)
}

// dismiss takes governors off the register that have been absent for too long, measured while leases lived.
func (k Keeper) dismiss(ctx *ledger.Context, kv ledger.KV) {
	var absent []ledger.Account
	k.Governors(kv, func(account ledger.Account, g Governor) bool {
		if ctx.WorkMS-g.SeenWorkMS > ctx.Params.GovernorAbsentMS {
			absent = append(absent, account)
		}
		return true
	})
	for _, account := range absent {
		kv.Delete(governorKey(account))
		ctx.Emit(Left{Governor: account, Cause: "absent from every heartbeat"})
	}
}
