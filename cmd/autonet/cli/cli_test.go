package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/cmd/autonet/cli"
	"autonet/node/api/apitest"
	"autonet/node/api/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell runs commands the way a person would, without a terminal.
type shell struct {
	t    *testing.T
	home string
	in   io.Reader
	deps cli.Deps
	env  map[string]string
	ctx  context.Context //nolint:containedctx // a test's own
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{t: t, home: filepath.Join(t.TempDir(), "home"), in: strings.NewReader(""), env: map[string]string{}, ctx: t.Context()}
}

// withNode gives the shell a home in which a node runs.
func withNode(t *testing.T) (*shell, *apitest.Node) {
	t.Helper()
	n := apitest.NewNode()
	s := newShell(t)
	s.home = apitest.Serve(t, n)
	return s, n
}

type result struct {
	t        *testing.T
	code     int
	out, err string
}

func (s *shell) run(args ...string) result {
	s.t.Helper()
	s.env["AUTONET_HOME"] = s.home
	var out, errs bytes.Buffer
	code := cli.Main(s.ctx, args, cli.Streams{In: s.in, Out: &out, Err: &errs, Getenv: func(k string) string { return s.env[k] }}, s.deps)
	return result{s.t, code, out.String(), errs.String()}
}

// ok requires success and returns what was printed.
func (r result) ok() string {
	r.t.Helper()
	require.Zero(r.t, r.code, r.err)
	require.Empty(r.t, r.err)
	return r.out
}

// fails requires an exit code and an error of the house's form, and returns it.
func (r result) fails(code int) string {
	r.t.Helper()
	require.Equal(r.t, code, r.code, r.err)
	require.True(r.t, strings.HasPrefix(r.err, "autonet: "), r.err)
	require.Equal(r.t, 1, strings.Count(r.err, "\n"), "an error is one line: %s", r.err)
	return r.err
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestEveryCommandHasAnExampleAndHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		require.NotEmpty(t, c.Example, c.CommandPath())
		require.NotEmpty(t, c.Short, c.CommandPath())
		for _, sub := range c.Commands() {
			if sub.Name() != "help" {
				walk(sub)
			}
		}
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		require.Contains(t, newShell(t).run(args...).ok(), "Examples:", c.CommandPath())
	}
	walk(cli.Root())
}

func TestPublishedCommandsExist(t *testing.T) {
	for _, path := range []string{
		"up", "init", "start", "stop", "status", "id", "peers", "invite", "join", "shard pin", "shard get", "shard ls", "shard stat", "shard unpin",
		"project ls", "task ls", "task show", "wallet balance", "rewards ls", "heartbeat", "ledger block", "console", "config show", "config check",
		"version", "completion",
	} {
		c, _, err := cli.Root().Find(strings.Fields(path))
		require.NoError(t, err)
		require.Equal(t, "autonet "+path, c.CommandPath())
	}
}

func TestWrongUsageIsExitCodeTwoWithAHint(t *testing.T) {
	s, _ := withNode(t)
	for _, line := range []string{
		"nonsense", "--nonsense", "status --nonsense", "status extra", "shard nonsense", "shard get", "shard pin a b", "up --nodes x", "up --nodes 2",
		"up --rounds 0", "up --cheat garbage-update", "up --byzantine 1 --cheat lying", "up --data /nowhere/at/all", "up --record /nowhere/at/all/x", "up extra",
		"init --port 70000", "init --role king", "join", "completion tcsh", "ledger block zero", "ledger block 0", "task show", "infer m", "infer m --input /nowhere",
		"shard pin /nowhere", "shard pin --hash md5 x", "project create x --goal 1.2.3", "task show a/b",
	} {
		t.Run(line, func(t *testing.T) {
			r := s.run(strings.Fields(line)...)
			r.t = t
			require.Contains(t, r.fails(types.ExitUsage), "; ", "it says what to do")
			require.Empty(t, r.out)
		})
	}
}

func TestWhatMeansNothingNeverReachesTheNode(t *testing.T) {
	s, n := withNode(t)
	for _, c := range []struct {
		line []string
		want string
	}{
		{[]string{"gov", "vote", "", "yes"}, "argument 1 is empty"},
		{[]string{"task", "show", ""}, "argument 1 is empty"},
		{[]string{"ledger", "events", "--task", ""}, "--task is empty"},
		{[]string{"wallet", "send", "12D3KooWBob", "-1"}, "-1 is below zero"},
		{[]string{"wallet", "send", "12D3KooWBob", "-0.5"}, "-0.5 is below zero"},
		{[]string{"wallet", "send", "12D3KooWBob", "."}, "no amount"},
		{[]string{"ledger", "block", "-7"}, "-7 is below zero"},
		{[]string{"ledger", "block", "-x"}, "unknown shorthand flag"},
		{[]string{"genesis", "card", "--network", "Two Words"}, "no name of a network"},
		{[]string{"genesis", "card", "--network", "two", "--port", "99999"}, "is no port"},
		{[]string{"genesis", "new", "g.json", "--card", "c.json", "--preset", "mine"}, "choose among"},
	} {
		require.Contains(t, s.run(c.line...).fails(types.ExitUsage), c.want)
	}
	require.Empty(t, n.Sent())
}

