package bank

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strconv"

	"autonet/ledger"
)

// Bounds of grants.
const (
	MinGrant    = ledger.ATN / 1000 // enough for hundreds of transactions
	MaxGrantMS  = 365 * 24 * 3_600_000
	maxReturned = 256 // unclaimed grants that end in one block; later ones end in the next
)

const tagGrant = "autonet/grant/v1"

// GrantRecord is money that waits for whoever can sign with a key.
type GrantRecord struct {
	_         struct{}       `cbor:",toarray"`
	Grantor   ledger.Account `json:"grantor"`
	Amount    ledger.Natn    `json:"amount"`
	ExpiresMS int64          `json:"expires_ms"` // ledger time
}

func grantKey(key []byte) []byte { return ledger.Key("bank", "g", hex.EncodeToString(key)) }

// expiryKey orders grants by the time they end.
func expiryKey(expiresMS int64, key []byte) []byte {
	return ledger.Key("bank", "q", fmt.Sprintf("%016x", expiresMS), hex.EncodeToString(key))
}

// SignClaim is the signature with which a grant's key names the account that gets the money: over its purpose, the
// network and the account.
func SignClaim(grant ed25519.PrivateKey, network string, claimer ledger.Account) []byte {
	return ed25519.Sign(grant, claimBytes(network, claimer))
}

func claimBytes(network string, claimer ledger.Account) []byte {
	sum := ledger.HashParts([]byte(tagGrant), []byte(network), []byte(claimer))
	return sum[:]
}

// Grant returns the unclaimed grant under a key.
func (Keeper) Grant(kv ledger.KV, key []byte) (GrantRecord, bool) {
	return ledger.Load[GrantRecord](kv, grantKey(key))
}

// MakeGrant executes the message.
func (k Keeper) MakeGrant(ctx *ledger.Context, kv ledger.KV, m Grant) error {
	if _, taken := k.Grant(kv, m.Key); taken {
		return ledger.Refuse(ledger.CodeRefused, "grant: there is a grant under the key %x", m.Key)
	}
	if m.ExpiresMS <= ctx.TimeMS || m.ExpiresMS-ctx.TimeMS > MaxGrantMS {
		return ledger.Refuse(ledger.CodeRefused, "grant: it must end within 365 days from now (%d), not at %d", ctx.TimeMS, m.ExpiresMS)
	}
	ref := hex.EncodeToString(m.Key)
	if err := k.Move(ctx, kv, Balance(ctx.Sender), Grants(), m.Amount, "grant", ref); err != nil {
		return err
	}
	ledger.Save(kv, grantKey(m.Key), GrantRecord{Grantor: ctx.Sender, Amount: m.Amount, ExpiresMS: m.ExpiresMS})
	kv.Set(expiryKey(m.ExpiresMS, m.Key), []byte{1})
	k.opened(kv)
	ctx.Emit(Granted{Grantor: ctx.Sender, Key: m.Key, Amount: m.Amount, ExpiresMS: m.ExpiresMS})
	return nil
}

// ClaimGrant executes the message.
func (k Keeper) ClaimGrant(ctx *ledger.Context, kv ledger.KV, m Claim) error {
	grant, ok := k.Grant(kv, m.Key)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "claim: there is no grant under the key %x, or no longer", m.Key)
	}
	if grant.ExpiresMS <= ctx.TimeMS {
		return ledger.Refuse(ledger.CodeLate, "claim: the grant ended at %d", grant.ExpiresMS)
	}
	if !ledger.VerifySignature(m.Key, claimBytes(ctx.Network, ctx.Sender), m.Sig) {
		return ledger.Refuse(ledger.CodeInvalid, "claim: the grant's key has not signed for the account %s", ctx.Sender)
	}
	k.dropGrant(kv, m.Key, grant)
	ref := hex.EncodeToString(m.Key)
	if err := k.Move(ctx, kv, Grants(), Balance(ctx.Sender), grant.Amount, "claim", ref); err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	ctx.Emit(Claimed{Account: ctx.Sender, Grantor: grant.Grantor, Key: m.Key, Amount: grant.Amount})
	return nil
}

func (Keeper) dropGrant(kv ledger.KV, key []byte, grant GrantRecord) {
	kv.Delete(grantKey(key))
	kv.Delete(expiryKey(grant.ExpiresMS, key))
}

// BeginBlock returns the unclaimed grants whose time has come to their grantors. It needs no lease.
func (k Keeper) BeginBlock(ctx *ledger.Context, kv ledger.KV) error {
	var ended [][]byte
	prefix := ledger.Key("bank", "q", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		when, name, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		expires, err := strconv.ParseInt(string(when), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("bank: the queue of grants has a key %q", key))
		}
		if expires > ctx.TimeMS || len(ended) >= maxReturned {
			return false
		}
		grant, err := hex.DecodeString(string(name))
		if err != nil {
			panic(fmt.Sprintf("bank: the queue of grants has a key %q", key))
		}
		ended = append(ended, grant)
		return true
	})
	for _, key := range ended {
		grant, ok := k.Grant(kv, key)
		if !ok {
			return fmt.Errorf("the grant %x is in the queue and not in the books", key)
		}
		k.dropGrant(kv, key, grant)
		if err := k.Move(ctx, kv, Grants(), Balance(grant.Grantor), grant.Amount, "grant ended", hex.EncodeToString(key)); err != nil {
			return fmt.Errorf("end of the grant %x: %w", key, err)
		}
		ctx.Emit(GrantEnded{Grantor: grant.Grantor, Key: key, Amount: grant.Amount})
	}
	return nil
}

// AllGrants visits every unclaimed grant in ascending order of its key until fn returns false.
func (Keeper) AllGrants(kv ledger.KV, fn func(key []byte, grant GrantRecord) bool) {
	prefix := grantKey(nil)
	kv.Iterate(prefix, func(stored, value []byte) bool {
		var grant GrantRecord
		ledger.DecodeRecord(stored, value, &grant)
		key, err := hex.DecodeString(string(stored[len(prefix):]))
		if err != nil {
			panic(fmt.Sprintf("bank: the grant at %q has no key", stored))
		}
		return fn(key, grant)
	})
}

// RecountGrants adds up what all grants hold and checks that each will end.
func (k Keeper) RecountGrants(kv ledger.KV) (ledger.Natn, error) {
	sum, grants, queued := ledger.Natn(0), 0, 0
	var breach error
	k.AllGrants(kv, func(key []byte, grant GrantRecord) bool {
		sum += grant.Amount
		grants++
		if kv.Get(expiryKey(grant.ExpiresMS, key)) == nil {
			breach = fmt.Errorf("the grant %x would never end", key)
		}
		return breach == nil
	})
	kv.Iterate(ledger.Key("bank", "q", ""), func(_, _ []byte) bool {
		queued++
		return true
	})
	if breach == nil && grants != queued {
		breach = fmt.Errorf("%d grants, %d ends of grants", grants, queued)
	}
	return sum, breach
}

// GrantWorth returns the money that a stored grant stands for; none for any other record.
func GrantWorth(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, grantKey(nil)) {
		return 0
	}
	var grant GrantRecord
	ledger.DecodeRecord(key, value, &grant)
	return grant.Amount
}
