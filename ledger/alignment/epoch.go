package alignment

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"autonet/consensus/stance"
	"autonet/ledger"
)

// PoolAccount is where grants and gifts to the subsidy pool are sent: the account of a key that is a hash, so that nobody has
// its private half. What arrives there is moved into the pool at the end of the block.
func PoolAccount() ledger.Account {
	key := sha256.Sum256([]byte("autonet/subsidy-pool/v1"))
	return ledger.AccountFromKey(key[:])
}

// Genesis reads the constitution for the first time.
func (k Keeper) Genesis(kv ledger.KV) error { return k.refresh(kv) }

// End runs at the end of a block: it takes in what was sent to the pool, reads changed jurisdictions, ends rounds of judges,
// and, when an epoch is over, states the figures of the next one.
func (k Keeper) End(ctx *ledger.Context, kv ledger.KV) error {
	if err := k.endow(ctx, kv); err != nil {
		return err
	}
	if err := k.refresh(kv); err != nil {
		return err
	}
	k.endRounds(ctx, kv)
	if epoch := ctx.WorkMS / max(ctx.Params.EpochMS, 1); epoch > k.Pool(kv).Epoch {
		k.closeEpoch(ctx, kv, epoch)
		k.reprice(ctx, kv, epoch)
	}
	return nil
}

// endow moves what was sent to the pool's account.
func (k Keeper) endow(ctx *ledger.Context, kv ledger.KV) error {
	amount := k.ports.Bank.Balance(kv, PoolAccount())
	if amount == 0 {
		return nil
	}
	if err := k.ports.Bank.Give(ctx, kv, PoolAccount(), amount, "subsidy pool", ""); err != nil {
		return fmt.Errorf("what was sent to the subsidy pool: %w", err)
	}
	pool := k.Pool(kv)
	pool.Balance += amount // at most the supply
	pool.Given = counted(pool.Given, amount)
	ledger.Save(kv, poolKey(), pool)
	ctx.Emit(Endowed{Amount: amount})
	return nil
}

// refresh reads the jurisdictions that changed since they were read.
func (k Keeper) refresh(kv ledger.KV) error {
	var changed []string
	var heights []int64
	k.ports.Constitution.Jurisdictions(kv, func(id string, height int64) bool {
		if old, known := ledger.Load[jurisdiction](kv, jurisdictionKey(id)); !known || old.Height != height {
			changed, heights = append(changed, id), append(heights, height)
		}
		return true
	})
	for i, id := range changed {
		vector, err := stance.EmbedAll(k.ports.Constitution.Texts(kv, id)...)
		if err != nil {
			return fmt.Errorf("standards of jurisdiction %s: %w", id, err)
		}
		ledger.Save(kv, jurisdictionKey(id), jurisdiction{Height: heights[i], Vector: vector.Bytes()})
	}
	return nil
}

// closeEpoch makes the pool's balance and the sellers' prices the figures of the epoch that begins.
func (k Keeper) closeEpoch(ctx *ledger.Context, kv ledger.KV, epoch int64) {
	pool := k.Pool(kv)
	var prices []uint64
	var keys [][]byte
	kv.Iterate(sellerKey(""), func(key, value []byte) bool {
		var price uint64
		ledger.DecodeRecord(key, value, &price)
		prices, keys = append(prices, price), append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
	}
	if len(prices) >= int(ctx.Params.Pricing.MedianProjects) {
		slices.Sort(prices)
		weights := make([]uint64, len(prices)) // one voice for each project
		for i := range weights {
			weights[i] = 1
		}
		pool.Median = median(prices, weights)
	}
	closed := EpochClosed{Epoch: epoch, Opening: pool.Balance, Spent: pool.Spent, Median: pool.Median, Sellers: pool.Sellers}
	pool.Epoch, pool.Opening, pool.Spent, pool.Sellers = epoch, pool.Balance, 0, 0
	ledger.Save(kv, poolKey(), pool)
	if closed.Opening > 0 || closed.Sellers > 0 {
		ctx.Emit(closed)
	}
}
