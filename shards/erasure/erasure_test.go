package erasure_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"autonet/shards/erasure"
)

const maxBlock = 64

func noise(n int) []byte {
	out := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// stripes copies every stripe of data, since Next reuses its buffers.
func stripes(t *testing.T, c *erasure.Coder, src io.Reader) ([][][]byte, *erasure.Reader) {
	t.Helper()
	r, err := erasure.NewReader(c, src, maxBlock)
	require.NoError(t, err)
	var s erasure.Stripe
	var out [][][]byte
	for {
		err := r.Next(&s)
		if errors.Is(err, io.EOF) {
			return out, r
		}
		require.NoError(t, err)
		require.Equal(t, len(out), s.Index)
		blocks := make([][]byte, len(s.Blocks))
		for i, b := range s.Blocks {
			blocks[i] = bytes.Clone(b)
		}
		out = append(out, blocks)
	}
}

func TestDataBlocksAreTheUnpaddedBytesOfTheStream(t *testing.T) {
	c, err := erasure.New(10, 4)
	require.NoError(t, err)
	for _, size := range []int{0, 1, 9, 10, 11, 12, 639, 640, 641, 1280, 1281, 5000} {
		data := noise(size)
		all, r := stripes(t, c, iotest.HalfReader(bytes.NewReader(data)))
		require.EqualValues(t, size, r.Size())
		require.Equal(t, erasure.BlockSize(int64(size), 10, maxBlock), r.BlockSize())
		require.Len(t, all, (size+639)/640)
		var joined []byte
		for _, s := range all {
			require.Len(t, s, 14)
			for _, b := range s[:10] {
				joined = append(joined, b...)
			}
			for _, b := range s[10:] {
				require.Len(t, b, r.BlockSize())
			}
		}
		require.True(t, bytes.Equal(data, joined))
	}
}

func TestAnyKBlocksRebuildTheData(t *testing.T) {
	for _, shape := range [][2]int{{1, 0}, {1, 3}, {2, 1}, {3, 2}, {10, 4}, {20, 12}} {
		k, m := shape[0], shape[1]
		c, err := erasure.New(k, m)
		require.NoError(t, err)
		all, r := stripes(t, c, bytes.NewReader(noise(k*maxBlock+7)))
		for round := range 50 {
			perm := rand.New(rand.NewPCG(2, uint64(round))).Perm(k + m)
			for _, s := range all {
				left := make([][]byte, k+m)
				for _, i := range perm[:k] {
					left[i] = make([]byte, r.BlockSize())
					copy(left[i], s[i])
				}
				require.NoError(t, c.Rebuild(left, r.BlockSize()))
				for i := range k {
					require.Equal(t, s[i], left[i][:len(s[i])])
				}
			}
		}
	}
}

func TestFewerThanKBlocksIsAClearError(t *testing.T) {
	c, err := erasure.New(10, 4)
	require.NoError(t, err)
	left := make([][]byte, 14)
	for i := range 9 {
		left[i+5] = make([]byte, 8)
	}
	require.ErrorIs(t, c.Rebuild(left, 8), erasure.ErrTooFewBlocks)
}

func TestImpossibleShapesAreRefused(t *testing.T) {
	for _, shape := range [][2]int{{0, 1}, {-1, 2}, {1, -1}, {100, 29}} {
		_, err := erasure.New(shape[0], shape[1])
		require.ErrorIs(t, err, erasure.ErrShape)
	}
	c, err := erasure.New(2, 1)
	require.NoError(t, err)
	require.ErrorIs(t, c.Encode(make([][]byte, 2)), erasure.ErrShape)
	require.ErrorIs(t, c.Encode([][]byte{{1}, {2, 3}, {4}}), erasure.ErrShape)
	require.ErrorIs(t, c.Rebuild([][]byte{{1}, {2, 3}, {4}}, 1), erasure.ErrShape)
	_, err = erasure.NewReader(c, bytes.NewReader(nil), 0)
	require.ErrorIs(t, err, erasure.ErrShape)
}

func TestAReadErrorIsReportedWithItsPlace(t *testing.T) {
	c, err := erasure.New(2, 1)
	require.NoError(t, err)
	r, err := erasure.NewReader(c, io.MultiReader(bytes.NewReader(noise(5)), iotest.ErrReader(io.ErrClosedPipe)), maxBlock)
	require.NoError(t, err)
	var s erasure.Stripe
	err = r.Next(&s)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.ErrorContains(t, err, "byte 5")
}

func TestParityIsFixedForever(t *testing.T) {
	c, err := erasure.New(10, 4)
	require.NoError(t, err)
	all, _ := stripes(t, c, bytes.NewReader([]byte("0123456789abcdefghij")))
	require.Equal(t, [][]byte{{0x0e, 0x7f}, {0x46, 0x4f}, {0x98, 0xf2}, {0x7e, 0x77}}, all[0][10:])
}

func BenchmarkEncode(b *testing.B) {
	c, err := erasure.New(10, 4)
	require.NoError(b, err)
	data := noise(10 << 20)
	var s erasure.Stripe
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r, err := erasure.NewReader(c, bytes.NewReader(data), 1<<20)
		require.NoError(b, err)
		require.NoError(b, r.Next(&s))
	}
}
