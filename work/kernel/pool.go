package kernel

// A code says what a 2×2 window's maximum was: bit 0 its column, bit 2 its
// row (so that the code indexes two rows of four values), and the sign bit is
// set where it was positive, that is where a ReLU lets the gradient through.
const (
	codeRight = 1
	codeBelow = 4
	codeAlive = -1 << 31
)

// TapOffset returns where in a window with rows xRow apart and pixels in apart
// the maximum of code lies, and 1 if a gradient passes, else 0.
func TapOffset(code int32, xRow, in int32) (off int32, alive int) {
	return code>>2&1*xRow + code&1*in, int(uint32(code) >> 31)
}

// Pool is a ReLU followed by a 2×2 maximum over one image: X holds H×W pixels
// of C channels, H and W even. Y receives (H/2)×(W/2) pixels, rows YRow apart,
// and Code one code for each of them, without gaps.
type Pool struct {
	H, W, C int

	X []float32

	Y    []float32
	YRow int

	Code []int32
}

// ReLUMaxPool computes p. Of equal values the first counts, rows before
// columns; a NaN is passed over unless it is first, and ends as zero.
func (s Set) ReLUMaxPool(p Pool) {
	_ = p.X[p.H*p.W*p.C-1]
	_ = p.Y[(p.H/2-1)*p.YRow+p.W/2*p.C-1]
	_ = p.Code[p.H/2*(p.W/2)*p.C-1]
	if s.avx2 && p.C%8 == 0 {
		poolVector(&p)
		return
	}
	for y := range p.H / 2 {
		for x := range p.W / 2 {
			cell := y*(p.W/2) + x
			top := p.X[(2*y*p.W+2*x)*p.C:]
			low := p.X[((2*y+1)*p.W+2*x)*p.C:]
			for c := range p.C {
				m, code := top[c], int32(0)
				if v := top[p.C+c]; v > m {
					m, code = v, codeRight
				}
				if v := low[c]; v > m {
					m, code = v, codeBelow
				}
				if v := low[p.C+c]; v > m {
					m, code = v, codeBelow|codeRight
				}
				if m > 0 {
					code |= codeAlive
				} else {
					m = 0
				}
				p.Y[y*p.YRow+x*p.C+c] = m
				p.Code[cell*p.C+c] = code
			}
		}
	}
}

// PoolGrad is the weight gradient of a 3×3 convolution of one input channel
// behind a ReLU and a 2×2 maximum. X is the padded input with rows XRow apart;
// Grad holds the H×W pixels of C channels of the gradient behind the pooling,
// rows GRow apart, Code the pooling's codes.
type PoolGrad struct {
	H, W, C int

	X    []float32
	XRow int

	Grad []float32
	GRow int

	Code []int32

	// DW, [3·3][C], and DB, [C], are added to.
	DW, DB []float32
}

// PoolWeights computes p: for every pooled pixel in order, with g its gradient
// or +0 where none passes, DW[k][c] = FMA(x[window k of the maximum], g,
// DW[k][c]) and DB[c] = DB[c] + g.
func (s Set) PoolWeights(p PoolGrad) {
	_ = p.X[(2*p.H+1)*p.XRow+2*p.W+1]
	_ = p.Grad[(p.H-1)*p.GRow+p.W*p.C-1]
	_ = p.Code[p.H*p.W*p.C-1]
	_ = p.DW[9*p.C-1]
	_ = p.DB[p.C-1]
	if s.avx2 && p.C%8 == 0 {
		poolWeightsVector(&p)
		return
	}
	for y := range p.H {
		for x := range p.W {
			for c := range p.C {
				off, alive := TapOffset(p.Code[(y*p.W+x)*p.C+c], int32(p.XRow), 1)
				g := float32(0)
				if alive == 1 {
					g = p.Grad[y*p.GRow+x*p.C+c]
				}
				at := 2*y*p.XRow + 2*x + int(off)
				for k := range 9 {
					d := &p.DW[k*p.C+c]
					*d = FMA(p.X[at+k/3*p.XRow+k%3], g, *d)
				}
				p.DB[c] += g
			}
		}
	}
}
