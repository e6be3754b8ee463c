package dataset_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/dataset"
)

func TestPartsAreDisjointEvenAndCoverEverything(t *testing.T) {
	for _, n := range []int{0, 1, 7, 100, 1001} {
		for _, slots := range []int{1, 2, 3, 7, 32} {
			seed := sha256.Sum256([]byte{byte(n), byte(slots)})
			var all []int
			for slot := range slots {
				part := dataset.Partition(n, slots, slot, seed)
				require.GreaterOrEqual(t, len(part), n/slots)
				require.LessOrEqual(t, len(part), n/slots+1)
				require.Equal(t, part, dataset.Partition(n, slots, slot, seed))
				all = append(all, part...)
			}
			if n > 50 {
				require.False(t, slices.IsSorted(all), "the order is shuffled")
			}
			slices.Sort(all)
			for i, v := range all {
				require.Equal(t, i, v)
			}
			require.Len(t, all, n)
		}
	}
}

func TestAPartDependsOnTheSeed(t *testing.T) {
	require.NotEqual(t, dataset.Partition(100, 2, 0, [32]byte{1}), dataset.Partition(100, 2, 0, [32]byte{2}))
}

func TestASlotThatDoesNotExistIsEmpty(t *testing.T) {
	for _, c := range [][3]int{{10, 2, 2}, {10, 2, -1}, {10, 0, 0}, {-1, 1, 0}, {dataset.MaxItems + 1, 1, 0}} {
		require.Empty(t, dataset.Partition(c[0], c[1], c[2], [32]byte{}))
	}
}

// The order is part of the protocol: a change of one bit makes every solution of
// a running network a mismatch.
func TestTheOrderIsTheOneOfTheProtocol(t *testing.T) {
	require.Equal(t, []int{12, 7, 14, 6, 18, 16, 5}, dataset.Partition(20, 3, 1, [32]byte{1, 2, 3}))
}

func TestEveryEpochShowsEachExampleOnceInANewOrder(t *testing.T) {
	s := small(10)
	part, seed := []int{1, 3, 5, 7, 9, 0, 2}, [32]byte{7}
	sampler := dataset.NewSampler(s, part, seed)
	var labels []byte
	for step := range 14 { // 14 batches of 3 are 6 epochs of 7
		b := sampler.At(step, 3)
		require.Equal(t, 3, b.N)
		require.Len(t, b.Images, 3*6)
		require.Equal(t, b, dataset.BatchAt(s, part, seed, step, 3))
		labels = append(labels, b.Labels...)
	}
	epochs := slices.Collect(slices.Chunk(labels, 7))
	for i, e := range epochs {
		if i > 0 {
			require.NotEqual(t, epochs[0], e)
		}
	}
	for _, e := range epochs {
		slices.Sort(e)
		require.Equal(t, []byte{0, 1, 2, 3, 5, 7, 9}, e)
	}
}

func TestABatchMayBeLargerThanThePart(t *testing.T) {
	b := dataset.BatchAt(small(4), []int{2}, [32]byte{}, 5, 9)
	require.Equal(t, []byte{2, 2, 2, 2, 2, 2, 2, 2, 2}, b.Labels)
}

func TestImagesBelongToTheirLabels(t *testing.T) {
	s, table := small(10), dataset.Table()
	b := dataset.BatchAt(s, dataset.Partition(10, 2, 1, [32]byte{}), [32]byte{}, 3, 8)
	for i, l := range b.Labels {
		for j := range 6 {
			want, got := table[s.Images[6*int(l)+j]], b.Images[6*i+j]
			require.Equal(t, math.Float32bits(want), math.Float32bits(got))
		}
	}
}

func TestNothingToDrawFromGivesAnEmptyBatch(t *testing.T) {
	require.Zero(t, dataset.BatchAt(small(4), nil, [32]byte{}, 0, 4).N)
	require.Zero(t, dataset.BatchAt(small(4), []int{1}, [32]byte{}, 0, 0).N)
	require.Zero(t, dataset.BatchAt(small(4), []int{1}, [32]byte{}, -1, 1).N)
}

func TestWholeIsTheSetInOrder(t *testing.T) {
	s := small(10)
	b := dataset.Whole(s)
	require.Equal(t, s.Labels, b.Labels)
	require.Equal(t, dataset.Normalize(s.Images), b.Images)
}

// The bits of the normalised pixels are part of the protocol.
func TestPixelsAreNormalisedBitForBit(t *testing.T) {
	table := dataset.Table()
	require.InDelta(t, (0-0.1307)/0.3081, table[0], 1e-6)
	require.InDelta(t, (1-0.1307)/0.3081, table[255], 1e-6)
	var bits []byte
	for i, v := range table {
		exact := (float64(i)/255 - 0.1307) / 0.3081
		require.InDelta(t, exact, float64(v), 4e-7)
		bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
	}
	sum := sha256.Sum256(bits)
	require.Equal(t, "0103dbab6b16bfcaea0aa75d7377b4b22bb6792081600921bee4a17ff9c4d33e", hex.EncodeToString(sum[:]))
}

func BenchmarkBatch(b *testing.B) {
	s := dataset.Set{N: 12000, Rows: 28, Cols: 28, Images: make([]byte, 12000*784), Labels: make([]byte, 12000)}
	sampler := dataset.NewSampler(s, dataset.Partition(12000, 2, 0, [32]byte{}), [32]byte{})
	step := 0
	for b.Loop() {
		sampler.At(step, 64)
		step++
	}
}
