package pin_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"autonet/shards/manifest"
	"autonet/shards/pin"
)

func FuzzDecodeRequest(f *testing.F) {
	c := manifest.CIDOf([]byte("x"))
	for _, r := range []pin.Request{
		{Op: 1, CID: c.Bytes(), Columns: []uint16{0, 5, 127}, Manifest: []byte("m")},
		{Op: 2, CID: c.Bytes()},
		{Op: 1, CID: c.Bytes(), Columns: []uint16{5, 5}},
	} {
		var buf bytes.Buffer
		require.NoError(f, pin.WriteFrame(&buf, r))
		f.Add(buf.Bytes()[4:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := pin.DecodeRequest(data); err != nil {
			require.ErrorContains(t, err, "protocol broken")
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	for _, a := range []pin.Answer{{}, {Code: 1, Done: 7}, {Code: 5, Text: "why"}} {
		data, err := cbor.Marshal(a)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := pin.DecodeAnswer(data)
		if err == nil {
			require.LessOrEqual(t, len(a.Text), 256)
		}
	})
}

func FuzzParseAnnouncement(f *testing.F) {
	f.Add(manifest.CIDOf([]byte("x")).String(), []byte{1, 2})
	f.Add("bafkqaaa", []byte{})
	f.Fuzz(func(t *testing.T, text string, columns []byte) {
		a := pin.Announcement{Manifest: text}
		for _, c := range columns {
			a.Columns = append(a.Columns, uint16(c))
		}
		c, err := pin.ParseAnnouncement(a)
		if err == nil {
			require.Equal(t, text, c.String())
		}
	})
}
