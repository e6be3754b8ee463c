package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// show prints v: as JSON if asked, else by text.
func (a *app) show(v any, text func(t *page)) error {
	if a.json {
		return writeJSON(a.streams.Out, v)
	}
	p := &page{}
	p.open()
	text(p)
	_, err := a.streams.Out.Write(p.close())
	return err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// page is text in aligned columns. A line with one cell, or an empty one, ends the alignment of those before.
type page struct {
	out, part bytes.Buffer
	tw        *tabwriter.Writer
}

func (p *page) open() { p.tw = tabwriter.NewWriter(&p.part, 0, 0, 2, ' ', 0) }

// line adds a free line of text.
func (p *page) line(format string, args ...any) {
	p.flush()
	fmt.Fprintf(&p.out, format+"\n", args...)
}

// row adds aligned cells. A cell is on one line, so that no text can pretend to be another row.
func (p *page) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = strings.ReplaceAll(strings.Map(inert, fmt.Sprint(c)), "\n", " ")
	}
	_, _ = io.WriteString(p.tw, strings.Join(texts, "\t")+"\n") // into memory: it cannot fail
}

func (p *page) flush() {
	_ = p.tw.Flush() // into memory: it cannot fail
	for line := range strings.Lines(p.part.String()) {
		p.out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	p.part.Reset()
	p.open()
}

func (p *page) close() []byte {
	p.flush()
	return bytes.Map(inert, p.out.Bytes())
}

// inert keeps off the terminal what could move its cursor or turn the direction of writing in others' texts.
func inert(r rune) rune {
	if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
		return ' '
	}
	return r
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func list(s []string) string { return or(strings.Join(s, ", "), "none") }

func clock(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
}

func score(s uint16) string { return fmt.Sprintf("%.3f", float64(s)/65535) }
