package tui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"autonet/node/api/types"
)

// frame is the lines around the body: title, tabs, rule, and the two at the bottom.
const frame = 5

func (m *Console) body() int { return max(1, m.height-frame) }

// View draws the console on the whole window.
func (m *Console) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen = true
	v.WindowTitle = "autonet console"
	return v
}

func (m *Console) draw() string {
	lines := []string{m.titleLine(), m.tabLine(), m.theme.paint(m.theme.dim, strings.Repeat("─", max(0, m.width)))}
	body := m.content()
	if len(body) > m.body() {
		body = body[:m.body()]
	}
	lines = append(lines, body...)
	for len(lines) < m.height-2 {
		lines = append(lines, "")
	}
	return fit(append(lines, m.stateLine(), m.theme.paint(m.theme.dim, m.helpLine())), m.width, max(1, m.height))
}

func (m *Console) titleLine() string {
	s := m.node.Status
	if s.PeerID == "" {
		return m.theme.paint(m.theme.title, "autonet console") + " · asking the node …"
	}
	lease := m.theme.paint(m.theme.good, "lease "+types.Span(m.countdown().Milliseconds()))
	if !s.Lease.Live {
		lease = m.theme.paint(m.theme.bad, "HALTED: "+or(s.Lease.Reason, "no heartbeat"))
	}
	return fmt.Sprintf("%s · %s · height %d · %d peers · %s", m.theme.paint(m.theme.title, s.Name), s.Network, s.Ledger.Height, s.Peers, lease)
}

func (m *Console) tabLine() string {
	names := []string{"1 gossip", "2 timeline", "3 peers", "4 ledger", "5 tasks"}
	for i, n := range names {
		switch {
		case i == m.tab && m.theme.plain:
			names[i] = "[" + n + "]"
		case i == m.tab:
			names[i] = m.theme.focus.Render(" " + n + " ")
		default:
			names[i] = " " + n + " "
		}
	}
	return strings.Join(names, " ")
}

func (m *Console) stateLine() string {
	var parts []string
	switch {
	case m.editing:
		return "filter: " + m.filter + "▏"
	case m.lost != "":
		parts = append(parts, m.theme.paint(m.theme.bad, "connection lost, trying again: "+m.lost))
	case m.node.Err != nil:
		parts = append(parts, m.theme.paint(m.theme.bad, m.node.Err.Error()))
	}
	if m.paused {
		parts = append(parts, m.theme.paint(m.theme.bad, fmt.Sprintf("PAUSED, %d new", m.arrived)))
	}
	if m.filter != "" {
		parts = append(parts, "filter: "+m.filter)
	}
	return strings.Join(parts, " · ")
}

func (m *Console) helpLine() string {
	switch {
	case m.editing:
		return "enter keep · esc clear · words must all match; topic: kind: peer: signer: verdict: task: source: choose a field"
	case m.inspect != nil:
		return "↑↓ scroll · esc back · q quit"
	case m.isList():
		return "↑↓ select · enter inspect · / filter · space pause · tab next · q quit"
	default:
		return "↑↓ scroll · tab next · q quit"
	}
}

func (m *Console) content() []string {
	if m.inspect != nil {
		return m.scrolled(inspected(*m.inspect))
	}
	switch m.tab {
	case tabPeers:
		return m.scrolled(m.peersTab())
	case tabLedger:
		return m.scrolled(m.ledgerTab())
	case tabTasks:
		return m.scrolled(m.tasksTab())
	default:
		return m.eventsTab()
	}
}

// scrolled cuts what was scrolled past; the last page stays full.
func (m *Console) scrolled(lines []string) []string {
	m.offset = min(m.offset, max(0, len(lines)-m.body()))
	return lines[m.offset:]
}

func (m *Console) eventsTab() []string {
	list := m.listed()
	if len(list) == 0 {
		return []string{m.theme.paint(m.theme.dim, "nothing yet"+map[bool]string{true: " that matches the filter"}[m.filter != ""])}
	}
	room := max(1, m.body()-1)
	at := m.at(list)
	first := max(0, min(at-room/2, len(list)-room))
	if m.follow {
		first = max(0, len(list)-room)
	}
	shown := list[first:min(len(list), first+room)]
	rows := make([][]string, len(shown))
	for i, e := range shown {
		rows[i] = m.eventRow(e)
	}
	cols := []column{{head: " TIME", width: 13}, {head: "TOPIC", width: 6}, {head: "KIND", width: 18}, {head: "PEER", width: 9}, {head: "VERDICT", width: 7}, {head: "SIZE", width: 5, right: true}, {head: "WHAT"}}
	if m.tab == tabTimeline {
		cols = []column{{head: " TIME", width: 13}, {head: "SOURCE", width: 6}, {head: "KIND", width: 22}, {head: "TASK", width: 9}, {head: "BLOCK", width: 5, right: true}, {head: "WHAT"}}
	}
	lines := grid(m.theme, m.width, cols, rows)
	for i, e := range shown {
		switch line := lines[i+1]; {
		case first+i == at && m.theme.plain:
			lines[i+1] = cut("▸"+strings.TrimPrefix(line, " "), m.width)
		case first+i == at:
			lines[i+1] = m.theme.focus.Render(line)
		case e.Verdict == "reject" || e.Source == types.SourceStream:
			lines[i+1] = m.theme.paint(m.theme.bad, line)
		case e.Verdict == "ignore":
			lines[i+1] = m.theme.paint(m.theme.dim, line)
		}
	}
	return lines
}

