package codec_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/codec"
	"autonet/work/train"
)

func tensors() []train.Tensor {
	return []train.Tensor{
		{Name: "a.bias", Shape: []int{2}, Data: []float32{1, -2}},
		{Name: "a.weight", Shape: []int{2, 3}, Data: []float32{0, float32(math.Copysign(0, -1)), 1e-45, 3.4e38, 5, 6}},
		{Name: "none", Shape: []int{0, 4}, Data: []float32{}},
		{Name: "scalar \"<ü>", Shape: []int{}, Data: []float32{7}},
	}
}

// file joins a header and data as the format says.
func file(header string, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func TestTensorsReadBackWithTheirMetadata(t *testing.T) {
	for _, meta := range []map[string]string{nil, {"model": "simplenet", "format": "pt", "quote": `"`}} {
		raw := codec.Encode(tensors(), meta)
		got, gotMeta, err := codec.Decode(raw)
		require.NoError(t, err)
		require.Equal(t, tensors(), got)
		require.Equal(t, meta, gotMeta)
		require.Equal(t, raw, codec.Encode(tensors(), meta), "the same bytes again")
		require.Zero(t, binary.LittleEndian.Uint64(raw)%8)
	}
	raw := codec.Encode(nil, nil)
	got, _, err := codec.Decode(raw)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestTheBytesAreThoseOfTheFormat(t *testing.T) {
	raw := codec.Encode([]train.Tensor{{Name: "w", Shape: []int{1, 2}, Data: []float32{1, 2}}}, map[string]string{"b": "2", "a": "1"})
	want := `{"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`
	require.Equal(t, file(want+strings.Repeat(" ", (8-len(want)%8)%8), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40), raw)
}

func TestFilesOfOtherToolsAreRead(t *testing.T) {
	// Other keys first, other order of tensors, white space, no metadata.
	got, meta, err := codec.Decode(file(`{ "b" : {"data_offsets":[4,8],"dtype":"F32","shape":[]},
		"a":{"shape":[1],"dtype":"F32","data_offsets":[0,4]} }   `, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40))
	require.NoError(t, err)
	require.Empty(t, meta)
	require.Equal(t, []train.Tensor{
		{Name: "a", Shape: []int{1}, Data: []float32{1}},
		{Name: "b", Shape: []int{}, Data: []float32{2}},
	}, got)
}

func TestBitsOfNaNSurvive(t *testing.T) {
	in := []train.Tensor{{Name: "w", Shape: []int{2}, Data: []float32{math.Float32frombits(0x7fc12345), float32(math.Inf(-1))}}}
	got, _, err := codec.Decode(codec.Encode(in, nil))
	require.NoError(t, err)
	for i, v := range got[0].Data {
		require.Equal(t, math.Float32bits(in[0].Data[i]), math.Float32bits(v))
	}
}

func TestMalformedFilesAreRefused(t *testing.T) {
	one := func(info string) string { return `{"w":` + info + `}` }
	four := []byte{1, 2, 3, 4}
	for name, raw := range map[string][]byte{
		"empty":               nil,
		"no header":           make([]byte, 8),
		"header past the end": append(binary.LittleEndian.AppendUint64(nil, 9), `{}`...),
		"huge header":         binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
		"not an object":       file(`[]`),
		"white space first":   file(` {}`),
		"not JSON":            file(`{"w"`),
		"not UTF-8":           file("{\"\xff\":{}}"),
		"two objects":         file(`{}{}`),
		"trailing data":       file(`{}`, 1),
		"half precision":      file(one(`{"dtype":"F16","shape":[2],"data_offsets":[0,4]}`), four...),
		"no type":             file(one(`{"shape":[1],"data_offsets":[0,4]}`), four...),
		"unknown field":       file(one(`{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}`), four...),
		"field twice":         file(one(`{"dtype":"F32","shape":[1],"shape":[1]}`), four...),
		"tensor twice":        file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four...),
		"empty name":          file(`{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four...),
		"long name":           file(`{"`+strings.Repeat("n", codec.MaxName+1)+`":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four...),
		"shape too small":     file(one(`{"dtype":"F32","shape":[],"data_offsets":[0,8]}`), append(four, four...)...),
		"shape too large":     file(one(`{"dtype":"F32","shape":[2],"data_offsets":[0,4]}`), four...),
		"shape overflows":     file(one(`{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}`)),
		"zero times huge":     file(one(`{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}`)),
		"negative":            file(one(`{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}`), four...),
		"fraction":            file(one(`{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}`), four...),
		"nested shape":        file(one(`{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}`), four...),
		"high rank":           file(one(`{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}`), four...),
		"offsets reversed":    file(one(`{"dtype":"F32","shape":[1],"data_offsets":[4,0]}`), four...),
		"one offset":          file(one(`{"dtype":"F32","shape":[1],"data_offsets":[0]}`), four...),
		"past the end":        file(one(`{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`), four...),
		"gap":                 file(one(`{"dtype":"F32","shape":[],"data_offsets":[4,8]}`), append(four, four...)...),
		"overlap":             file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, four...),
		"metadata number":     file(`{"__metadata__":{"a":1}}`),
		"metadata twice":      file(`{"__metadata__":{},"__metadata__":{}}`),
	} {
		_, _, err := codec.Decode(raw)
		require.ErrorIs(t, err, codec.ErrFormat, name)
	}
}

func TestWhatCannotBeReadIsNotWritten(t *testing.T) {
	ok := train.Tensor{Name: "w", Shape: []int{1}, Data: []float32{1}}
	many := make([]train.Tensor, codec.MaxTensors+1)
	long := map[string]string{}
	for i := range codec.MaxMetadata + 1 {
		long[fmt.Sprint(i)] = ""
	}
	for name, c := range map[string]struct {
		tensors []train.Tensor
		meta    map[string]string
	}{
		"name twice":    {[]train.Tensor{ok, ok}, nil},
		"no name":       {[]train.Tensor{{Shape: []int{0}}}, nil},
		"reserved name": {[]train.Tensor{{Name: "__metadata__", Shape: []int{0}}}, nil},
		"bad name":      {[]train.Tensor{{Name: "\xff", Shape: []int{0}}}, nil},
		"shape":         {[]train.Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1}}}, nil},
		"negative":      {[]train.Tensor{{Name: "w", Shape: []int{-1}}}, nil},
		"rank":          {[]train.Tensor{{Name: "w", Shape: make([]int, 9)}}, nil},
		"many":          {many, nil},
		"metadata":      {nil, long},
		"metadata key":  {nil, map[string]string{"": "x"}},
		"metadata text": {nil, map[string]string{"x": "\xff"}},
	} {
		require.ErrorIs(t, codec.Check(c.tensors, c.meta), codec.ErrFormat, name)
		require.Nil(t, codec.Encode(c.tensors, c.meta), name)
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add(codec.Encode(tensors(), map[string]string{"a": "b"}))
	f.Add(file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 1, 2, 3, 4))
	f.Add(file(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, meta, err := codec.Decode(raw)
		if err != nil {
			require.ErrorIs(t, err, codec.ErrFormat)
			return
		}
		again := codec.Encode(got, meta)
		second, secondMeta, err := codec.Decode(again)
		require.NoError(t, err)
		require.Len(t, second, len(got))
		require.Len(t, secondMeta, len(meta))
		require.Equal(t, again, codec.Encode(second, secondMeta))
	})
}
