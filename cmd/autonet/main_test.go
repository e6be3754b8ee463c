package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/node/api/apitest"
	"autonet/node/api/types"
)

// binary is the built command: `go run` answers 1 whatever the exit code.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "autonet-cmd-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "autonet")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", binary, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

type result struct {
	code     int
	out, err string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "AUTONET_HOME=", "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func TestExitCodesOfTheBuiltBinary(t *testing.T) {
	n := apitest.NewNode()
	served := apitest.Serve(t, n)
	empty := t.TempDir()
	notIDX := t.TempDir()
	for _, name := range []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		require.NoError(t, os.WriteFile(filepath.Join(notIDX, name), []byte("these are no images"), 0o600))
	}
	n.Fail("ProposeTask", types.NewError(types.CodeRefused, "propose task", "the budget is too small", ""))
	n.Fail("Infer", types.NewError(types.CodeHalted, "infer", "no heartbeat", ""))
	image := filepath.Join(t.TempDir(), "digit")
	require.NoError(t, os.WriteFile(image, make([]byte, 784), 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"done":                {[]string{"version"}, types.ExitDone, ""},
		"help":                {[]string{"up", "--help"}, types.ExitDone, ""},
		"failed":              {[]string{"start", "--home", empty + "/none"}, types.ExitFailed, "autonet init"},
		"unknown flag":        {[]string{"up", "--nodez", "3"}, types.ExitUsage, "--help"},
		"unknown command":     {[]string{"trian"}, types.ExitUsage, "--help"},
		"unknown model":       {[]string{"up", "--model", "resnet", "--rounds", "1"}, types.ExitUsage, "simplenet"},
		"data folder missing": {[]string{"up", "--data", empty + "/none"}, types.ExitUsage, "folder"},
		"data folder empty":   {[]string{"up", "--data", empty}, types.ExitFailed, "train-images"},
		"data not IDX":        {[]string{"up", "--data", notIDX}, types.ExitFailed, "IDX"},
		"broken invite":       {[]string{"join", "autonet1-broken", "--home", empty + "/new"}, types.ExitUsage, "autonet invite"},
		"no node":             {[]string{"status", "--home", empty}, types.ExitNoNode, "autonet start"},
		"refused":             {[]string{"task", "propose", "--home", served}, types.ExitRefused, "budget"},
		"halted":              {[]string{"infer", "m", "--input", image, "--home", served}, types.ExitHalted, "heartbeat"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, c.args...)
			require.Equal(t, c.code, r.code, r.err)
			require.Contains(t, r.err, c.says)
			if c.code != types.ExitDone {
				require.True(t, strings.HasPrefix(r.err, "autonet: "), r.err)
			}
		})
	}
	entries, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, entries, "a command that fails leaves nothing half-written")
}

func TestLifeOfTwoNodes(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	ok := func(args ...string) string {
		t.Helper()
		r := run(t, args...)
		require.Zero(t, r.code, "%v: %s", args, r.err)
		return r.out
	}
	ok("init", "--home", a, "--loopback", "--name", "a")
	require.Equal(t, types.ExitFailed, run(t, "init", "--home", a).code, "a home is made once")
	ok("start", "--detach", "--home", a)
	t.Cleanup(func() { stopped(a, b) })
	running := run(t, "start", "--home", a)
	require.Equal(t, types.ExitFailed, running.code)
	require.Contains(t, running.err, "autonet stop")

	ok("join", strings.TrimSpace(ok("invite", "--home", a)), "--home", b, "--loopback", "--name", "b")
	ok("start", "--detach", "--home", b)
	require.Eventually(t, func() bool { return strings.Contains(ok("peers", "--home", b), "12D3KooW") }, 20*time.Second, 100*time.Millisecond)

	file, copied := filepath.Join(dir, "file"), filepath.Join(dir, "copy")
	data := bytes.Repeat([]byte("autonet"), 200_000)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	var pinned types.Shard
	require.NoError(t, json.Unmarshal([]byte(ok("shard", "pin", file, "--home", a, "--json")), &pinned))
	ok("shard", "get", pinned.CID, "-o", copied, "--home", b)
	got, err := os.ReadFile(copied)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))

	ok("stop", "--home", b)
	require.Equal(t, types.ExitNoNode, run(t, "status", "--home", b).code)
	ok("start", "--detach", "--home", b)
	ok("stop", "--home", b)
	ok("stop", "--home", a)
	require.NoFileExists(t, filepath.Join(a, "api.json"))
	require.NoFileExists(t, filepath.Join(a, "node.lock"))
}

func TestPortInUseIsSaid(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	home := filepath.Join(t.TempDir(), "home")
	require.Zero(t, run(t, "init", "--home", home, "--loopback", "--port", port).code)
	r := run(t, "start", "--home", home)
	require.Equal(t, types.ExitFailed, r.code)
	require.Contains(t, r.err, port)
}

// stopped makes sure that a test that failed leaves no process behind.
func stopped(homes ...string) {
	for _, home := range homes {
		_ = exec.CommandContext(context.Background(), binary, "stop", "--home", home).Run() // most have stopped already
	}
}
