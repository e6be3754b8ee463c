package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/cli"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

func good() report.Report {
	return report.Report{Network: "devnet-1", Rounds: []report.Round{{Round: 1}}, Ledger: report.Ledger{Conserved: true, AppHashAgrees: true}}
}

func TestUpPassesWhatWasAsked(t *testing.T) {
	s := newShell(t)
	var got report.Options
	s.deps.Up = func(_ context.Context, o report.Options, _ report.Observer) (report.Report, error) {
		got = o
		return good(), nil
	}
	r := decode[report.Report](t, s.run("up", "--json").ok())
	require.Equal(t, "devnet-1", r.Network)
	require.Equal(t, report.DefaultOptions(), got)

	dir := t.TempDir()
	record := filepath.Join(dir, "events.ndjson")
	s.run("up", "--nodes", "9", "--rounds", "2", "--byzantine", "2", "--cheat", "skipped-steps,approve-all", "--kill", "1", "--model", "simplenet",
		"--data", dir, "--seed", "0", "--threads", "2", "--keep", "--record", record, "--home", "swarm").ok()
	zero := uint64(0)
	home, err := filepath.Abs("swarm")
	require.NoError(t, err)
	require.Equal(t, report.Options{
		Nodes: 9, Rounds: 2, Byzantine: 2, Cheats: []string{"skipped-steps", "approve-all"}, Kill: 1, Model: "simplenet",
		Data: dir, Seed: &zero, Threads: 2, Keep: true, Record: record, Home: home,
	}, got)
}

func TestUpPrintsAReportForPeople(t *testing.T) {
	s := newShell(t)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) { return good(), nil }
	require.Contains(t, s.run("up").ok(), "Network devnet-1: 1 round")
}

func TestBrokenPromiseFailsTheCommandAfterItsReport(t *testing.T) {
	s := newShell(t)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) {
		r := good()
		r.Ledger.Conserved = false
		return r, nil
	}
	r := s.run("up", "--json")
	require.Equal(t, types.ExitFailed, r.code)
	require.False(t, decode[report.Report](t, r.out).Ledger.Conserved)
	require.Contains(t, decode[types.Error](t, r.err).Detail, "money is not conserved")
}

func TestFailedRunPrintsNoReport(t *testing.T) {
	s := newShell(t)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) {
		return report.Report{}, types.NewError(types.CodeUsage, "unknown model", `"resnet"`, "choose simplenet")
	}
	r := s.run("up", "--model", "resnet")
	require.Equal(t, "autonet: unknown model: \"resnet\"; choose simplenet\n", r.fails(types.ExitUsage))
	require.Empty(t, r.out)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) {
		return report.Report{}, errors.New("solver-1 ended\nsee its log")
	}
	require.Equal(t, "autonet: up: solver-1 ended; see its log\n", s.run("up").fails(types.ExitFailed))
}

func TestOptionsRefusedByTheSwarmAreWrongUsage(t *testing.T) {
	s := newShell(t)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) {
		return report.Report{}, types.NewError(types.CodeUsage, "up", "--model: unknown", "")
	}
	require.Contains(t, s.run("up").fails(types.ExitUsage), "--model: unknown")
}

func TestRecordIsTriedBeforeTheSwarmStarts(t *testing.T) {
	s := newShell(t)
	s.deps.Up = func(context.Context, report.Options, report.Observer) (report.Report, error) {
		t.Error("it must not start")
		return good(), nil
	}
	s.run("up", "--record", t.TempDir()).fails(types.ExitUsage)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s.run("up", "--data", file).fails(types.ExitUsage)
}

func TestProgressWithoutATerminalIsOneLinePerChange(t *testing.T) {
	var b bytes.Buffer
	o := cli.Observed(&b)
	snap := report.Snapshot{Stage: "starting", Rounds: 3, Nodes: []report.NodeState{{Name: "solver-1", Alive: true}}}
	o.Update(snap)
	o.Update(snap)
	snap.Stage, snap.Round, snap.Accuracy = "training", 1, []float64{0.1}
	snap.Task = report.TaskState{ID: "5f0c12345678", State: "OPEN", Slots: 3, Committee: 3}
	o.Update(snap)
	snap.Elapsed, snap.Task.Step = time.Minute, 40 // change all the time and are not told
	o.Update(snap)
	snap.Nodes = []report.NodeState{{Name: "solver-1"}}
	o.Update(snap)
	snap.Nodes = []report.NodeState{{Name: "solver-1", Alive: true}}
	snap.Task.State, snap.Task.Phase, snap.Task.Votes = "VOTING", "OPENING", 3
	snap.Accuracy = []float64{0.1, 0.9}
	o.Update(snap)
	o.Note("solver-1 caught up from height 40 to 55")
	golden(t, "up-lines", b.String())
}
