package verify_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/merkle"
	"autonet/work/verify"
)

func hashes(n int) [][32]byte {
	out := make([][32]byte, n)
	for i := range out {
		out[i] = sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	return out
}

func TestIntervalsCoverTheRun(t *testing.T) {
	for _, c := range []struct{ steps, interval, n uint32 }{
		{1, 1, 1}, {10, 3, 4}, {10, 5, 2}, {10, 10, 1}, {9, 10, 1}, {0, 5, 0}, {5, 0, 0}, {math.MaxUint32, 1 << 31, 2},
	} {
		require.Equal(t, int(c.n), verify.Intervals(c.steps, c.interval))
		next := 0
		for j := range int(c.n) {
			from, to := verify.Bounds(c.steps, c.interval, j)
			require.Equal(t, next, from)
			require.Greater(t, to, from)
			next = to
		}
		if c.n > 0 {
			require.Equal(t, int(c.steps), next)
		}
		for _, j := range []int{-1, int(c.n)} {
			from, to := verify.Bounds(c.steps, c.interval, j)
			require.Equal(t, from, to)
		}
	}
}

func TestEveryOpeningVerifiesAndNoOther(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {7, 7}, {7, 2}, {12, 3}, {13, 3}, {33, 1}} {
		steps, interval := c[0], c[1]
		tree, err := verify.NewStepTree(hashes(steps), interval)
		require.NoError(t, err)
		root := tree.Root()
		for j := range tree.Intervals() {
			o, err := tree.Open(j)
			require.NoError(t, err)
			check := func(o verify.Opening) error {
				return verify.CheckOpening(root, uint32(steps), uint32(interval), o)
			}
			require.NoError(t, check(o))
			require.Equal(t, tree.Interval(j), o.Hashes)
			require.True(t, merkle.Verify(root, verify.IntervalRoot(o.Hashes), j, tree.Intervals(), o.Path))

			forged := o
			forged.Hashes = slices.Clone(o.Hashes)
			forged.Hashes[len(forged.Hashes)-1][31] ^= 1
			require.ErrorIs(t, check(forged), verify.ErrOpening)
			forged = o
			forged.Hashes = o.Hashes[:len(o.Hashes)-1]
			require.ErrorIs(t, check(forged), verify.ErrOpening)
			for i := range tree.Intervals() + 2 {
				if i != j {
					forged = o
					forged.Index = uint32(i)
					require.ErrorIs(t, check(forged), verify.ErrOpening)
				}
			}
			forged = o
			forged.Path = append(slices.Clone(o.Path), [32]byte{})
			require.ErrorIs(t, check(forged), verify.ErrOpening)
		}
	}
}

func TestAnOpeningOfAnIndexOutOfRangeIsRefused(t *testing.T) {
	require.ErrorIs(t, verify.CheckOpening([32]byte{}, 10, 3, verify.Opening{Index: math.MaxUint32}), verify.ErrOpening)
	tree, err := verify.NewStepTree(hashes(4), 2)
	require.NoError(t, err)
	for _, j := range []int{-1, 2} {
		_, err := tree.Open(j)
		require.ErrorIs(t, err, verify.ErrSteps)
		require.Nil(t, tree.Interval(j))
	}
}

func TestATreeKeepsItsOwnHashes(t *testing.T) {
	in := hashes(4)
	tree, err := verify.NewStepTree(in, 2)
	require.NoError(t, err)
	root := tree.Root()
	in[0] = [32]byte{}
	tree.Interval(0)[0] = [32]byte{}
	o, err := tree.Open(0)
	require.NoError(t, err)
	require.NoError(t, verify.CheckOpening(root, 4, 2, o))
}

func TestARunWithoutStepsHasNoTree(t *testing.T) {
	for _, c := range [][2]int{{0, 1}, {3, 0}, {3, -1}, {3, 4}} {
		_, err := verify.NewStepTree(hashes(c[0]), c[1])
		require.ErrorIs(t, err, verify.ErrSteps)
	}
}

func TestTheFirstDifferingStepIsFound(t *testing.T) {
	a := hashes(6)
	step, same := verify.CompareInterval(a, slices.Clone(a))
	require.True(t, same)
	require.Equal(t, -1, step)
	for i := range a {
		b := slices.Clone(a)
		for j := i; j < len(b); j++ { // once apart, runs stay apart
			b[j][0] ^= 1
		}
		step, same = verify.CompareInterval(a, b)
		require.False(t, same)
		require.Equal(t, i, step)
		step, same = verify.CompareInterval(a[:i], a)
		require.False(t, same)
		require.Equal(t, i, step)
	}
}
