package yuma_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
	"autonet/internal/fixed"
)

func TestSparseConsensusIsThatOfTheDenseMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	for range 300 {
		neurons, validators := 2+rng.IntN(12), 1+rng.IntN(6)
		validators = min(validators, neurons)
		c, in := graph(neurons, validators, 1+rng.IntN(neurons))
		c.Kappa = uint16(1 + rng.UintN(65535))
		r, err := yuma.Epoch(c, in)
		require.NoError(t, err)
		dense := make([][]fixed.I32F32, neurons)
		for i, row := range r.Weights {
			dense[i] = make([]fixed.I32F32, neurons)
			for _, e := range row {
				dense[i][e.Column] = e.Value
			}
		}
		require.Equal(t, yuma.Consensus(r.ActiveStake, dense, neurons, yuma.Kappa(c.Kappa)), r.Consensus)
	}
}

func TestMalformedInputIsAnError(t *testing.T) {
	for name, spoil := range map[string]func(*yuma.Config, *yuma.Input){
		"version":          func(c *yuma.Config, _ *yuma.Input) { c.Version = 9 },
		"moving average":   func(c *yuma.Config, _ *yuma.Input) { c.MovingAverage = 1_000_001 },
		"speeds":           func(c *yuma.Config, _ *yuma.Input) { c.Liquid = yuma.Liquid{On: true, Low: 2, High: 1} },
		"permits":          func(c *yuma.Config, _ *yuma.Input) { c.Validators = -1 },
		"owner":            func(c *yuma.Config, _ *yuma.Input) { c.Owner = 8 },
		"owner below":      func(c *yuma.Config, _ *yuma.Input) { c.Owner = -2 },
		"too many":         func(_ *yuma.Config, in *yuma.Input) { *in = yuma.Input{Stake: make([]uint64, 1<<16+1)} },
		"updates":          func(_ *yuma.Config, in *yuma.Input) { in.LastUpdate = in.LastUpdate[1:] },
		"registrations":    func(_ *yuma.Config, in *yuma.Input) { in.Registered = in.Registered[1:] },
		"commitments":      func(_ *yuma.Config, in *yuma.Input) { in.Committed = []uint64{1} },
		"stored permits":   func(_ *yuma.Config, in *yuma.Input) { in.Permits = in.Permits[1:] },
		"rows":             func(_ *yuma.Config, in *yuma.Input) { in.Weights = in.Weights[1:] },
		"rows of bonds":    func(_ *yuma.Config, in *yuma.Input) { in.Bonds = in.Bonds[1:] },
		"column":           func(_ *yuma.Config, in *yuma.Input) { in.Weights[0] = []yuma.Cell{{Column: 8}} },
		"column of a bond": func(_ *yuma.Config, in *yuma.Input) { in.Bonds[0] = []yuma.Cell{{Column: 1 << 31}} },
		"order":            func(_ *yuma.Config, in *yuma.Input) { in.Weights[0] = []yuma.Cell{{Column: 2}, {Column: 1}} },
		"twice":            func(_ *yuma.Config, in *yuma.Input) { in.Weights[0] = []yuma.Cell{{Column: 2}, {Column: 2}} },
	} {
		t.Run(name, func(t *testing.T) {
			c, in := graph(8, 3, 4)
			spoil(&c, &in)
			_, err := yuma.Epoch(c, in)
			require.ErrorIs(t, err, yuma.ErrInput)
		})
	}
	_, err := yuma.Epoch(yuma.DefaultConfig(), yuma.Input{})
	require.NoError(t, err, "a network of nobody has an empty epoch")
}

func TestWeightsOnNeuronsNewerThanACommitmentDoNotCount(t *testing.T) {
	c, in := graph(4, 2, 4)
	in.Registered[3], in.LastUpdate[0] = 50, 99
	r, err := yuma.Epoch(c, in)
	require.NoError(t, err)
	before := len(r.Weights[0])
	in.Committed = []uint64{49, yuma.NoCommit, 0, 0}
	r, err = yuma.Epoch(c, in)
	require.NoError(t, err)
	require.Len(t, r.Weights[0], before-1)
	require.Len(t, r.Weights[1], 3)
	in.Committed[0] = 50
	r, err = yuma.Epoch(c, in)
	require.NoError(t, err)
	require.Len(t, r.Weights[0], before)
}

func TestANeuronRegisteredSinceTheLastEpochHasNoBonds(t *testing.T) {
	c, in := graph(4, 2, 4)
	in.LastStep, in.Registered[2] = 60, 60
	r, err := yuma.Epoch(c, in)
	require.NoError(t, err)
	require.Len(t, r.BondsBefore[0], 4, "registered in the last epoch's own block")
	in.Registered[2] = 61
	r, err = yuma.Epoch(c, in)
	require.NoError(t, err)
	require.Len(t, r.BondsBefore[0], 3)
}

// FuzzEpoch: whatever the input, there is an error or a result whose numbers are in their ranges.
func FuzzEpoch(f *testing.F) {
	f.Add([]byte{4, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, in := decodeFuzz(raw)
		r, err := yuma.Epoch(c, in)
		if err != nil {
			require.ErrorIs(t, err, yuma.ErrInput)
			return
		}
		require.Len(t, r.Dividends, len(in.Stake))
		for i := range in.Stake {
			for _, x := range []fixed.I32F32{r.Stake[i], r.ActiveStake[i], r.Consensus[i], r.Incentive[i], r.Dividends[i]} {
				require.GreaterOrEqual(t, x, fixed.I32F32(0))
				require.LessOrEqual(t, x, fixed.One+1024)
			}
		}
		again, err := yuma.Epoch(c, in)
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}

func decodeFuzz(raw []byte) (yuma.Config, yuma.Input) {
	next := func() uint64 {
		var b [8]byte
		n := copy(b[:], raw)
		raw = raw[n:]
		return binary.LittleEndian.Uint64(b[:])
	}
	small := func(n uint64) int { return int(next() % n) }
	size := small(12)
	c := yuma.Config{
		Version: yuma.Version(small(3)), Kappa: uint16(next()), Penalty: uint16(next()), MovingAverage: next() % 1_100_000,
		Validators: small(12), Threshold: next(), Cutoff: next(), Tempo: next(), Owner: small(14) - 1,
		Liquid: yuma.Liquid{On: small(2) == 1, Low: uint16(next()), High: uint16(next()), Steepness: int16(next()), Dense: small(2) == 1},
	}
	in := yuma.Input{Block: next(), LastStep: next(), Emission: next(), Stake: make([]uint64, size)}
	in.LastUpdate, in.Registered, in.Permits = make([]uint64, size), make([]uint64, size), make([]bool, size)
	in.Weights, in.Bonds = make([][]yuma.Cell, size), make([][]yuma.Cell, size)
	for i := range size {
		in.Stake[i], in.LastUpdate[i], in.Registered[i], in.Permits[i] = next(), next(), next()%4, small(4) > 0
		for _, rows := range [][][]yuma.Cell{in.Weights, in.Bonds} {
			column := uint32(0)
			for range small(6) {
				column += uint32(small(3))
				rows[i] = append(rows[i], yuma.Cell{Column: column, Value: uint16(next())})
				column++
			}
		}
	}
	return c, in
}
