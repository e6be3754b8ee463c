package tui_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"autonet/cmd/autonet/tui"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

func event(seq uint64, kind, verdict string) types.Event {
	return types.Event{
		Seq: seq, Time: time.Date(2026, 11, 22, 12, 0, int(seq), 250_000_000, time.UTC), Source: types.SourceGossip, Topic: "tx", Kind: kind,
		Peer: "12D3KooWPeer", Signer: "12D3KooWSigner", Verdict: verdict, Size: 312, Summary: "solver 1 claims slot 2 of task 5f0c",
		Task: "5f0c12345678", Data: json.RawMessage(`{"kind":"task/claim","msg":{"slot":2,"task":"5f0c12345678"}}`),
	}
}

func view() tui.View {
	v := tui.View{
		Status: types.Status{
			Name: "alice", Network: "devnet-7f", PeerID: "12D3KooWAlice", Peers: 2, Ledger: types.LedgerStatus{Height: 412},
			Lease: types.LeaseStatus{Live: true, LeftMS: 93_400, Heartbeat: types.HeartbeatInfo{Count: 4, Height: 400, NextMS: 12_300}},
		},
		Peers: []types.Peer{
			{PeerID: "12D3KooWBobBobBob", Direction: "outbound", Transport: "quic", LatencyMS: 3, ConnectedMS: 65_000, Score: 1.5, Addrs: []string{"/ip4/127.0.0.1/udp/4001/quic-v1"}},
			{PeerID: "12D3KooWCarol", Direction: "inbound", Transport: "tcp", ConnectedMS: 4_000_000, Addrs: []string{"/ip4/127.0.0.1/tcp/4002"}},
		},
		Ledger: types.Ledger{
			Status: types.LedgerStatus{Height: 412, Hash: "aabb", AppHash: "ccdd"},
			Supply: types.Supply{TotalNatn: 2_000_000_000_000_000, BalancesNatn: 1_500_000_000, Conserved: true},
			Set:    []types.Validator{{Account: "12D3KooWAlice", Power: 20000}},
		},
		Tasks: []types.Task{
			{ID: "5f0c12345678", State: "OPEN", Steps: 100, Slots: 3, DeadlineLeftMS: 80_000, EscrowNatn: 12_500_000_000, Solutions: []types.Solution{{State: "claimed", Step: 40}, {State: "committed", Step: 100}}},
			{ID: "99aa", State: "VOTING", Phase: "OPENING", Slots: 3, Accepted: 2},
		},
	}
	return v
}

func console(t *testing.T, height int) *tui.Console {
	t.Helper()
	m := tui.NewConsole(true)
	resize(m, 100, height)
	m.Update(tui.ViewMsg(view()))
	m.Update(tui.EventsMsg(event(1, "task/claim", "accept"), event(2, "pulse", "ignore"), event(3, "task/commit", "reject")))
	m.Update(tui.EventsMsg(types.Event{Seq: 4, Time: time.Date(2026, 11, 22, 12, 0, 4, 0, time.UTC), Source: types.SourceLedger, Kind: "task/phase", Task: "5f0c12345678", Height: 412, Summary: "OPEN to COMMITTED"}))
	return m
}

func TestConsoleTabs(t *testing.T) {
	m := tui.NewConsole(true)
	golden(t, "console-empty", m, 80, 24)
	m = console(t, 20)
	golden(t, "console-gossip", m, 100, 20)
	for i, name := range []string{"timeline", "peers", "ledger", "tasks"} {
		press(m, "tab")
		golden(t, "console-"+name, m, 100, 20)
		press(m, fmt.Sprint(i+2))
		golden(t, "console-"+name, m, 100, 20)
	}
	press(m, "tab")
	golden(t, "console-gossip", m, 100, 20)
}

func TestEnterInspectsOneMessageDecoded(t *testing.T) {
	m := console(t, 30)
	press(m, "up", "up", "enter")
	golden(t, "console-inspect", m, 100, 30)
	resize(m, 100, 12)
	press(m, "down", "down")
	golden(t, "console-inspect-scrolled", m, 100, 12)
	press(m, "esc")
	require.Contains(t, m.View().Content, "▸12:00:01.250", "the selection is where it was")
}

func TestFilterNarrowsTheList(t *testing.T) {
	m := console(t, 20)
	press(m, "/")
	for _, r := range "verdict:reject x" {
		press(m, map[bool]string{true: "space", false: string(r)}[r == ' '])
	}
	press(m, "backspace", "backspace")
	golden(t, "console-filter-edit", m, 100, 20)
	press(m, "enter")
	golden(t, "console-filter", m, 100, 20)
	press(m, "q") // outside the filter, q quits and types nothing
	press(m, "esc")
	require.Contains(t, m.View().Content, "pulse")
}

func TestFilterTakesPastedText(t *testing.T) {
	m := console(t, 20)
	m.Update(tea.PasteMsg{Content: "ignored unless the filter is open"})
	require.NotContains(t, m.View().Content, "ignored unless")
	press(m, "/")
	m.Update(tea.PasteMsg{Content: "task/commit"})
	require.Contains(t, m.View().Content, "filter: task/commit")
	require.NotContains(t, m.View().Content, "pulse")
	press(m, "ctrl+u", "esc")
	require.Contains(t, m.View().Content, "pulse")
}

