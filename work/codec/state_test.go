package codec_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/codec"
	"autonet/work/train"
)

func state(t *testing.T) train.State {
	t.Helper()
	m, err := train.Lookup("simplenet")
	require.NoError(t, err)
	s := m.Init([32]byte{1})
	s.Step = 4_000_000_000
	return s
}

func TestAStateReadsBackWithItsHash(t *testing.T) {
	s := state(t)
	raw, err := codec.EncodeState(s, "simplenet")
	require.NoError(t, err)
	got, model, err := codec.DecodeState(raw)
	require.NoError(t, err)
	require.Equal(t, "simplenet", model)
	require.Equal(t, s.Hash(), got.Hash())
	require.Equal(t, s, got)
}

func TestWeightsComeOutOfAStateOrAWeightsFile(t *testing.T) {
	s := state(t)
	stateFile, err := codec.EncodeState(s, "simplenet")
	require.NoError(t, err)
	weightsFile, err := codec.EncodeWeights(s.Weights(), "simplenet")
	require.NoError(t, err)
	for _, raw := range [][]byte{stateFile, weightsFile} {
		w, model, err := codec.DecodeWeights(raw)
		require.NoError(t, err)
		require.Equal(t, "simplenet", model)
		require.Equal(t, s.Weights(), w)
	}
	w, model, err := codec.DecodeWeights(codec.Encode(tensors(), nil))
	require.NoError(t, err)
	require.Empty(t, model)
	require.Equal(t, tensors(), w)
}

func TestAFileThatIsNoStateIsRefused(t *testing.T) {
	good := map[string]string{"format": "autonet-state/1", "model": "m", "step": "7"}
	with := func(k, v string) map[string]string {
		m := maps.Clone(good)
		m[k] = v
		return m
	}
	w := []train.Tensor{{Name: "b", Shape: []int{}, Data: []float32{1}}, {Name: "opt.a", Shape: []int{}, Data: []float32{1}}}
	_, _, err := codec.DecodeState(codec.Encode(w, good))
	require.NoError(t, err)
	for name, raw := range map[string][]byte{
		"no metadata":  codec.Encode(w, nil),
		"format":       codec.Encode(w, with("format", "pt")),
		"model":        codec.Encode(w, with("model", "")),
		"step":         codec.Encode(w, with("step", "x")),
		"zeros":        codec.Encode(w, with("step", "07")),
		"large step":   codec.Encode(w, with("step", "4294967296")),
		"more":         codec.Encode(w, with("extra", "")),
		"order":        codec.Encode([]train.Tensor{w[1], w[0]}, good),
		"not sorted":   codec.Encode([]train.Tensor{w[0], {Name: "a", Shape: []int{}, Data: []float32{1}}}, good),
		"not a tensor": []byte("hello, I am a model"),
	} {
		_, _, err := codec.DecodeState(raw)
		require.ErrorIs(t, err, codec.ErrFormat, name)
	}
	_, _, err = codec.DecodeWeights([]byte("hello, I am a model"))
	require.ErrorIs(t, err, codec.ErrFormat)
	_, err = codec.EncodeState(train.State{Tensors: []train.Tensor{w[1], w[0]}}, "m")
	require.ErrorIs(t, err, codec.ErrFormat)
	_, err = codec.EncodeWeights([]train.Tensor{w[1], w[1]}, "m")
	require.ErrorIs(t, err, codec.ErrFormat)
}

type document struct {
	Name  string   `cbor:"name"`
	Count uint32   `cbor:"count"`
	Seed  [32]byte `cbor:"seed"`
}

func TestADocumentHasOneEncoding(t *testing.T) {
	in := document{Name: "n", Count: 7, Seed: [32]byte{1}}
	raw, err := codec.EncodeCBOR(in)
	require.NoError(t, err)
	var out document
	require.NoError(t, codec.DecodeCBOR(raw, 100, &out))
	require.Equal(t, in, out)

	short, err := codec.EncodeCBOR(map[string]any{"name": "n", "count": 7, "seed": make([]byte, 31)})
	require.NoError(t, err)
	long, err := codec.EncodeCBOR(map[string]any{"name": "n", "count": 7, "seed": make([]byte, 33)})
	require.NoError(t, err)
	unknown, err := codec.EncodeCBOR(map[string]any{"name": "n", "count": 7, "seed": make([]byte, 32), "x": 1})
	require.NoError(t, err)
	missing, err := codec.EncodeCBOR(map[string]any{"name": "n", "seed": make([]byte, 32)})
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"empty": nil, "trailing": append(slices.Clip(raw), 0), "short seed": short, "long seed": long,
		"unknown field": unknown, "missing field": missing, "indefinite map": {0xbf, 0xff}, "tagged": append([]byte{0xc6}, raw...),
		"cut": raw[:len(raw)-1], "not a map": {0x01}, "deep": {0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x01},
	} {
		require.ErrorIs(t, codec.DecodeCBOR(bad, 100, &document{}), codec.ErrFormat, name)
	}
	require.ErrorIs(t, codec.DecodeCBOR(raw, len(raw)-1, &document{}), codec.ErrFormat)
}
