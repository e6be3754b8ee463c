package yuma

import (
	"math"
	"slices"

	"autonet/internal/fixed"
)

// bond makes bonds and dividends.
func (r *Result) bond(c Config, in Input) {
	n := len(in.Stake)
	weights := r.Weights.Interpolate(r.Clipped, fixed.FromU16(c.Penalty))
	r.BondsBefore = recentless(c, in)
	if c.Version == Yuma2 {
		r.bond2(c, weights, n)
		return
	}
	r.Bonds = r.average(c, weights)
	shares := r.Bonds.Clone()
	shares.NormalizeColumns(n)
	r.Dividends = shares.MulColumns(r.Incentive)
	for i := range r.Dividends {
		r.Dividends[i] = r.Dividends[i].Mul(r.ActiveStake[i])
	}
	Normalize(r.Dividends)
	r.BondsStored = r.Bonds
}

// bond2 makes the bonds of Yuma2.
func (r *Result) bond2(c Config, weights Matrix, n int) {
	r.BondsBefore.NormalizeColumns(n)
	r.BondsDelta = weights.ScaleRows(r.ActiveStake)
	r.BondsDelta.NormalizeColumns(n)
	r.Bonds = r.BondsBefore.Average(r.BondsDelta, c.alpha())
	r.Bonds.NormalizeColumns(n)
	r.Dividends = r.Bonds.MulColumns(r.Incentive)
	Normalize(r.Dividends)
	r.BondsStored = r.Bonds.Clone()
	r.BondsStored.UpscaleColumns(n)
}

// recentless returns the stored bonds without the columns registered since the last epoch. Yuma3 reads them as
// proportions, Yuma2 as numbers to be normalised.
func recentless(c Config, in Input) Matrix {
	last := in.Block - min(in.Block, c.Tempo)
	if in.LastStep > 0 {
		last = in.LastStep + 1
	}
	bonds := make(Matrix, len(in.Bonds))
	for i, row := range in.Bonds {
		kept := make([]Entry, 0, len(row))
		for _, cell := range row {
			if last <= in.Registered[cell.Column] {
				continue
			}
			value := fixed.FromU16(cell.Value)
			if c.Version == Yuma2 {
				value = fixed.FromInt(int64(cell.Value))
			}
			kept = append(kept, Entry{Column: cell.Column, Value: value})
		}
		bonds[i] = kept
	}
	return bonds
}

// average moves the bonds of Yuma3 towards the weights.
func (r *Result) average(c Config, weights Matrix) Matrix {
	liquid := false
	for _, x := range r.Consensus {
		liquid = liquid || x != 0
	}
	if !c.Liquid.On || !liquid {
		return r.BondsBefore.Average(weights, c.alpha())
	}
	alpha := func(column uint32, weight, bond fixed.I32F32) fixed.I32F32 {
		return c.Liquid.Speed(weight, bond, r.Consensus[column])
	}
	return r.BondsBefore.AverageBy(weights, alpha, c.Liquid.Dense)
}

// AverageBy returns min(1, alpha·next + (1 − alpha)·m) with an alpha of its own for every entry, without the entries that
// are not positive. Unless dense, a column that a row of next leaves out is left out of the result.
func (m Matrix) AverageBy(next Matrix, alpha func(column uint32, next, old fixed.I32F32) fixed.I32F32, dense bool) Matrix {
	out := make(Matrix, len(m))
	for i := range m {
		row := make([]Entry, 0, max(len(m[i]), len(next[i])))
		at := 0 // in the new row
		merge(m[i], next[i], func(column uint32, old, now fixed.I32F32) {
			for at < len(next[i]) && next[i][at].Column < column {
				at++
			}
			if !dense && (at == len(next[i]) || next[i][at].Column != column) {
				return
			}
			a := alpha(column, now, old)
			if v := min(fixed.One, fixed.One.Sub(a).Mul(old).Add(a.Mul(now))); v > 0 {
				row = append(row, Entry{Column: column, Value: v})
			}
		})
		out[i] = row
	}
	return out
}

// Speed is how fast a bond moves towards a weight: between Low and High by the sigmoid of the distance, from the weight
// down to the consensus for one that buys, from the bond down to the weight for one that sells.
func (l Liquid) Speed(weight, bond, consensus fixed.I32F32) fixed.I32F32 {
	distance := bond.Sub(weight)
	if weight >= bond {
		distance = weight.Sub(consensus)
	}
	distance = max(0, min(distance, fixed.One))
	steepness := fixed.FromInt(int64(l.Steepness)).Div(fixed.FromInt(100))
	low, high := fixed.FromU16(l.Low), fixed.FromU16(l.High)
	speed := low.Add(fixed.Sigmoid(distance, steepness, fixed.One/2).Mul(high.Sub(low)))
	return max(low, min(speed, high))
}

// store makes the rows of bonds to keep: those of neurons that have a permit now; those of neurons that lost it are
// emptied, others stay as they were.
func (r *Result) store(in Input) {
	r.StoredBonds = make([][]Cell, len(in.Stake))
	for i := range in.Stake {
		switch {
		case r.Permits[i]:
			r.StoredBonds[i] = stored(r.BondsStored[i])
		case !in.Permits[i]:
			r.StoredBonds[i] = in.Bonds[i]
		}
	}
}

func stored(row []Entry) []Cell {
	cells := make([]Cell, 0, len(row))
	for _, e := range row {
		if v := e.Value.U16(); v > 0 {
			cells = append(cells, Cell{Column: e.Column, Value: v})
		}
	}
	return cells
}

// Upscale scales a row of weights so that its greatest is 65535, as rows are when they are set, to the nearest integer. A
// greatest above 32768 scales by a quotient rounded down first, because its product would not fit.
func Upscale(row []uint16) []uint16 {
	out := slices.Clone(row)
	if len(row) == 0 {
		return out
	}
	greatest := slices.Max(row)
	if greatest == 0 {
		return out
	}
	whole, most := fixed.FromInt(math.MaxUint16), fixed.FromInt(int64(greatest))
	for i, v := range row {
		scaled := fixed.FromInt(int64(v)).Mul(whole).Div(most)
		if greatest > 1<<15 {
			scaled = fixed.FromInt(int64(v)).Mul(whole.Div(most))
		}
		out[i] = uint16(scaled.Add(fixed.One / 2).Int())
	}
	return out
}

// Limited reports whether no weight is more than limit of the sum, of 65535 each; alone, or without any, a row is.
func Limited(row []uint16, limit uint16) bool {
	if limit == math.MaxUint16 {
		return true
	}
	var sum, most uint64
	for _, v := range row {
		sum += uint64(v)
		most = max(most, uint64(v))
	}
	return most*math.MaxUint16 <= uint64(limit)*sum
}
