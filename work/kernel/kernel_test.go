package kernel_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
)

// requireBits fails unless both slices hold the same bits.
func requireBits(t *testing.T, want, got []float32, name string) {
	t.Helper()
	require.Len(t, got, len(want), name)
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) {
			t.Fatalf("%s: value %d is %x, want %x", name, i, got[i], want[i])
		}
	}
}

// sets returns the scalar twin and this machine's best set, the same where
// there is no better.
func sets() []kernel.Set { return []kernel.Set{kernel.Scalar(), kernel.Best()} }

func TestSetsHaveNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "scalar", kernel.Scalar().String())
	require.Equal(t, "scalar", kernel.Set{}.String())
	require.Contains(t, []string{"scalar", "avx2"}, kernel.Best().String())
}

func TestGemmIsOneAscendingChainPerElement(t *testing.T) {
	t.Parallel()
	rnd := source(4)
	for _, n := range []int{1, 10, 16, 17, 48} {
		for _, m := range []int{1, 2, 4, 5, 6, 7, 8, 9, 11, 14, 20} {
			for _, k := range []int{0, 1, 3, 40} {
				for _, transposed := range []bool{false, true} {
					p := kernel.Product{M: m, N: n, K: k, BRow: n + 3, CRow: n + 1, Start: rnd.slice(n)}
					p.ARow, p.ACol = k+2, 1
					if transposed {
						p.ARow, p.ACol = 1, m+1
					}
					p.A = rnd.slice(m*p.ARow + k*p.ACol + 1)
					p.B = rnd.slice(k*p.BRow + 1)
					if n%2 == 0 {
						p.Start = nil
					}
					untouched := rnd.slice(m * p.CRow)
					want := slices.Clone(untouched)
					for i := range m {
						for j := range n {
							c := float32(0)
							if p.Start != nil {
								c = p.Start[j]
							}
							for l := range k {
								c = kernel.FMA(p.A[i*p.ARow+l*p.ACol], p.B[l*p.BRow+j], c)
							}
							want[i*p.CRow+j] = c
						}
					}
					for _, s := range sets() {
						p.C = slices.Clone(untouched)
						s.Gemm(p)
						requireBits(t, want, p.C, fmt.Sprintf("%s %d×%d×%d transposed %t", s, m, n, k, transposed))
					}
				}
			}
		}
	}
}

func TestGemmRefusesSlicesThatAreTooShort(t *testing.T) {
	t.Parallel()
	x := make([]float32, 96)
	good := kernel.Product{M: 6, N: 16, K: 1, A: x[:6], ARow: 1, ACol: 1, B: x[:16], BRow: 16, C: make([]float32, 96), CRow: 16}
	for name, spoil := range map[string]func(*kernel.Product){
		"A":     func(p *kernel.Product) { p.A = p.A[:5] },
		"B":     func(p *kernel.Product) { p.B = p.B[:15] },
		"C":     func(p *kernel.Product) { p.C = p.C[:95] },
		"Start": func(p *kernel.Product) { p.Start = x[:15] },
	} {
		for _, s := range sets() {
			p := good
			require.NotPanics(t, func() { s.Gemm(p) })
			spoil(&p)
			require.Panics(t, func() { s.Gemm(p) }, name)
		}
	}
}

func TestTransposeSwapsRowsAndColumns(t *testing.T) {
	t.Parallel()
	rnd := source(5)
	for _, rows := range []int{1, 7, 8, 9, 16, 49} {
		for _, cols := range []int{1, 8, 9, 32} {
			src := rnd.slice(rows * (cols + 2))
			for _, s := range sets() {
				dst := make([]float32, cols*(rows+1))
				s.Transpose(dst, rows+1, src, cols+2, rows, cols)
				for i := range rows {
					for j := range cols {
						requireBits(t, src[i*(cols+2)+j:][:1], dst[j*(rows+1)+i:][:1], fmt.Sprintf("%s %d×%d", s, rows, cols))
					}
				}
			}
		}
	}
}

// padImage returns an image of random values with a zero border.
func padImage(rnd *source, h, w, in, row int) []float32 {
	x := make([]float32, (h+2)*row)
	for y := range h {
		copy(x[(y+1)*row+in:], rnd.slice(w*in))
	}
	return x
}

