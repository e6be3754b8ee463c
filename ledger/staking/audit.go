package staking

import (
	"bytes"
	"fmt"

	"autonet/ledger"
)

// Sums are what all accounts have at risk.
type Sums struct {
	Bonded    ledger.Natn
	Unbonding ledger.Natn
}

// Recount adds up every stake and checks each account's locks and unbonding entries against its record, and the lists of
// the roles' holders against all records. It reads everything the module holds.
func (k Keeper) Recount(kv ledger.KV) (Sums, error) {
	var sums Sums
	var breach error
	var listed [roleCount]ledger.Natn
	k.Records(kv, func(account ledger.Account, record Record) bool {
		for i, role := range ledger.Roles() {
			stake := record.Stakes[i]
			sums.Bonded += stake.Bonded
			sums.Unbonding += stake.Unbonding
			listed[i] += record.indexed(role)
			if breach = k.checkStake(kv, account, role, stake); breach != nil {
				return false
			}
		}
		return true
	})
	for i, role := range ledger.Roles() {
		if breach != nil {
			break
		}
		breach = checkHolders(kv, role, listed[i])
	}
	return sums, breach
}

func checkHolders(kv ledger.KV, role Role, want ledger.Natn) error {
	sum := ledger.Natn(0)
	kv.Iterate(holderKey(role, ""), func(key, value []byte) bool {
		var bonded ledger.Natn
		ledger.DecodeRecord(key, value, &bonded)
		sum += bonded
		return true
	})
	if sum != want {
		return fmt.Errorf("the holders of the role %s are listed with %s, their records say %s", role, sum, want)
	}
	return nil
}

func (k Keeper) checkStake(kv ledger.KV, account ledger.Account, role Role, stake Stake) error {
	if stake == (Stake{}) {
		return nil
	}
	var leaving, locked ledger.Natn
	k.Entries(kv, account, func(_ uint64, e Entry) bool {
		if e.Role == role {
			leaving += e.Amount
		}
		return true
	})
	k.Locks(kv, account, func(l Lock) bool {
		if l.Role == role {
			locked += l.Amount
		}
		return true
	})
	switch {
	case leaving != stake.Unbonding:
		return fmt.Errorf("stake of %s as %s: entries of %s are unbonding, the record says %s", account, role, leaving, stake.Unbonding)
	case locked != stake.Locked:
		return fmt.Errorf("stake of %s as %s: locks of %s, the record says %s", account, role, locked, stake.Locked)
	case locked > stake.Bonded+stake.Unbonding:
		return fmt.Errorf("stake of %s as %s: locks of %s exceed the stake of %s", account, role, locked, stake.Bonded+stake.Unbonding)
	}
	return nil
}

// Worth returns the stake that a stored record stands for; none for what is not an account's record.
func Worth(key, value []byte) (bonded, unbonding ledger.Natn) {
	if value == nil || !bytes.HasPrefix(key, recordKey("")) {
		return 0, 0
	}
	var record Record
	ledger.DecodeRecord(key, value, &record)
	for _, s := range record.Stakes {
		bonded += s.Bonded
		unbonding += s.Unbonding
	}
	return bonded, unbonding
}
