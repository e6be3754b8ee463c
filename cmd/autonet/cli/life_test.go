package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/cli"
	"autonet/node/api"
	"autonet/node/api/apitest"
	"autonet/node/api/types"
	"autonet/node/config"
	"autonet/node/home"
	"autonet/node/invite"
)

// furnish makes a home that looks initialised.
func furnish(t *testing.T, dir string) {
	t.Helper()
	h := home.At(dir)
	require.NoError(t, h.Make())
	require.NoError(t, config.Default().Save(h.Config()))
	require.NoError(t, os.WriteFile(h.Identity(), []byte("key"), 0o600))
	require.NoError(t, os.WriteFile(h.Genesis(), []byte("{}"), 0o600))
	require.True(t, h.Initialised())
}

func TestInitPassesWhatWasAsked(t *testing.T) {
	s := newShell(t)
	var got cli.InitOptions
	s.deps.Init = func(_ context.Context, o cli.InitOptions) (cli.InitResult, error) {
		got = o
		return cli.InitResult{Home: o.Home, PeerID: "12D3KooW", Network: "net-1", Port: 4001}, nil
	}
	require.Contains(t, s.run("init", "--name", "a", "--port", "4001", "--role", "solver,coordinator", "--loopback").ok(), "autonet start --home "+s.home)
	require.Equal(t, cli.InitOptions{Home: s.home, Name: "a", Network: "new", Port: 4001, Roles: []string{"solver", "coordinator"}, Loopback: true}, got)
	require.EqualValues(t, 4001, decode[map[string]any](t, s.run("join", "autonet1-x", "--role", "solver", "--json").ok())["port"])
	require.Equal(t, cli.InitOptions{Home: s.home, Network: "autonet1-x", Roles: []string{"solver"}}, got)
}

func TestKnownFailuresOfALifeSayWhatToDo(t *testing.T) {
	s := newShell(t)
	for _, c := range []struct {
		err  error
		exit int
		want string
	}{
		{home.ErrExists, types.ExitFailed, "autonet start"},
		{invite.ErrBroken, types.ExitUsage, "autonet invite"},
		{config.ErrInvalid, types.ExitFailed, "autonet config check"},
		{home.ErrRunning, types.ExitFailed, "autonet stop"},
	} {
		s.deps.Init = func(context.Context, cli.InitOptions) (cli.InitResult, error) {
			return cli.InitResult{}, fmt.Errorf("%s: %w", s.home, c.err)
		}
		require.Contains(t, s.run("init").fails(c.exit), c.want)
	}
	require.Contains(t, s.run("start").fails(types.ExitFailed), "autonet init")
}

func TestJoinOfARunningNodeMeetsTheInvitesMembers(t *testing.T) {
	s := newShell(t)
	furnish(t, s.home)
	n := apitest.NewNode()
	apitest.Run(t, n, api.DefaultConfig(s.home))
	s.run("join", "autonet1-x").ok()
	require.Equal(t, []types.ConnectRequest{{Invite: "autonet1-x"}}, n.Dialled())
	require.Contains(t, s.run("join", "autonet1-x", "--role", "solver").fails(types.ExitUsage), "roles.enabled")
}

func TestStartRunsUntilItsContextEndsAndAnnouncesTheNode(t *testing.T) {
	s := newShell(t)
	furnish(t, s.home)
	n := apitest.NewNode()
	ctx, cancel := context.WithCancel(t.Context())
	s.ctx = ctx
	var got cli.StartOptions
	s.deps.Start = func(ctx context.Context, o cli.StartOptions) error {
		got = o
		stop := apitest.Run(t, n, api.DefaultConfig(s.home)) //nolint:contextcheck // it serves until it is told to stop
		defer stop()
		o.Ready()
		cancel()
		return ctx.Err()
	}
	require.Contains(t, s.run("start", "--record", "events.ndjson").ok(), "alice runs on autonet-test")
	require.Equal(t, "events.ndjson", got.Record)
	require.Equal(t, s.home, got.Home)
}

