package tui_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares a screen with testdata and checks that it fits its window.
func golden(t *testing.T, name string, m tea.Model, width, height int) {
	t.Helper()
	got := m.View().Content
	fits(t, got, width, height)
	path := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got+"\n"), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got+"\n")
}

func fits(t *testing.T, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	require.LessOrEqual(t, len(lines), height)
	for _, l := range lines {
		require.LessOrEqual(t, lipgloss.Width(l), width, l)
	}
}

func resize(m tea.Model, width, height int) {
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
}

// press types keys: names like "enter", or single characters.
func press(m tea.Model, keys ...string) (last tea.Cmd) {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"backspace": tea.KeyBackspace, "space": tea.KeySpace, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k}
		if code, ok := named[k]; ok {
			msg = tea.KeyPressMsg{Code: code}
		} else {
			msg.Code = []rune(k)[0]
		}
		switch k {
		case "space":
			msg.Text = " "
		case "ctrl+c", "ctrl+u":
			msg = tea.KeyPressMsg{Code: rune(k[len(k)-1]), Mod: tea.ModCtrl}
		}
		_, last = m.Update(msg)
	}
	return last
}
