package staking

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"autonet/ledger"
)

// Tags of the statements by which a new key agrees to serve an account.
const (
	tagRotateKey     = "autonet/rotate-key/v1"
	tagRotateConsKey = "autonet/rotate-consensus-key/v1"
)

// KeyUse says for which account a key signs, and in which epochs.
type KeyUse struct {
	_       struct{}       `cbor:",toarray"`
	Account ledger.Account `json:"account"`
	From    uint64         `json:"from"`  // first epoch
	Until   uint64         `json:"until"` // first epoch in which it no longer signs; 0: it still does
}

// PendingKey is a consensus key that is not in force yet.
type PendingKey struct {
	_     struct{} `cbor:",toarray"`
	Key   []byte   `json:"key"`
	Epoch uint64   `json:"epoch"` // first one in which it is
}

// useKey holds the KeyUse of every signing key that ever took part in a rotation, by the peer ID of the key.
func useKey(key ledger.Account) []byte { return ledger.Key("staking", "k", string(key)) }

// signerKey holds the peer ID of an account's newest signing key, if that is not the account's own.
func signerKey(account ledger.Account) []byte { return ledger.Key("staking", "n", string(account)) }

func pendingKey(account ledger.Account) []byte { return ledger.Key("staking", "p", string(account)) }

// ProveKey is the proof of a new signing key for [RotateKey]: its signature over its purpose, the network and the account.
func ProveKey(priv ed25519.PrivateKey, network string, account ledger.Account) []byte {
	return ed25519.Sign(priv, rotationBytes(tagRotateKey, network, account))
}

// ProveConsensusKey is the proof of a new consensus key for [RotateConsensusKey].
func ProveConsensusKey(priv ed25519.PrivateKey, network string, account ledger.Account) []byte {
	return ed25519.Sign(priv, rotationBytes(tagRotateConsKey, network, account))
}

func rotationBytes(tag, network string, account ledger.Account) []byte {
	sum := ledger.HashParts([]byte(tag), []byte(network), []byte(account))
	return sum[:]
}

// Epoch is the epoch that the rules are in: the work clock over the epoch's length.
func Epoch(ctx *ledger.Context) uint64 {
	return uint64(max(ctx.WorkMS, 0) / max(ctx.Params.EpochMS, 1))
}

// Resolve returns the account for which a key, written as its peer ID, signs at present. It refuses with CodeRefused a
// key that no longer, or does not yet, sign for its account.
func (Keeper) Resolve(ctx *ledger.Context, kv ledger.KV, key ledger.Account) (ledger.Account, error) {
	use, ok := ledger.Load[KeyUse](kv, useKey(key))
	if !ok {
		return key, nil
	}
	switch epoch := Epoch(ctx); {
	case use.Until != 0 && epoch >= use.Until:
		return "", ledger.Refuse(ledger.CodeRefused, "the key %s no longer signs for the account %s", key, use.Account)
	case epoch < use.From:
		return "", ledger.Refuse(ledger.CodeEarly, "the key %s signs for the account %s from epoch %d on; this is epoch %d",
			key, use.Account, use.From, epoch)
	}
	return use.Account, nil
}

// KeyUse returns the record of a key that took part in a rotation; other keys sign for the account they name.
func (Keeper) KeyUse(kv ledger.KV, key ledger.Account) (KeyUse, bool) {
	return ledger.Load[KeyUse](kv, useKey(key))
}

// Signer returns the peer ID of an account's newest signing key, which may not be in force yet.
func (Keeper) Signer(kv ledger.KV, account ledger.Account) ledger.Account {
	if key := kv.Get(signerKey(account)); key != nil {
		return ledger.Account(bytes.Clone(key))
	}
	return account
}

// Pending returns the consensus key that will be in force for an account.
func (Keeper) Pending(kv ledger.KV, account ledger.Account) (PendingKey, bool) {
	return ledger.Load[PendingKey](kv, pendingKey(account))
}

