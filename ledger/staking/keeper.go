package staking

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"autonet/ledger"
)

// Keeper is the module's rules. It holds its ports and no state.
type Keeper struct {
	bank       Bank
	governance Governance
}

// New returns the keeper over its ports.
func New(bank Bank, governance Governance) Keeper { return Keeper{bank: bank, governance: governance} }

func recordKey(account ledger.Account) []byte { return ledger.Key("staking", "s", string(account)) }

// holderKey indexes the accounts with anything bonded in a role, without those barred from it; the value is the amount.
func holderKey(role Role, account ledger.Account) []byte {
	return ledger.Key("staking", "r", string(role), string(account))
}

// consKeyKey maps the address of a consensus key to the account that claimed it, for good: old keys stay slashable.
func consKeyKey(address []byte) []byte {
	return ledger.Key("staking", "c", hex.EncodeToString(address))
}

func dirtyKey() []byte { return ledger.Key("staking", "d") }

// ConsAddress is the address by which consensus knows a key: the first 20 bytes of its SHA-256.
func ConsAddress(consKey []byte) []byte {
	sum := sha256.Sum256(consKey)
	return sum[:20]
}

// Record returns an account's record.
func (Keeper) Record(kv ledger.KV, account ledger.Account) (Record, bool) {
	return ledger.Load[Record](kv, recordKey(account))
}

// Records visits every account with a record in ascending order until fn returns false.
func (Keeper) Records(kv ledger.KV, fn func(account ledger.Account, record Record) bool) {
	prefix := recordKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var record Record
		ledger.DecodeRecord(key, value, &record)
		return fn(ledger.Account(key[len(prefix):]), record)
	})
}

// Active reports whether the account has at least the role's minimum bonded and is not barred from it.
func (k Keeper) Active(ctx *ledger.Context, kv ledger.KV, account ledger.Account, role Role) bool {
	bonded, ok := ledger.Load[ledger.Natn](kv, holderKey(role, account))
	return ok && role.Valid() && bonded >= ctx.Params.Role(role).MinStake
}

// Holders visits the accounts with at least a role's minimum bonded in ascending order until fn returns false.
func (k Keeper) Holders(p ledger.Params, kv ledger.KV, role Role, fn func(account ledger.Account, bonded ledger.Natn) bool) {
	least := p.Role(role).MinStake
	prefix := holderKey(role, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var bonded ledger.Natn
		ledger.DecodeRecord(key, value, &bonded)
		if bonded < least {
			return true
		}
		return fn(ledger.Account(key[len(prefix):]), bonded)
	})
}

// Power is an account's governance power of its own stake.
func (k Keeper) Power(kv ledger.KV, account ledger.Account) ledger.Natn {
	record, _ := k.Record(kv, account)
	return record.Power()
}

// SaltHead returns the head of an account's salt chain; zero when there is none.
func (k Keeper) SaltHead(kv ledger.KV, account ledger.Account) ledger.Hash {
	record, _ := k.Record(kv, account)
	return record.Salts
}

// MoveSaltHead sets the head after a salt was shown; the caller has checked that it lies behind the present one.
func (k Keeper) MoveSaltHead(kv ledger.KV, account ledger.Account, head ledger.Hash) {
	record, _ := k.Record(kv, account)
	record.Salts = head
	ledger.Save(kv, recordKey(account), record)
}

// Genesis records a stake that the bank already holds.
func (k Keeper) Genesis(ctx *ledger.Context, kv ledger.KV, account ledger.Account, m Bond) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("genesis stake of %s: %w", account, err)
	}
	record, _ := k.Record(kv, account)
	if err := k.claimKey(ctx.Params, kv, account, &record, m); err != nil {
		return fmt.Errorf("genesis stake of %s: %w", account, err)
	}
	stakeOf(&record, m.Role).Bonded += m.Amount
	k.save(ctx, kv, account, record, m.Role)
	return nil
}

// Bond executes the message. A stake is at least the role's minimum: crumbs would be read in every draw and cost nothing.
func (k Keeper) Bond(ctx *ledger.Context, kv ledger.KV, m Bond) error {
	record, _ := k.Record(kv, ctx.Sender)
	if err := k.claimKey(ctx.Params, kv, ctx.Sender, &record, m); err != nil {
		return err
	}
	stake := stakeOf(&record, m.Role)
	if least := ctx.Params.Role(m.Role).MinStake; m.Amount < least && stake.Bonded+m.Amount < least {
		return ledger.Refuse(ledger.CodeFunds, "bond: %s as %s; a stake is at least %s", stake.Bonded+m.Amount, m.Role, least)
	}
	if err := k.bank.Bond(ctx, kv, ctx.Sender, m.Amount); err != nil {
		return err
	}
	stake.Bonded += m.Amount // at most the supply
	k.save(ctx, kv, ctx.Sender, record, m.Role)
	ctx.Emit(Bonded{
		Account: ctx.Sender, Role: m.Role, Amount: m.Amount, Total: stake.Bonded,
		Active: k.Active(ctx, kv, ctx.Sender, m.Role),
	})
	return nil
}

// claimKey binds the consensus key of a validator's first bond. That bond must make it active, so that nobody occupies
// another's key for nothing.
func (k Keeper) claimKey(p ledger.Params, kv ledger.KV, account ledger.Account, record *Record, m Bond) error {
	if m.Role != Validator {
		return nil
	}
	if len(record.ConsKey) > 0 {
		if len(m.ConsKey) > 0 && string(m.ConsKey) != string(record.ConsKey) {
			return ledger.Refuse(ledger.CodeRefused, "bond: the account's consensus key is %x and stays so", record.ConsKey)
		}
		return nil
	}
	if len(m.ConsKey) == 0 {
		return ledger.Refuse(ledger.CodeRefused, "bond: a validator's first bond must carry its consensus key")
	}
	if least := p.Validator.MinStake; m.Amount < least {
		return ledger.Refuse(ledger.CodeRefused, "bond: a validator's first bond must be at least %s", least)
	}
	key := consKeyKey(ConsAddress(m.ConsKey))
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "bond: the consensus key %x belongs to another account", m.ConsKey)
	}
	kv.Set(key, []byte(account))
	record.ConsKey = m.ConsKey
	return nil
}

// SetSalts executes the message.
func (k Keeper) SetSalts(ctx *ledger.Context, kv ledger.KV, m SetSalts) error {
	record, ok := k.Record(kv, ctx.Sender)
	if !ok || record.Of(Coordinator).Bonded == 0 {
		return ledger.Refuse(ledger.CodeRefused, "set-salts: only an account with a stake as coordinator has a salt chain")
	}
	if record.Salts == m.Head {
		return ledger.Refuse(ledger.CodeRefused, "set-salts: this is the head already")
	}
	record.Salts = m.Head
	ledger.Save(kv, recordKey(ctx.Sender), record)
	ctx.Emit(SaltsSet{Account: ctx.Sender, Head: m.Head})
	return nil
}

// save writes a record, the index of the role that changed, and tells governance of a change of the bonded sum.
func (k Keeper) save(ctx *ledger.Context, kv ledger.KV, account ledger.Account, record Record, role Role) {
	old, _ := k.Record(kv, account)
	ledger.Save(kv, recordKey(account), record)
	key := holderKey(role, account)
	if bonded := record.indexed(role); bonded > 0 {
		ledger.Save(kv, key, bonded)
	} else {
		kv.Delete(key)
	}
	if before, after := old.Power(), record.Power(); before != after {
		k.governance.StakeChanged(ctx, kv, account, before, after)
	}
	if role == Validator {
		kv.Set(dirtyKey(), []byte{1})
	}
}
