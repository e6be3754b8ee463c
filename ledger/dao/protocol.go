package dao

import (
	"bytes"
	"fmt"

	"autonet/ledger"
)

func protocolKey() []byte { return ledger.Key("dao", "y") }

func raisedKey(version uint64) []byte { return ledger.Key("dao", "z", fmt.Sprintf("%016x", version)) }

func signalKey(version uint64, account ledger.Account) []byte {
	return ledger.Key("dao", "r", fmt.Sprintf("%016x", version), string(account))
}

// Protocol returns the version of the rules in force; zero before genesis.
func (Keeper) Protocol(kv ledger.KV) Protocol {
	p, _ := ledger.Load[Protocol](kv, protocolKey())
	return p
}

// Protocols visits every version of the rules there was, oldest first, until fn returns false.
func (Keeper) Protocols(kv ledger.KV, fn func(Protocol) bool) {
	kv.Iterate(ledger.Key("dao", "z", ""), func(key, value []byte) bool {
		var p Protocol
		ledger.DecodeRecord(key, value, &p)
		return fn(p)
	})
}

// Signals visits the accounts that signalled for the next version in ascending order until fn returns false.
func (k Keeper) Signals(kv ledger.KV, fn func(account ledger.Account) bool) {
	prefix := signalKey(k.Protocol(kv).Version+1, "")
	kv.Iterate(prefix, func(key, _ []byte) bool { return fn(ledger.Account(key[len(prefix):])) })
}

// Ready is the power of the validators that signalled for the next version, and of all validators.
func (k Keeper) Ready(kv ledger.KV) (ready, all uint64) {
	version := k.Protocol(kv).Version + 1
	k.ports.Validators.Validators(kv, func(account ledger.Account, power int64) bool {
		all += uint64(max(power, 0))
		if kv.Get(signalKey(version, account)) != nil {
			ready += uint64(max(power, 0))
		}
		return true
	})
	return ready, all
}

// Signal executes the message.
func (k Keeper) Signal(ctx *ledger.Context, kv ledger.KV, m Signal) error {
	if next := k.Protocol(kv).Version + 1; m.Version != next {
		return ledger.Refuse(ledger.CodeRefused, "signal: the next protocol version is %d, not %d", next, m.Version)
	}
	validates := false
	k.ports.Validators.Validators(kv, func(account ledger.Account, _ int64) bool {
		validates = account == ctx.Sender
		return !validates
	})
	if !validates {
		return ledger.Refuse(ledger.CodeRefused, "signal: the sender is not in the validator set")
	}
	key := signalKey(m.Version, ctx.Sender)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "signal: the sender has signalled for version %d", m.Version)
	}
	kv.Set(key, []byte{1})
	ctx.Emit(Signalled{Account: ctx.Sender, Version: m.Version})
	return nil
}

// raise puts the protocol versions in force whose height has come and whose validators are ready; the others lapse.
func (k Keeper) raise(ctx *ledger.Context, kv ledger.KV) error {
	for id := scheduledBy(kv, ctx.Height); id != ""; id = scheduledBy(kv, ctx.Height) {
		p, ok := k.Proposal(kv, id)
		if !ok {
			return fmt.Errorf("the schedule names a proposal %s that does not exist", id)
		}
		kv.Delete(scheduledKey(p.Upgrade.Height, id))
		ready, all := k.Ready(kv)
		majority := ctx.Params.Governance.SignalMajority
		switch next := k.Protocol(kv).Version + 1; {
		case p.Upgrade.Version != next:
			p.State, p.Reason = StateFailed, fmt.Sprintf("the next protocol version is %d by now, not %d", next, p.Upgrade.Version)
		case !majority.Exceeded(ledger.Natn(ready), ledger.Natn(all)):
			p.State, p.Reason = StateLapsed, fmt.Sprintf("validators with %d of %d signalled ready: more than %s is needed", ready, all, majority)
		default:
			p.State = StateExecuted
			now := Protocol{Version: next, Height: ctx.Height, Cause: id}
			ledger.Save(kv, protocolKey(), now)
			ledger.Save(kv, raisedKey(next), now)
			ctx.Protocol = next
			forgetSignals(kv, next)
			ctx.Emit(Raised{Version: next, Cause: id, Ready: ready, Power: all})
		}
		p.EndHeight = ctx.Height
		ledger.Save(kv, proposalKey(id), p)
		ctx.Emit(moved(p))
	}
	return nil
}

// forgetSignals deletes what was said about a version that is in force.
func forgetSignals(kv ledger.KV, version uint64) {
	var keys [][]byte
	kv.Iterate(signalKey(version, ""), func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
	}
}
