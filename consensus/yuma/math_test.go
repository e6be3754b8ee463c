package yuma_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
	"autonet/internal/fixed"
)

type mathFile struct {
	Kind   string            `json:"kind"`
	Origin string            `json:"origin"`
	Source json.RawMessage   `json:"source"`
	Ops    []json.RawMessage `json:"ops"`
}

// op is one published vector of subtensor's math (see the source inside the file).
type op struct {
	ID        string          `json:"id"`
	Test      string          `json:"test"`
	Op        string          `json:"op"`
	Args      json.RawMessage `json:"args"`
	Expect    json.RawMessage `json:"expect"`
	Tol       float64         `json:"tol"`
	Precision string          `json:"precision"`
	Note      string          `json:"note"`
}

func runMathFile(t *testing.T, raw []byte) int {
	t.Helper()
	var file mathFile
	strict(t, raw, &file)
	require.NotEmpty(t, file.Ops)
	for _, one := range file.Ops {
		var v op
		strict(t, one, &v)
		t.Run(v.ID, func(t *testing.T) { v.run(t) })
	}
	return len(file.Ops)
}

func (v op) run(t *testing.T) {
	t.Helper()
	switch v.Op {
	case "weighted_median":
		v.median(t)
	case "weighted_median_col":
		v.medians(t)
	case "max_upscale_u16":
		var a struct {
			Values []uint16 `json:"values"`
		}
		strict(t, v.Args, &a)
		v.same(t, yuma.Upscale(a.Values), &[]uint16{})
	case "max_weight_limit_ok":
		var a struct {
			Values   []uint16 `json:"values"`
			MaxLimit uint16   `json:"max_limit"`
		}
		strict(t, v.Args, &a)
		v.same(t, yuma.Limited(a.Values, a.MaxLimit), new(bool))
	case "topk_nonzero":
		var a struct {
			Values []float64 `json:"values"`
			K      int       `json:"k"`
		}
		strict(t, v.Args, &a)
		v.same(t, yuma.Top(numbers(a.Values), a.K), &[]bool{})
	case "sigmoid":
		var a struct{ X, Rho, Kappa float64 }
		strict(t, v.Args, &a)
		var want float64
		require.NoError(t, json.Unmarshal(v.Expect, &want))
		require.InDelta(t, want, real([]fixed.I32F32{fixed.Sigmoid(number(a.X), number(a.Rho), number(a.Kappa))})[0], v.Tol)
	default:
		v.matrix(t)
	}
}

// same compares exactly: such vectors have no tolerance.
func (v op) same(t *testing.T, got, want any) {
	t.Helper()
	require.Zero(t, v.Tol)
	raw, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(v.Expect), string(raw))
	require.NoError(t, json.Unmarshal(v.Expect, want))
}

func (v op) median(t *testing.T) {
	t.Helper()
	var a struct {
		Stake       []float64 `json:"stake"`
		Score       []float64 `json:"score"`
		Minority    float64   `json:"minority"`
		PartitionLo float64   `json:"partition_lo"`
		PartitionHi any       `json:"partition_hi"`
	}
	var want float64
	strict(t, v.Args, &a)
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	stake := numbers(a.Stake)
	hi := sum(stake)
	if at, ok := a.PartitionHi.(float64); ok {
		hi = number(at)
	} else {
		require.Equal(t, "sum(stake)", a.PartitionHi)
	}
	got := yuma.WeightedMedian(stake, numbers(a.Score), number(a.Minority), number(a.PartitionLo), hi)
	require.InDelta(t, want, real([]fixed.I32F32{got})[0], v.Tol)
}

func (v op) medians(t *testing.T) {
	t.Helper()
	var a struct {
		Stake    []float64   `json:"stake"`
		Score    [][]float64 `json:"score"`
		Majority float64     `json:"majority"`
	}
	var want []float64
	strict(t, v.Args, &a)
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	got := real(yuma.Consensus(numbers(a.Stake), matrix(a.Score), len(want), number(a.Majority)))
	for j := range want {
		require.InDelta(t, want[j], got[j], v.Tol)
	}
}

