// Package ledgertest holds what tests of the ledger's modules share: a store in memory, accounts from a number, a
// context with the devnet's numbers. It is for tests only and knows no module.
package ledgertest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"autonet/ledger"
)

// Network is the network of test contexts.
const Network = "test"

// KV is a ledger.KV in memory. The zero value is empty and ready.
type KV struct {
	keys   []string
	values map[string][]byte
}

// NewKV returns an empty store.
func NewKV() *KV { return &KV{values: make(map[string][]byte)} }

// Get implements ledger.KV.
func (m *KV) Get(key []byte) []byte { return m.values[string(key)] }

// Set implements ledger.KV.
func (m *KV) Set(key, value []byte) {
	at, found := slices.BinarySearch(m.keys, string(key))
	if !found {
		m.keys = slices.Insert(m.keys, at, string(key))
	}
	if value == nil {
		value = []byte{}
	}
	m.values[string(key)] = bytes.Clone(value)
}

// Delete implements ledger.KV.
func (m *KV) Delete(key []byte) {
	at, found := slices.BinarySearch(m.keys, string(key))
	if found {
		m.keys = slices.Delete(m.keys, at, at+1)
		delete(m.values, string(key))
	}
}

// Iterate implements ledger.KV.
func (m *KV) Iterate(prefix []byte, fn func(key, value []byte) bool) {
	at, _ := slices.BinarySearch(m.keys, string(prefix))
	for _, key := range slices.Clone(m.keys[at:]) {
		if !bytes.HasPrefix([]byte(key), prefix) {
			return
		}
		if !fn([]byte(key), m.values[key]) {
			return
		}
	}
}

// Dump returns every key and value in order as one byte string: equal dumps are equal states.
func (m *KV) Dump() []byte {
	var out []byte
	for _, key := range m.keys {
		out = binary.BigEndian.AppendUint32(out, uint32(len(key)))
		out = append(out, key...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(m.values[key])))
		out = append(out, m.values[key]...)
	}
	return out
}

// Clone returns an independent copy.
func (m *KV) Clone() *KV {
	c := NewKV()
	c.keys = slices.Clone(m.keys)
	for _, key := range m.keys {
		c.values[key] = bytes.Clone(m.values[key])
	}
	return c
}

// Keys returns every key in order.
func (m *KV) Keys() []string { return slices.Clone(m.keys) }

// Key is the private key number i.
func Key(i int) ed25519.PrivateKey {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(i))
	seed := sha256.Sum256(append([]byte("autonet/ledgertest"), n[:]...))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Account is the account of key number i.
func Account(i int) ledger.Account {
	key := Key(i)
	return ledger.AccountFromKey(ed25519.PublicKey(key[ed25519.SeedSize:]))
}

// Context returns the context of a message by the sender at height 10 of a devnet with a live lease.
func Context(sender ledger.Account) *ledger.Context {
	return &ledger.Context{
		Network:   Network,
		Height:    10,
		TimeMS:    1_700_000_000_000,
		WorkMS:    1_000_000,
		Hash:      sha256.Sum256([]byte("block 10")),
		LeaseLive: true,
		Params:    ledger.DevnetParams(),
		Sender:    sender,
	}
}
