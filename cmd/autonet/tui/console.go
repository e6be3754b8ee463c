package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"autonet/node/api/types"
)

// keptEvents bounds a console's past.
const keptEvents = 2000

// Tabs of the console.
const (
	tabGossip = iota
	tabTimeline
	tabPeers
	tabLedger
	tabTasks
	tabCount
)

// View is what a console polls of a node.
type View struct {
	Status types.Status
	Peers  []types.Peer
	Ledger types.Ledger
	Tasks  []types.Task
	// Err says why the node could not be asked; the rest is then the last that was.
	Err error
}

// Console is the screen of a running node. It is told events and views.
type Console struct {
	theme         theme
	width, height int
	tab           int
	node          View
	lost          string // why the event stream is broken; empty = it flows

	events  []types.Event // the past, oldest first, at most keptEvents
	frozen  []types.Event // what is shown while paused
	paused  bool
	arrived int // while paused

	filter  string
	matcher matcher
	editing bool

	follow   bool   // the newest is selected
	selected uint64 // else this Seq
	offset   int    // first line shown of the other tabs, and of an inspected event
	inspect  *types.Event
}

type (
	eventsMsg []types.Event
	viewMsg   View
)

// NewConsole returns an empty console; a plain one has no colour.
func NewConsole(plain bool) *Console {
	return &Console{theme: newTheme(plain), width: usualWidth, height: usualHeight, follow: true}
}

// Init asks for nothing.
func (m *Console) Init() tea.Cmd { return nil }

// Update takes what is told and typed.
func (m *Console) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case eventsMsg:
		m.take(msg)
	case viewMsg:
		if msg.Err != nil {
			m.node.Err = msg.Err
			break
		}
		m.node = View(msg)
	case tea.PasteMsg:
		if m.editing {
			m.setFilter(m.filter + msg.Content)
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	}
	return m, nil
}

func (m *Console) take(events []types.Event) {
	for _, e := range events {
		switch {
		case e.Source == types.SourceStream && e.Kind == "lost":
			m.lost = or(e.Summary, "the node is gone")
		case e.Source == types.SourceStream && e.Kind == "resumed":
			m.lost = ""
		}
	}
	m.events = append(m.events, events...)
	if len(m.events) > keptEvents {
		m.events = slices.Delete(m.events, 0, len(m.events)-keptEvents)
	}
	if m.paused {
		m.arrived += len(events)
	}
}

// press handles one key.
func (m *Console) press(key tea.KeyPressMsg) tea.Cmd {
	name := key.String()
	if name == "ctrl+c" {
		return tea.Quit
	}
	if m.editing {
		m.edit(name, key.Text)
		return nil
	}
	switch name {
	case "q":
		return tea.Quit
	case "/":
		m.editing, m.inspect = true, nil
	case "space":
		m.pause()
	case "tab", "right", "l":
		m.show((m.tab + 1) % tabCount)
	case "shift+tab", "left", "h":
		m.show((m.tab + tabCount - 1) % tabCount)
	case "1", "2", "3", "4", "5":
		m.show(int(name[0] - '1'))
	case "enter":
		m.open()
	case "esc":
		m.back()
	default:
		m.move(name)
	}
	return nil
}

// edit types into the filter.
func (m *Console) edit(name, text string) {
	switch name {
	case "enter":
		m.editing = false
	case "esc":
		m.editing = false
		m.setFilter("")
	case "backspace":
		if r := []rune(m.filter); len(r) > 0 {
			m.setFilter(string(r[:len(r)-1]))
		}
	case "ctrl+u":
		m.setFilter("")
	default:
		m.setFilter(m.filter + text)
	}
}

func (m *Console) setFilter(text string) {
	const longest = 200
	if len(text) > longest {
		return
	}
	text = printable(text)[0]
	m.filter, m.matcher, m.follow = text, parseFilter(text), true
}

// pause freezes what is shown, or lets it flow again; events are kept all the while.
func (m *Console) pause() {
	m.paused = !m.paused
	m.frozen, m.arrived = nil, 0
	if m.paused {
		m.frozen = slices.Clone(m.events)
	} else {
		m.follow = true
	}
}

func (m *Console) show(tab int) {
	m.tab, m.offset, m.inspect, m.follow = tab, 0, nil, true
}

// back leaves what is open: the inspected event, else the filter.
func (m *Console) back() {
	if m.inspect != nil {
		m.inspect, m.offset = nil, 0
		return
	}
	m.setFilter("")
}

// open inspects the selected event.
func (m *Console) open() {
	list := m.listed()
	if m.inspect != nil || len(list) == 0 {
		return
	}
	e := list[m.at(list)]
	m.inspect, m.offset = &e, 0
	m.follow, m.selected = false, e.Seq
}

func (m *Console) isList() bool { return m.tab == tabGossip || m.tab == tabTimeline }

// listed returns the events that the tab and the filter let through, oldest first.
func (m *Console) listed() []types.Event {
	if !m.isList() {
		return nil
	}
	src := m.events
	if m.paused {
		src = m.frozen
	}
	var out []types.Event
	for _, e := range src {
		gossip := e.Source == types.SourceGossip
		if (gossip == (m.tab == tabGossip) || e.Source == types.SourceStream) && m.matcher.match(e) {
			out = append(out, e)
		}
	}
	return out
}

// at returns the index of the selected event in a list that is not empty.
func (m *Console) at(list []types.Event) int {
	if m.follow {
		return len(list) - 1
	}
	for i, e := range list {
		if e.Seq >= m.selected {
			return i
		}
	}
	return len(list) - 1
}

// move handles the keys that move the selection or scroll.
func (m *Console) move(name string) {
	page := max(1, m.body()-1)
	step, known := map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page,
		"home": -keptEvents, "g": -keptEvents, "end": keptEvents, "G": keptEvents,
	}[name]
	if !known {
		return
	}
	list := m.listed()
	if m.inspect != nil || !m.isList() {
		m.offset = max(0, m.offset+step)
		return
	}
	if len(list) == 0 {
		return
	}
	i := min(len(list)-1, max(0, m.at(list)+step))
	m.follow = i == len(list)-1
	m.selected = list[i].Seq
}

// countdown is the time left of the lease as the node last told it.
func (m *Console) countdown() time.Duration {
	return time.Duration(m.node.Status.Lease.LeftMS) * time.Millisecond
}
