package kernel

// Conv is a 3×3 convolution of one image, stride one, over a padded input:
// X holds H+2 rows of XRow values, each beginning with W+2 pixels of In
// channels whose border is zero. Weight is [3·3·In][Out], taps row by row and
// channels innermost; Bias has Out values. Y receives H·W pixels of Out
// channels.
type Conv struct {
	H, W, In, Out int

	X    []float32
	XRow int

	Weight, Bias []float32

	Y []float32
}

// Conv3x3 computes c as an implicit matrix product: every output is one FMA
// chain begun at its bias, over tap rows, taps and channels ascending, the
// zeros of the border included.
func (s Set) Conv3x3(c Conv) {
	_ = c.X[(c.H+1)*c.XRow+(c.W+2)*c.In-1]
	_ = c.Weight[9*c.In*c.Out-1]
	_ = c.Bias[c.Out-1]
	_ = c.Y[c.H*c.W*c.Out-1]
	if s.avx2 && c.Out%Columns == 0 {
		convVector(&c)
		return
	}
	seg := 3 * c.In
	for p := range c.H * c.W {
		y := c.Y[p*c.Out : (p+1)*c.Out]
		copy(y, c.Bias)
		for ky := range 3 {
			x := c.X[(p/c.W+ky)*c.XRow+p%c.W*c.In:]
			for k := range seg {
				axpy(y, x[k], c.Weight[(ky*seg+k)*c.Out:(ky*seg+k+1)*c.Out])
			}
		}
	}
}

// A Tap is one gradient that reaches a convolution through its pooling: Grad
// belongs to the output pixel whose 3×3 window begins at element Off of the
// padded input.
type Tap struct {
	Off  int32
	Grad float32
}

// TapWeights adds to dw, [3·3][in], the weight gradient of one output channel:
// for every tap in order dw[k][c] = FMA(x[window k][c], grad, dw[k][c]).
// Input rows are xRow apart, pixels in.
func (s Set) TapWeights(dw, x []float32, xRow, in int, taps []Tap) {
	if len(taps) == 0 {
		return
	}
	checkTaps(dw, x, xRow, in, taps)
	if s.avx2 && in%8 == 0 {
		tapWeightsVector(dw, x, xRow, in, taps)
		return
	}
	for _, t := range taps {
		for ky := range 3 {
			at := int(t.Off) + ky*xRow
			axpy(dw[ky*3*in:(ky+1)*3*in], t.Grad, x[at:at+3*in])
		}
	}
}

// TapInputs adds to dx the input gradient that the taps of one output channel
// with weights w, [3·3][in], cause: for every tap in order
// dx[window k][c] = FMA(w[k][c], grad, dx[window k][c]).
func (s Set) TapInputs(dx, w []float32, xRow, in int, taps []Tap) {
	if len(taps) == 0 {
		return
	}
	checkTaps(w, dx, xRow, in, taps)
	if s.avx2 && in%8 == 0 {
		tapInputsVector(dx, w, xRow, in, taps)
		return
	}
	for _, t := range taps {
		for ky := range 3 {
			at := int(t.Off) + ky*xRow
			axpy(dx[at:at+3*in], t.Grad, w[ky*3*in:(ky+1)*3*in])
		}
	}
}

// checkTaps panics where a window lies outside x.
func checkTaps(w, x []float32, xRow, in int, taps []Tap) {
	_ = w[9*in-1]
	limit := len(x) - 2*xRow - 3*in
	for _, t := range taps {
		if t.Off < 0 || int(t.Off) > limit {
			panic("kernel: a tap's window lies outside the input")
		}
	}
}
