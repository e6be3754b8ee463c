package stance

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxTextBytes bounds a text.
const MaxTextBytes = 4096

// ErrText reports a text that cannot be read.
var ErrText = errors.New("not 1 to 4096 bytes of UTF-8")

// Check reports whether a text can be embedded: 1 to [MaxTextBytes] bytes of valid UTF-8.
func Check(text string) error {
	if len(text) == 0 || len(text) > MaxTextBytes {
		return fmt.Errorf("a text of %d bytes: %w", len(text), ErrText)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("invalid UTF-8: %w", ErrText)
	}
	return nil
}

// token is one word, or the end of a clause when word is empty. comma says that a comma stood before the word.
type token struct {
	word  string
	comma bool
}

const maxWordBytes = 32 // longer words are cut

// tokens splits a text into lower-case words. Accents of Latin letters are dropped, apostrophes vanish, every other
// character above ASCII counts as a letter and is kept as it is.
func (d dictionary) tokens(text string) []token {
	var out []token
	var word []byte
	comma := false
	flush := func() {
		whole := strings.Trim(string(word[:min(len(word), maxWordBytes)]), "-")
		word = word[:0]
		if whole == "" {
			return
		}
		parts := []string{whole}
		if _, known := d.find(whole); !known {
			parts = strings.Split(whole, "-") // "end-to-end" has its own line, "first-time" has none
		}
		for _, part := range parts {
			if part != "" {
				out, comma = append(out, token{word: part, comma: comma}), false
			}
		}
	}
	for _, r := range text {
		c := fold(r)
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c >= 0x80:
			word = utf8.AppendRune(word, c)
		case c == '\'':
		case c == ',':
			flush()
			comma = true
		case c == '.', c == ';', c == ':', c == '!', c == '?', c == '\n':
			flush()
			out, comma = append(out, token{}), false
		default:
			flush()
		}
	}
	flush()
	return append(d.joined(out), token{})
}

// joined makes one token of two words that the table knows as one thing, such as "child_labour".
func (d dictionary) joined(in []token) []token {
	out := in[:0]
	for i := 0; i < len(in); i++ {
		t := in[i]
		if t.word != "" && i+1 < len(in) && in[i+1].word != "" && !in[i+1].comma {
			pair := t.word + "_" + in[i+1].word
			if _, known := d.find(pair); known {
				t.word = pair
				i++
			}
		}
		out = append(out, t)
	}
	return out
}

// fold maps a character to its plain lower-case form. The Latin letters are listed here, because the tables of the
// standard library change with its versions.
func fold(r rune) rune {
	const (
		latin1 = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty" // U+00C0 … U+00FF
		latinA = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllllln" +
			"nnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" // U+0100 … U+017F
	)
	switch {
	case r >= 'A' && r <= 'Z':
		return r + ('a' - 'A')
	case r < 0x80:
		return r
	case r >= 0xC0 && r <= 0xFF:
		return rune(latin1[r-0xC0])
	case r >= 0x100 && int(r-0x100) < len(latinA):
		return rune(latinA[r-0x100])
	case r == 0x2019 || r == 0x2018 || r == 0xAD || r == 0x200B || r == 0x200C || r == 0x200D || r == 0xFEFF:
		return '\'' // quotes and what has no width
	case r == 0xA0 || (r >= 0x2000 && r <= 0x206F) || r == 0x3000:
		return ' '
	default:
		return r
	}
}
