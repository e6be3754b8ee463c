package train

import "autonet/work/kernel"

// span returns the images of a group.
func (t *SimpleNetTrainer) span(item int) (from, to int) {
	return item * group, min((item+1)*group, t.batch.N)
}

// answerGroup computes the logits of one group.
func (t *SimpleNetTrainer) answerGroup(worker, item int) {
	from, to := t.span(item)
	a := t.arenas[worker]
	t.forward(a, from, to, a.flat)
}

// forward computes the images from up to to: the flattened features into flat,
// the hidden layer and the logits into the trainer's rows of these images.
func (t *SimpleNetTrainer) forward(a *arena, from, to int, features []float32) {
	n := to - from
	for i := range n {
		t.convolve(a, i, t.batch.Images[(from+i)*pixels:(from+i+1)*pixels], features[i*flat:(i+1)*flat])
	}
	h := t.hidden[from*hidden : to*hidden]
	t.set.Gemm(kernel.Product{
		M: n, N: hidden, K: flat,
		A: features, ARow: flat, ACol: 1,
		B: t.pack.fc1[:], BRow: hidden,
		C: h, CRow: hidden,
		Start: t.w[fc1Bias],
	})
	t.set.ReLU(h)
	t.set.Gemm(kernel.Product{
		M: n, N: wide, K: hidden,
		A: h, ARow: hidden, ACol: 1,
		B: t.pack.fc2[:], BRow: wide,
		C: t.logits[from*wide : to*wide], CRow: wide,
		Start: t.pack.fc2Bias[:],
	})
}

// convolve computes the features of image i of a group.
func (t *SimpleNetTrainer) convolve(a *arena, i int, image, features []float32) {
	for y := range side {
		copy(a.image[i][(y+1)*padRow+1:], image[y*side:(y+1)*side])
	}
	t.set.Conv3x3(kernel.Conv{
		H: side, W: side, In: 1, Out: chan1,
		X: a.image[i], XRow: padRow,
		Weight: t.pack.conv1[:], Bias: t.w[conv1Bias],
		Y: a.conv1,
	})
	t.set.ReLUMaxPool(kernel.Pool{
		H: side, W: side, C: chan1,
		X: a.conv1,
		Y: a.pool1[i][(edge+1)*chan1:], YRow: edge * chan1,
		Code: a.code1[i],
	})
	t.set.Conv3x3(kernel.Conv{
		H: half, W: half, In: chan1, Out: chan2,
		X: a.pool1[i], XRow: edge * chan1,
		Weight: t.pack.conv2[:], Bias: t.w[conv2Bias],
		Y: a.conv2,
	})
	t.set.ReLUMaxPool(kernel.Pool{
		H: half, W: half, C: chan2,
		X: a.conv2,
		Y: a.pool2, YRow: quarter * chan2,
		Code: a.code2[i],
	})
	t.set.Transpose(features, cells, a.pool2, chan2, cells, chan2)
}

// learnGroup computes the losses of one group and its part of every gradient.
func (t *SimpleNetTrainer) learnGroup(worker, item int) {
	from, to := t.span(item)
	n := to - from
	a := t.arenas[worker]
	t.forward(a, from, to, t.flat[from*flat:to*flat])
	scale := 1 / float32(t.batch.N)
	for i := from; i < to; i++ {
		t.losses[i] = softmax(t.logits[i*wide:i*wide+classes], int(t.batch.Labels[i]), scale)
	}
	dh := t.dHidden[from*hidden : to*hidden]
	t.set.Gemm(kernel.Product{
		M: n, N: hidden, K: classes,
		A: t.logits[from*wide : to*wide], ARow: wide, ACol: 1,
		B: t.w[fc2Weight], BRow: hidden,
		C: dh, CRow: hidden,
	})
	for i, h := range t.hidden[from*hidden : to*hidden] {
		if !(h > 0) {
			dh[i] = 0
		}
	}
	t.set.Gemm(kernel.Product{
		M: n, N: flat, K: hidden,
		A: dh, ARow: hidden, ACol: 1,
		B: t.w[fc1Weight], BRow: flat,
		C: a.dFlat, CRow: flat,
	})
	clear(t.sums[item])
	for i := range n {
		t.backward(a, i, a.dFlat[i*flat:(i+1)*flat], t.sums[item])
	}
}

