package app_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
)

// index is the place of an account in the cast.
func index(account ledger.Account) int {
	for i := range castSize {
		if acct(i) == account {
			return i
		}
	}
	return -1
}

// sorted are the cast's accounts in ascending order.
func sorted() []ledger.Account {
	all := make([]ledger.Account, castSize)
	for i := range all {
		all[i] = acct(i)
	}
	slices.Sort(all)
	return all
}

// sealed signs any message bytes as the citizen's first transaction.
func sealed(t testing.TB, kind string, msg []byte, fee ledger.Natn) []byte {
	t.Helper()
	body, err := ledger.Marshal(ledger.Body{Network: network, Kind: kind, Msg: msg, Fee: fee})
	if err != nil { // the bytes are no CBOR at all
		return nil
	}
	sig := ed25519.Sign(key(citizen), append([]byte("autonet/tx/v1"+network), body...))
	raw, err := ledger.Marshal(ledger.Tx{Body: body, Key: key(citizen)[ed25519.SeedSize:], Sig: sig})
	require.NoError(t, err)
	return raw
}