func TestPauseFreezesTheListAndCounts(t *testing.T) {
	m := console(t, 20)
	press(m, "space")
	m.Update(tui.EventsMsg(event(5, "late/one", "accept"), event(6, "late/two", "accept")))
	golden(t, "console-paused", m, 100, 20)
	press(m, "space")
	require.Contains(t, m.View().Content, "late/two")
}

func TestLostConnectionIsShownUntilItResumes(t *testing.T) {
	m := console(t, 20)
	m.Update(tui.EventsMsg(types.Event{Source: types.SourceStream, Kind: client.KindLost, Summary: "process 7 is gone"}))
	require.Contains(t, m.View().Content, "connection lost, trying again: process 7 is gone")
	m.Update(tui.EventsMsg(types.Event{Source: types.SourceStream, Kind: client.KindResumed}))
	require.NotContains(t, m.View().Content, "connection lost")
}

func TestHaltedNodeIsShownAsHalted(t *testing.T) {
	m := console(t, 20)
	v := view()
	v.Status.Lease = types.LeaseStatus{Reason: "the last heartbeat is 3m old"}
	m.Update(tui.ViewMsg(v))
	require.Contains(t, m.View().Content, "HALTED: the last heartbeat is 3m old")
	m.Update(tui.ViewMsg(tui.View{Err: errors.New("no node answers")}))
	require.Contains(t, m.View().Content, "no node answers")
	require.Contains(t, m.View().Content, "alice", "the last that was known stays")
}

func TestConsoleKeepsABoundedPast(t *testing.T) {
	m := console(t, 20)
	for i := range 3 * tui.Kept {
		m.Update(tui.EventsMsg(event(uint64(i+10), "flood", "accept")))
	}
	require.LessOrEqual(t, m.Held(), tui.Kept)
}

func TestSelectionMovesAndFollowsAtTheEnd(t *testing.T) {
	m := tui.NewConsole(true)
	resize(m, 80, 12)
	for i := range 50 {
		m.Update(tui.EventsMsg(event(uint64(i+1), fmt.Sprintf("k%d", i+1), "accept")))
	}
	require.Contains(t, m.View().Content, "k50")
	press(m, "home")
	require.Contains(t, m.View().Content, "k1 ")
	m.Update(tui.EventsMsg(event(51, "k51", "accept")))
	require.NotContains(t, m.View().Content, "k51", "a selection stays where it is")
	press(m, "pgdown", "pgup", "end")
	require.Contains(t, m.View().Content, "k51")
	m.Update(tui.EventsMsg(event(52, "k52", "accept")))
	require.Contains(t, m.View().Content, "k52", "the end follows")
}

func TestConsoleFitsEveryWindow(t *testing.T) {
	for _, plain := range []bool{true, false} {
		m := tui.NewConsole(plain)
		m.Update(tui.ViewMsg(view()))
		m.Update(tui.EventsMsg(event(1, "task/claim", "accept"), event(2, "x", "reject")))
		for width := 1; width < 160; width += 17 {
			for height := 1; height < 40; height += 3 {
				resize(m, width, height)
				for range 5 {
					press(m, "tab")
					fits(t, m.View().Content, width, height)
				}
				press(m, "1", "enter", "down")
				fits(t, m.View().Content, width, height)
				press(m, "esc")
			}
		}
	}
}

func TestMessagesCannotDriveTheTerminal(t *testing.T) {
	m := tui.NewConsole(true)
	resize(m, 120, 30)
	e := event(1, "task/\x1b[2Jclaim", "accept")
	e.Summary = "\x1b]0;owned\x07\r\nnext\u009b31m"
	e.Data = json.RawMessage("{\"a\":\"\u009b31m\x7f\"}")
	m.Update(tui.EventsMsg(e))
	for range 2 {
		for _, r := range m.View().Content {
			require.False(t, r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0), "%q", r)
		}
		press(m, "enter")
	}
}

func TestQuitKeys(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		cmd := press(tui.NewConsole(true), key)
		require.NotNil(t, cmd)
		require.Equal(t, tea.QuitMsg{}, cmd())
	}
}

func TestFilterWords(t *testing.T) {
	e := event(1, "task/claim", "accept")
	for _, f := range []string{"", "CLAIM", "topic:tx", "claim slot", "signer:signer verdict:acc", "task:5f0c", "source:gossip peer:peer", "unknown:"} {
		if f == "unknown:" {
			require.False(t, tui.Matches(f, e))
			continue
		}
		require.True(t, tui.Matches(f, e), f)
	}
	for _, f := range []string{"topic:pulse", "claim nonsense", "verdict:reject", "kind:pulse"} {
		require.False(t, tui.Matches(f, e), f)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("topic:tx claim")
	f.Fuzz(func(t *testing.T, filter string) {
		m := tui.NewConsole(true)
		resize(m, 60, 10)
		m.Update(tui.EventsMsg(event(1, filter, "accept")))
		press(m, "/")
		m.Update(tea.PasteMsg{Content: filter})
		fits(t, m.View().Content, 60, 10)
		if filter != "" && tui.Matches(filter, event(1, "k", "accept")) {
			require.True(t, tui.Matches("", event(1, "k", "accept")))
		}
	})
}
