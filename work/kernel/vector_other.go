//go:build !amd64

package kernel

// Without vector kernels no Set has avx2, and none of these is reached.

func hasAVX2() bool { return false }

func gemmVector(*Product, int) {}

func transposeVector([]float32, int, []float32, int, int, int) {}

func convVector(*Conv) {}

func tapWeightsVector([]float32, []float32, int, int, []Tap) {}

func tapInputsVector([]float32, []float32, int, int, []Tap) {}

func poolVector(*Pool) {}

func poolWeightsVector(*PoolGrad) {}

func addVector([]float32, []float32) {}

func momentumVector([]float32, []float32, []float32, float32, float32) {}

func finiteVector([]float32) bool { return true }
