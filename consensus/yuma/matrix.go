package yuma

import "autonet/internal/fixed"

// Cell is one stored entry of a sparse row: a column and a proportion of 65535.
type Cell struct {
	Column uint32
	Value  uint16
}

// Entry is one entry of a sparse row of numbers.
type Entry struct {
	Column uint32
	Value  fixed.I32F32
}

// Matrix is a sparse matrix: rows of entries in ascending order of columns. An entry may be zero; one that is not there
// is zero too.
type Matrix [][]Entry

// NormalizeRows divides every row by its sum. A row whose sum is not positive stays.
func (m Matrix) NormalizeRows() {
	for _, row := range m {
		var sum fixed.I32F32
		for _, e := range row {
			sum = sum.Add(e.Value)
		}
		if sum <= 0 {
			continue
		}
		for i := range row {
			row[i].Value = row[i].Value.Div(sum)
		}
	}
}

// NormalizeColumns divides every column by its sum. A column whose sum is zero stays.
func (m Matrix) NormalizeColumns(columns int) {
	sums := make([]fixed.I32F32, columns)
	for _, row := range m {
		for _, e := range row {
			sums[e.Column] = sums[e.Column].Add(e.Value)
		}
	}
	m.divideColumns(sums)
}

// UpscaleColumns divides every column by its greatest entry. A column without a positive one stays.
func (m Matrix) UpscaleColumns(columns int) {
	most := make([]fixed.I32F32, columns)
	for _, row := range m {
		for _, e := range row {
			most[e.Column] = max(most[e.Column], e.Value)
		}
	}
	m.divideColumns(most)
}

func (m Matrix) divideColumns(by []fixed.I32F32) {
	for _, row := range m {
		for i := range row {
			if d := by[row[i].Column]; d != 0 {
				row[i].Value = row[i].Value.Div(d)
			}
		}
	}
}

// ScaleRows returns the matrix with every row multiplied by its factor.
func (m Matrix) ScaleRows(by []fixed.I32F32) Matrix {
	out := m.Clone()
	for i, row := range out {
		for j := range row {
			row[j].Value = by[i].Mul(row[j].Value)
		}
	}
	return out
}

// MulRows returns Σᵢ vᵢ·mᵢⱼ for every column.
func (m Matrix) MulRows(v []fixed.I32F32, columns int) []fixed.I32F32 {
	out := make([]fixed.I32F32, columns)
	for i, row := range m {
		for _, e := range row {
			out[e.Column] = out[e.Column].Add(v[i].Mul(e.Value))
		}
	}
	return out
}

// MulColumns returns Σⱼ mᵢⱼ·vⱼ for every row.
func (m Matrix) MulColumns(v []fixed.I32F32) []fixed.I32F32 {
	out := make([]fixed.I32F32, len(m))
	for i, row := range m {
		for _, e := range row {
			out[i] = out[i].Add(v[e.Column].Mul(e.Value))
		}
	}
	return out
}

// RowSums returns the sum of every row.
func (m Matrix) RowSums() []fixed.I32F32 {
	out := make([]fixed.I32F32, len(m))
	for i, row := range m {
		for _, e := range row {
			out[i] = out[i].Add(e.Value)
		}
	}
	return out
}

// ClipColumns returns the matrix cut to a threshold per column; what a threshold of zero cuts is left out.
func (m Matrix) ClipColumns(threshold []fixed.I32F32) Matrix {
	out := make(Matrix, len(m))
	for i, row := range m {
		kept := make([]Entry, 0, len(row))
		for _, e := range row {
			limit := threshold[e.Column]
			switch {
			case e.Value <= limit:
				kept = append(kept, e)
			case limit > 0:
				kept = append(kept, Entry{Column: e.Column, Value: limit})
			}
		}
		out[i] = kept
	}
	return out
}

// Interpolate returns m + ratio·(to − m): m itself, not a copy, at a ratio of zero, to itself at one, and between them
// without the entries that are not positive.
func (m Matrix) Interpolate(to Matrix, ratio fixed.I32F32) Matrix {
	if ratio == 0 {
		return m
	}
	if ratio == fixed.One {
		return to
	}
	return combine(m, to, func(_ int, _ uint32, a, b fixed.I32F32) fixed.I32F32 {
		return a.Add(ratio.Mul(b.Sub(a)))
	})
}

// Average returns alpha·next + (1 − alpha)·m without the entries that are not positive.
func (m Matrix) Average(next Matrix, alpha fixed.I32F32) Matrix {
	rest := fixed.One.Sub(alpha)
	return combine(m, next, func(_ int, _ uint32, old, now fixed.I32F32) fixed.I32F32 {
		return alpha.Mul(now).Add(rest.Mul(old))
	})
}

// Clone returns an independent copy.
func (m Matrix) Clone() Matrix {
	out := make(Matrix, len(m))
	for i, row := range m {
		out[i] = append(make([]Entry, 0, len(row)), row...)
	}
	return out
}

// combine merges two matrices of the same number of rows entry by entry and keeps what is positive.
func combine(a, b Matrix, fn func(row int, column uint32, a, b fixed.I32F32) fixed.I32F32) Matrix {
	out := make(Matrix, len(a))
	for i := range a {
		merged := make([]Entry, 0, max(len(a[i]), len(b[i])))
		merge(a[i], b[i], func(column uint32, x, y fixed.I32F32) {
			if v := fn(i, column, x, y); v > 0 {
				merged = append(merged, Entry{Column: column, Value: v})
			}
		})
		out[i] = merged
	}
	return out
}

// merge visits the columns of two rows in ascending order; what one of them lacks is zero.
func merge(a, b []Entry, fn func(column uint32, a, b fixed.I32F32)) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || (i < len(a) && a[i].Column < b[j].Column):
			fn(a[i].Column, a[i].Value, 0)
			i++
		case i == len(a) || b[j].Column < a[i].Column:
			fn(b[j].Column, 0, b[j].Value)
			j++
		default:
			fn(a[i].Column, a[i].Value, b[j].Value)
			i++
			j++
		}
	}
}

// Normalize divides a vector by its sum. One whose sum is zero stays.
func Normalize(v []fixed.I32F32) {
	divide(v, total(v))
}

func divide(v []fixed.I32F32, by fixed.I32F32) {
	if by == 0 {
		return
	}
	for i := range v {
		v[i] = v[i].Div(by)
	}
}

func total(v []fixed.I32F32) fixed.I32F32 {
	var sum fixed.I32F32
	for _, x := range v {
		sum = sum.Add(x)
	}
	return sum
}
