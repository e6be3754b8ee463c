package app_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

// The cast's keys and accounts, made once: deriving them is most of what a history would do.
var (
	castKeys = func() (keys [castSize]ed25519.PrivateKey) {
		for i := range keys {
			keys[i] = ledgertest.Key(i)
		}
		return keys
	}()
	castAccounts = func() (accounts [castSize]ledger.Account) {
		for i := range accounts {
			accounts[i] = ledgertest.Account(i)
		}
		return accounts
	}()
)

func key(i int) ed25519.PrivateKey { return castKeys[i] }

func acct(i int) ledger.Account { return castAccounts[i] }

// index is the place of an account in the cast.
func index(account ledger.Account) int { return slices.Index(castAccounts[:], account) }

// sorted are the cast's accounts in ascending order.
func sorted() []ledger.Account { return slices.Sorted(slices.Values(castAccounts[:])) }

// sealed signs any message bytes as the citizen's transaction with a nonce.
func sealed(tb testing.TB, nonce uint64, kind string, msg []byte, fee ledger.Natn) []byte {
	tb.Helper()
	body, err := ledger.Marshal(ledger.Body{Network: network, Nonce: nonce, Kind: kind, Msg: msg, Fee: fee})
	if err != nil { // the bytes are no CBOR at all
		return nil
	}
	sig := ed25519.Sign(key(citizen), append([]byte("autonet/tx/v1"+network), body...))
	raw, err := ledger.Marshal(ledger.Tx{Body: body, Key: key(citizen)[ed25519.SeedSize:], Sig: sig})
	require.NoError(tb, err)
	return raw
}
