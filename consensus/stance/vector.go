package stance

import (
	"errors"
	"fmt"
	"hash/fnv"
)

// Dims is the number of a vector's dimensions: 0 is the text as a whole, 1 to 39 the values of the table, the rest hashed
// words.
const (
	Dims       = 256
	valueDims  = 40
	lexicalDim = Dims - valueDims
)

// VectorBytes is the size of an encoded vector.
const VectorBytes = 2*Dims + 2

// ErrVector reports bytes that are not an encoded vector.
var ErrVector = errors.New("not an encoded stance vector")

// Vector is a text as the heuristic sees it. Mass says how much of the text is about a dimension (255: as much as about
// any other of its kind), Lean where it stands on it (−64 against, 64 for). Dimension 0 says how value-laden the whole is.
type Vector struct {
	Mass [Dims]uint8
	Lean [Dims]int8
}

// sums collects a vector before it is scaled.
type sums struct {
	mass, lean [Dims]int
}

func (s *sums) add(dim, weight, lean int) {
	s.mass[dim] += weight
	s.lean[dim] += weight * lean
}

// Embed reads a text. It fails with [ErrText] only.
func Embed(text string) (Vector, error) { return EmbedAll(text) }

// EmbedAll reads several texts as one. It fails with [ErrText] when one of them cannot be read; no text at all gives the zero
// vector, which is about nothing.
func EmbedAll(texts ...string) (Vector, error) {
	var s sums
	content, laden := 0, 0
	d := newDictionary()
	for _, text := range texts {
		if err := Check(text); err != nil {
			return Vector{}, err
		}
		r := newReader(d)
		for _, t := range d.tokens(text) {
			if t.word != "" {
				r.word(t)
				continue
			}
			content += len(r.content)
			laden += s.clause(r)
			r = newReader(d)
		}
	}
	return s.vector(content, laden), nil
}

// clause books a clause and returns the weight of its values.
func (s *sums) clause(r *reader) int {
	lean, laden := r.lean(), 0
	for _, v := range r.shares {
		if v.value > 0 && v.value < valueDims {
			s.add(v.value, v.weight, lean)
			laden += v.weight
		}
	}
	if laden > 0 {
		s.add(0, laden, lean)
	}
	word := lean
	if lean == 0 {
		word = leanUnit / 2 * r.ops
	}
	for _, c := range r.content {
		s.add(valueDims+bucket(c), 1, word)
	}
	return laden
}

// bucket hashes a word by its first letters, which its forms share.
func bucket(word string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(word[:min(len(word), 6)])) // never fails
	return int(h.Sum32() % lexicalDim)
}

const fullMass = 255

// vector scales the sums: each kind of dimension to its own largest mass, leans to the mean of what was said.
func (s *sums) vector(content, laden int) Vector {
	var v Vector
	s.scale(&v, 1, valueDims)
	s.scale(&v, valueDims, Dims)
	if s.mass[0] > 0 {
		// Fully laden: one word in four is a clear word of some value. A single faint one is chance.
		const clear, words, chance = 9, 4, 5
		laden = max(0, laden-chance)
		v.Mass[0] = uint8(min(fullMass, max(1, fullMass*words*laden/(clear*max(content, words)))))
		v.Lean[0] = int8(s.lean[0] / s.mass[0])
	}
	return v
}

func (s *sums) scale(v *Vector, from, to int) {
	top := 0
	for _, m := range s.mass[from:to] {
		top = max(top, m)
	}
	for i := from; i < to; i++ {
		if s.mass[i] == 0 {
			continue
		}
		v.Mass[i] = uint8(max(1, fullMass*s.mass[i]/top))
		v.Lean[i] = int8(s.lean[i] / s.mass[i])
	}
}

// Bytes encodes the vector: version, size marker, masses, leans.
func (v Vector) Bytes() []byte {
	out := make([]byte, 0, VectorBytes)
	out = append(out, Version, Dims/16)
	out = append(out, v.Mass[:]...)
	for _, l := range v.Lean {
		out = append(out, byte(l))
	}
	return out
}

// ParseVector reads what [Vector.Bytes] wrote; leans out of range and masses of other versions are refused.
func ParseVector(raw []byte) (Vector, error) {
	var v Vector
	if len(raw) != VectorBytes || raw[0] != Version || raw[1] != Dims/16 {
		return v, fmt.Errorf("%d bytes: %w of version %d", len(raw), ErrVector, Version)
	}
	copy(v.Mass[:], raw[2:])
	for i := range v.Lean {
		v.Lean[i] = int8(raw[2+Dims+i])
		if v.Lean[i] > leanUnit || v.Lean[i] < -leanUnit || (v.Mass[i] == 0 && v.Lean[i] != 0) {
			return Vector{}, fmt.Errorf("dimension %d: %w", i, ErrVector)
		}
	}
	return v, nil
}
