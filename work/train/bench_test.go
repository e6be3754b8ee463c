//go:build unix

package train_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"autonet/work/train"
)

// cpuTime returns the processor time this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// measure reports samples per CPU-second of do, which handles n samples.
func measure(b *testing.B, n int, do func() error) {
	b.Helper()
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/(cpuTime(b)-start).Seconds(), "samples/cpu-s")
}

func BenchmarkStep(b *testing.B) {
	for _, set := range sets() {
		for _, n := range []int{32, 64} {
			b.Run(fmt.Sprintf("%s/batch%d", set, n), func(b *testing.B) {
				data := prototypes(n)
				tr := train.NewSimpleNetTrainer(1, set)
				s := train.SimpleNet{}.Init([32]byte{1})
				measure(b, n, func() error {
					_, err := tr.Step(&s, data, train.Hyper{LearningRate: 0.01, Momentum: 0.9})
					return err
				})
			})
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, set := range sets() {
		b.Run(set.String(), func(b *testing.B) {
			data := prototypes(64)
			tr := train.NewSimpleNetTrainer(1, set)
			s := train.SimpleNet{}.Init([32]byte{1})
			measure(b, 64, func() error {
				_, _, err := tr.Evaluate(s.Weights(), data)
				return err
			})
		})
	}
}

func BenchmarkHash(b *testing.B) {
	s := train.SimpleNet{}.Init([32]byte{1})
	b.ReportAllocs()
	for b.Loop() {
		s.Hash()
	}
}
