package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api/types"
)

func TestGovernanceCommandsBecomeMessages(t *testing.T) {
	s, n := withNode(t)
	why := filepath.Join(t.TempDir(), "why.md")
	require.NoError(t, os.WriteFile(why, []byte("because"), 0o600))
	for _, c := range []struct {
		line []string
		want types.SubmitRequest
	}{
		{[]string{"gov", "propose", "--title", "T", "--set", "challenge_ms=5,judge_ms=6", "--text", why}, types.SubmitRequest{Kind: "dao/propose", Msg: []byte(`{"changes":[{"name":"challenge_ms","value":5},{"name":"judge_ms","value":6}],"text":"bafkdoc0","title":"T","values":false}`)}},
		{[]string{"gov", "propose", "--title", "T", "--grant", "12D3KooWBob=1.5", "--values"}, types.SubmitRequest{Kind: "dao/propose", Msg: []byte(`{"grant":{"amount":1500000000,"to":"12D3KooWBob"},"text":"bafkdoc1","title":"T","values":true}`)}},
		{[]string{"gov", "propose", "--title", "T", "--protocol", "2", "--height", "9"}, types.SubmitRequest{Kind: "dao/propose", Msg: []byte(`{"text":"bafkdoc2","title":"T","upgrade":{"height":9,"version":2},"values":false}`)}},
		{[]string{"gov", "vote", "aa", "yes", "--from", "savings"}, types.SubmitRequest{Kind: "dao/vote", From: "savings", Msg: []byte(`{"choice":"yes","proposal":"aa"}`)}},
		{[]string{"gov", "delegate", "none"}, types.SubmitRequest{Kind: "dao/delegate", Msg: []byte(`{"to":""}`)}},
		{[]string{"gov", "signal", "2"}, types.SubmitRequest{Kind: "dao/signal", Msg: []byte(`{"version":2}`)}},
		{[]string{"gov", "register"}, types.SubmitRequest{Kind: "heartbeat/register"}},
		{[]string{"gov", "leave"}, types.SubmitRequest{Kind: "heartbeat/leave"}},
		{[]string{"constitution", "amend", "--title", "T", "--set", "lease_ms=180000"}, types.SubmitRequest{Kind: "constitution/amend", Msg: []byte(`{"changes":[{"name":"lease_ms","value":180000}],"text":"bafkdoc3","title":"T"}`)}},
		{[]string{"constitution", "sign", "aa", "no"}, types.SubmitRequest{Kind: "constitution/sign", Msg: []byte(`{"amendment":"aa","support":false}`)}},
		{[]string{"constitution", "notice", "12D3KooWBob"}, types.SubmitRequest{Kind: "constitution/notice", Msg: []byte(`{"account":"12D3KooWBob"}`)}},
	} {
		s.run(c.line...).ok()
		sent := n.Sent()
		require.Equal(t, c.want, sent[len(sent)-1])
	}
	d, err := n.Document(t.Context(), "bafkdoc0")
	require.NoError(t, err)
	require.Equal(t, "because", d.Text)
}

func TestGovernanceCommandsRefuseWhatIsWrittenWrongly(t *testing.T) {
	s, n := withNode(t)
	for _, line := range [][]string{
		{"gov", "propose", "--title", "T"},
		{"gov", "propose", "--set", "a=1"},
		{"gov", "propose", "--title", "T", "--set", "a=1", "--protocol", "2"},
		{"gov", "propose", "--title", "T", "--set", "a"},
		{"gov", "propose", "--title", "T", "--set", "a=b"},
		{"gov", "propose", "--title", "T", "--grant", "12D3KooWBob"},
		{"gov", "propose", "--title", "T", "--set", "a=1", "--text", "/no/such/file"},
		{"gov", "vote", "aa", "maybe"},
		{"gov", "signal", "zero"},
		{"constitution", "amend", "--title", "T"},
		{"constitution", "amend", "--title", "T", "--standards", "/no/such/file"},
		{"constitution", "sign", "aa", "perhaps"},
	} {
		s.run(line...).fails(types.ExitUsage)
	}
	require.Empty(t, n.Sent())
}

