package cli_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/cli"
	"autonet/node/api/types"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// furnished is a shell with a node that has something to show everywhere.
func furnished(t *testing.T) *shell {
	t.Helper()
	s, n := withNode(t)
	st := &n.StatusValue
	st.UptimeMS, st.RSSMiB, st.Peers = 200_000, 123, 2
	st.Ledger = types.LedgerStatus{Height: 412, TimeMS: 1_795_350_000_000, Validators: 4, IsValidator: true, CatchingUp: true}
	st.Lease = types.LeaseStatus{Live: true, LeftMS: 93_000, Heartbeat: types.HeartbeatInfo{Count: 4, Height: 400, TimeMS: 1_795_349_990_000, NextMS: 12_000}}
	st.Jobs = []types.Job{{Kind: "train", Task: "5f0c12345678", Phase: "steps", Step: 40, Steps: 400, State: "running"}}
	n.IdentityValue.PublicKey, n.IdentityValue.Addrs = "00ff", st.Addrs
	n.PeerList = []types.Peer{{PeerID: "12D3KooWBob", Direction: "outbound", Transport: "quic", LatencyMS: 3, ConnectedMS: 65_000, Addrs: []string{"/ip4/127.0.0.1/udp/4001/quic-v1"}}}
	n.ProjectList = []types.Project{{ID: "aa11", Name: "digits", State: "ACTIVE_TRAINING", BudgetNatn: 12_500_000_000, Tasks: 3, Versions: []types.ModelVersion{{Version: 0, CID: "bafy0"}, {Version: 1, CID: "bafy1"}}}, {ID: "aa22", Name: "new", State: "FUNDING"}}
	n.TaskList = []types.Task{{
		ID: "5f0c12345678", Project: "aa11", State: "VOTING", Phase: "OPENING", Reason: "", DeadlineLeftMS: 8_000, Proposer: "12D3KooWAlice", Model: "bafy0", Spec: "bafkspec",
		Steps: 400, Batch: 32, Interval: 40, Slots: 3, Committee: []string{"12D3KooWC1", "12D3KooWC2"}, EscrowNatn: 3_000_000_000, Accepted: 1,
		Solutions: []types.Solution{{Account: "12D3KooWS1", State: "opened", Step: 400, Score: 65535}, {Account: "12D3KooWS2", State: "fraud", Step: 400, Reason: "replay mismatch at step 41"}},
		Votes:     []types.Vote{{Account: "12D3KooWC1", Committed: true, Revealed: true, Entries: []types.VoteEntry{{Solver: "12D3KooWS1", Score: 60000, Correct: 1900, Total: 2000}, {Solver: "12D3KooWS2", Fault: "replay-mismatch"}}}, {Account: "12D3KooWC2", Committed: true}},
		Disputes:  []types.Dispute{{Challenger: "12D3KooWC1", Solver: "12D3KooWS2", Interval: 1, Step: 41, State: "fraud"}},
		Result:    &types.ModelVersion{Version: 2, CID: "bafy2"},
	}}
	n.AccountList = []types.Account{{
		Account: "12D3KooWAlice", BalanceNatn: 1_500_000_000, LockedNatn: 1, Governor: true,
		Stakes: []types.Stake{{Role: "solver", BondedNatn: 50_000_000_000, Active: true}, {Role: "validator", BondedNatn: 1}}, Tokens: []types.Token{{Denom: "pt/aa11", Amount: 7}},
	}, {Account: "12D3KooWBob"}}
	n.RewardList = []types.Reward{{Height: 9, Task: "5f0c12345678", Account: "12D3KooWAlice", Role: "solver", Earned: 5_120_000_000, Cause: "rewards/paid", Detail: "score 1.000"}, {Height: 10, Task: "99", Account: "12D3KooWBob", Role: "coordinator", Slashed: 25_000_000_000, Cause: "rewards/unbacked"}}
	n.LedgerValue = types.Ledger{Status: st.Ledger, Accounts: 2, Set: []types.Validator{{Account: "12D3KooWAlice", Power: 20000}}, Supply: types.Supply{TotalNatn: 2_000_000_000, BalancesNatn: 2_000_000_000, Conserved: true}}
	n.Blocks[412] = types.Block{Height: 412, TimeMS: 1_795_350_000_000, Hash: "aabb", AppHash: "ccdd", Proposer: "c6fd", Txs: []types.Tx{{Hash: "0011223344556677", Kind: "task/claim", Sender: "12D3KooWAlice", Code: "ok"}, {Hash: "ffee", Kind: "bank/send", Sender: "12D3KooWBob", Code: "funds", Text: "balance is 0"}}}
	return s
}

