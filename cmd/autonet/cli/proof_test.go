package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/iavl"
	iavldb "github.com/cosmos/iavl/db"
	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/lighttest"
	"autonet/ledger/proof"
	api "autonet/node/api/types"
	"autonet/node/proofs"
)

const somebody = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"

// documents makes the proof of a balance, the header it builds on, and a header of other validators.
func documents(t *testing.T) (told api.Proof, header, other []byte) {
	t.Helper()
	tree := iavl.NewMutableTree(iavldb.NewMemDB(), 10, true, iavl.NewNopLogger())
	key := ledger.Key("bank", "a", somebody)
	for i, k := range [][]byte{key, []byte("x")} {
		raw, err := ledger.Marshal(bank.Account{Balance: ledger.Natn(7 + i)})
		require.NoError(t, err)
		_, err = tree.Set(k, raw)
		require.NoError(t, err)
	}
	root, _, err := tree.SaveVersion()
	require.NoError(t, err)
	chain := lighttest.New(lighttest.Options{
		Network: "cli-1", Heights: 20, Validators: 3, Rotate: 5, Start: time.UnixMilli(1_700_000_000_000), AppHash: func(int64) []byte { return root },
	})
	encode := func(block *types.LightBlock) []byte {
		light, err := proof.EncodeLight(block)
		require.NoError(t, err)
		raw, err := proof.Header{Version: proof.Version, Network: "cli-1", Light: light}.Encode()
		require.NoError(t, err)
		return raw
	}
	p := proof.Proof{Version: proof.Version, Network: "cli-1", What: []string{"balance", somebody}, Found: true}
	saved, err := tree.GetImmutable(1)
	require.NoError(t, err)
	p.Value, err = saved.Get(key)
	require.NoError(t, err)
	path, err := saved.GetMembershipProof(key)
	require.NoError(t, err)
	p.Path, err = path.Marshal()
	require.NoError(t, err)
	p.Light, err = proof.EncodeLight(chain.Block(3))
	require.NoError(t, err)
	told, err = proofs.Document(p)
	require.NoError(t, err)
	return told, encode(chain.Block(3)), encode(chain.Block(14))
}

func TestAProofIsFetchedAndCheckedWithoutANode(t *testing.T) {
	s, n := withNode(t)
	told, header, other := documents(t)
	n.ProofValues.ByWords = map[string]api.Proof{"balance " + somebody: told}
	dir := t.TempDir()
	file, trusted, strange := filepath.Join(dir, "p"), filepath.Join(dir, "h"), filepath.Join(dir, "o")
	require.Contains(t, s.run("ledger", "proof", "balance", somebody, "-o", file).ok(), told.Proven.HeaderHash)
	require.NoError(t, os.WriteFile(trusted, header, 0o600))
	require.NoError(t, os.WriteFile(strange, other, 0o600))

	for _, trust := range []string{told.Proven.HeaderHash, trusted} {
		require.Contains(t, s.run("ledger", "verify", file, "--trust", trust).ok(), `"balance": 7`)
	}
	var proven api.Proven
	require.NoError(t, json.Unmarshal([]byte(s.run("ledger", "verify", file, "--trust", trusted, "--json").ok()), &proven))
	require.Equal(t, []string{"balance", somebody}, proven.What)

	require.Contains(t, s.run("ledger", "verify", file, "--trust", strings.Repeat("ab", 32)).fails(api.ExitFailed), "trusted is abab")
	require.Contains(t, s.run("ledger", "verify", file, "--trust", strange).fails(api.ExitFailed), "must not be believed")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw[:len(raw)-1], 0o600))
	s.run("ledger", "verify", file, "--trust", trusted).fails(api.ExitFailed)
	s.run("ledger", "verify", file).fails(api.ExitUsage)
	s.run("ledger", "verify", file, "--trust", "nowhere").fails(api.ExitUsage)
	s.run("ledger", "verify", filepath.Join(dir, "none"), "--trust", trusted).fails(api.ExitUsage)
	s.run("ledger", "proof").fails(api.ExitUsage)
}

func TestTransactionsHeadersAndEventsAreShown(t *testing.T) {
	s, n := withNode(t)
	hash := strings.Repeat("00", 32)
	n.ProofValues.Txs = map[string]api.TxResult{hash: {Hash: hash, Height: 9, Kind: "bank/send", Code: "funds", Text: "balance is 0", Events: []api.LedgerEvent{}}}
	n.ProofValues.Headers = map[int64]api.Header{0: {Network: "cli-1", Height: 12, Hash: hash, Document: []byte("doc")}}
	for i := range 5 {
		n.ProofValues.Events = append(n.ProofValues.Events, api.LedgerEvent{Height: 4, Index: i, Kind: "bank/moved", Data: json.RawMessage(`{"amount":1}`)})
	}
	require.Contains(t, s.run("ledger", "tx", hash).ok(), "funds: balance is 0")
	s.run("ledger", "tx", "ff").fails(api.ExitUsage)
	file := filepath.Join(t.TempDir(), "header")
	require.Contains(t, s.run("ledger", "header", "-o", file).ok(), "12")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "doc", string(raw))
	for limit, want := range map[int]int{0: 5, 3: 3, 100: 5} {
		out := s.run("ledger", "events", "--account", somebody, "--from", "2", "--limit", fmt.Sprint(limit)).ok()
		require.Equal(t, want, strings.Count(out, "bank/moved"))
	}
	require.Equal(t, somebody, n.ProofValues.Asked[0].Account)
	require.EqualValues(t, 2, n.ProofValues.Asked[0].From)
	s.run("ledger", "events", "--limit", "-1").fails(api.ExitUsage)
}

func TestRewardsAreExplainedWithTheirProofs(t *testing.T) {
	s, n := withNode(t)
	amount := api.ExplainedAmount{
		What: "earned", Role: "solver", AmountNatn: 5_000_000_000, Cause: "100 samples at score 0.500", Formula: "reward_per_sample × samples × score ÷ 65535",
		Inputs: []api.ExplainedInput{{Name: "samples", Value: "100"}}, Evidence: "bafy", Kind: "task/paid", Height: 40, Index: 2, Proof: []byte("proof"),
		Votes: []api.ExplainedVote{{Member: somebody, Solver: somebody, Status: "backed", Score: 32768, Clipped: 32768, Detail: "replayed intervals [1]"}},
	}
	n.ProofValues.Explain = map[string]api.Explanation{"aa": {
		Task: "aa", State: "SETTLED", Accounts: []api.ExplainedAccount{{Account: somebody, EarnedNatn: 5_000_000_000, Amounts: []api.ExplainedAmount{amount, amount}}},
		Returned: []api.ExplainedAmount{{What: "returned", AmountNatn: 1, Cause: "not earned", Kind: "task/returned", Height: 41}},
	}}
	dir := filepath.Join(t.TempDir(), "proofs")
	golden(t, "rewards-explain", strings.ReplaceAll(s.run("rewards", "explain", "aa", "--proofs", dir).ok(), dir, "DIR"))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, "event-40-2.proof", files[0].Name())
	s.run("rewards", "explain", "bb").fails(api.ExitFailed)
}
