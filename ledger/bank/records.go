package bank

import "autonet/ledger"

// The two records that every transaction reads and writes several times are arrays of numbers.

func decodeAccount(key, raw []byte) (a Account) {
	ledger.DecodeNumbers(key, raw, &a.Nonce, (*uint64)(&a.Balance))
	return a
}

func saveAccount(kv ledger.KV, account ledger.Account, a Account) {
	kv.Set(accountKey(account), ledger.EncodeNumbers(a.Nonce, uint64(a.Balance)))
}

// sumsOf lists the totals in the order of their record.
func sumsOf(t *Totals) [15]*ledger.Natn {
	return [...]*ledger.Natn{
		&t.Supply, &t.Burned, &t.Balances, &t.Stakes, &t.Unbonding, &t.Escrows, &t.Projects, &t.Grants, &t.Traps, &t.Subsidies,
		&t.Revenues, &t.Orders, &t.Treasury, &t.Fees, (*ledger.Natn)(&t.Records),
	}
}

func decodeTotals(key, raw []byte) (t Totals) {
	var into [15]*uint64
	for i, sum := range sumsOf(&t) {
		into[i] = (*uint64)(sum)
	}
	ledger.DecodeNumbers(key, raw, into[:]...)
	return t
}

func saveTotals(kv ledger.KV, t Totals) {
	var numbers [15]uint64
	for i, sum := range sumsOf(&t) {
		numbers[i] = uint64(*sum)
	}
	kv.Set(totalsKey(), ledger.EncodeNumbers(numbers[:]...))
}