func TestAHeaderToTrustIsForLightNodes(t *testing.T) {
	s := newShell(t)
	furnish(t, s.home)
	require.Contains(t, s.run("start", "--trust", "header").fails(types.ExitUsage), "use it with --light")
}

func TestALightNodeWhoseTrustHasEndedSaysWhatItNeeds(t *testing.T) {
	s, n := withNode(t)
	n.StatusValue.Light = &types.LightStatus{Height: 7, Hash: "aabb", TrustUntilMS: 1_795_350_000_000}
	require.NotContains(t, s.run("status").ok(), "too old")
	n.StatusValue.Light.Stale = true
	require.Contains(t, s.run("status").ok(), "autonet start --light --trust FILE")
}

func TestAClockThatIsOffIsSaid(t *testing.T) {
	s, n := withNode(t)
	n.StatusValue.Ledger.SkewMS = -7000
	require.Contains(t, s.run("status").ok(), "7s behind the validators'")
	n.StatusValue.Ledger.SkewMS = 70
	require.NotContains(t, s.run("status").ok(), "the validators'")
}

func TestTetheredNodeStopsWhenItsStarterIsGone(t *testing.T) {
	s := newShell(t)
	furnish(t, s.home)
	in, starter := io.Pipe()
	s.in = in
	s.deps.Start = func(ctx context.Context, _ cli.StartOptions) error {
		require.NoError(t, starter.Close())
		<-ctx.Done()
		return ctx.Err()
	}
	s.run("start", "--tether").ok()
}

func TestStopWaitsForTheProcess(t *testing.T) {
	s, n := withNode(t)
	child := exec.CommandContext(t.Context(), "sleep", "0.2")
	require.NoError(t, child.Start())
	n.StatusValue.PID = child.Process.Pid
	begun := time.Now()
	require.Contains(t, s.run("stop").ok(), fmt.Sprint(child.Process.Pid))
	require.GreaterOrEqual(t, time.Since(begun), 100*time.Millisecond)
	<-n.Stopped
	require.NoError(t, child.Wait())
}

func TestConfigurationIsShownAndChecked(t *testing.T) {
	s := newShell(t)
	require.Contains(t, s.run("config", "show").fails(types.ExitFailed), "autonet init")
	furnish(t, s.home)
	require.Contains(t, s.run("config", "show").ok(), "[network]")
	require.Equal(t, "node", decode[map[string]any](t, s.run("config", "show", "--json").ok())["name"])
	require.Contains(t, s.run("config", "check").ok(), "is good")
	require.NoError(t, os.WriteFile(home.At(s.home).Config(), []byte("colour = 'x'\n"), 0o600))
	require.Contains(t, s.run("config", "check").fails(types.ExitFailed), "colour")
}

func TestConsoleWithoutATerminalPrintsLines(t *testing.T) {
	s, n := withNode(t)
	n.Feed.Publish(types.Event{Source: types.SourceGossip, Topic: "tx", Kind: "task/claim", Verdict: "accept", Summary: "claims\x1b[2J slot 2"})
	for _, args := range [][]string{{"console"}, {"console", "--json"}, {"console", "--record", filepath.Join(s.home, "events.ndjson")}} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &seen{until: "task/claim", then: cancel}
		var errs bytes.Buffer
		code := cli.Main(ctx, append(args, "--home", s.home), cli.Streams{In: s.in, Out: out, Err: &errs, Getenv: func(string) string { return "" }}, cli.Deps{})
		require.Zero(t, code, errs.String())
		require.NotContains(t, out.String(), "\x1b")
	}
	raw, err := os.ReadFile(filepath.Join(s.home, "events.ndjson"))
	require.NoError(t, err)
	require.Equal(t, "task/claim", decode[types.Event](t, string(raw)).Kind)
}

// seen calls then once it was written what it waits for.
type seen struct {
	bytes.Buffer
	until string
	then  func()
}

func (s *seen) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Contains(s.String(), s.until) {
		s.then()
	}
	return n, err
}
