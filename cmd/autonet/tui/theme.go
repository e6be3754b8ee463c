package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Size of a window that does not tell its own.
const (
	usualWidth  = 80
	usualHeight = 24
)

// theme is how a screen's parts look; a plain one uses no escape sequences at all.
type theme struct {
	plain                              bool
	title, head, dim, good, bad, focus lipgloss.Style
}

func newTheme(plain bool) theme {
	t := theme{plain: plain}
	if plain {
		return t
	}
	t.title = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Cyan)
	t.head = lipgloss.NewStyle().Bold(true)
	t.dim = lipgloss.NewStyle().Faint(true)
	t.good = lipgloss.NewStyle().Foreground(lipgloss.Green)
	t.bad = lipgloss.NewStyle().Foreground(lipgloss.Red)
	t.focus = lipgloss.NewStyle().Reverse(true)
	return t
}

// paint styles text unless the theme is plain.
func (t theme) paint(s lipgloss.Style, text string) string {
	if t.plain {
		return text
	}
	return s.Render(text)
}

// column is one column of a table: its head, least width, and whether numbers stand to the right.
type column struct {
	head  string
	width int
	right bool
}

// grid aligns rows under a head and cuts every line to width. Columns grow to their widest cell.
func grid(t theme, width int, cols []column, rows [][]string) []string {
	w := make([]int, len(cols))
	for i, c := range cols {
		w[i] = max(c.width, lipgloss.Width(c.head))
		for _, r := range rows {
			w[i] = max(w[i], lipgloss.Width(r[i]))
		}
	}
	line := func(cells []string) string {
		var b strings.Builder
		for i, c := range cells {
			if i > 0 {
				b.WriteString("  ")
			}
			pad := strings.Repeat(" ", max(0, w[i]-lipgloss.Width(c)))
			if cols[i].right {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		return cut(strings.TrimRight(b.String(), " "), width)
	}
	heads := make([]string, len(cols))
	for i, c := range cols {
		heads[i] = c.head
	}
	out := []string{t.paint(t.head, line(heads))}
	for _, r := range rows {
		out = append(out, line(r))
	}
	return out
}

// cut shortens a line to width cells.
func cut(line string, width int) string {
	if width <= 0 || lipgloss.Width(line) <= width {
		return line
	}
	if width == 1 {
		return "…"
	}
	return lipgloss.NewStyle().Inline(true).MaxWidth(width-1).Render(line) + "…"
}

// gauge is a bar of width cells.
func gauge(done, total, width int) string {
	full := 0
	if total > 0 {
		full = min(width, max(0, done*width/total))
	}
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// spark draws values from 0 to 1, one cell each.
func spark(values []float64) string {
	marks := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		b.WriteRune(marks[min(len(marks)-1, max(0, int(v*float64(len(marks)))))])
	}
	return b.String()
}

// fit makes exactly height lines of at most width cells, so that a screen never scrolls the terminal.
func fit(lines []string, width, height int) string {
	if len(lines) > height {
		lines = lines[:height]
	}
	for i := range lines {
		lines[i] = cut(strings.ReplaceAll(lines[i], "\n", " "), width)
	}
	return strings.Join(lines, "\n")
}
