package bank

import (
	"bytes"

	"autonet/ledger"
)

// Worth returns the balance that a stored record stands for; none for what is not an account's record.
func Worth(key, value []byte) ledger.Natn {
	if value == nil || !bytes.HasPrefix(key, accountKey("")) {
		return 0
	}
	return decodeAccount(key, value).Balance
}

// Tokens returns the denomination that a stored record is about, and how many tokens it says are held or outstanding;
// an empty denomination stands for any other record.
func Tokens(key, value []byte) (denom string, held, outstanding uint64) {
	holdings, tokens := ledger.Key("bank", "h", ""), tokenKey("")
	switch {
	case bytes.HasPrefix(key, holdings):
		name, _, _ := bytes.Cut(key[len(holdings):], []byte("/"))
		if value != nil {
			ledger.DecodeRecord(key, value, &held)
		}
		return string(name), held, 0
	case bytes.HasPrefix(key, tokens):
		var token Token
		if value != nil {
			ledger.DecodeRecord(key, value, &token)
		}
		return string(key[len(tokens):]), 0, token.Outstanding()
	default:
		return "", 0, 0
	}
}
