package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

// Messages of the screens, for tests.
func SnapshotMsg(s report.Snapshot) tea.Msg { return snapshotMsg(s) }

// NoteMsg is one line of a swarm's log.
func NoteMsg(s string) tea.Msg { return noteMsg(s) }

// TickMsg is a second gone by.
func TickMsg(t time.Time) tea.Msg { return tickMsg(t) }

// StoppingMsg says that the swarm is being stopped.
func StoppingMsg() tea.Msg { return stoppingMsg{} }

// DoneMsg says that the run ended.
func DoneMsg() tea.Msg { return doneMsg{} }

// EventsMsg is events of a node.
func EventsMsg(e ...types.Event) tea.Msg { return eventsMsg(e) }

// ViewMsg is what was polled of a node.
func ViewMsg(v View) tea.Msg { return viewMsg(v) }

// Matches reports whether a filter lets an event through.
func Matches(filter string, e types.Event) bool { return parseFilter(filter).match(e) }

// Kept is the number of events a console keeps.
const Kept = keptEvents

// Held is the number of events a console holds.
func (m *Console) Held() int { return len(m.events) }
