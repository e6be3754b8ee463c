package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api"
	"autonet/node/api/apitest"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

func TestProofsAndEventsAreAskedForAsTheyAreAnswered(t *testing.T) {
	n := apitest.NewNode()
	home := apitest.Serve(t, n)
	c, err := client.Open(home)
	require.NoError(t, err)
	defer c.Close()
	n.ProofValues.ByWords = map[string]types.Proof{"vote aa 12D3": {Document: []byte{1, 2}}}
	n.ProofValues.Headers = map[int64]types.Header{7: {Height: 7}}
	n.ProofValues.Explain = map[string]types.Explanation{"aa": {Task: "aa"}}
	n.ProofValues.Events = []types.LedgerEvent{{Height: 1, Data: []byte("{}")}}
	p, err := c.Proof(t.Context(), []string{"vote", "aa", "12D3"}, 0)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2}, p.Document)
	_, err = c.Proof(t.Context(), []string{"vote"}, 0)
	require.Error(t, err)
	h, err := c.Header(t.Context(), 7)
	require.NoError(t, err)
	require.EqualValues(t, 7, h.Height)
	x, err := c.Explain(t.Context(), "aa", true)
	require.NoError(t, err)
	require.Equal(t, "aa", x.Task)
	want := types.EventQuery{Account: "12D3", Task: "aa", Project: "bb", Kind: "task/paid", From: 3, To: 9, Limit: 5, Cursor: "x"}
	_, err = c.LedgerEvents(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, want, n.ProofValues.Asked[0])
	_, err = c.Tx(t.Context(), "zz")
	require.Error(t, err, "no hash")
}

func TestALightNodeAnswersWhatItCanAndRefusesTheRest(t *testing.T) {
	n := apitest.NewNode()
	n.Light = true
	home := apitest.Serve(t, n)
	status, _ := ask(t, home, http.MethodGet, "/v1/status", "", nil)
	require.Equal(t, http.StatusOK, status)
	for _, path := range []string{"/v1/shards", "/v1/tasks", "/v1/accounts", "/v1/ledger/state/params", "/v1/rewards", "/v1/wallets"} {
		status, body := ask(t, home, http.MethodGet, path, "", nil)
		require.GreaterOrEqual(t, status, 400, path)
		require.Contains(t, body, "light node")
	}
	b := n.Backend()
	b.Light = false
	_, err := api.New(api.DefaultConfig(t.TempDir()), b, nil)
	require.Error(t, err)
}
