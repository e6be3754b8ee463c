package yuma_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
)

// graph is a random network whose first neurons are validators, each with so many weights, and old bonds on as many.
func graph(neurons, validators, weights int) (yuma.Config, yuma.Input) {
	rng := rand.New(rand.NewPCG(uint64(neurons), uint64(weights)))
	c := yuma.DefaultConfig()
	c.Validators = validators
	in := yuma.Input{
		Block: 100, Stake: make([]uint64, neurons), LastUpdate: make([]uint64, neurons), Registered: make([]uint64, neurons),
		Permits: make([]bool, neurons), Weights: make([][]yuma.Cell, neurons), Bonds: make([][]yuma.Cell, neurons), Emission: 1e9,
	}
	for i := range validators {
		in.Stake[i], in.Permits[i], in.LastUpdate[i] = 1+rng.Uint64N(1e15), true, 99
		step := max(1, neurons/weights)
		for j := rng.IntN(step); j < neurons && len(in.Weights[i]) < weights; j += step {
			in.Weights[i] = append(in.Weights[i], yuma.Cell{Column: uint32(j), Value: uint16(1 + rng.UintN(65535))})
			in.Bonds[i] = append(in.Bonds[i], yuma.Cell{Column: uint32(j), Value: uint16(1 + rng.UintN(65535))})
		}
	}
	return c, in
}

// BenchmarkEpoch shows how an epoch's cost grows with the entries: dense rows weigh everybody, sparse ones a sixteenth.
func BenchmarkEpoch(b *testing.B) {
	for _, size := range []struct{ neurons, validators int }{{256, 256}, {4096, 256}} {
		for _, fill := range []struct {
			name string
			part int
		}{{"dense", 1}, {"sparse", 16}} {
			for _, version := range []yuma.Version{yuma.Yuma3, yuma.Yuma2} {
				c, in := graph(size.neurons, size.validators, size.neurons/fill.part)
				c.Version = version
				entries := 0
				for _, row := range in.Weights {
					entries += len(row)
				}
				b.Run(fmt.Sprintf("%dx%d/%s/yuma%d", size.neurons, size.validators, fill.name, 3-int(version)), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						_, err := yuma.Epoch(c, in)
						require.NoError(b, err)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(entries), "ns/entry")
				})
			}
		}
	}
}
