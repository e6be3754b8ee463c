package kernel_test

import (
	"fmt"
	"testing"

	"autonet/work/kernel"
)

func BenchmarkGemm(b *testing.B) {
	rnd := source(1)
	for _, s := range sets() {
		for _, n := range []int{64, 256, 512} {
			b.Run(fmt.Sprintf("%s/%d", s, n), func(b *testing.B) {
				row := n + 16 // off the power of two
				p := kernel.Product{
					M: n, N: n, K: n, A: rnd.slice(n * row), ARow: row, ACol: 1,
					B: rnd.slice(n * row), BRow: row, C: make([]float32, n*row), CRow: row,
				}
				for b.Loop() {
					s.Gemm(p)
				}
				flops := 2 * float64(n) * float64(n) * float64(n) * float64(b.N)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkConv(b *testing.B) {
	rnd := source(1)
	for _, s := range sets() {
		b.Run(s.String(), func(b *testing.B) {
			c := kernel.Conv{
				H: 14, W: 14, In: 16, Out: 32, X: rnd.slice(16 * 16 * 16), XRow: 256,
				Weight: rnd.slice(144 * 32), Bias: rnd.slice(32), Y: make([]float32, 196*32),
			}
			for b.Loop() {
				s.Conv3x3(c)
			}
			b.ReportMetric(2*196*32*144*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