func TestWhatPeopleSee(t *testing.T) {
	s := furnished(t)
	for name, line := range map[string]string{
		"status": "status", "id": "id", "peers": "peers", "invite": "invite", "projects": "project ls", "tasks": "task ls", "task": "task show 5f0c12345678",
		"ledger": "ledger", "block": "ledger block", "heartbeat": "heartbeat", "balance": "wallet balance", "accounts": "wallet ls", "rewards": "rewards ls",
		"rewards-task": "rewards ls --task 99",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, s.run(strings.Fields(line)...).ok()) })
	}
}

func TestTextsOfOthersCannotDriveTheTerminal(t *testing.T) {
	s, n := withNode(t)
	n.TaskList = []types.Task{{ID: "aa", Votes: []types.Vote{{Entries: []types.VoteEntry{{Note: "\x1b]0;owned\x07"}}}}}}
	require.NotContains(t, s.run("task", "show", "aa").ok(), "\x1b")
	n.StateValues = map[string]any{"proposals": []map[string]any{{"id": "aa", "state": "voting", "title": "Pay\naa  executed\u202e"}}}
	require.Equal(t, 2, strings.Count(s.run("gov", "ls").ok(), "\n"), "a title cannot pretend to be another proposal")
	require.NotContains(t, s.run("gov", "ls").ok(), "\u202e")
	n.Fail("Status", types.NewError(types.CodeFailed, "status", "\x1b[2J\u009b", ""))
	require.NotContains(t, s.run("status").fails(types.ExitFailed), "\x1b")
}

func TestEmptyListsSayWhatToDoNext(t *testing.T) {
	s, _ := withNode(t)
	for line, want := range map[string]string{"peers": "autonet invite", "shard ls": "autonet shard pin", "project ls": "autonet project create", "task ls": "autonet task propose", "rewards ls": "No rewards yet"} {
		require.Contains(t, s.run(strings.Fields(line)...).ok(), want)
	}
}

func TestMachinesGetTheAPIsObjects(t *testing.T) {
	s := furnished(t)
	require.EqualValues(t, 412, decode[types.Status](t, s.run("status", "--json").ok()).Ledger.Height)
	require.Equal(t, "alice", decode[types.Identity](t, s.run("id", "--json").ok()).Name)
	require.Len(t, decode[types.Peers](t, s.run("peers", "--json").ok()).Peers, 1)
	require.Equal(t, "autonet1test", decode[types.Invite](t, s.run("invite", "--json").ok()).Invite)
	require.Len(t, decode[types.Projects](t, s.run("project", "ls", "--json").ok()).Projects, 2)
	require.Len(t, decode[types.Tasks](t, s.run("task", "ls", "--json").ok()).Tasks, 1)
	require.Len(t, decode[types.Task](t, s.run("task", "show", "5f0c12345678", "--json").ok()).Votes, 2)
	require.True(t, decode[types.Ledger](t, s.run("ledger", "--json").ok()).Supply.Conserved)
	require.Len(t, decode[types.Block](t, s.run("ledger", "block", "412", "--json").ok()).Txs, 2)
	require.True(t, decode[types.LeaseStatus](t, s.run("heartbeat", "--json").ok()).Live)
	require.EqualValues(t, 1_500_000_000, decode[types.Account](t, s.run("wallet", "balance", "--json").ok()).BalanceNatn)
	require.Len(t, decode[types.Accounts](t, s.run("wallet", "ls", "--json").ok()).Accounts, 2)
	require.Len(t, decode[types.Rewards](t, s.run("rewards", "ls", "--json").ok()).Rewards, 2)
}

