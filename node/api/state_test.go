package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/api/apitest"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

func TestMessagesAndStatePassThrough(t *testing.T) {
	n := apitest.NewNode()
	n.SubmittedValue = types.Submitted{Height: 7, Hash: "aa"}
	n.StateValues = map[string]any{"power": []string{"x"}}
	c, err := client.Open(apitest.Serve(t, n))
	require.NoError(t, err)
	defer c.Close()

	kinds, err := c.Kinds(t.Context())
	require.NoError(t, err)
	require.Contains(t, kinds, "bank/send")
	sent, err := c.Submit(t.Context(), "savings", "bank/send", map[string]uint64{"amount": 1<<64 - 1})
	require.NoError(t, err)
	require.EqualValues(t, 7, sent.Height)
	require.Equal(t, types.SubmitRequest{Kind: "bank/send", From: "savings", Msg: json.RawMessage(`{"amount":18446744073709551615}`)}, n.Sent()[0])
	_, err = c.Submit(t.Context(), "", "heartbeat/register", nil)
	require.NoError(t, err)
	require.Empty(t, n.Sent()[1].Msg)
	_, err = c.Submit(t.Context(), "", "NO KIND", nil)
	require.Equal(t, types.ExitUsage, types.ErrorOf("", err).Exit)
	require.Len(t, n.Sent(), 2)

	value, err := c.State(t.Context(), "power", "a", "b")
	require.NoError(t, err)
	require.JSONEq(t, `["x"]`, string(value.Value))
	_, err = c.State(t.Context(), "nothing")
	require.Equal(t, types.CodeNotFound, types.ErrorOf("", err).Code)

	w, err := c.NewWallet(t.Context(), "savings")
	require.NoError(t, err)
	all, err := c.Wallets(t.Context())
	require.NoError(t, err)
	require.Equal(t, []types.Wallet{w}, all)
	_, err = c.NewWallet(t.Context(), "../../etc")
	require.Equal(t, types.ExitUsage, types.ErrorOf("", err).Exit)
}