func TestConvolutionIsAChainFromTheBiasOverTheWindow(t *testing.T) {
	t.Parallel()
	rnd := source(6)
	for _, d := range [][4]int{{28, 28, 1, 16}, {14, 14, 16, 32}, {3, 5, 2, 16}, {2, 1, 3, 7}, {4, 13, 1, 48}} {
		c := kernel.Conv{H: d[0], W: d[1], In: d[2], Out: d[3]}
		c.XRow = (c.W+2)*c.In + 2
		c.X = padImage(&rnd, c.H, c.W, c.In, c.XRow)
		c.Weight, c.Bias = rnd.slice(9*c.In*c.Out), rnd.slice(c.Out)
		want := make([]float32, 0, c.H*c.W*c.Out)
		for y := range c.H {
			for x := range c.W {
				for o := range c.Out {
					v := c.Bias[o]
					for k := range 9 * c.In {
						tap := k / c.In
						at := (y+tap/3)*c.XRow + (x+tap%3)*c.In + k%c.In
						v = kernel.FMA(c.X[at], c.Weight[k*c.Out+o], v)
					}
					want = append(want, v)
				}
			}
		}
		for _, s := range sets() {
			c.Y = make([]float32, len(want))
			s.Conv3x3(c)
			requireBits(t, want, c.Y, fmt.Sprintf("%s %v", s, d))
		}
	}
}

func TestTapsAddWindowsInOrder(t *testing.T) {
	t.Parallel()
	rnd := source(7)
	for _, in := range []int{8, 16, 3} {
		row := 10*in + 1
		x, w, dw := rnd.slice(10*row), rnd.slice(9*in), rnd.slice(9*in)
		taps := make([]kernel.Tap, 37)
		for i := range taps {
			off := rnd.next()%8*uint64(row) + rnd.next()%8*uint64(in)
			taps[i] = kernel.Tap{Off: int32(off), Grad: rnd.small()}
		}
		wantDW, wantX := slices.Clone(dw), slices.Clone(x)
		for _, tap := range taps {
			for k := range 9 * in {
				at := int(tap.Off) + k/(3*in)*row + k%(3*in)
				wantDW[k] = kernel.FMA(x[at], tap.Grad, wantDW[k])
				wantX[at] = kernel.FMA(w[k], tap.Grad, wantX[at])
			}
		}
		for _, s := range sets() {
			gotDW, gotX := slices.Clone(dw), slices.Clone(x)
			s.TapWeights(gotDW, x, row, in, taps)
			s.TapInputs(gotX, w, row, in, taps)
			s.TapWeights(gotDW, x, row, in, nil)
			s.TapInputs(gotX, w, row, in, nil)
			requireBits(t, wantDW, gotDW, s.String())
			requireBits(t, wantX, gotX, s.String())
			outside := []kernel.Tap{{Off: int32(len(x) - 2*row - 3*in + 1)}}
			require.Panics(t, func() { s.TapWeights(gotDW, x, row, in, outside) })
			require.Panics(t, func() { s.TapInputs(gotX, w, row, in, []kernel.Tap{{Off: -1}}) })
		}
	}
}

// poolInput holds equal values, zeros of both signs and NaN among others.
func poolInput(rnd *source, n int) []float32 {
	x := rnd.slice(n)
	for i := range x {
		switch rnd.next() % 8 {
		case 0:
			x[i] = 0.5
		case 1:
			x[i] = float32(math.NaN())
		case 2:
			x[i] = float32(math.Inf(int(rnd.next()%2)*2 - 1))
		}
	}
	return x
}

func TestPoolingTakesTheFirstOfTheLargest(t *testing.T) {
	t.Parallel()
	rnd := source(8)
	for _, c := range []int{8, 16, 32, 5} {
		p := kernel.Pool{H: 6, W: 10, C: c, YRow: 7 * c, X: poolInput(&rnd, 6*10*c)}
		wantY, wantCode := make([]float32, 3*p.YRow), make([]int32, 15*c)
		for cell := range 15 {
			for ch := range c {
				m, code := float32(0), int32(0)
				for k := range 4 {
					v := p.X[((cell/5*2+k/2)*10+cell%5*2+k%2)*c+ch]
					if k == 0 || v > m {
						m, code = v, int32(k/2*4+k%2)
					}
				}
				if m > 0 {
					wantY[cell/5*p.YRow+cell%5*c+ch] = m
					code |= math.MinInt32
				}
				wantCode[cell*c+ch] = code
			}
		}
		for _, s := range sets() {
			p.Y, p.Code = make([]float32, 3*p.YRow), make([]int32, 15*c)
			s.ReLUMaxPool(p)
			requireBits(t, wantY, p.Y, s.String())
			require.Equal(t, wantCode, p.Code, s.String())
		}
	}
}