// RotateKey executes the message. Money that somebody sent to the new key's name comes along: whoever sees the message on its
// way could else hold it up by sending a trifle.
func (k Keeper) RotateKey(ctx *ledger.Context, kv ledger.KV, m RotateKey) error {
	key, next := ledger.AccountFromKey(m.Key), Epoch(ctx)+1
	old := k.Signer(kv, ctx.Sender)
	use, rotated := k.KeyUse(kv, old)
	if rotated && use.From >= next {
		return ledger.Refuse(ledger.CodeEarly, "rotate-key: %s replaces the key from epoch %d on; rotate again then", old, use.From)
	}
	if _, used := k.KeyUse(kv, key); used || key == ctx.Sender {
		return ledger.Refuse(ledger.CodeRefused, "rotate-key: the key %s serves, or has served, already", key)
	}
	if _, staked := k.Record(kv, key); staked || k.bank.Used(kv, key) {
		return ledger.Refuse(ledger.CodeRefused, "rotate-key: the key %s is an account of its own", key)
	}
	if !ledger.VerifySignature(m.Key, rotationBytes(tagRotateKey, ctx.Network, ctx.Sender), m.Proof) {
		return ledger.Refuse(ledger.CodeInvalid, "rotate-key: the proof is not the new key's for this account")
	}
	if err := k.bank.Inherit(ctx, kv, key, ctx.Sender); err != nil {
		return fmt.Errorf("rotate-key: %w", err)
	}
	use.Account, use.Until = ctx.Sender, next
	ledger.Save(kv, useKey(old), use)
	ledger.Save(kv, useKey(key), KeyUse{Account: ctx.Sender, From: next})
	kv.Set(signerKey(ctx.Sender), []byte(key))
	ctx.Emit(KeyRotated{Account: ctx.Sender, Key: key, Replaces: old, Epoch: next})
	return nil
}

// RotateConsensusKey executes the message.
func (k Keeper) RotateConsensusKey(ctx *ledger.Context, kv ledger.KV, m RotateConsensusKey) error {
	record, _ := k.Record(kv, ctx.Sender)
	if len(record.ConsKey) == 0 {
		return ledger.Refuse(ledger.CodeRefused, "rotate-consensus-key: the account has never been a validator")
	}
	if pending, ok := k.Pending(kv, ctx.Sender); ok {
		return ledger.Refuse(ledger.CodeEarly, "rotate-consensus-key: %x replaces the key from epoch %d on; rotate again then",
			pending.Key, pending.Epoch)
	}
	index := consKeyKey(ConsAddress(m.Key))
	if kv.Get(index) != nil {
		return ledger.Refuse(ledger.CodeRefused, "rotate-consensus-key: the key %x serves, or has served, a validator", m.Key)
	}
	if !ledger.VerifySignature(m.Key, rotationBytes(tagRotateConsKey, ctx.Network, ctx.Sender), m.Proof) {
		return ledger.Refuse(ledger.CodeInvalid, "rotate-consensus-key: the proof is not the new key's for this account")
	}
	next := Epoch(ctx) + 1
	kv.Set(index, []byte(ctx.Sender))
	ledger.Save(kv, pendingKey(ctx.Sender), PendingKey{Key: m.Key, Epoch: next})
	ctx.Emit(ConsensusKeyRotated{Account: ctx.Sender, ConsKey: m.Key, Replaces: record.ConsKey, Epoch: next})
	return nil
}

// applyKeys puts the consensus keys in force whose epoch has come, in account order.
func (k Keeper) applyKeys(ctx *ledger.Context, kv ledger.KV) {
	prefix, epoch := pendingKey(""), Epoch(ctx)
	kv.Iterate(prefix, func(key, value []byte) bool {
		var pending PendingKey
		ledger.DecodeRecord(key, value, &pending)
		if pending.Epoch > epoch {
			return true
		}
		account := ledger.Account(key[len(prefix):])
		record, ok := k.Record(kv, account)
		if !ok {
			panic(fmt.Sprintf("staking: a consensus key waits for %s, which has no record", account))
		}
		record.ConsKey, record.Barred = pending.Key, false
		kv.Delete(key)
		k.save(ctx, kv, account, record, Validator)
		return true
	})
}
