package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/cli"
	"autonet/node/api/types"
)

func TestMoneyCommandsBecomeMessages(t *testing.T) {
	s, n := withNode(t)
	n.IdentityValue.ConsKey = "a2V5"
	for _, c := range []struct {
		line []string
		want types.SubmitRequest
	}{
		{[]string{"wallet", "send", "12D3KooWBob", "12.5"}, types.SubmitRequest{Kind: "bank/send", Msg: []byte(`{"amount":12500000000,"denom":"ATN","to":"12D3KooWBob"}`)}},
		{[]string{"wallet", "send", "12D3KooWBob", "3", "--token", "aa11", "--from", "savings"}, types.SubmitRequest{Kind: "bank/send", From: "savings", Msg: []byte(`{"amount":3,"denom":"aa11","to":"12D3KooWBob"}`)}},
		{[]string{"stake", "bond", "solver", "50"}, types.SubmitRequest{Kind: "staking/bond", Msg: []byte(`{"amount":50000000000,"role":"solver"}`)}},
		{[]string{"stake", "bond", "validator", "10000"}, types.SubmitRequest{Kind: "staking/bond", Msg: []byte(`{"amount":10000000000000,"cons_key":"a2V5","role":"validator"}`)}},
		{[]string{"stake", "unbond", "solver", "0.5"}, types.SubmitRequest{Kind: "staking/unbond", Msg: []byte(`{"amount":500000000,"role":"solver"}`)}},
		{[]string{"ledger", "send", "heartbeat/register"}, types.SubmitRequest{Kind: "heartbeat/register"}},
		{[]string{"ledger", "send", "bank/burn", `{"denom":"ATN","amount":5}`}, types.SubmitRequest{Kind: "bank/burn", Msg: []byte(`{"denom":"ATN","amount":5}`)}},
	} {
		s.run(c.line...).ok()
		sent := n.Sent()
		require.Equal(t, c.want, sent[len(sent)-1])
	}
}

func TestMoneyCommandsRefuseWhatIsWrittenWrongly(t *testing.T) {
	s, n := withNode(t)
	for _, line := range [][]string{
		{"wallet", "send", "12D3KooWBob", "lots"},
		{"wallet", "send", "12D3KooWBob", "1.5", "--token", "aa11"},
		{"wallet", "send", "12D3KooWBob", "0.0000000001"},
		{"stake", "bond", "king", "5"},
		{"stake", "unbond", "solver", "-1"},
		{"ledger", "send", "bank/burn", "{"},
		{"ledger", "send", "Not A Kind"},
	} {
		s.run(line...).fails(types.ExitUsage)
	}
	require.Empty(t, n.Sent())
	n.Fail("Submit", types.NewError(types.CodeRefused, "bank/send", "the balance is 0 ATN", ""))
	s.run("wallet", "send", "12D3KooWBob", "1").fails(types.ExitRefused)
	n.Fail("Submit", types.NewError(types.CodeHalted, "task/claim", "no heartbeat", ""))
	s.run("ledger", "send", "task/claim").fails(types.ExitHalted)
}

func TestWhatAMessageBroughtAboutIsShown(t *testing.T) {
	s, n := withNode(t)
	n.SubmittedValue = types.Submitted{Height: 7, FeeNatn: 1250, Hash: "aabb", Events: []types.LedgerEvent{{Kind: "bank/moved", Data: json.RawMessage(`{"from":"a","amount":5,"cause":"send"}`)}}}
	golden(t, "sent", s.run("wallet", "send", "12D3KooWBob", "1").ok())
	n.StateValues = map[string]any{"params": map[string]int{"committee": 3}}
	golden(t, "state", s.run("ledger", "state", "params").ok())
	n.WalletList = []types.Wallet{{Name: "node", Account: "12D3KooWAlice"}}
	golden(t, "wallet", s.run("wallet", "new", "savings").ok()+s.run("wallet", "keys").ok())
}

func TestFoundersUseTheGenesisTool(t *testing.T) {
	s := newShell(t)
	dir := t.TempDir()
	s.deps.Card = func(o cli.InitOptions) ([]byte, error) { return []byte("{}\n"), nil }
	file := filepath.Join(dir, "card.json")
	s.run("genesis", "card", "--network", "commons", "-o", file).ok()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "{}\n", string(raw))
	s.run("genesis", "card").fails(types.ExitUsage)
	s.run("genesis", "new", filepath.Join(dir, "g.json"), "--card", file).fails(types.ExitFailed)
	s.run("genesis", "verify", file).fails(types.ExitFailed)
	s.run("genesis", "verify").fails(types.ExitUsage)
	s.run("init", "--preset", "devnet", "--network", "autonet1-x").fails(types.ExitUsage)
	s.run("init", "--preset", "odd").fails(types.ExitUsage)
}