func (m *Console) eventRow(e types.Event) []string {
	at := " " + e.Time.Format("15:04:05.000")
	if m.tab == tabTimeline {
		height := ""
		if e.Height > 0 {
			height = fmt.Sprint(e.Height)
		}
		return printable(at, e.Source, e.Kind, types.Short(e.Task), height, e.Summary)
	}
	return printable(at, or(e.Topic, "-"), e.Kind, types.Short(or(e.Signer, e.Peer)), or(e.Verdict, "-"), fmt.Sprint(e.Size), e.Summary)
}

// inspected is one event decoded, line by line.
func inspected(e types.Event) []string {
	data := e.Data
	e.Data = nil
	head, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return []string{"cannot be shown: " + err.Error()}
	}
	lines := printable(strings.Split(string(head), "\n")...)
	if len(data) == 0 {
		return lines
	}
	var body bytes.Buffer
	if err := json.Indent(&body, data, "", "  "); err != nil {
		body.Reset()
		body.Write(data)
	}
	return append(append(lines, "", "content:"), printable(strings.Split(body.String(), "\n")...)...)
}

// printable keeps control characters of others' messages off the terminal.
func printable(lines ...string) []string {
	for i, s := range lines {
		lines[i] = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, s)
	}
	return lines
}

func (m *Console) peersTab() []string {
	if len(m.node.Peers) == 0 {
		return []string{m.theme.paint(m.theme.dim, "no peers")}
	}
	var rows [][]string
	for _, p := range m.node.Peers {
		rows = append(rows, printable(
			types.Short(p.PeerID), p.Direction, p.Transport, types.Span(p.LatencyMS), types.Span(p.ConnectedMS),
			fmt.Sprintf("%.1f", p.Score), strings.Join(p.Addrs, " "),
		))
	}
	return grid(m.theme, m.width, []column{
		{head: "PEER", width: 12},
		{head: "WAY"},
		{head: "OVER"},
		{head: "LATENCY", right: true},
		{head: "SINCE", right: true},
		{head: "SCORE", right: true},
		{head: "ADDRESS"},
	}, rows)
}

func (m *Console) ledgerTab() []string {
	l, s := m.node.Ledger, m.node.Status
	line := func(name, format string, args ...any) string {
		return fmt.Sprintf("%-12s "+format, append([]any{name}, args...)...)
	}
	conserved := m.theme.paint(m.theme.good, "conserved")
	if !l.Supply.Conserved {
		conserved = m.theme.paint(m.theme.bad, "NOT CONSERVED")
	}
	h := s.Lease.Heartbeat
	lines := []string{
		line("height", "%d", l.Status.Height),
		line("block", "%s", l.Status.Hash),
		line("state", "%s", l.Status.AppHash),
		line("heartbeat", "%d so far, last in block %d, next pulse in %s", h.Count, h.Height, types.Span(h.NextMS)),
		line("lease", "%s", leaseLine(s.Lease)),
		line("supply", "%s, %s", types.ATN(l.Supply.TotalNatn), conserved),
		line("  balances", "%s", types.ATN(l.Supply.BalancesNatn)),
		line("  stakes", "%s", types.ATN(l.Supply.StakesNatn+l.Supply.UnbondingNatn)),
		line("  escrows", "%s", types.ATN(l.Supply.EscrowsNatn)),
		line("  projects", "%s", types.ATN(l.Supply.ProjectsNatn)),
		line("  treasury", "%s", types.ATN(l.Supply.TreasuryNatn)),
		"",
	}
	var rows [][]string
	for _, v := range l.Set {
		rows = append(rows, []string{v.Account, fmt.Sprint(v.Power)})
	}
	return append(lines, grid(m.theme, m.width, []column{{head: "VALIDATOR", width: 20}, {head: "POWER", right: true}}, rows)...)
}

func leaseLine(l types.LeaseStatus) string {
	if !l.Live {
		return "none: " + or(l.Reason, "no heartbeat yet")
	}
	return "live, " + types.Span(l.LeftMS) + " left"
}

func (m *Console) tasksTab() []string {
	if len(m.node.Tasks) == 0 {
		return []string{m.theme.paint(m.theme.dim, "no tasks")}
	}
	var rows [][]string
	for _, t := range m.node.Tasks {
		state := t.State
		if t.Phase != "" {
			state += "/" + t.Phase
		}
		rows = append(rows, []string{
			types.Short(t.ID), state, types.Span(t.DeadlineLeftMS), fmt.Sprintf("%d/%d", len(t.Solutions), t.Slots),
			gauge(progress(t), 100, 10), fmt.Sprint(t.Accepted), types.ATN(t.EscrowNatn),
		})
	}
	return grid(m.theme, m.width, []column{
		{head: "TASK", width: 9},
		{head: "STATE", width: 20},
		{head: "LEFT", width: 6, right: true},
		{head: "SOLVERS", right: true},
		{head: "TRAINED", width: 10},
		{head: "ACCEPTED", right: true},
		{head: "ESCROW", right: true},
	}, rows)
}

// progress is the mean training progress of a task's solvers, in per cent.
func progress(t types.Task) int {
	if len(t.Solutions) == 0 || t.Steps == 0 {
		return 0
	}
	var steps int
	for _, s := range t.Solutions {
		if s.State == "claimed" {
			steps += int(s.Step)
			continue
		}
		steps += int(t.Steps)
	}
	return steps * 100 / (len(t.Solutions) * int(t.Steps))
}