func TestTapOffsetReadsACode(t *testing.T) {
	t.Parallel()
	for code, want := range map[int32]int32{0: 0, 1: 16, 4: 256, 5: 272} {
		off, alive := kernel.TapOffset(code, 256, 16)
		require.Equal(t, want, off)
		require.Zero(t, alive)
		off, alive = kernel.TapOffset(code|math.MinInt32, 256, 16)
		require.Equal(t, want, off)
		require.Equal(t, 1, alive)
	}
}

func TestPoolWeightsFollowTheMaximum(t *testing.T) {
	t.Parallel()
	rnd := source(9)
	for _, c := range []int{8, 16, 3} {
		const h, w, row = 4, 5, 13
		p := kernel.PoolGrad{H: h, W: w, C: c, XRow: row, GRow: (w + 1) * c}
		p.X, p.Grad = rnd.slice((2*h+2)*row), rnd.slice(h*p.GRow)
		p.Code = make([]int32, h*w*c)
		for i := range p.Code {
			r := int32(rnd.next())
			p.Code[i] = r&math.MinInt32 | r&5
		}
		dw, db := rnd.slice(9*c), rnd.slice(c)
		wantW, wantB := slices.Clone(dw), slices.Clone(db)
		for cell := range h * w {
			for ch := range c {
				off, alive := kernel.TapOffset(p.Code[cell*c+ch], row, 1)
				g := float32(alive)
				if alive == 1 {
					g = p.Grad[cell/w*p.GRow+cell%w*c+ch]
				}
				for k := range 9 {
					at := (cell/w*2+k/3)*row + cell%w*2 + k%3 + int(off)
					wantW[k*c+ch] = kernel.FMA(p.X[at], g, wantW[k*c+ch])
				}
				wantB[ch] += g
			}
		}
		for _, s := range sets() {
			p.DW, p.DB = slices.Clone(dw), slices.Clone(db)
			s.PoolWeights(p)
			requireBits(t, wantW, p.DW, s.String())
			requireBits(t, wantB, p.DB, s.String())
		}
	}
}

func TestElementwiseKernelsKeepTheirFormula(t *testing.T) {
	t.Parallel()
	rnd := source(10)
	for _, n := range []int{0, 1, 7, 8, 9, 31, 64, 100} {
		a, b, g := rnd.slice(n), rnd.slice(n), rnd.slice(n)
		const rate, mu = float32(0.03), float32(0.9)
		sum, v, w := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range n {
			sum[i] = a[i] + b[i]
			v[i] = kernel.FMA(mu, b[i], g[i])
			w[i] = kernel.FMA(-rate, v[i], a[i])
		}
		for _, s := range sets() {
			gotSum, gotW, gotV := slices.Clone(a), slices.Clone(a), slices.Clone(b)
			s.Add(gotSum, b)
			s.Momentum(gotW, gotV, g, rate, mu)
			requireBits(t, sum, gotSum, s.String())
			requireBits(t, v, gotV, s.String())
			requireBits(t, w, gotW, s.String())
		}
	}
}

func TestReLUKeepsWhatIsAboveZero(t *testing.T) {
	t.Parallel()
	for _, s := range sets() {
		x := []float32{1, -1, float32(math.Copysign(0, -1)), float32(math.NaN()), 0, 2}
		s.ReLU(x)
		requireBits(t, []float32{1, 0, 0, 0, 0, 2}, x, s.String())
	}
}

func TestFiniteFindsEveryInfinityAndNaN(t *testing.T) {
	t.Parallel()
	for _, s := range sets() {
		require.True(t, s.Finite(nil))
		for n := 1; n < 20; n++ {
			x := make([]float32, n)
			x[n/2] = math.MaxFloat32
			require.True(t, s.Finite(x))
			for i := range x {
				for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
					old := x[i]
					x[i] = float32(bad)
					require.False(t, s.Finite(x), "%s %d of %d", s, i, n)
					x[i] = old
				}
			}
		}
	}
}
