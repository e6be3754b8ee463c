package types_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api/types"
)

func TestAmountsAreExact(t *testing.T) {
	for natn, want := range map[uint64]string{
		0: "0 ATN", 1: "0.000000001 ATN", 1_000_000_000: "1 ATN", 12_500_000_000: "12.5 ATN", math.MaxUint64: "18446744073.709551615 ATN",
	} {
		require.Equal(t, want, types.ATN(natn))
	}
}

func TestSizesAndSpansAreShort(t *testing.T) {
	require.Equal(t, "1023 B", types.Bytes(1023))
	require.Equal(t, "1.5 KiB", types.Bytes(1536))
	require.Equal(t, "16.0 EiB", types.Bytes(uint64(math.MaxUint64)))
	require.Equal(t, "3ms", types.Span(3))
	require.Equal(t, "1.2s", types.Span(1234))
	require.Equal(t, "3m20s", types.Span(200_499))
	require.Equal(t, "26h3m", types.Span(26*3_600_000+3*60_000+59_000))
	require.Equal(t, "…23456789", types.Short("0123456789"))
	require.Equal(t, "short", types.Short("short"))
}

func TestAnErrorKnowsItsExitCodeAndStatus(t *testing.T) {
	for code, exit := range map[string]int{
		types.CodeUsage: 2, types.CodeNoNode: 3, types.CodeRefused: 4, types.CodeHalted: 5,
		types.CodeNotFound: 1, types.CodeBusy: 1, types.CodeTimeout: 1, types.CodeFailed: 1, types.CodeUnauthorized: 1, "unheard_of": 1,
	} {
		e := types.NewError(code, "t", "", "")
		require.Equal(t, exit, e.Exit, code)
		require.GreaterOrEqual(t, e.Status, 400, code)
	}
}

func TestErrorOfKeepsWhatTheChainSays(t *testing.T) {
	inner := types.Error{Code: types.CodeRefused, Detail: "why", Reason: "funds"}
	e := types.ErrorOf("propose task", fmt.Errorf("wrapped: %w", inner))
	require.Equal(t, types.Error{Code: types.CodeRefused, Title: "propose task", Detail: "why", Reason: "funds", Exit: 4, Status: 409}, e)
	e = types.ErrorOf("propose task", errors.New("plain"))
	require.Equal(t, types.CodeFailed, e.Code)
	require.Equal(t, "propose task: plain", e.Error())
	require.Equal(t, "title alone", types.Error{Title: "title alone"}.Error())
}

func TestFilterMatchesByEveryField(t *testing.T) {
	e := types.Event{Source: types.SourceGossip, Topic: "tx", Kind: "task/claim", Task: "aa"}
	for _, f := range []types.EventFilter{{}, {Sources: []string{"work", "gossip"}}, {Topics: []string{"tx"}, Task: "aa"}, {Kinds: []string{"task/claim"}}} {
		require.True(t, f.Match(e))
	}
	for _, f := range []types.EventFilter{{Sources: []string{"work"}}, {Topics: []string{"task"}}, {Kinds: []string{"x"}}, {Task: "bb"}} {
		require.False(t, f.Match(e))
		require.True(t, f.Match(types.Event{Source: types.SourceStream}), "the stream's own events always pass")
	}
}

func TestEventSurvivesJSON(t *testing.T) {
	e := types.Event{Seq: math.MaxUint64, Source: types.SourceLedger, Kind: "k", Data: json.RawMessage(`{"a":[1,2]}`)}
	raw, err := json.Marshal(e)
	require.NoError(t, err)
	var got types.Event
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, e, got)
}
