package client_test

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func TestStreamDecodesAsTheStandardSays(t *testing.T) {
	type M = client.Message
	for name, c := range map[string]struct {
		in   string
		want []M
	}{
		"one":               {"id: 1\nevent: x\ndata: a\n\n", []M{{"1", "x", "a"}}},
		"several lines":     {"data: a\ndata: b\n\n", []M{{"", "", "a\nb"}}},
		"comments":          {": beat\n\n:\n\ndata:a\n\n", []M{{"", "", "a"}}},
		"no data":           {"id: 5\n\n", nil},
		"id stays":          {"id: 5\ndata: a\n\ndata: b\n\n", []M{{"5", "", "a"}, {"5", "", "b"}}},
		"event does not":    {"event: x\ndata: a\n\ndata: b\n\n", []M{{"", "x", "a"}, {"", "", "b"}}},
		"cr and crlf":       {"data: a\r\rdata: b\r\n\r\n", []M{{"", "", "a"}, {"", "", "b"}}},
		"cut short":         {"data: a\n\ndata: b\n", []M{{"", "", "a"}}},
		"cut in a line":     {"data: a\n\ndata: b", []M{{"", "", "a"}}},
		"one space is cut":  {"data:  a\n\n", []M{{"", "", " a"}}},
		"unknown field":     {"colour: red\ndata: a\n\n", []M{{"", "", "a"}}},
		"id with NUL":       {"id: a\x00b\ndata: a\n\n", []M{{"", "", "a"}}},
		"empty data line":   {"data\n\n", []M{{"", "", ""}}},
		"colon in the data": {"data: {\"a\":1}\n\n", []M{{"", "", `{"a":1}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := client.DecodeStream(strings.NewReader(c.in))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			got, err = client.DecodeStream(iotest.OneByteReader(strings.NewReader(c.in)))
			require.NoError(t, err)
			require.Equal(t, c.want, got, "byte by byte")
		})
	}
}

func TestStreamIsBounded(t *testing.T) {
	_, err := client.DecodeStream(strings.NewReader("data: " + strings.Repeat("x", client.MaxMessage+1) + "\n\n"))
	require.ErrorContains(t, err, "longer than")
	_, err = client.DecodeStream(strings.NewReader(strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 2000)))
	require.ErrorContains(t, err, "longer than")
}

func FuzzDecodeStream(f *testing.F) {
	f.Add("id: 1\nevent: x\ndata: a\n\n")
	f.Add("data: a\r\rdata: b\r\n\r\n:\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := client.DecodeStream(strings.NewReader(in))
		slow, slowErr := client.DecodeStream(iotest.OneByteReader(strings.NewReader(in)))
		require.Equal(t, err, slowErr)
		require.Equal(t, got, slow)
		for _, m := range got {
			require.NotContains(t, m.ID+m.Event, "\n")
			require.LessOrEqual(t, len(m.Data), len(in))
		}
	})
}

func FuzzDecodeEndpoint(f *testing.F) {
	f.Add([]byte(`{"addr":"127.0.0.1:80","token":"x","pid":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := client.DecodeEndpoint(raw)
		if err != nil {
			require.Equal(t, types.ExitNoNode, code(t, err).Exit)
			return
		}
		require.NotEmpty(t, e.Token)
		require.NotContains(t, e.Token, "\n")
	})
}

func FuzzDecodeProblem(f *testing.F) {
	f.Add([]byte(`{"code":"refused","title":"t","exit":0}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e types.Error
		require.ErrorAs(t, client.DecodeProblem(raw), &e)
		require.NotZero(t, e.Exit, "a failure never ends a command with success")
		var stats types.GetStats
		_ = client.DecodeLine(string(raw), &stats)
	})
}
