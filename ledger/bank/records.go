package bank

import "autonet/ledger"

// The two records that every transaction reads and writes several times are arrays of numbers.

func (a *Account) numbers() [2]*uint64 { return [...]*uint64{&a.Nonce, (*uint64)(&a.Balance)} }

func decodeAccount(key, raw []byte) (a Account) {
	n := a.numbers()
	ledger.DecodeNumbers(key, raw, n[:]...)
	return a
}

func saveAccount(kv ledger.KV, account ledger.Account, a Account) {
	kv.Set(accountKey(account), ledger.EncodeNumbers(a.Nonce, uint64(a.Balance)))
}

// sums lists the totals in the order of their record.
func (t *Totals) sums() [15]*ledger.Natn {
	return [...]*ledger.Natn{
		&t.Supply, &t.Burned, &t.Balances, &t.Stakes, &t.Unbonding, &t.Escrows, &t.Projects, &t.Grants, &t.Traps, &t.Subsidies,
		&t.Revenues, &t.Orders, &t.Treasury, &t.Fees, (*ledger.Natn)(&t.Records),
	}
}

func decodeTotals(key, raw []byte) (t Totals) {
	var into [15]*uint64
	for i, sum := range t.sums() {
		into[i] = (*uint64)(sum)
	}
	ledger.DecodeNumbers(key, raw, into[:]...)
	return t
}

func saveTotals(kv ledger.KV, t Totals) {
	var numbers [15]uint64
	for i, sum := range t.sums() {
		numbers[i] = uint64(*sum)
	}
	kv.Set(totalsKey(), ledger.EncodeNumbers(numbers[:]...))
}
