package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node/api/apitest"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, home string) *client.Client {
	t.Helper()
	c, err := client.Open(home)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func code(t *testing.T, err error) types.Error {
	t.Helper()
	var e types.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestHomeWithoutNodeSaysHowToStartOne(t *testing.T) {
	_, err := client.Open(t.TempDir())
	e := code(t, err)
	require.Equal(t, types.ExitNoNode, e.Exit)
	require.Contains(t, e.Advice, "autonet start")
}

func TestEndpointLeftByADeadNodeIsNoNode(t *testing.T) {
	n := apitest.NewNode()
	home := apitest.Serve(t, n)
	raw, err := os.ReadFile(filepath.Join(home, "api.json"))
	require.NoError(t, err)
	var e types.Endpoint
	require.NoError(t, json.Unmarshal(raw, &e))
	dead := t.TempDir()
	e.Addr = "127.0.0.1:1"
	raw, err = json.Marshal(e)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dead, "api.json"), raw, 0o600))
	_, err = open(t, dead).Status(t.Context())
	require.Equal(t, types.ExitNoNode, code(t, err).Exit)
}

func TestDamagedEndpointIsRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":            "",
		"not json":         "hello",
		"foreign address":  `{"addr":"192.0.2.1:80","token":"x"}`,
		"name":             `{"addr":"evil.example:80","token":"x"}`,
		"no token":         `{"addr":"127.0.0.1:80"}`,
		"header injection": `{"addr":"127.0.0.1:80","token":"x\r\nHost: y"}`,
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(home, "api.json"), []byte(raw), 0o600))
			_, err := client.Open(home)
			require.Equal(t, types.CodeNoNode, code(t, err).Code)
		})
	}
}

func TestEveryCallReachesTheNode(t *testing.T) {
	n := apitest.NewNode()
	n.PeerList = []types.Peer{{PeerID: "p1"}}
	n.ProjectList = []types.Project{{ID: "aa"}}
	n.TaskList = []types.Task{{ID: "bb"}}
	n.AccountList = []types.Account{{Account: "cc", BalanceNatn: 1 << 62}}
	n.RewardList = []types.Reward{{Task: "bb", Earned: 3}, {Task: "dd"}}
	n.Blocks[9] = types.Block{Height: 9}
	n.LedgerValue.Supply.Conserved = true
	c := open(t, apitest.Serve(t, n))
	ctx := t.Context()

	st, err := c.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, n.StatusValue, st)
	id, err := c.ID(ctx)
	require.NoError(t, err)
	require.Equal(t, "alice", id.Name)
	peers, err := c.Peers(ctx)
	require.NoError(t, err)
	require.Len(t, peers, 1)
	dial, err := c.Connect(ctx, types.ConnectRequest{Addrs: []string{"/ip4/127.0.0.1/tcp/1/p2p/x"}})
	require.NoError(t, err)
	require.Len(t, dial.Connected, 1)
	inv, err := c.Invite(ctx, types.InviteRequest{})
	require.NoError(t, err)
	require.Equal(t, "autonet1test", inv.Invite)
	project, err := c.CreateProject(ctx, types.CreateProjectRequest{Name: "digits"})
	require.NoError(t, err)
	require.Equal(t, "digits", project.Name)
	projects, err := c.Projects(ctx)
	require.NoError(t, err)
	require.Equal(t, n.ProjectList, projects)
	prop, err := c.ProposeTask(ctx, types.ProposeTaskRequest{Steps: 10, Seed: strings.Repeat("ab", 32)})
	require.NoError(t, err)
	require.Equal(t, "bb22", prop.Task)
	require.EqualValues(t, 10, n.Proposed()[0].Steps)
	tasks, err := c.Tasks(ctx)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	task, err := c.Task(ctx, "bb")
	require.NoError(t, err)
	require.Equal(t, "bb", task.ID)
	classes, err := c.Infer(ctx, types.InferRequest{Model: "m", Images: [][]byte{{7}, {12}}})
	require.NoError(t, err)
	require.Equal(t, []int{7, 2}, classes.Classes)
	ledger, err := c.Ledger(ctx)
	require.NoError(t, err)
	require.True(t, ledger.Supply.Conserved)
	block, err := c.Block(ctx, 9)
	require.NoError(t, err)
	require.EqualValues(t, 9, block.Height)
	accounts, err := c.Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	account, err := c.Account(ctx, "cc")
	require.NoError(t, err)
	require.EqualValues(t, 1<<62, account.BalanceNatn, "no money is lost in a float")
	rewards, err := c.Rewards(ctx, "bb")
	require.NoError(t, err)
	require.Len(t, rewards, 1)
	rewards, err = c.Rewards(ctx, "")
	require.NoError(t, err)
	require.Len(t, rewards, 2)
	stopping, err := c.Stop(ctx)
	require.NoError(t, err)
	require.Equal(t, 4242, stopping.PID)
	<-n.Stopped
}

