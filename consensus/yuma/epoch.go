package yuma

import (
	"slices"

	"autonet/internal/fixed"
)

// Result is everything an epoch computes. Every list has one element per neuron.
type Result struct {
	Active      []bool
	Stake       []fixed.I32F32 // shares of all stake
	ActiveStake []fixed.I32F32 // shares of the stake that counts
	Permits     []bool         // to be stored for the next epoch

	Weights   Matrix         // those that count, rows normalised
	Clipped   Matrix         // Weights cut to the consensus of their columns
	Consensus []fixed.I32F32 // of every column
	Trust     []fixed.I32F32 // of every row: the sum of its clipped weights
	Rank      []fixed.I32F32 // of every column, before it is normalised
	Incentive []fixed.I32F32

	BondsBefore Matrix // stored bonds that count: normalised columns in Yuma2, as stored in Yuma3
	BondsDelta  Matrix // Yuma2 only
	Bonds       Matrix // after the epoch, before they are prepared for storage
	BondsStored Matrix // as numbers
	Dividends   []fixed.I32F32

	ServerShare    []fixed.I32F32 // of the emission
	ValidatorShare []fixed.I32F32
	CombinedShare  []fixed.I32F32

	ServerEmission    []uint64
	ValidatorEmission []uint64
	Emission          []uint64

	StoredBonds [][]Cell // rows to store, zeros left out
}

// Epoch computes one epoch, as ALGORITHM.md beside the test vectors states it, step by step. Its cost grows with the
// number of entries times the logarithm of the rows. It returns [ErrInput] for what cannot be an epoch's input.
func Epoch(c Config, in Input) (Result, error) {
	if err := in.check(); err != nil {
		return Result{}, err
	}
	if err := c.check(len(in.Stake)); err != nil {
		return Result{}, err
	}
	in = in.complete()
	var r Result
	r.stakes(c, in)
	r.weigh(c, in)
	r.bond(c, in)
	r.emit(in)
	r.store(in)
	return r, nil
}

// complete fills absent lists.
func (in Input) complete() Input {
	n := len(in.Stake)
	if in.LastUpdate == nil {
		in.LastUpdate = make([]uint64, n)
	}
	if in.Registered == nil {
		in.Registered = make([]uint64, n)
	}
	if in.Permits == nil {
		in.Permits = make([]bool, n)
	}
	if in.Weights == nil {
		in.Weights = make([][]Cell, n)
	}
	if in.Bonds == nil {
		in.Bonds = make([][]Cell, n)
	}
	return in
}

// stakes makes the shares of stake, the permits and the stake that counts.
func (r *Result) stakes(c Config, in Input) {
	n := len(in.Stake)
	r.Active = make([]bool, n)
	filtered := make([]uint64, n)
	for i, stake := range in.Stake {
		r.Active[i] = !before(in.LastUpdate[i], c.Cutoff, in.Block)
		if stake >= c.Threshold || i == c.Owner {
			filtered[i] = stake
		}
	}
	r.Stake = Shares(filtered)
	r.Permits = Top(r.Stake, c.Validators)
	r.ActiveStake = slices.Clone(r.Stake)
	for i := range n {
		if !r.Active[i] || !in.Permits[i] && i != c.Owner {
			r.ActiveStake[i] = 0
		}
	}
	if c.Owner != NoOwner {
		r.Permits[c.Owner] = true
	}
	Normalize(r.ActiveStake)
}

// before reports whether the span after a block ended before now.
func before(block, span, now uint64) bool {
	return now > block && now-block > span
}

// Top reports which numbers are among the k greatest; zero never is. Of equal ones the later win.
func Top(v []fixed.I32F32, k int) []bool {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		default:
			return 0
		}
	})
	top := make([]bool, len(v))
	for _, i := range order[max(0, len(order)-k):] {
		top[i] = v[i] > 0
	}
	return top
}

// weigh makes the weights that count, their consensus, and what it gives to columns and rows.
func (r *Result) weigh(c Config, in Input) {
	n := len(in.Stake)
	r.Weights = make(Matrix, n)
	for i, row := range in.Weights {
		if !in.Permits[i] && i != c.Owner {
			continue
		}
		kept := make([]Entry, 0, len(row))
		for _, cell := range row {
			j := int(cell.Column)
			own := i == j && i != c.Owner
			outdated := in.LastUpdate[i] <= in.Registered[j]
			unseen := in.Committed != nil && in.Committed[i] < in.Registered[j]
			if !own && !outdated && !unseen {
				kept = append(kept, Entry{Column: cell.Column, Value: fixed.FromInt(int64(cell.Value))})
			}
		}
		r.Weights[i] = kept
	}
	r.Weights.NormalizeRows()
	r.Consensus = consensusOf(r.ActiveStake, r.Weights, n, Kappa(c.Kappa))
	r.Clipped = r.Weights.ClipColumns(r.Consensus)
	r.Trust = r.Clipped.RowSums()
	r.Rank = r.Clipped.MulRows(r.ActiveStake, n)
	r.Incentive = slices.Clone(r.Rank)
	Normalize(r.Incentive)
}

// emit shares out the emission.
func (r *Result) emit(in Input) {
	n := len(in.Stake)
	r.CombinedShare = make([]fixed.I32F32, n)
	for i := range n {
		r.CombinedShare[i] = r.Incentive[i].Add(r.Dividends[i])
	}
	sum := total(r.CombinedShare)
	r.ServerShare, r.ValidatorShare = slices.Clone(r.Incentive), slices.Clone(r.Dividends)
	divide(r.ServerShare, sum)
	divide(r.ValidatorShare, sum)
	divide(r.CombinedShare, sum)
	if sum == 0 {
		by := r.ActiveStake
		if !slices.ContainsFunc(by, func(x fixed.I32F32) bool { return x != 0 }) {
			by = r.Stake
		}
		r.ValidatorShare, r.CombinedShare = slices.Clone(by), slices.Clone(by)
	}
	r.ServerEmission = emission(r.ServerShare, in.Emission)
	r.ValidatorEmission = emission(r.ValidatorShare, in.Emission)
	r.Emission = emission(r.CombinedShare, in.Emission)
}

// emission is ⌊share × amount⌋ of every share.
func emission(shares []fixed.I32F32, amount uint64) []uint64 {
	out := make([]uint64, len(shares))
	for i, share := range shares {
		part, err := fixed.MulDiv(uint64(max(share, 0)), amount, uint64(fixed.One))
		if err != nil {
			part = ^uint64(0) // a share is at most one, but for its rounding
		}
		out[i] = part
	}
	return out
}
