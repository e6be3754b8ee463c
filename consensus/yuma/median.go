package yuma

import (
	"cmp"
	"slices"

	"autonet/internal/fixed"
)

// KappaHalf is the majority that supports a weight: 32767 / 65535, one half as stored proportions write it.
const KappaHalf uint16 = 32767

// Kappa returns a stored proportion as a majority.
func Kappa(stored uint16) fixed.I32F32 { return fixed.FromU16(stored) }

// Shares returns each stake's share of the sum, rounded down to 32 fractional bits; all zero when the sum is. Stakes may
// be any size.
func Shares(stake []uint64) []fixed.I32F32 {
	shift := 0
	for {
		var sum uint64
		fits := true
		for _, s := range stake {
			next, err := fixed.Add(sum, s>>shift)
			if err != nil {
				fits = false
				break
			}
			sum = next
		}
		if !fits {
			shift++
			continue
		}
		shares := make([]fixed.I32F32, len(stake))
		for i, s := range stake {
			shares[i] = fixed.Ratio(s>>shift, sum)
		}
		return shares
	}
}

// WeightedMedian returns the weighted median of the scores of all rows. minority is the stake that a majority leaves
// over; lo and hi are the stakes below and up to the end of the list, 0 and the sum to begin with. An empty list gives 0.
// Both lists have one element per row.
func WeightedMedian(stake, score []fixed.I32F32, minority, lo, hi fixed.I32F32) fixed.I32F32 {
	rows := make([]int, min(len(stake), len(score)))
	for i := range rows {
		rows[i] = i
	}
	for len(rows) > 1 {
		pivot := score[rows[len(rows)/2]]
		var below, above fixed.I32F32
		var lower, upper []int
		for _, i := range rows {
			switch {
			case score[i] < pivot:
				below = below.Add(stake[i])
				lower = append(lower, i)
			case score[i] > pivot:
				above = above.Add(stake[i])
				upper = append(upper, i)
			}
		}
		switch {
		case len(lower) > 0 && minority < lo.Add(below):
			rows, hi = lower, lo.Add(below)
		case len(upper) > 0 && hi.Sub(above) <= minority:
			rows, lo = upper, hi.Sub(above)
		default:
			return pivot
		}
	}
	if len(rows) == 0 {
		return 0
	}
	return score[rows[0]]
}

// Median returns the consensus of one column: the weighted median over the rows with stake, whose shares are first
// normalised among themselves. Without any stake it is 0.
func Median(stake, score []fixed.I32F32, kappa fixed.I32F32) fixed.I32F32 {
	var active, scores []fixed.I32F32
	var sum fixed.I32F32
	for i := range min(len(stake), len(score)) {
		if stake[i] > 0 {
			active = append(active, stake[i])
			scores = append(scores, score[i])
			sum = sum.Add(stake[i])
		}
	}
	var whole fixed.I32F32
	for i := range active {
		active[i] = active[i].Div(sum)
		whole = whole.Add(active[i])
	}
	return WeightedMedian(active, scores, whole.Sub(kappa), 0, whole)
}

// Consensus returns the median of every column of a matrix with one row per stake. Rows may be short: a missing weight
// is 0. columns is the width of the matrix.
func Consensus(stake []fixed.I32F32, weights [][]fixed.I32F32, columns int, kappa fixed.I32F32) []fixed.I32F32 {
	consensus := make([]fixed.I32F32, columns)
	column := make([]fixed.I32F32, len(stake))
	for j := range columns {
		for i := range stake {
			column[i] = 0
			if i < len(weights) && j < len(weights[i]) {
				column[i] = weights[i][j]
			}
		}
		consensus[j] = Median(stake, column, kappa)
	}
	return consensus
}

// Clip returns the weights cut to the consensus of their column; columns without consensus are 0.
func Clip(weights [][]fixed.I32F32, consensus []fixed.I32F32) [][]fixed.I32F32 {
	clipped := make([][]fixed.I32F32, len(weights))
	for i, row := range weights {
		clipped[i] = make([]fixed.I32F32, len(row))
		for j, w := range row {
			if j < len(consensus) {
				clipped[i][j] = min(w, consensus[j])
			}
		}
	}
	return clipped
}

// consensusOf returns the median of every column of a sparse matrix, as [Consensus] does of a dense one: the sums of stake
// are exact, so that the entries of a column can be sorted and its zeros taken as one. Its cost is that of the sorting.
func consensusOf(stake []fixed.I32F32, weights Matrix, columns int, kappa fixed.I32F32) []fixed.I32F32 {
	active, whole := make([]fixed.I32F32, len(stake)), fixed.I32F32(0)
	sum := total(stake)
	for i, s := range stake {
		if s > 0 {
			active[i] = s.Div(sum)
			whole = whole.Add(active[i])
		}
	}
	lists := byColumn(active, weights, columns)
	consensus := make([]fixed.I32F32, columns)
	for j, list := range lists {
		consensus[j] = sortedMedian(list, whole, whole.Sub(kappa))
	}
	return consensus
}

// supported is one entry of a column with the stake behind it.
type supported struct{ score, stake fixed.I32F32 }

// byColumn lists the positive entries of every column whose rows have stake, in one block of memory.
func byColumn(stake []fixed.I32F32, weights Matrix, columns int) [][]supported {
	counts := make([]int, columns)
	sum := 0
	for i, row := range weights {
		for _, e := range row {
			if e.Value > 0 && stake[i] > 0 {
				counts[e.Column]++
				sum++
			}
		}
	}
	room := make([]supported, sum)
	lists := make([][]supported, columns)
	for j, n := range counts {
		lists[j], room = room[:0:n], room[n:]
	}
	for i, row := range weights {
		for _, e := range row {
			if e.Value > 0 && stake[i] > 0 {
				lists[e.Column] = append(lists[e.Column], supported{score: e.Value, stake: stake[i]})
			}
		}
	}
	return lists
}

// sortedMedian returns the least score up to which there is more stake than the minority; the greatest if there is none.
func sortedMedian(list []supported, whole, minority fixed.I32F32) fixed.I32F32 {
	slices.SortFunc(list, func(a, b supported) int { return cmp.Compare(a.score, b.score) })
	upTo := whole // of the zeros
	for _, s := range list {
		upTo = upTo.Sub(s.stake)
	}
	if upTo > 0 && upTo > minority || len(list) == 0 {
		return 0
	}
	for _, s := range list {
		if upTo = upTo.Add(s.stake); upTo > minority {
			return s.score
		}
	}
	return list[len(list)-1].score
}
