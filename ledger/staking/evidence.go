package staking

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Offence is what consensus caught a validator at.
type Offence string

// The offences.
const (
	DoubleSign        Offence = "double sign"         // two votes of one kind for one height and round
	LightClientAttack Offence = "light client attack" // a signed header that is not the chain's: lunatic, equivocation, amnesia
)

// Evidence is an offence as consensus proved it and put it into a block.
type Evidence struct {
	Offence  Offence
	Address  []byte // of the consensus key that signed
	Height   int64  // of the offence
	TimeMS   int64  // of the block at that height
	Proposer []byte // address of the validator whose block carries the evidence; may be empty
}

// punishedKey remembers that an account was punished for a height.
func punishedKey(account ledger.Account, height int64) []byte {
	return ledger.Key("staking", "e", string(account), fmt.Sprintf("%016x", height))
}

// Punish slashes the validator that evidence names, old consensus keys included, and bars it from the validator set
// until a new consensus key of its own is in force. The validator whose block carries the evidence is its reporter. Each height
// of a validator is punished once; evidence older than the unbonding time, or of a key nobody claimed, is nothing to do.
func (k Keeper) Punish(ctx *ledger.Context, kv ledger.KV, e Evidence) {
	account := k.validatorOf(kv, e.Address)
	if account == "" || ctx.TimeMS-e.TimeMS > ctx.Params.Validator.UnbondMS {
		return
	}
	mark := punishedKey(account, e.Height)
	if kv.Get(mark) != nil {
		return
	}
	kv.Set(mark, []byte{1})
	record, _ := k.Record(kv, account)
	stake := record.Of(Validator)
	amount, err := fixed.MulDiv(uint64(stake.Bonded+stake.Unbonding), ctx.Params.EquivocationPerMille, 1000)
	if err != nil {
		ctx.Fault(err)
		return
	}
	record.Barred = true
	kv.Delete(pendingKey(account))
	k.save(ctx, kv, account, record, Validator)
	height := strconv.FormatInt(e.Height, 10)
	k.Slash(ctx, kv, Penalty{
		Account: account, Role: Validator, Amount: ledger.Natn(amount), Reporter: k.validatorOf(kv, e.Proposer),
		Cause: "equivocation", Ref: height,
		Evidence: string(e.Offence) + " at height " + height + " by " + hex.EncodeToString(e.Address),
	})
	ctx.Emit(Barred{Account: account, Offence: string(e.Offence), Height: e.Height})
}

// validatorOf returns the account that claimed the consensus key with an address; none for an unknown one.
func (Keeper) validatorOf(kv ledger.KV, address []byte) ledger.Account {
	return ledger.Account(bytes.Clone(kv.Get(consKeyKey(address))))
}