// backward takes image i of a group from the gradient of its features to the
// convolutions' gradients, which it adds to sum.
func (t *SimpleNetTrainer) backward(a *arena, i int, d, sum []float32) {
	clear(a.dPool1)
	for o := range chan2 {
		taps, bias := t.collect(a, a.code2[i][o:], d[o*cells:(o+1)*cells])
		sum[sumDB2+o] += bias
		w := o * 9 * chan1
		t.set.TapWeights(sum[sumDW2+w:sumDW2+w+9*chan1], a.pool1[i], edge*chan1, chan1, taps)
		t.set.TapInputs(a.dPool1, t.pack.conv2By[w:w+9*chan1], edge*chan1, chan1, taps)
	}
	t.set.PoolWeights(kernel.PoolGrad{
		H: half, W: half, C: chan1,
		X: a.image[i], XRow: padRow,
		Grad: a.dPool1[(edge+1)*chan1:], GRow: edge * chan1,
		Code: a.code1[i],
		DW:   sum[sumDW1:sumDB1], DB: sum[sumDB1:sumDW2],
	})
}

// collect lists the gradients d of one channel that reach the convolution, the
// channel's codes being chan2 apart, and sums them in order.
func (t *SimpleNetTrainer) collect(a *arena, codes []int32, d []float32) ([]kernel.Tap, float32) {
	n, bias := 0, float32(0)
	for cell, g := range d {
		y, x := int32(cell/quarter), int32(cell%quarter)
		off, alive := kernel.TapOffset(codes[cell*chan2], edge*chan1, chan1)
		a.taps[n] = kernel.Tap{Off: (2*y*edge+2*x)*chan1 + off, Grad: g}
		n += alive
		if alive == 1 {
			bias += g
		}
	}
	return a.taps[:n], bias
}

// updateItem updates one strip of fc1.weight's columns, or, as the last item,
// all other tensors.
func (t *SimpleNetTrainer) updateItem(worker, item int) {
	if item == strips {
		t.sound[item] = t.updateRest()
		return
	}
	a := t.arenas[worker]
	t.set.Gemm(kernel.Product{
		M: hidden, N: strip, K: t.batch.N,
		A: t.dHidden, ARow: 1, ACol: hidden,
		B: t.flat[item*strip:], BRow: flat,
		C: a.strip, CRow: strip,
	})
	ok := true
	for j := range hidden {
		at := j*flat + item*strip
		w := t.w[fc1Weight][at : at+strip]
		v := t.v[fc1Weight][at : at+strip]
		t.set.Momentum(w, v, a.strip[j*strip:(j+1)*strip], t.hyper.LearningRate, t.hyper.Momentum)
		ok = t.set.Finite(w) && t.set.Finite(v) && ok
	}
	t.sound[item] = ok
}

// updateRest updates all tensors but fc1.weight.
func (t *SimpleNetTrainer) updateRest() bool {
	n := t.batch.N
	total := t.sums[0]
	for _, s := range t.sums[1 : (n+group-1)/group] {
		t.set.Add(total, s)
	}
	t.set.Transpose(t.grad[conv1Weight], 9, total[sumDW1:], chan1, 9, chan1)
	copy(t.grad[conv1Bias], total[sumDB1:])
	for o := range chan2 {
		t.set.Transpose(t.grad[conv2Weight][o*9*chan1:], 9, total[sumDW2+o*9*chan1:], chan1, 9, chan1)
	}
	copy(t.grad[conv2Bias], total[sumDB2:])
	clear(t.grad[fc1Bias])
	clear(t.grad[fc2Bias])
	for i := range n {
		t.set.Add(t.grad[fc1Bias], t.dHidden[i*hidden:(i+1)*hidden])
		t.set.Add(t.grad[fc2Bias], t.logits[i*wide:i*wide+classes])
	}
	t.set.Gemm(kernel.Product{
		M: classes, N: hidden, K: n,
		A: t.logits, ARow: 1, ACol: wide,
		B: t.hidden, BRow: hidden,
		C: t.grad[fc2Weight], CRow: hidden,
	})
	ok := true
	for i, g := range t.grad {
		if i == fc1Weight {
			continue
		}
		t.set.Momentum(t.w[i], t.v[i], g, t.hyper.LearningRate, t.hyper.Momentum)
		ok = t.set.Finite(t.w[i]) && t.set.Finite(t.v[i]) && ok
	}
	return ok
}
