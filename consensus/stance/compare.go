package stance

import "math/bits"

// One is the whole of a proportion.
const One = 65535

// Likeness says how two texts stand to each other. All numbers are proportions of [One].
type Likeness struct {
	Relevance uint16 `json:"relevance"` // the gate: 0 when the texts share no value and few words
	Stance    uint16 `json:"stance"`    // 0 opposed, 32767 neither, 65535 of one mind
	Score     uint16 `json:"score"`     // ½ + relevance × (stance − ½)
	Laden     bool   `json:"laden"`     // the gate is at least a quarter open: the comparison is about values
}

const (
	gateUnit int64 = 1024
	halfLean       = leanUnit / 2 // a lean that counts in full
	agree    int64 = halfLean * halfLean
	full           = 4 // a value with a quarter of the largest mass counts as fully there

	// Where the gates begin to open and are wide open, per mille.
	ladenShut, ladenOpen = 120, 400
	coverShut, coverOpen = 100, 400
	wordsShut, wordsOpen = 350, 700
	kinGate              = 360 // of gateUnit: what any two value-laden texts have to do with each other
)

// Compare sets two vectors side by side. It is symmetric.
func Compare(a, b Vector) Likeness {
	valueGate, valueStance := values(a, b)
	wordGate, wordStance := words(a, b)
	gate, stance := max(valueGate, wordGate), int64(0)
	if weight := valueGate + wordGate; weight > 0 {
		stance = (valueGate*valueStance + wordGate*wordStance) / weight
	}
	return Likeness{
		Relevance: uint16(gate * One / gateUnit),
		Stance:    uint16((agree + stance) * One / (2 * agree)),
		Score:     uint16((agree*gateUnit + gate*stance) * One / (2 * agree * gateUnit)),
		Laden:     gate >= gateUnit/4,
	}
}

// values compares what the texts say of the table's values. The gate is the share of the narrower text's mass that falls on
// values the other cares for, times how laden the less laden text is. Any two value-laden texts have a little to do with
// each other. The stance, −agree … agree, is the mean over the values both name.
func values(a, b Vector) (gate, stance int64) {
	var massA, massB, common, coverA, coverB, sum int64
	for i := 1; i < valueDims; i++ {
		ma, mb := int64(a.Mass[i]), int64(b.Mass[i])
		massA, massB = massA+ma, massB+mb
		coverA += ma * min(mb*full, fullMass)
		coverB += mb * min(ma*full, fullMass)
		common += ma * mb
		sum += ma * mb * product(a.Lean[i], b.Lean[i])
	}
	if massA == 0 || massB == 0 {
		return 0, 0
	}
	laden := open(int64(min(a.Mass[0], b.Mass[0])), fullMass, ladenShut, ladenOpen)
	near := open(max(coverA/massA, coverB/massB), fullMass, coverShut, coverOpen)
	overall := product(a.Lean[0], b.Lean[0])
	if near < kinGate {
		return laden * kinGate / gateUnit, overall
	}
	return laden * near / gateUnit, sum / common
}

// words compares the words themselves, by the cosine of their masses: texts about what no value of the table covers.
func words(a, b Vector) (gate, stance int64) {
	var squareA, squareB, common, sum int64
	for i := valueDims; i < Dims; i++ {
		ma, mb := int64(a.Mass[i]), int64(b.Mass[i])
		squareA, squareB = squareA+ma*ma, squareB+mb*mb
		common += ma * mb
		sum += ma * mb * product(a.Lean[i], b.Lean[i])
	}
	if common == 0 {
		return 0, 0
	}
	cosine := isqrt(common * common / max(1, squareA) * fullMass / max(1, squareB) * fullMass)
	return open(cosine, fullMass, wordsShut, wordsOpen), sum / common
}

// product is how far two leans go together, −agree … agree.
func product(a, b int8) int64 {
	return max(-halfLean, min(halfLean, int64(a))) * max(-halfLean, min(halfLean, int64(b)))
}

// open is the gate's opening at x of whole: shut below one per mille, fully open above the other.
func open(x, whole, shut, wide int64) int64 {
	return max(0, min(gateUnit, (x*1000/whole-shut)*gateUnit/(wide-shut)))
}

// isqrt is ⌊√n⌋.
func isqrt(n int64) int64 {
	if n <= 0 {
		return 0
	}
	x := int64(1) << ((bits.Len64(uint64(n)) + 1) / 2)
	for {
		y := (x + n/x) / 2
		if y >= x {
			return x
		}
		x = y
	}
}
