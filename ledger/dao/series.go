package dao

import (
	"fmt"

	"autonet/ledger"
)

// retainMS is how long the past of an amount stays known: longer than any vote, or signing of an amendment, can last. It is
// ledger time.
const retainMS int64 = 200 * 24 * 60 * 60 * 1000

// maxPruned bounds how many checkpoints one change forgets.
const maxPruned = 4

// A series is an amount and its past. Every change leaves a checkpoint; the checkpoints are numbered without gaps, so that a
// height is found by halving.
type series string

// The series that are no account's.
const (
	seriesTotal  series = "total"
	seriesAsleep series = "asleep"
)

func seriesOf(account ledger.Account) series { return series("a-" + account) }

// mark is an amount as it was from the end of a height on.
type mark struct {
	_      struct{} `cbor:",toarray"`
	Height int64
	TimeMS int64
	Amount ledger.Natn
}

// head is the newest mark of a series and the numbers of those before it: First ≤ n < Next.
type head struct {
	_     struct{} `cbor:",toarray"`
	First uint64
	Next  uint64
	Last  mark // number Next
	Begun bool
}

func headKey(s series) []byte { return ledger.Key("dao", "s", string(s)) }

func markKey(s series, n uint64) []byte {
	return ledger.Key("dao", "c", string(s), fmt.Sprintf("%016x", n))
}

// now is the amount at present.
func (s series) now(kv ledger.KV) ledger.Natn {
	h, _ := ledger.Load[head](kv, headKey(s))
	return h.Last.Amount
}

// at is the amount at the end of a height, zero before the first mark and before what is retained.
func (s series) at(kv ledger.KV, height int64) ledger.Natn {
	h, _ := ledger.Load[head](kv, headKey(s))
	if !h.Begun {
		return 0
	}
	if h.Last.Height <= height {
		return h.Last.Amount
	}
	low, high := h.First, h.Next // the first mark after the height lies in [low, high]
	amount := ledger.Natn(0)
	for low < high {
		mid := low + (high-low)/2
		m, _ := ledger.Load[mark](kv, markKey(s, mid))
		if m.Height <= height {
			low, amount = mid+1, m.Amount
		} else {
			high = mid
		}
	}
	return amount
}

// set records an amount from this block on.
func (s series) set(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn) {
	h, _ := ledger.Load[head](kv, headKey(s))
	if h.Begun && h.Last.Amount == amount {
		return
	}
	if h.Begun && h.Last.Height < ctx.Height {
		ledger.Save(kv, markKey(s, h.Next), h.Last)
		h.Next++
	}
	h.Begun = true
	h.Last = mark{Height: ctx.Height, TimeMS: ctx.TimeMS, Amount: amount}
	// A mark is needed until the one after it is older than what is retained.
	for range maxPruned {
		if h.First == h.Next {
			break
		}
		after := h.Last
		if h.First+1 < h.Next {
			after, _ = ledger.Load[mark](kv, markKey(s, h.First+1))
		}
		if ctx.TimeMS-after.TimeMS < retainMS {
			break
		}
		kv.Delete(markKey(s, h.First))
		h.First++
	}
	ledger.Save(kv, headKey(s), h)
}

// add changes an amount; below zero is a fault.
func (s series) add(ctx *ledger.Context, kv ledger.KV, plus, minus ledger.Natn) {
	amount := s.now(kv) + plus // at most the supply
	if amount < minus {
		ctx.Fault(fmt.Errorf("power %s: %s less %s", s, amount, minus))
		return
	}
	s.set(ctx, kv, amount-minus)
}
