package stance

import (
	_ "embed"
	"strings"
)

// Version names the word table and the rules. Vectors of different versions cannot be compared.
const Version = 1

// table is the word table: one line per word, ascending, "word class valence [value:weight …]".
//
//go:embed table.txt
var table string

// Classes of words.
const (
	plainWord = '-' // a word of a value
	widened   = '.' // a word that was found near one
	upVerb    = 'u' // brings about its object
	downVerb  = 'd' // takes its object away
	harmVerb  = 'h' // harms whatever its object
	negator   = 'n'
	person    = 'p' // to be protected
	fixer     = 'f' // turns the bad thing named before into its relief
)

const maxValuesOfWord = 4

// entry is what the table says of a word.
type entry struct {
	class   byte
	valence int // −8 … 8, quarters of a clear statement are about 2
	values  [maxValuesOfWord]share
}

// share is how much a word counts towards a value.
type share struct{ value, weight int }

// dictionary is the table with the beginnings of its lines, found anew for every text: that costs less than the text.
type dictionary struct{ starts []int32 }

func newDictionary() dictionary {
	const lines = 2300 // or so
	starts := make([]int32, 0, lines)
	for at := 0; at < len(table); {
		starts = append(starts, int32(at))
		end := strings.IndexByte(table[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	return dictionary{starts: starts}
}

// find reads a word's line.
func (d dictionary) find(word string) (entry, bool) {
	low, high := 0, len(d.starts)
	for low < high {
		mid := (low + high) / 2
		if nameAt(int(d.starts[mid]), word) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(d.starts) || nameAt(int(d.starts[low]), word) != 0 {
		return entry{}, false
	}
	line, _, _ := strings.Cut(table[d.starts[low]:], "\n")
	return parse(line[len(word):]), true
}

// nameAt compares the word of the line that begins at a position with another.
func nameAt(at int, word string) int {
	line := table[at:]
	for i := range len(word) {
		if i == len(line) || line[i] < word[i] { // the space that ends a name is below every letter
			return -1
		}
		if line[i] > word[i] {
			return 1
		}
	}
	if len(line) > len(word) && line[len(word)] != ' ' {
		return 1
	}
	return 0
}

// parse reads what follows the word. The table is ours: its test reads every line.
func parse(rest string) entry {
	var e entry
	fields := strings.Fields(rest)
	if len(fields) < 2 || len(fields[0]) != 1 {
		return e
	}
	e.class, e.valence = fields[0][0], number(fields[1])
	for i, field := range fields[2:] {
		if i == len(e.values) {
			break
		}
		value, weight, _ := strings.Cut(field, ":")
		e.values[i] = share{value: number(value), weight: number(weight)}
	}
	return e
}

func number(text string) int {
	n, sign := 0, 1
	for i := range len(text) {
		if text[i] == '-' {
			sign = -1
			continue
		}
		n = 10*n + int(text[i]-'0')
	}
	return sign * n
}

// lookup finds a word, or the word it is a form of. A word written by hand goes before a form that was found near one.
func (d dictionary) lookup(word string) (entry, bool) {
	own, known := d.find(word)
	if known && own.class != widened {
		return own, true
	}
	for _, base := range bases(word) {
		e, ok := d.find(base)
		if !ok || (known && e.class == widened) {
			continue
		}
		if known && e.values[0].weight == 0 {
			e.values = own.values
		}
		return e, true
	}
	return own, known
}

// bases lists what an English word may be a form of, likeliest first.
func bases(word string) []string {
	const least = 3
	var out []string
	add := func(stem string, ends ...string) {
		for _, end := range ends {
			if len(stem) >= least {
				out = append(out, stem+end)
			}
		}
	}
	for _, suffix := range []string{"ing", "ed", "er", "ers"} {
		stem, ok := strings.CutSuffix(word, suffix)
		if !ok {
			continue
		}
		if n := len(stem); n > least && stem[n-1] == stem[n-2] {
			add(stem[:n-1], "")
		}
		add(stem, "", "e")
		if i, ok := strings.CutSuffix(stem, "i"); ok {
			add(i, "y")
		}
	}
	if stem, ok := strings.CutSuffix(word, "ies"); ok && len(stem) > 1 {
		out = append(out, stem+"y")
	}
	if stem, ok := strings.CutSuffix(word, "es"); ok {
		add(stem, "", "e")
	}
	if stem, ok := strings.CutSuffix(word, "s"); ok {
		add(stem, "")
	}
	for _, suffix := range []string{"ly", "al"} {
		if stem, ok := strings.CutSuffix(word, suffix); ok {
			add(stem, "")
		}
	}
	return out
}