func TestErrorsKeepTheirCodeOverTheWire(t *testing.T) {
	n := apitest.NewNode()
	c := open(t, apitest.Serve(t, n))
	for _, want := range []types.Error{
		{Code: types.CodeRefused, Title: "propose task", Detail: "budget", Advice: "fund it", Reason: "funds", Exit: 4, Status: http.StatusConflict},
		{Code: types.CodeHalted, Title: "propose task", Detail: "no heartbeat", Exit: 5, Status: http.StatusServiceUnavailable},
	} {
		n.Fail("ProposeTask", want)
		_, err := c.ProposeTask(t.Context(), types.ProposeTaskRequest{})
		require.Equal(t, want, code(t, err))
	}
	_, err := c.Task(t.Context(), "nope")
	require.Equal(t, types.CodeNotFound, code(t, err).Code)
	_, err = c.Infer(t.Context(), types.InferRequest{Model: "m"})
	require.Equal(t, types.ExitUsage, code(t, err).Exit)
}

func TestFileGoesThroughUnchanged(t *testing.T) {
	c := open(t, apitest.Serve(t, apitest.NewNode()))
	for name, data := range map[string][]byte{"empty": {}, "one byte": {1}, "several buffers": bytes.Repeat([]byte("0123456789"), 50_000)} {
		t.Run(name, func(t *testing.T) {
			var sent, got int64
			info, err := c.Pin(t.Context(), bytes.NewReader(data), int64(len(data)), types.PinOptions{Name: name, Data: 12, Parity: 5, Hash: "sha256", Hold: true},
				func(done, total int64) { sent = done; require.EqualValues(t, len(data), total) })
			require.NoError(t, err)
			require.EqualValues(t, len(data), sent)
			require.Equal(t, 12, info.Data)
			var out bytes.Buffer
			stats, err := c.Get(t.Context(), info.CID, &out, func(done, _ int64) { got = done })
			require.NoError(t, err)
			require.EqualValues(t, len(data), got)
			require.EqualValues(t, len(data), stats.Bytes)
			require.True(t, bytes.Equal(data, out.Bytes()))
			stat, err := c.Shard(t.Context(), info.CID)
			require.NoError(t, err)
			require.Equal(t, info, stat)
			gone, err := c.Unpin(t.Context(), info.CID)
			require.NoError(t, err)
			require.EqualValues(t, len(data), gone.FreedBytes)
		})
	}
	list, err := c.Shards(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestLengthMayBeUnknown(t *testing.T) {
	c := open(t, apitest.Serve(t, apitest.NewNode()))
	info, err := c.Pin(t.Context(), strings.NewReader("from a pipe"), -1, types.PinOptions{}, nil)
	require.NoError(t, err)
	require.EqualValues(t, 11, info.Size)
}

func TestFileThatBreaksOffIsAnErrorWithItsReason(t *testing.T) {
	n := apitest.NewNode()
	n.CutAt = 100_000
	c := open(t, apitest.Serve(t, n))
	info, err := c.Pin(t.Context(), bytes.NewReader(make([]byte, 300_000)), 300_000, types.PinOptions{}, nil)
	require.NoError(t, err)
	_, err = c.Get(t.Context(), info.CID, io.Discard, nil)
	require.Equal(t, "only 9 of 14 columns are live — 10 needed", code(t, err).Detail)
}

func TestMissingFileIsToldBeforeTheFirstByte(t *testing.T) {
	n := apitest.NewNode()
	c := open(t, apitest.Serve(t, n))
	_, err := c.Get(t.Context(), "bafkmissing", io.Discard, nil)
	require.Equal(t, types.CodeNotFound, code(t, err).Code)
	info, err := c.Pin(t.Context(), strings.NewReader("x"), 1, types.PinOptions{}, nil)
	require.NoError(t, err)
	n.Fail("Get", types.NewError(types.CodeTimeout, "get shard", "no holder answers", ""))
	_, err = c.Get(t.Context(), info.CID, io.Discard, nil)
	require.Equal(t, types.CodeTimeout, code(t, err).Code)
}

func TestFullDiskOfTheReaderIsItsOwnError(t *testing.T) {
	c := open(t, apitest.Serve(t, apitest.NewNode()))
	info, err := c.Pin(t.Context(), bytes.NewReader(make([]byte, 300_000)), 300_000, types.PinOptions{}, nil)
	require.NoError(t, err)
	full := errors.New("no space left on device")
	_, err = c.Get(t.Context(), info.CID, writeFailing{full}, nil)
	require.ErrorIs(t, err, full)
}

type writeFailing struct{ err error }

func (w writeFailing) Write([]byte) (int, error) { return 0, w.err }

func TestUnreadableFileStopsTheUpload(t *testing.T) {
	c := open(t, apitest.Serve(t, apitest.NewNode()))
	_, err := c.Pin(t.Context(), iotest.ErrReader(errors.New("bad sector")), -1, types.PinOptions{}, nil)
	require.ErrorContains(t, err, "bad sector")
}

func TestAnswersThatAreNotTheAPIsAreErrors(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/id") {
			_, _ = io.WriteString(w, "<html>")
			return
		}
		http.Error(w, "who are you\nsecond line", http.StatusTeapot)
	}))
	t.Cleanup(srv.Close)
	home := t.TempDir()
	raw, err := json.Marshal(types.Endpoint{Addr: srv.Listener.Addr().String(), Token: "t"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "api.json"), raw, 0o600))
	c := open(t, home)
	_, err = c.Status(t.Context())
	require.Equal(t, "the node answered 418 I'm a teapot: who are you", err.Error())
	_, err = c.ID(t.Context())
	require.ErrorContains(t, err, "cannot be read")
}

func TestEndedContextEndsTheCall(t *testing.T) {
	c := open(t, apitest.Serve(t, apitest.NewNode()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Status(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
