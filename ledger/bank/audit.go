package bank

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Check reports whether the running totals add up to the supply and no fee is left undistributed. It reads one record.
func (k Keeper) Check(kv ledger.KV) error {
	t := k.Totals(kv)
	sum := uint64(0)
	for _, part := range t.Parts() {
		next, err := fixed.Add(sum, uint64(part))
		if err != nil {
			return fmt.Errorf("the pots exceed 64 bits: %w", err)
		}
		sum = next
	}
	if sum != uint64(t.Supply) {
		return fmt.Errorf("the pots hold %s, the supply is %s", ledger.Natn(sum), t.Supply)
	}
	if t.Fees != 0 {
		return fmt.Errorf("%s of fees are left after the block", t.Fees)
	}
	return nil
}

// Recount adds up every balance and every holding of every token and compares the sums with the running totals and with
// what was issued. It reads everything the bank holds.
func (k Keeper) Recount(kv ledger.KV) error {
	sum, overflow := uint64(0), error(nil)
	k.Accounts(kv, func(_ ledger.Account, record Account) bool {
		sum, overflow = fixed.Add(sum, uint64(record.Balance))
		return overflow == nil
	})
	if overflow != nil {
		return fmt.Errorf("the balances exceed 64 bits: %w", overflow)
	}
	if t := k.Totals(kv); sum != uint64(t.Balances) {
		return fmt.Errorf("the accounts hold %s, the running total is %s", ledger.Natn(sum), t.Balances)
	}
	return k.recountTokens(kv)
}

// recountTokens walks holdings and tokens together: both are kept in ascending order of denomination.
func (k Keeper) recountTokens(kv ledger.KV) error {
	var held []Holding // one sum per denomination
	k.holdings(kv, ledger.Key("bank", "h", ""), func(h Holding) bool {
		if last := len(held) - 1; last >= 0 && held[last].Denom == h.Denom {
			held[last].Amount += h.Amount
			return true
		}
		held = append(held, Holding{Denom: h.Denom, Amount: h.Amount})
		return true
	})
	next := 0
	var breach error
	prefix := tokenKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var token Token
		ledger.DecodeRecord(key, value, &token)
		denom, sum := string(key[len(prefix):]), uint64(0)
		if next < len(held) && held[next].Denom == denom {
			sum = held[next].Amount
			next++
		}
		if sum != token.Outstanding() {
			breach = fmt.Errorf("holders have %d of token %s, %d are outstanding", sum, denom, token.Outstanding())
		}
		return breach == nil
	})
	if breach == nil && next < len(held) {
		breach = fmt.Errorf("token %s is held and was never opened", held[next].Denom)
	}
	return breach
}