func TestTasksAndProjectsCanBeMade(t *testing.T) {
	s, n := withNode(t)
	require.Contains(t, s.run("project", "create", "digits", "--goal", "5000.5", "--fund", "10").ok(), "digits")
	require.Contains(t, s.run("task", "propose", "--model", "simplenet", "--steps", "200", "--slots", "3").ok(), "autonet task show bb22")
	require.Equal(t, []types.ProposeTaskRequest{{Model: "simplenet", Steps: 200, Slots: 3}}, n.Proposed())
}

func TestAmountsAreReadExactly(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "12.5": 12_500_000_000, ".5": 500_000_000, "0.000000001": 1, "18446744073.709551615": 1<<64 - 1} {
		got, err := cli.ParseATN(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"-1", "1e9", "0.0000000001", "18446744073.709551616", "99999999999999999999", "1.-5", "1.+5", "x"} {
		_, err := cli.ParseATN(text)
		require.Error(t, err, text)
	}
}

func FuzzParseATN(f *testing.F) {
	f.Add("12.5")
	f.Fuzz(func(t *testing.T, text string) {
		natn, err := cli.ParseATN(text)
		if err != nil {
			return
		}
		again, err := cli.ParseATN(strings.TrimSuffix(types.ATN(natn), " ATN"))
		require.NoError(t, err)
		require.Equal(t, natn, again)
	})
}

func TestImagesAreClassified(t *testing.T) {
	s, _ := withNode(t)
	dir := t.TempDir()
	raw := filepath.Join(dir, "digits.raw")
	require.NoError(t, os.WriteFile(raw, append(bytes.Repeat([]byte{7}, 784), bytes.Repeat([]byte{3}, 784)...), 0o600))
	require.Equal(t, "7\n3\n", s.run("infer", "bafy", "--input", raw).ok())

	img := image.NewGray(image.Rect(0, 0, 28, 28))
	img.SetGray(0, 0, color.Gray{Y: 255})
	require.Equal(t, [][]byte{img.Pix}, images(t, dir, img))
	_, err := cli.ReadImages(writePNG(t, dir, image.NewGray(image.Rect(0, 0, 5, 5))))
	require.ErrorContains(t, err, "it is 5 x 5")
	for name, data := range map[string][]byte{"empty": {}, "odd": make([]byte, 785), "cut png": []byte("\x89PNG\r\n"), "too many": make([]byte, 784*1025)} {
		path := filepath.Join(dir, "bad")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		_, err := cli.ReadImages(path)
		require.Error(t, err, name)
	}
}

func images(t *testing.T, dir string, img image.Image) [][]byte {
	t.Helper()
	got, err := cli.ReadImages(writePNG(t, dir, img))
	require.NoError(t, err)
	return got
}

func writePNG(t *testing.T, dir string, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	path := filepath.Join(dir, "digit.png")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func TestProgressBarText(t *testing.T) {
	require.Equal(t, "pin  50% [███████████████░░░░░░░░░░░░░░░] 1.0 MiB of 2.0 MiB, 512.0 KiB/s", cli.BarText(1<<20, 2<<20, 2*time.Second))
	require.Equal(t, "pin 1.0 MiB, 1.0 MiB/s", cli.BarText(1<<20, -1, time.Second))
	require.Contains(t, cli.BarText(5, 5, time.Second), "100%")
	require.Contains(t, cli.BarText(0, 0, 0), "100%")
}
