package kernel

import "golang.org/x/sys/cpu"

// hasAVX2 reports whether processor and operating system offer AVX2 and FMA.
func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

// floatBytes is the size of a float32.
const floatBytes = 4

// tile is what the tiles of one product share. Strides are in bytes.
type tile struct {
	k      int // steps of a segment
	aCol   int
	bRow   int
	cRow   int
	aRow   int
	segs   int // segments of A
	segGap int // from the end of one to the next
}

//go:noescape
func tile6(t *tile, a, b, start, c *float32)

//go:noescape
func tile4(t *tile, a, b, start, c *float32)

//go:noescape
func tile1(t *tile, a, b, start, c *float32)

//go:noescape
func tapWeights(dw, x *float32, rowBytes, pixelBytes int, taps *Tap, n int)

//go:noescape
func tapInputs(dx, w *float32, rowBytes, pixelBytes int, taps *Tap, n int)

//go:noescape
func poolRow(top, low, y *float32, code *int32, pixels, pixelBytes int)

// poolBlock is eight channels of a PoolGrad; strides are in bytes.
type poolBlock struct {
	x          *float32
	xRow       int
	grad       *float32
	gRow       int
	code       *int32
	dw, db     *float32
	rows       int
	pixelBytes int
	pixels     int
}

//go:noescape
func poolWeightsBlock(p *poolBlock)

//go:noescape
func transpose8(dst *float32, dstBytes int, src *float32, srcBytes int)

//go:noescape
func add8(a, b *float32, n int)

//go:noescape
func momentum8(w, v, grad *float32, n int, negRate, mu float32)

//go:noescape
func finite8(x *float32, n int) bool

// gemmVector computes the first n columns of p, n a multiple of Columns. The
// columns of B that a tile reads stay in the first-level cache over all rows.
func gemmVector(p *Product, n int) {
	var zero [Columns]float32
	t := tile{
		k: p.K, segs: 1,
		aCol: p.ACol * floatBytes, aRow: p.ARow * floatBytes,
		bRow: p.BRow * floatBytes, cRow: p.CRow * floatBytes,
	}
	for j := 0; j < n; j += Columns {
		start := &zero[0]
		if p.Start != nil {
			start = &p.Start[j]
		}
		b := &p.B[j]
		i := 0
		for ; p.M-i >= 6 && p.M-i != 8; i += 6 {
			tile6(&t, &p.A[i*p.ARow], b, start, &p.C[i*p.CRow+j])
		}
		for ; p.M-i >= 4; i += 4 {
			tile4(&t, &p.A[i*p.ARow], b, start, &p.C[i*p.CRow+j])
		}
		for ; i < p.M; i++ {
			tile1(&t, &p.A[i*p.ARow], b, start, &p.C[i*p.CRow+j])
		}
	}
}

// convVector computes c, whose Out is a multiple of Columns. The rows of the
// product's A are the pixels of one output row, its segments the tap rows.
func convVector(c *Conv) {
	t := tile{
		k: 3 * c.In, segs: 3, segGap: (c.XRow - 3*c.In) * floatBytes,
		aCol: floatBytes, aRow: c.In * floatBytes,
		bRow: c.Out * floatBytes, cRow: c.Out * floatBytes,
	}
	for y := range c.H {
		a := c.X[y*c.XRow:]
		out := c.Y[y*c.W*c.Out:]
		for j := 0; j < c.Out; j += Columns {
			b, start := &c.Weight[j], &c.Bias[j]
			x := 0
			for ; c.W-x >= 6 && c.W-x != 8; x += 6 {
				tile6(&t, &a[x*c.In], b, start, &out[x*c.Out+j])
			}
			for ; c.W-x >= 4; x += 4 {
				tile4(&t, &a[x*c.In], b, start, &out[x*c.Out+j])
			}
			for ; x < c.W; x++ {
				tile1(&t, &a[x*c.In], b, start, &out[x*c.Out+j])
			}
		}
	}
}

func tapWeightsVector(dw, x []float32, xRow, in int, taps []Tap) {
	tapWeights(&dw[0], &x[0], xRow*floatBytes, in*floatBytes, &taps[0], len(taps))
}

func tapInputsVector(dx, w []float32, xRow, in int, taps []Tap) {
	tapInputs(&dx[0], &w[0], xRow*floatBytes, in*floatBytes, &taps[0], len(taps))
}

func poolVector(p *Pool) {
	for y := range p.H / 2 {
		poolRow(&p.X[2*y*p.W*p.C], &p.X[(2*y+1)*p.W*p.C], &p.Y[y*p.YRow],
			&p.Code[y*(p.W/2)*p.C], p.W/2, p.C*floatBytes)
	}
}

func poolWeightsVector(p *PoolGrad) {
	for c := 0; c < p.C; c += 8 {
		poolWeightsBlock(&poolBlock{
			x: &p.X[0], xRow: p.XRow * floatBytes,
			grad: &p.Grad[c], gRow: p.GRow * floatBytes,
			code: &p.Code[c],
			dw:   &p.DW[c], db: &p.DB[c],
			rows: p.H, pixelBytes: p.C * floatBytes, pixels: p.W,
		})
	}
}

// transposeVector transposes a matrix whose sides are multiples of eight.
func transposeVector(dst []float32, dstRow int, src []float32, srcRow, rows, cols int) {
	for i := 0; i < rows; i += 8 {
		for j := 0; j < cols; j += 8 {
			transpose8(&dst[j*dstRow+i], dstRow*floatBytes, &src[i*srcRow+j], srcRow*floatBytes)
		}
	}
}

func addVector(a, b []float32) {
	if len(a) > 0 {
		add8(&a[0], &b[0], len(a))
	}
}

func momentumVector(w, v, g []float32, negRate, mu float32) {
	if len(w) > 0 {
		momentum8(&w[0], &v[0], &g[0], len(w), negRate, mu)
	}
}

func finiteVector(x []float32) bool {
	return len(x) == 0 || finite8(&x[0], len(x))
}
