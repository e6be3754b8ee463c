package dao

import (
	"fmt"

	"autonet/ledger"
)

// signGrains is how finely signatures are dated: one is recorded when the last recorded one is a 365th of the dormancy old.
const signGrains = 365

// Standing is what governance keeps of an account with a stake or a delegation.
type Standing struct {
	_        struct{}       `cbor:",toarray"`
	Own      ledger.Natn    `json:"own"`      // bonded in all roles
	Received ledger.Natn    `json:"received"` // delegated to it; it is not passed on
	Delegate ledger.Account `json:"delegate"` // who has its own power; empty: itself
	SignedMS int64          `json:"signed_ms"`
	Noticed  bool           `json:"noticed"` // notice was given that it has signed nothing
	Asleep   bool           `json:"asleep"`  // its power left the denominator of amendments
}

// Power is what the account decides with: its own power unless delegated, and what was delegated to it.
func (s Standing) Power() ledger.Natn {
	if s.Delegate != "" {
		return s.Received
	}
	return s.Own + s.Received
}

func standingKey(account ledger.Account) []byte { return ledger.Key("dao", "p", string(account)) }

// Standing returns an account's standing; the zero value when governance knows nothing of it.
func (Keeper) Standing(kv ledger.KV, account ledger.Account) (Standing, bool) {
	return ledger.Load[Standing](kv, standingKey(account))
}

// Standings visits every account governance knows in ascending order until fn returns false.
func (Keeper) Standings(kv ledger.KV, fn func(account ledger.Account, s Standing) bool) {
	prefix := standingKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var s Standing
		ledger.DecodeRecord(key, value, &s)
		return fn(ledger.Account(key[len(prefix):]), s)
	})
}

// Power is an account's governance power now.
func (Keeper) Power(kv ledger.KV, account ledger.Account) ledger.Natn {
	return seriesOf(account).now(kv)
}

// PowerAt is an account's governance power at the end of a height of the last 200 days; of an older one it is zero.
func (Keeper) PowerAt(kv ledger.KV, account ledger.Account, height int64) ledger.Natn {
	return seriesOf(account).at(kv, height)
}

// Total is all governance power: everything bonded.
func (Keeper) Total(kv ledger.KV) ledger.Natn { return seriesTotal.now(kv) }

// TotalAt is all governance power at the end of a height, known as far back as PowerAt.
func (Keeper) TotalAt(kv ledger.KV, height int64) ledger.Natn { return seriesTotal.at(kv, height) }

// AsleepAt is the power at the end of a height that had left the denominator of amendments by then.
func (Keeper) AsleepAt(kv ledger.KV, height int64) ledger.Natn { return seriesAsleep.at(kv, height) }

// StakeChanged is told of every change of an account's bonded sum, genesis included.
func (k Keeper) StakeChanged(ctx *ledger.Context, kv ledger.KV, account ledger.Account, before, after ledger.Natn) {
	s := k.standing(ctx, kv, account)
	if s.Own != before {
		ctx.Fault(fmt.Errorf("power of %s: %s bonded before, the books say %s", account, before, s.Own))
		return
	}
	s.Own = after
	seriesTotal.add(ctx, kv, after, before)
	if s.Delegate == "" {
		k.put(ctx, kv, account, s)
		return
	}
	ledger.Save(kv, standingKey(account), s)
	k.receive(ctx, kv, s.Delegate, after, before)
}

// Delegate executes the message.
func (k Keeper) Delegate(ctx *ledger.Context, kv ledger.KV, m Delegate) error {
	s := k.standing(ctx, kv, ctx.Sender)
	if s.Delegate == m.To {
		if m.To == "" {
			return ledger.Refuse(ledger.CodeRefused, "delegate: the sender has its own power already")
		}
		return ledger.Refuse(ledger.CodeRefused, "delegate: %s has the sender's power already", m.To)
	}
	if m.To == ctx.Sender {
		return ledger.Refuse(ledger.CodeRefused, "delegate: name nobody to take the power back")
	}
	from := s.Delegate
	s.Delegate = m.To
	k.put(ctx, kv, ctx.Sender, s)
	if from != "" {
		k.receive(ctx, kv, from, 0, s.Own)
	}
	if m.To != "" {
		k.receive(ctx, kv, m.To, s.Own, 0)
	}
	ctx.Emit(Delegated{Account: ctx.Sender, From: from, To: m.To, Power: s.Own})
	return nil
}

// Signed is told of every accepted transaction of an account. It reports whether the account was given notice or asleep
// before, in which case its power is back.
func (k Keeper) Signed(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	s, known := k.Standing(kv, account)
	if !known || (!s.Noticed && ctx.TimeMS-s.SignedMS < k.grain(ctx)) {
		return false
	}
	woken := s.Noticed
	s.SignedMS, s.Noticed = ctx.TimeMS, false
	if s.Asleep {
		s.Asleep = false
		seriesAsleep.add(ctx, kv, 0, s.Power())
	}
	ledger.Save(kv, standingKey(account), s)
	return woken
}

func (Keeper) grain(ctx *ledger.Context) int64 {
	return max(ctx.Params.Governance.DormantMS/signGrains, 1)
}

// Dormant reports whether an account has signed nothing for as long as notice may be given after. Signatures are dated to a
// 365th of that span, which is added to it.
func (k Keeper) Dormant(ctx *ledger.Context, kv ledger.KV, account ledger.Account) bool {
	s, known := k.Standing(kv, account)
	return known && ctx.TimeMS-s.SignedMS >= ctx.Params.Governance.DormantMS+k.grain(ctx)
}

// Notice records that notice was given to an account, until it signs.
func (k Keeper) Notice(ctx *ledger.Context, kv ledger.KV, account ledger.Account) {
	s := k.standing(ctx, kv, account)
	s.Noticed = true
	ledger.Save(kv, standingKey(account), s)
}

// Rest takes a noticed account's power out of the denominator of amendments, until it signs.
func (k Keeper) Rest(ctx *ledger.Context, kv ledger.KV, account ledger.Account) {
	s := k.standing(ctx, kv, account)
	if !s.Noticed || s.Asleep {
		return
	}
	s.Asleep = true
	ledger.Save(kv, standingKey(account), s)
	seriesAsleep.add(ctx, kv, s.Power(), 0)
}

// standing loads an account's standing. One seen for the first time counts as having signed just now: it bonded, or was
// given power.
func (k Keeper) standing(ctx *ledger.Context, kv ledger.KV, account ledger.Account) Standing {
	s, known := k.Standing(kv, account)
	if !known {
		s.SignedMS = ctx.TimeMS
	}
	return s
}

// receive changes what was delegated to an account.
func (k Keeper) receive(ctx *ledger.Context, kv ledger.KV, account ledger.Account, plus, minus ledger.Natn) {
	s := k.standing(ctx, kv, account)
	if s.Received+plus < minus {
		ctx.Fault(fmt.Errorf("power of %s: %s received and %s less %s", account, s.Received, plus, minus))
		return
	}
	s.Received = s.Received + plus - minus
	k.put(ctx, kv, account, s)
}

// put saves a standing and the power it gives.
func (k Keeper) put(ctx *ledger.Context, kv ledger.KV, account ledger.Account, s Standing) {
	ledger.Save(kv, standingKey(account), s)
	own := seriesOf(account)
	if s.Asleep {
		seriesAsleep.add(ctx, kv, s.Power(), own.now(kv))
	}
	own.set(ctx, kv, s.Power())
}
