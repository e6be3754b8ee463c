package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/tui"
	"autonet/node/devnet/report"
)

func snapshot() report.Snapshot {
	s := report.Snapshot{
		Stage: "training", Round: 2, Rounds: 3, Accuracy: []float64{0.0985, 0.9012}, Elapsed: 42 * time.Second,
		Task: report.TaskState{
			ID: "5f0c12345678abcd", State: "OPEN", Slots: 3, Claimed: 3, Committed: 1, Committee: 3, Step: 120, Steps: 400, LossMilli: 312,
			DeadlineLeft: 80 * time.Second,
		},
	}
	for i, role := range []string{"proposer", "solver", "solver", "solver", "coordinator", "coordinator", "coordinator", "aggregator"} {
		s.Nodes = append(s.Nodes, report.NodeState{
			Name: fmt.Sprintf("%s-%d", role, i), Role: role, Height: int64(100 + i), Peers: 7, RSSMiB: int64(150 + 10*i), State: "idle", Alive: true,
		})
	}
	s.Nodes[2].State, s.Nodes[2].Byzantine = "train 120/400", true
	s.Nodes[5].Alive, s.Nodes[5].State = false, "killed"
	return s
}

func TestSwarmScreen(t *testing.T) {
	m := tui.NewSwarm(true)
	resize(m, 90, 34)
	golden(t, "swarm-empty", m, 90, 34)
	m.Update(tui.SnapshotMsg(snapshot()))
	m.Update(tui.NoteMsg("coordinator-5 killed with SIGKILL"))
	golden(t, "swarm", m, 90, 34)
	m.Update(tui.StoppingMsg())
	golden(t, "swarm-stopping", m, 90, 34)
	_, cmd := m.Update(tui.DoneMsg())
	require.Equal(t, tea.QuitMsg{}, cmd())
	golden(t, "swarm-done", m, 90, 34)
}

func TestSwarmClockRunsBetweenSnapshots(t *testing.T) {
	m := tui.NewSwarm(true)
	start := time.Unix(1000, 0)
	m.Update(tui.TickMsg(start))
	m.Update(tui.SnapshotMsg(snapshot()))
	m.Update(tui.TickMsg(start.Add(3 * time.Second)))
	require.Contains(t, m.View().Content, "45s")
	require.Contains(t, m.View().Content, "1m17s left")
	m.Update(tui.SnapshotMsg(snapshot()))
	require.Contains(t, m.View().Content, "42s")
}

func TestSwarmScreenFitsEveryWindow(t *testing.T) {
	for _, plain := range []bool{true, false} {
		m := tui.NewSwarm(plain)
		m.Update(tui.SnapshotMsg(snapshot()))
		for i := range 100 {
			m.Update(tui.NoteMsg(strings.Repeat("long note ", i)))
		}
		for width := 1; width < 200; width += 13 {
			for height := 1; height < 50; height += 3 {
				resize(m, width, height)
				fits(t, m.View().Content, width, height)
			}
		}
	}
}

func TestSmallWindowSaysHowManyNodesAreHidden(t *testing.T) {
	m := tui.NewSwarm(true)
	m.Update(tui.SnapshotMsg(snapshot()))
	resize(m, 80, 18)
	golden(t, "swarm-small", m, 80, 18)
}

func TestRunIsShownAndItsErrorReturned(t *testing.T) {
	var out bytes.Buffer
	want := errors.New("no space left")
	err := tui.ShowSwarm(t.Context(), &out, true, func(o report.Observer) error {
		o.Update(snapshot())
		o.Note("almost there")
		return want
	})
	require.ErrorIs(t, err, want)
	require.Contains(t, out.String(), "almost there")
}

func TestEndOfContextIsShownWhileTheRunCleansUp(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	err := tui.ShowSwarm(ctx, &out, true, func(report.Observer) error {
		cancel()
		time.Sleep(100 * time.Millisecond) // what a run does to stop its processes
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, out.String(), "stopping every process")
}
