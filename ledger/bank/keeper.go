package bank

import (
	"fmt"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// Keeper is the bank's rules. It holds its port and no state.
type Keeper struct {
	holders Holders // nil: nobody asks
}

// New returns the keeper.
func New() Keeper { return Keeper{} }

// WithHolders returns a keeper that tells h of every change of a holding of project tokens.
func (k Keeper) WithHolders(h Holders) Keeper {
	k.holders = h
	return k
}

func accountKey(account ledger.Account) []byte { return ledger.Key("bank", "a", string(account)) }

func totalsKey() []byte { return ledger.Key("bank", "t") }

// Account returns an account's record; one that never held anything has the zero record.
func (Keeper) Account(kv ledger.KV, account ledger.Account) (Account, bool) {
	key := accountKey(account)
	raw := kv.Get(key)
	if raw == nil {
		return Account{}, false
	}
	return decodeAccount(key, raw), true
}

// Accounts visits every account in ascending order until fn returns false.
func (Keeper) Accounts(kv ledger.KV, fn func(account ledger.Account, record Account) bool) {
	prefix := accountKey("")
	kv.Iterate(prefix, func(key, value []byte) bool {
		return fn(ledger.Account(key[len(prefix):]), decodeAccount(key, value))
	})
}

// Totals returns the running sums.
func (Keeper) Totals(kv ledger.KV) Totals {
	key := totalsKey()
	raw := kv.Get(key)
	if raw == nil {
		return Totals{}
	}
	return decodeTotals(key, raw)
}

// Balance returns what an account can spend of a denomination.
func (k Keeper) Balance(kv ledger.KV, account ledger.Account, denom string) uint64 {
	if denom == ledger.DenomATN {
		record, _ := k.Account(kv, account)
		return uint64(record.Balance)
	}
	return k.holding(kv, denom, account)
}

// Allocate puts genesis money into a pot. It is the only way money comes into being.
func (k Keeper) Allocate(kv ledger.KV, to Pot, amount ledger.Natn) error {
	totals := k.Totals(kv)
	supply, err := fixed.Add(uint64(totals.Supply), uint64(amount))
	if err != nil {
		return fmt.Errorf("allocate %s: %w", amount, err)
	}
	totals.Supply = ledger.Natn(supply)
	if err := k.enter(kv, &totals, to, amount); err != nil {
		return err
	}
	saveTotals(kv, totals)
	return nil
}

// Move takes an amount out of one pot and puts it into another. It refuses with CodeFunds when the first does not hold
// it. Moving nothing is nothing to do.
func (k Keeper) Move(ctx *ledger.Context, kv ledger.KV, from, to Pot, amount ledger.Natn, cause, ref string) error {
	if amount == 0 {
		return nil
	}
	totals := k.Totals(kv)
	if err := k.leave(kv, &totals, from, amount); err != nil {
		return err
	}
	if err := k.enter(kv, &totals, to, amount); err != nil {
		return err
	}
	saveTotals(kv, totals)
	ctx.Emit(Moved{
		From: from.String(), To: to.String(), Denom: ledger.DenomATN, Amount: uint64(amount), Cause: cause, Ref: ref,
	})
	return nil
}

// Send executes the message.
func (k Keeper) Send(ctx *ledger.Context, kv ledger.KV, m Send) error {
	if m.To == ctx.Sender {
		return ledger.Refuse(ledger.CodeRefused, "send: sender and receiver are the same account")
	}
	if m.Denom == ledger.DenomATN {
		return k.Move(ctx, kv, Balance(ctx.Sender), Balance(m.To), ledger.Natn(m.Amount), "send", ctx.TxHash.String())
	}
	return k.sendToken(ctx, kv, m)
}

// Burn executes the message.
func (k Keeper) Burn(ctx *ledger.Context, kv ledger.KV, m Burn) error {
	if m.Denom != ledger.DenomATN {
		return k.burnToken(ctx, kv, m)
	}
	totals := k.Totals(kv)
	if err := k.leave(kv, &totals, Balance(ctx.Sender), ledger.Natn(m.Amount)); err != nil {
		return err
	}
	totals.Supply -= ledger.Natn(m.Amount)
	totals.Burned += ledger.Natn(m.Amount)
	saveTotals(kv, totals)
	ctx.Emit(Burned{Account: ctx.Sender, Denom: m.Denom, Amount: m.Amount})
	return nil
}

// Payable reports, without taking anything, whether [Keeper.Charge] would: CodeNonce or CodeFunds when not.
func (k Keeper) Payable(kv ledger.KV, sender ledger.Account, nonce uint64, fee ledger.Natn) error {
	record, _ := k.Account(kv, sender)
	return record.payable(nonce, fee)
}

func (a Account) payable(nonce uint64, fee ledger.Natn) error {
	if a.Nonce != nonce {
		return ledger.Refuse(ledger.CodeNonce, "nonce %d; the sender's next is %d", nonce, a.Nonce)
	}
	if a.Balance < fee {
		return ledger.Refuse(ledger.CodeFunds, "the fee is %s, the balance %s", fee, a.Balance)
	}
	return nil
}

// Charge takes a transaction's fee and uses up its nonce. It refuses, changing nothing, when the nonce is not the sender's
// next or the balance does not suffice.
func (k Keeper) Charge(kv ledger.KV, sender ledger.Account, nonce uint64, fee ledger.Natn) error {
	record, known := k.Account(kv, sender)
	if err := record.payable(nonce, fee); err != nil {
		return err
	}
	record.Nonce++
	record.Balance -= fee
	saveAccount(kv, sender, record)
	if known && fee == 0 {
		return nil
	}
	totals := k.Totals(kv)
	totals.Balances -= fee
	totals.Fees += fee
	if !known {
		totals.Records++
	}
	saveTotals(kv, totals)
	return nil
}

// Share is a validator's claim to fees.
type Share struct {
	Account ledger.Account
	Stake   ledger.Natn
}

// Distribute pays the block's fees to the shares by stake, rounding down, and the rest to the treasury.
func (k Keeper) Distribute(ctx *ledger.Context, kv ledger.KV, shares []Share) error {
	fees := k.Totals(kv).Fees
	if fees == 0 {
		return nil
	}
	total := uint64(0)
	for _, s := range shares {
		sum, err := fixed.Add(total, uint64(s.Stake))
		if err != nil {
			return fmt.Errorf("sum of validators' stakes: %w", err)
		}
		total = sum
	}
	left := fees
	for _, s := range shares {
		part, err := fixed.MulDiv(uint64(fees), uint64(s.Stake), total)
		if err != nil {
			return fmt.Errorf("share of validator %s: %w", s.Account, err)
		}
		left -= ledger.Natn(part)
		if err := k.Move(ctx, kv, Fees(), Balance(s.Account), ledger.Natn(part), "fees", ""); err != nil {
			return err
		}
	}
	return k.Move(ctx, kv, Fees(), Treasury(), left, "fees", "")
}

// leave takes an amount out of a pot; the caller saves the totals.
func (k Keeper) leave(kv ledger.KV, totals *Totals, from Pot, amount ledger.Natn) error {
	if from.name == potAccount {
		record, _ := k.Account(kv, from.account)
		if record.Balance < amount {
			return ledger.Refuse(ledger.CodeFunds, "the balance is %s, %s are needed", record.Balance, amount)
		}
		record.Balance -= amount
		saveAccount(kv, from.account, record)
	}
	sum := potSum(totals, from)
	if *sum < amount {
		return ledger.Refuse(ledger.CodeFunds, "the pot %s holds %s, %s are needed", from.name, *sum, amount)
	}
	*sum -= amount
	return nil
}

// enter puts an amount into a pot; the caller saves the totals.
func (k Keeper) enter(kv ledger.KV, totals *Totals, to Pot, amount ledger.Natn) error {
	if to.name == potAccount {
		record, known := k.Account(kv, to.account)
		balance, err := fixed.Add(uint64(record.Balance), uint64(amount))
		if err != nil {
			return fmt.Errorf("credit %s to %s: %w", amount, to.account, err)
		}
		if !known {
			totals.Records++
		}
		record.Balance = ledger.Natn(balance)
		saveAccount(kv, to.account, record)
	}
	sum := potSum(totals, to)
	total, err := fixed.Add(uint64(*sum), uint64(amount))
	if err != nil {
		return fmt.Errorf("pot %s: %w", to.name, err)
	}
	*sum = ledger.Natn(total)
	return nil
}

// potSum returns the running sum that a pot belongs to.
func potSum(t *Totals, p Pot) *ledger.Natn {
	switch p.name {
	case potStakes:
		return &t.Stakes
	case potUnbonding:
		return &t.Unbonding
	case potEscrows:
		return &t.Escrows
	case potProjects:
		return &t.Projects
	case potGrants:
		return &t.Grants
	case potTraps:
		return &t.Traps
	case potSubsidies:
		return &t.Subsidies
	case potRevenues:
		return &t.Revenues
	case potOrders:
		return &t.Orders
	case potTreasury:
		return &t.Treasury
	case potFees:
		return &t.Fees
	default:
		return &t.Balances
	}
}