func TestWhatPeopleSeeOfGovernance(t *testing.T) {
	s, n := withNode(t)
	one := map[string]any{
		"id": "5f0c", "proposer": "12D3KooWBob", "title": "Longer challenges", "text": "bafkdoc0", "state": "voting", "opens_ms": 1_795_350_000_000, "closes_ms": 1_795_360_000_000,
		"changes": []map[string]any{{"name": "challenge_ms", "value": 28_800_000}}, "yes": 5_000_000_000, "power": 9_000_000_000,
	}
	n.StateValues = map[string]any{
		"proposals": []any{one, map[string]any{"id": "77aa", "title": "Pay", "state": "executed", "grant": map[string]any{"to": "x", "amount": 5}}}, "proposal": one,
		"ballots":    []map[string]any{{"account": "12D3KooWBob", "choice": "yes", "power": 5_000_000_000}},
		"power":      map[string]any{"power": 7, "own": 3, "received": 4, "delegate": ""},
		"params":     []map[string]any{{"name": "challenge_ms", "value": 21_600_000}, {"name": "lease_ms", "value": 120_000, "entrenched": true}, {"name": "floor_per_mille", "value": 105}, {"name": "committee", "value": 3}, {"name": "solver.min_stake", "value": 50_000_000_000}, {"name": "epoch_ms", "value": 60_000, "fixed": true}},
		"principles": []map[string]any{{"id": "P1", "title": "Preserve", "text": "Preserve and expand the network."}},
		"standards":  []map[string]any{{"number": 1, "title": "Equality", "text": "All are born free."}},
		"amendments": []map[string]any{{"id": "aa", "title": "A longer lease", "state": "signing", "yes": 1, "power": 2}},
	}
	_, err := n.KeepDocument(t.Context(), types.DocumentRequest{Text: "The reasons.\n"})
	require.NoError(t, err)
	for name, line := range map[string][]string{
		"gov-ls": {"gov", "ls"}, "gov-show": {"gov", "show", "5f0c"}, "gov-power": {"gov", "power"}, "gov-params": {"gov", "params"},
		"constitution": {"constitution", "show"}, "amendments": {"constitution", "ls"},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, s.run(line...).ok()) })
	}
	n.StateValues["standards"], n.StateValues["proposals"], n.StateValues["amendments"] = []any{}, []any{}, []any{}
	s.run("constitution", "show", "mars").fails(types.ExitFailed)
	require.Contains(t, s.run("gov", "ls").ok(), "No proposals")
	require.Contains(t, s.run("constitution", "ls").ok(), "No amendments")
}

func TestAlignmentCommandsBecomeMessages(t *testing.T) {
	s, n := withNode(t)
	file := filepath.Join(t.TempDir(), "values.md")
	require.NoError(t, os.WriteFile(file, []byte("Care for the reef."), 0o600))
	n.StateValues = map[string]any{
		"standards-price": map[string]any{"price": 12},
		"quote": map[string]any{
			"community": "reef", "base": 1_000_000_000, "user_jurisdiction": 65535, "task_user": 50_000, "task_jurisdiction": 40_000, "alignment": 51_000, "laden": true,
			"pay": 900_000_000, "subsidy": 100_000_000, "limited": "the project's share",
		},
		"communities": []map[string]any{{"name": "reef", "versions": 2}},
	}
	for _, c := range []struct {
		line []string
		want types.SubmitRequest
	}{
		{[]string{"align", "publish", "reef", file}, types.SubmitRequest{Kind: "alignment/publish", Msg: []byte(`{"max_price":12,"name":"reef","text":"Care for the reef."}`)}},
		{[]string{"align", "join", "reef"}, types.SubmitRequest{Kind: "alignment/join", Msg: []byte(`{"community":"reef"}`)}},
		{[]string{"align", "leave"}, types.SubmitRequest{Kind: "alignment/leave"}},
		{[]string{"align", "values", file}, types.SubmitRequest{Kind: "alignment/set-values", Msg: []byte(`{"text":"Care for the reef."}`)}},
	} {
		s.run(c.line...).ok()
		sent := n.Sent()
		require.Equal(t, c.want, sent[len(sent)-1])
	}
	sent := len(n.Sent())
	s.run("align", "publish", "reef", file, "--max", "0.000000001").fails(types.ExitFailed)
	s.run("align", "quote", "aa", "many").fails(types.ExitUsage)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Contains(t, s.run("align", "publish", "reef", file).fails(types.ExitUsage), "is empty")
	require.Len(t, n.Sent(), sent)
	golden(t, "align", s.run("align", "quote", "aa", "5", "--text", "corals").ok()+s.run("align", "ls").ok())
}
