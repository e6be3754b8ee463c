package truth_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/codec"
	"autonet/work/dataset"
	"autonet/work/truth"
)

func sample(n int) truth.Truth {
	s := dataset.Set{N: n, Rows: 2, Cols: 2, Images: make([]byte, 4*n), Labels: make([]byte, n)}
	for i := range n {
		s.Images[4*i], s.Labels[i] = byte(i), byte(i%10)
	}
	return truth.Truth{
		Metric: truth.MetricAccuracy, BaseCorrect: 1, BarCorrect: uint32(n), Total: uint32(n),
		Images: dataset.EncodeImages(s), Labels: dataset.EncodeLabels(s),
	}
}

func TestATruthReadsBackWithItsExamples(t *testing.T) {
	in := sample(20)
	packed, err := dataset.Gzip(in.Images)
	require.NoError(t, err)
	in.Images = packed
	raw, err := truth.Encode(in)
	require.NoError(t, err)
	out, err := truth.Decode(raw)
	require.NoError(t, err)
	require.Equal(t, in, out)
	s, err := out.Set()
	require.NoError(t, err)
	require.Equal(t, 20, s.N)
	require.Equal(t, uint16(65535), out.Score(20))
}

func TestWhatIsNoTruthIsRefused(t *testing.T) {
	for name, change := range map[string]func(*truth.Truth){
		"metric":          func(d *truth.Truth) { d.Metric = "loss" },
		"no examples":     func(d *truth.Truth) { d.Total = 0 },
		"too many":        func(d *truth.Truth) { d.Total = truth.MaxExamples + 1 },
		"bar at base":     func(d *truth.Truth) { d.BaseCorrect = d.BarCorrect },
		"bar over total":  func(d *truth.Truth) { d.BarCorrect = d.Total + 1 },
		"total":           func(d *truth.Truth) { d.Total-- },
		"images":          func(d *truth.Truth) { d.Images = d.Images[1:] },
		"labels":          func(d *truth.Truth) { d.Labels = nil },
		"labels too high": func(d *truth.Truth) { d.Labels = append(bytes.Clone(d.Labels[:len(d.Labels)-1]), 10) },
	} {
		d := sample(20)
		change(&d)
		_, err := truth.Encode(d)
		require.ErrorIs(t, err, truth.ErrInvalid, name)
		raw, err := codec.EncodeCBOR(d)
		require.NoError(t, err)
		_, err = truth.Decode(raw)
		require.ErrorIs(t, err, truth.ErrInvalid, name)
	}
	_, err := truth.Decode([]byte("no"))
	require.ErrorIs(t, err, truth.ErrInvalid)
	require.ErrorIs(t, err, codec.ErrFormat)
}

func TestASealOpensWithItsOwnSaltOnly(t *testing.T) {
	doc, salt := []byte("the held-out examples"), [32]byte{1, 2, 3}
	sealed, err := truth.Seal(doc, salt)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "examples")
	again, err := truth.Seal(doc, salt)
	require.NoError(t, err)
	require.Equal(t, sealed, again)
	got, err := truth.Open(sealed, salt)
	require.NoError(t, err)
	require.Equal(t, doc, got)

	_, err = truth.Open(sealed, [32]byte{1, 2, 4})
	require.ErrorIs(t, err, truth.ErrSealed)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		_, err = truth.Open(damaged, salt)
		require.ErrorIs(t, err, truth.ErrSealed)
	}
	for n := range sealed {
		_, err = truth.Open(sealed[:n], salt)
		require.ErrorIs(t, err, truth.ErrSealed)
	}
	other, err := truth.Seal([]byte("another document"), salt)
	require.NoError(t, err)
	require.NotEqual(t, sealed[:12], other[:12], "one salt never meets one nonce twice")
}

// The key is part of the protocol: whoever sees the salt revealed must find it.
func TestTheKeyIsTheOneOfTheProtocol(t *testing.T) {
	key, err := truth.Key([32]byte{1})
	require.NoError(t, err)
	require.Equal(t, "464986900d1651cd3d1a6bde8dc7f7d233bbf3299cdf10f041149c35f693f101", hex.EncodeToString(key[:]))
}

func TestAScoreIsTheClampedShareOfTheWayToTheBar(t *testing.T) {
	for _, c := range []struct {
		correct, total, base, bar uint32
		score                     uint16
	}{
		{0, 100, 10, 90, 0},
		{10, 100, 10, 90, 0},
		{11, 100, 10, 90, 819},
		{50, 100, 10, 90, 32767},
		{89, 100, 10, 90, 64715},
		{90, 100, 10, 90, 65535},
		{100, 100, 10, 90, 65535},
		{200, 50, 10, 90, 32767},
		{50, 100, 90, 90, 0},
		{99, 100, 90, 10, 0},
		{math.MaxUint32 - 1, math.MaxUint32, 0, math.MaxUint32, 65534},
	} {
		require.Equal(t, c.score, truth.ScoreOf(c.correct, c.total, c.base, c.bar), c)
	}
}

func TestMoreCorrectNeverScoresLess(t *testing.T) {
	last := uint16(0)
	for correct := range uint32(1001) {
		s := truth.ScoreOf(correct, 1000, 137, 961)
		require.GreaterOrEqual(t, s, last)
		last = s
	}
	require.Equal(t, uint16(65535), last)
}

func FuzzTruth(f *testing.F) {
	raw, err := truth.Encode(sample(3))
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := truth.Decode(raw)
		if err != nil {
			require.ErrorIs(t, err, truth.ErrInvalid)
			return
		}
		again, err := truth.Encode(d)
		require.NoError(t, err)
		require.Equal(t, raw, again)
	})
}

func FuzzOpen(f *testing.F) {
	sealed, err := truth.Seal([]byte("x"), [32]byte{})
	require.NoError(f, err)
	f.Add(sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := truth.Open(raw, [32]byte{})
		if err != nil {
			require.ErrorIs(t, err, truth.ErrSealed)
			return
		}
		again, err := truth.Seal(doc, [32]byte{})
		require.NoError(t, err)
		require.Equal(t, raw, again)
	})
}