func TestWhatTheServerFindsWrongIsSaidInTheCommandsWords(t *testing.T) {
	s, n := withNode(t)
	n.Fail("Status", types.NewError(types.CodeUsage, types.TitleNotUnderstood, "body.name expected length >= 1", "see /openapi.json for what is expected"))
	require.Equal(t, "autonet: status: name expected length >= 1; see: autonet status --help\n", s.run("status").fails(types.ExitUsage))
}

func TestHomeWithoutANodeIsExitCodeThree(t *testing.T) {
	s := newShell(t)
	for _, line := range []string{
		"status", "id", "peers", "invite", "stop", "shard ls", "shard get x -o y", "project ls", "task ls", "wallet balance", "rewards ls", "ledger", "heartbeat", "console",
	} {
		require.Contains(t, s.run(strings.Fields(line)...).fails(types.ExitNoNode), "start one with: autonet start", line)
	}
}

func TestLedgersRefusalAndHaltHaveTheirOwnExitCodes(t *testing.T) {
	s, n := withNode(t)
	n.Fail("ProposeTask", types.Error{Code: types.CodeRefused, Detail: "the project's budget is 3 ATN", Reason: "funds", Advice: "fund the project"})
	require.Equal(t, "autonet: propose task: the project's budget is 3 ATN (funds); fund the project\n", s.run("task", "propose").fails(types.ExitRefused))
	n.Fail("ProposeTask", types.NewError(types.CodeHalted, "", "no heartbeat for 3 minutes", ""))
	require.Equal(t, "autonet: propose task: no heartbeat for 3 minutes\n", s.run("task", "propose").fails(types.ExitHalted))
	n.Fail("ProposeTask", errors.New("disk on fire"))
	s.run("task", "propose").fails(types.ExitFailed)
	s.run("task", "show", "missing").fails(types.ExitFailed)
}

func TestErrorsAreJSONForMachines(t *testing.T) {
	s := newShell(t)
	for line, exit := range map[string]int{"status --json": 3, "--json nonsense": 2, "status --json --nonsense": 2} {
		r := s.run(strings.Fields(line)...)
		require.Equal(t, exit, r.code)
		e := decode[types.Error](t, r.err)
		require.Equal(t, exit, e.Exit)
		require.NotEmpty(t, e.Code)
		require.Empty(t, r.out)
	}
}

func TestJSONAndAFileDoNotShareStandardOutput(t *testing.T) {
	s, _ := withNode(t)
	r := s.run("shard", "get", "cid", "--json")
	require.Equal(t, types.ExitUsage, r.code)
	require.Contains(t, decode[types.Error](t, r.err).Advice, "-o FILE")
}

func TestHomeComesFromFlagThenEnvironment(t *testing.T) {
	s, _ := withNode(t)
	s.run("status").ok()
	require.Contains(t, s.run("status", "--home", "/nowhere/else").fails(types.ExitNoNode), "/nowhere/else")
}

func TestGroupsPrintTheirHelp(t *testing.T) {
	s := newShell(t)
	for _, g := range []string{"", "shard", "task", "project", "wallet", "rewards", "config"} {
		require.Contains(t, s.run(strings.Fields(g)...).ok(), "Usage:", g)
	}
}

func TestVersionTellsTheBuild(t *testing.T) {
	s := newShell(t)
	s.deps.Version = "1.2.3"
	require.Contains(t, s.run("version").ok(), "autonet 1.2.3 (go")
	require.Equal(t, "1.2.3", decode[map[string]any](t, s.run("version", "--json").ok())["version"])
}

func TestCompletionForEveryShell(t *testing.T) {
	for _, sh := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, newShell(t).run("completion", sh).ok(), "autonet", sh)
	}
}

func TestInterruptIsSaid(t *testing.T) {
	s, n := withNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.ctx = ctx
	require.Contains(t, s.run("status").fails(types.ExitFailed), "interrupted")
	require.NotNil(t, n)
}

func TestUnwritableOutputIsAnError(t *testing.T) {
	s, _ := withNode(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer func() { require.NoError(t, full.Close()) }()
	var errs bytes.Buffer
	code := cli.Main(t.Context(), []string{"status", "--home", s.home}, cli.Streams{In: s.in, Out: full, Err: &errs, Getenv: func(string) string { return "" }}, cli.Deps{})
	require.Equal(t, types.ExitFailed, code)
	require.Contains(t, errs.String(), "no space left on device")
}
