package kernel

// Columns is the width of the vector kernels: a matrix product whose N is a
// multiple of it, or padded to one, runs wholly in them.
const Columns = 16

// Product describes C = start + A·B, with A of M×K, B of K×N and C of M×N.
// Element (i, k) of A is A[i·ARow + k·ACol], so that a transposed A needs no
// copy; B and C are row-major with the given row strides. Bᵀ goes through
// [Set.Transpose].
type Product struct {
	M, N, K int

	A          []float32
	ARow, ACol int

	B    []float32
	BRow int

	C    []float32
	CRow int

	// Start is the row of N values (the bias) every row of C begins with; nil
	// means zero.
	Start []float32
}

// Gemm computes p. Every element of C is one FMA chain, k ascending.
func (s Set) Gemm(p Product) {
	if p.M <= 0 || p.N <= 0 {
		return
	}
	p.check()
	n := 0
	if s.avx2 && p.K > 0 {
		n = p.N / Columns * Columns
		gemmVector(&p, n)
	}
	p.columns(n, p.N)
}

// check panics where a kernel would touch memory outside the slices.
func (p *Product) check() {
	_ = p.C[(p.M-1)*p.CRow+p.N-1]
	if p.Start != nil {
		_ = p.Start[p.N-1]
	}
	if p.K > 0 {
		_ = p.A[(p.M-1)*p.ARow+(p.K-1)*p.ACol]
		_ = p.B[(p.K-1)*p.BRow+p.N-1]
	}
}

// columns computes the columns from j0 up to j1 of C.
func (p *Product) columns(j0, j1 int) {
	if j0 >= j1 {
		return
	}
	for i := range p.M {
		c := p.C[i*p.CRow+j0 : i*p.CRow+j1]
		if p.Start != nil {
			copy(c, p.Start[j0:j1])
		} else {
			clear(c)
		}
		for k := range p.K {
			axpy(c, p.A[i*p.ARow+k*p.ACol], p.B[k*p.BRow+j0:k*p.BRow+j1])
		}
	}
}

// axpy adds a·b to c, element by element.
func axpy(c []float32, a float32, b []float32) {
	b = b[:len(c)]
	for j := range c {
		c[j] = FMA(a, b[j], c[j])
	}
}

// Transpose writes the rows×cols matrix src (row stride srcRow) to dst as
// cols×rows (row stride dstRow).
func (s Set) Transpose(dst []float32, dstRow int, src []float32, srcRow, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	_ = dst[(cols-1)*dstRow+rows-1]
	_ = src[(rows-1)*srcRow+cols-1]
	r, c := 0, 0
	if s.avx2 {
		r, c = rows/8*8, cols/8*8
		transposeVector(dst, dstRow, src, srcRow, r, c)
	}
	for i := range rows {
		from := c
		if i >= r {
			from = 0
		}
		row := src[i*srcRow : i*srcRow+cols]
		for j := from; j < cols; j++ {
			dst[j*dstRow+i] = row[j]
		}
	}
}
