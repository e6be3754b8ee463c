package task

import (
	"math"

	"autonet/internal/fixed"
	"autonet/ledger"
)

const perMille = 1000

// DetectionPerMille is the probability, per mille and rounded down, that at least one of the committee's members draws
// a given interval, taken for the intervals hardest to catch: of n intervals each member replays the last and q − 1 of
// the others, so it is 1 − (1 − (q−1)/(n−1))^members. It is at least 1, so that a bond is always finite.
func DetectionPerMille(n, q, members uint32) uint32 {
	if q >= n {
		return perMille
	}
	n, q = n-1, max(q, 1)-1
	const scale = 1_000_000_000
	missed := uint64(scale)
	for range members {
		missed = (missed*uint64(n-q) + uint64(n) - 1) / uint64(n) // rounded up: the bond errs on the safe side
	}
	unseen := (missed*perMille + scale - 1) / scale
	return uint32(max(1, perMille-min(unseen, perMille)))
}

// bondOf is the stake a claim locks: ⌈reward × (1 − p) / p⌉, at least a floor share of the reward, and at least what a
// miss costs, so that fraud is never cheaper than silence. What nobody can replay is covered in full.
func bondOf(p ledger.Params, reward ledger.Natn, t *Task) (ledger.Natn, error) {
	if t.EvaluateOnly {
		return max(reward, p.MissSlash), nil
	}
	detection := t.Detection
	if detection == 0 || detection > perMille {
		return 0, fixed.ErrOverflow
	}
	bond, err := fixed.MulDivUp(uint64(reward), uint64(perMille-detection), uint64(detection))
	if err != nil {
		return 0, err
	}
	least, err := fixed.MulDivUp(uint64(reward), p.BondFloorPerMille, perMille)
	if err != nil {
		return 0, err
	}
	return max(ledger.Natn(bond), ledger.Natn(least), p.MissSlash), nil
}

// LockPurpose names the lock of a claim on the solver's stake. An account has one slot per task.
func LockPurpose(id string) string { return "task-" + id }

// AggregatorPurpose names the lock of the drawn aggregator's minimum stake.
func AggregatorPurpose(id string) string { return "aggregate-" + id }

// share is ⌊amount × parts / whole⌋ of a part that is at most the whole.
func share(amount ledger.Natn, parts, whole uint64) ledger.Natn {
	if parts >= whole {
		return amount
	}
	out, err := fixed.MulDiv(uint64(amount), parts, whole)
	if err != nil {
		return ledger.Natn(math.MaxUint64) // unreachable: parts < whole
	}
	return ledger.Natn(out)
}
