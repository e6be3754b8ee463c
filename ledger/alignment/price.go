package alignment

import (
	"math"

	"autonet/internal/fixed"
	"autonet/ledger"
)

// One is the whole of a proportion: factors and alignments are u16.
const One = 65535

// The marks of the price table in proportions: 0.8 is exact.
const (
	aligned = 52428 // above it the pool pays a part
	opposed = One   // twice an alignment below it pays a premium: a < 0.5
	span    = One - aligned
	million = 1_000_000
)

// Alignment is ⌊(x·y·z)^⅓⌋ for three proportions, in the same scale.
func Alignment(x, y, z uint16) uint16 {
	product := uint64(x) * uint64(y) * uint64(z) // below 2⁴⁸
	root := uint64(0)
	for bit := uint64(1) << 15; bit > 0; bit >>= 1 {
		if next := root | bit; next*next*next <= product {
			root = next
		}
	}
	return uint16(root)
}

// Row names the row of the price table that applies.
type Row string

// The rows.
const (
	RowSubsidy Row = "subsidy" // above 0.8
	RowBase    Row = "base"    // 0.5 to 0.8, or not about values
	RowPremium Row = "premium" // below 0.5
)

// RowOf returns the row of an alignment.
func RowOf(a uint16, laden bool) Row {
	switch {
	case !laden:
		return RowBase
	case a > aligned:
		return RowSubsidy
	case 2*uint32(a) < opposed:
		return RowPremium
	default:
		return RowBase
	}
}

// Premium is ⌊base × k × (0.5 − a)⌋, at most what takes the price to most per mille of the base; k is per mille. It is 0 for an
// alignment of one half and more.
func Premium(base ledger.Natn, a uint16, k, most uint64) ledger.Natn {
	if 2*uint64(a) >= opposed || most <= 1000 {
		return 0
	}
	// k ≤ 2000 and the distance ≤ 65535: the factor is below 2²⁷.
	factor := k * (opposed - 2*uint64(a))
	premium, err := fixed.MulDiv(uint64(base), factor, 1000*2*One)
	bound, errBound := fixed.MulDiv(uint64(base), most-1000, 1000)
	if errBound != nil { // at most the base: cannot happen with most up to 2000
		bound = uint64(base)
	}
	if err != nil {
		premium = bound
	}
	return ledger.Natn(min(premium, bound))
}

// Share is what the pool pays of each million of a price at a > 0.8 before any limit: min(maturity, pool / full, most) × 10⁶.
// maturity and most are per mille.
func Share(maturity uint64, pool, full ledger.Natn, most uint64) uint64 {
	share := min(maturity, most, 1000) * (million / 1000)
	filled, err := fixed.MulDiv(uint64(pool), million, uint64(full))
	if err != nil { // the pool is many times full
		return share
	}
	return min(share, filled)
}

// Subsidy is ⌊price × share × (a − 0.8) / 0.2⌋, share being of a million. It is 0 up to 0.8.
func Subsidy(price ledger.Natn, a uint16, share uint64) ledger.Natn {
	if a <= aligned {
		return 0
	}
	part, err := fixed.MulDiv(uint64(price), min(share, million)*uint64(a-aligned), million*span) // the factor is at most one
	if err != nil {
		return 0
	}
	return ledger.Natn(part)
}

// PublishPrice is base × (3 − 2 × closeness), rounded down: base itself for standards of the network's mind, three times it
// for opposed ones.
func PublishPrice(base ledger.Natn, closeness uint16) (ledger.Natn, error) {
	price, err := fixed.MulDiv(uint64(base), 3*One-2*uint64(closeness), One)
	return ledger.Natn(price), err
}

// perMille returns ⌊amount × share / 1000⌋ for a share of at most 1000.
func perMille(amount ledger.Natn, share uint64) ledger.Natn {
	part, err := fixed.MulDiv(uint64(amount), min(share, 1000), 1000)
	if err != nil {
		return 0
	}
	return ledger.Natn(part)
}

// median is the lower weighted median of values that are in ascending order: the least at which half of the weight is
// reached. The sum of the weights must fit 64 bits.
func median(values, weights []uint64) uint64 {
	total := uint64(0)
	for _, w := range weights {
		total += w
	}
	reached := uint64(0)
	for i, w := range weights {
		reached += w
		if reached >= total-reached {
			return values[i]
		}
	}
	return 0
}

// roundedUp is ⌈a × 1000 / b⌉, saturated.
func roundedUp(a, b uint64) uint64 {
	price, err := fixed.MulDivUp(a, 1000, b)
	if err != nil {
		return math.MaxUint64
	}
	return price
}