// matrix runs what takes matrices, once with every entry and once without the zeros.
func (v op) matrix(t *testing.T) {
	t.Helper()
	var a struct {
		Matrix    [][]float64 `json:"matrix"`
		Vector    []float64   `json:"vector"`
		Threshold []float64   `json:"threshold"`
		A         [][]float64 `json:"a"`
		B         [][]float64 `json:"b"`
		Ratio     float64     `json:"ratio"`
		New       [][]float64 `json:"new"`
		Old       [][]float64 `json:"old"`
		Alpha     [][]float64 `json:"alpha"`
		Path      string      `json:"path"`
		Note      string      `json:"note"`
	}
	strict(t, v.Args, &a)
	for _, zeros := range []bool{true, false} {
		m := sparse(a.Matrix, zeros)
		switch v.Op {
		case "col_normalize":
			m.NormalizeColumns(len(a.Matrix[0]))
			v.near(t, m, a.Matrix)
		case "row_normalize":
			m.NormalizeRows()
			v.near(t, m, a.Matrix)
		case "col_max_upscale":
			m.UpscaleColumns(len(a.Matrix[0]))
			v.near(t, m, a.Matrix)
		case "col_clip":
			v.near(t, m.ClipColumns(numbers(a.Threshold)), a.Matrix)
		case "interpolate":
			v.near(t, sparse(a.A, zeros).Interpolate(sparse(a.B, zeros), number(a.Ratio)), a.A)
		case "matmul":
			v.nearVector(t, m.MulRows(numbers(a.Vector), len(a.Matrix[0])))
		case "matmul_transpose":
			v.nearVector(t, m.MulColumns(numbers(a.Vector)))
		case "mat_ema_alpha":
			require.Contains(t, []string{"dense", "sparse"}, a.Path)
			v.average(t, a.New, a.Old, a.Alpha, a.Path == "dense", zeros)
		default:
			t.Fatalf("vector of an unknown operation %q", v.Op)
		}
	}
}

func (v op) average(t *testing.T, next, old, alpha [][]float64, dense, zeros bool) {
	t.Helper()
	if !dense && zeros {
		return // what is left out is the point
	}
	var want [][]float64
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	for i := range next { // every row has its own speeds
		speeds := numbers(alpha[i])
		speed := func(column uint32, _, _ fixed.I32F32) fixed.I32F32 { return speeds[column] }
		got := sparse(old[i:i+1], zeros).AverageBy(sparse(next[i:i+1], zeros), speed, dense)
		v.nearRow(t, want[i], got[0])
	}
}

func (v op) near(t *testing.T, got yuma.Matrix, shape [][]float64) {
	t.Helper()
	var want [][]float64
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	require.Len(t, got, len(shape))
	for i := range want {
		v.nearRow(t, want[i], got[i])
	}
}

func (v op) nearRow(t *testing.T, want []float64, row []yuma.Entry) {
	t.Helper()
	got := make([]float64, len(want))
	for _, e := range row {
		got[e.Column] = float64(e.Value) / (1 << 32)
	}
	for j := range want {
		require.InDelta(t, want[j], got[j], v.Tol+1e-12, "column %d", j)
	}
}

func (v op) nearVector(t *testing.T, got []fixed.I32F32) {
	t.Helper()
	var want []float64
	require.NoError(t, json.Unmarshal(v.Expect, &want))
	require.Len(t, got, len(want))
	for i, x := range real(got) {
		require.InDelta(t, want[i], x, v.Tol+1e-12)
	}
}

func sparse(rows [][]float64, zeros bool) yuma.Matrix {
	m := make(yuma.Matrix, len(rows))
	for i, row := range rows {
		for j, x := range row {
			if zeros || x != 0 {
				m[i] = append(m[i], yuma.Entry{Column: uint32(j), Value: number(x)})
			}
		}
	}
	return m
}

func number(x float64) fixed.I32F32 { return fixed.I32F32(math.Floor(x * (1 << 32))) }

func numbers(xs []float64) []fixed.I32F32 {
	out := make([]fixed.I32F32, len(xs))
	for i, x := range xs {
		out[i] = number(x)
	}
	return out
}

func matrix(rows [][]float64) [][]fixed.I32F32 {
	out := make([][]fixed.I32F32, len(rows))
	for i, row := range rows {
		out[i] = numbers(row)
	}
	return out
}

func sum(xs []fixed.I32F32) fixed.I32F32 {
	var total fixed.I32F32
	for _, x := range xs {
		total = total.Add(x)
	}
	return total
}
