package ledger

import (
	"fmt"
	"math/bits"
)

// Ratio is a part of a whole: Num of every Den. Thirds have no exact per mille, so thresholds are ratios.
type Ratio struct {
	Num uint64 `json:"num"`
	Den uint64 `json:"den"`
}

// String writes the ratio as "2/3".
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// Reached reports whether part is at least the ratio of whole.
func (r Ratio) Reached(part, whole Natn) bool { return r.compare(part, whole) >= 0 }

// Exceeded reports whether part is more than the ratio of whole.
func (r Ratio) Exceeded(part, whole Natn) bool { return r.compare(part, whole) > 0 }

// compare is the sign of part·Den − whole·Num in 128 bits.
func (r Ratio) compare(part, whole Natn) int {
	partHi, partLo := bits.Mul64(uint64(part), r.Den)
	wholeHi, wholeLo := bits.Mul64(uint64(whole), r.Num)
	switch {
	case partHi != wholeHi:
		return sign(partHi > wholeHi)
	case partLo != wholeLo:
		return sign(partLo > wholeLo)
	default:
		return 0
	}
}

func sign(positive bool) int {
	if positive {
		return 1
	}
	return -1
}

// checkRatio reports a ratio that is zero, below least or above one.
func checkRatio(name string, r, least Ratio) error {
	const most = 1_000_000
	if r.Den == 0 || r.Den > most || r.Num == 0 || r.Num > r.Den || r.Num*least.Den < least.Num*r.Den {
		return fmt.Errorf("%s is %s: it must be between %s and 1/1, with at most %d parts", name, r, least, most)
	}
	return nil
}
