package tui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

const (
	keptNotes  = 64
	shownNotes = 5
	gaugeWidth = 20
)

// Swarm is the screen of a swarm that trains. It is told of it by snapshots and notes.
type Swarm struct {
	theme         theme
	width, height int
	now           report.Snapshot
	clock, told   time.Time // the last tick, and the one before the snapshot came
	notes         []string
	stopping      bool
	done          bool
}

type (
	snapshotMsg report.Snapshot
	noteMsg     string
	tickMsg     time.Time
	stoppingMsg struct{}
	doneMsg     struct{}
)

// NewSwarm returns an empty screen; a plain one has no colour.
func NewSwarm(plain bool) *Swarm {
	return &Swarm{theme: newTheme(plain), width: usualWidth, height: usualHeight}
}

// Init asks for nothing.
func (m *Swarm) Init() tea.Cmd { return nil }

// Update takes what is told.
func (m *Swarm) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tickMsg:
		if m.clock.IsZero() {
			m.told = time.Time(msg)
		}
		m.clock = time.Time(msg)
	case snapshotMsg:
		m.now, m.told = report.Snapshot(msg), m.clock
	case noteMsg:
		m.notes = append(m.notes, string(msg))
		if len(m.notes) > keptNotes {
			m.notes = slices.Delete(m.notes, 0, len(m.notes)-keptNotes)
		}
	case stoppingMsg:
		m.stopping = true
	case doneMsg:
		m.done = true
		return m, tea.Quit
	}
	return m, nil
}

// View draws the screen; what does not fit is left out from the middle: nodes first, then notes.
func (m *Swarm) View() tea.View {
	top := m.top()
	bottom := m.bottom()
	room := m.height - len(top) - len(bottom) - 1 // the cursor's line
	return tea.NewView(fit(slices.Concat(top, m.nodes(room), bottom), m.width, max(1, m.height-1)))
}

func (m *Swarm) top() []string {
	s := m.now
	parts := []string{m.theme.paint(m.theme.title, "Autonet swarm"), or(s.Stage, "beginning")}
	if s.Round > 0 {
		parts = append(parts, fmt.Sprintf("round %d of %d", s.Round, s.Rounds))
	}
	since := m.clock.Sub(m.told)
	s.Task.DeadlineLeft -= since
	parts = append(parts, (s.Elapsed + since).Truncate(time.Second).String())
	lines := []string{strings.Join(parts, " · "), ""}
	if s.Task.ID != "" {
		lines = append(lines, m.task(s.Task)...)
	}
	if len(s.Accuracy) > 0 {
		lines = append(lines, "accuracy  "+m.theme.paint(m.theme.good, spark(s.Accuracy))+"  "+accuracies(s.Accuracy), "")
	}
	return lines
}

func (m *Swarm) task(t report.TaskState) []string {
	state := t.State
	if t.Phase != "" {
		state += "/" + t.Phase
	}
	left := ""
	if t.DeadlineLeft > 0 {
		left = " · " + types.Span(t.DeadlineLeft.Milliseconds()) + " left"
	}
	lines := []string{"task " + types.Short(t.ID) + " · " + m.theme.paint(m.theme.head, state) + left}
	bar := func(what string, done, of int, note string) {
		lines = append(lines, fmt.Sprintf("  %-9s %s %d/%d%s", what, m.theme.paint(m.theme.good, gauge(done, of, gaugeWidth)), done, of, note))
	}
	loss := ""
	if t.LossMilli > 0 {
		loss = fmt.Sprintf("  loss %d.%03d", t.LossMilli/1000, t.LossMilli%1000)
	}
	bar("claimed", t.Claimed, t.Slots, "")
	bar("trained", t.Step, t.Steps, loss)
	bar("committed", t.Committed, t.Slots, "")
	bar("revealed", t.Revealed, t.Slots, "")
	bar("votes", t.Votes, t.Committee, "")
	return append(lines, "")
}

func accuracies(values []float64) string {
	const shown = 6
	out := make([]string, 0, shown)
	for _, v := range values[max(0, len(values)-shown):] {
		out = append(out, fmt.Sprintf("%.4f", v))
	}
	text := strings.Join(out, " → ")
	if len(values) > shown {
		text = "… → " + text
	}
	return text
}

func (m *Swarm) nodes(room int) []string {
	if len(m.now.Nodes) == 0 {
		return nil
	}
	var rows [][]string
	for _, n := range m.now.Nodes {
		state := n.State
		if n.Byzantine {
			state += " (byzantine)"
		}
		if !n.Alive {
			state = m.theme.paint(m.theme.bad, "down") + strings.TrimSuffix(": "+state, ": ")
		}
		rows = append(rows, []string{n.Name, n.Role, fmt.Sprint(n.Height), fmt.Sprint(n.Peers), fmt.Sprintf("%d MiB", n.RSSMiB), state})
	}
	lines := grid(m.theme, m.width, []column{
		{head: "NODE", width: 13},
		{head: "ROLE", width: 11},
		{head: "HEIGHT", right: true},
		{head: "PEERS", right: true},
		{head: "MEMORY", width: 8, right: true},
		{head: "STATE"},
	}, rows)
	if room = max(room, 2); len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1], m.theme.paint(m.theme.dim, fmt.Sprintf("and %d more", hidden)))
	}
	return lines
}

func (m *Swarm) bottom() []string {
	var lines []string
	if len(m.notes) > 0 {
		lines = append(lines, "")
		for _, n := range m.notes[max(0, len(m.notes)-shownNotes):] {
			lines = append(lines, m.theme.paint(m.theme.dim, cut("  "+n, m.width)))
		}
	}
	switch {
	case m.done:
		lines = append(lines, "", "") // what follows begins on the second
	case m.stopping:
		lines = append(lines, "", m.theme.paint(m.theme.bad, "stopping every process …"))
	default:
		lines = append(lines, "", m.theme.paint(m.theme.dim, "Ctrl-C stops the swarm"))
	}
	return lines
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// sender is where a running screen takes what it shows.
type sender interface{ Send(msg tea.Msg) }

// observer tells a screen what a run tells it.
type observer struct{ to sender }

func (o observer) Update(s report.Snapshot) { o.to.Send(snapshotMsg(s)) }
func (o observer) Note(line string)         { o.to.Send(noteMsg(line)) }

// clock lets time be seen to pass between snapshots.
func clock(to sender, ended <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	to.Send(tickMsg(time.Now()))
	for {
		select {
		case <-ended:
			return
		case now := <-tick.C:
			to.Send(tickMsg(now))
		}
	}
}

// ShowSwarm shows run on a terminal until it returns, and returns its error. It leaves the terminal's input alone, so
// that Ctrl-C reaches the process as a signal: run ends when ctx does.
func ShowSwarm(ctx context.Context, out io.Writer, plain bool, run func(report.Observer) error) error {
	p := tea.NewProgram(NewSwarm(plain), tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(usualWidth, usualHeight), tea.WithoutSignalHandler())
	stop := context.AfterFunc(ctx, func() { p.Send(stoppingMsg{}) })
	defer stop()
	var runErr error
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		runErr = run(observer{p})
		close(ended)
		p.Send(doneMsg{})
	})
	wg.Go(func() { clock(p, ended) })
	_, drawErr := p.Run()
	wg.Wait() // a screen that breaks does not break the run
	if drawErr != nil && runErr == nil {
		return fmt.Errorf("draw the swarm: %w", drawErr)
	}
	return runErr
}
