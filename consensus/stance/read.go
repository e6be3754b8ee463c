package stance

import "strings"

// Weights of the rules, in the units of a word's valence.
const (
	promotes = 2 // a verb that brings something about
	takes    = 4 // a verb that takes away something the table does not know
	loss     = 2 // what a good thing counts for when it is taken away: more than kind words beside it
	fullLean = 8 // the sum at which a clause has said clearly where it stands
	leanUnit = 64
)

// reader walks through one clause.
type reader struct {
	dictionary
	sign    int // what the verbs and negations so far make of a good thing or a person that follows
	bad     int // and of a bad thing
	outer   int // both before "without"; 0 outside it
	sum     int
	last    int // what the last bad thing added
	since   int // words since the last bad thing
	prev    string
	prevOp  bool // the word before takes away or negates
	negated bool // "no", "not" or "nor" was said
	sends   bool // somebody is sent, pushed or turned
	relief  bool // a word like "remedy" was said
	said    bool // something with a valence was seen
	ops     int  // product of all verbs that take away
	shares  []share
	content []string
}

func newReader(d dictionary) *reader {
	return &reader{dictionary: d, sign: 1, bad: 1, ops: 1, since: 99}
}

// word takes in the next word of the clause.
func (r *reader) word(t token) {
	e, known := r.lookup(t.word)
	if r.restarts(t, e, known) {
		r.sign, r.bad, r.outer = 1, 1, 0
	} else if t.comma && r.outer != 0 {
		r.sign, r.bad, r.outer = r.outer, r.outer, 0
	}
	r.preposition(t.word)
	r.since++
	switch {
	case !known:
		r.unknown(t.word)
	case e.class == negator:
		r.negate(t.word)
	case e.class == upVerb:
		r.add(r.sign * (promotes + e.valence/2))
	case e.class == downVerb:
		r.down(t.word)
	case e.class == fixer:
		r.fix(e)
	case e.valence < 0:
		r.harm(e)
	case r.since == 1 && e.class != person: // "forced marriage" is not about marriage being good
	default:
		r.good(e.valence)
	}
	if known {
		for _, s := range e.values {
			if s.weight > 0 {
				r.shares = append(r.shares, s)
			}
		}
	}
	if len(t.word) >= 4 {
		r.content = append(r.content, t.word)
	}
	if t.word != "to" { // "refuse to help": the refusal is remembered across it
		r.prevOp = known && (e.class == downVerb || e.class == negator)
	}
	r.prev = t.word
}

// preposition reads the words that tie what follows to what came before.
func (r *reader) preposition(word string) {
	switch {
	case r.since <= 2 && preposition(word):
		r.sign = -r.bad // "stop discrimination in housing": who or what follows suffers it
	case word == "from", word == "for" && r.relief:
		r.bad = -r.sign // "freedom from want", "a remedy for acts of violence"
	case word == "against":
		r.bad, r.sign = -r.sign, -r.sign // "protection against torture", "a vote against the union"
	}
}

// restarts reports whether a word begins a statement of its own: a verb after "and", a comma, "by", or "to" with a
// purpose; or the finite verb after an insertion.
func (r *reader) restarts(t token, e entry, known bool) bool {
	if t.comma && finite(t.word) {
		return true
	}
	if !known || (e.class != upVerb && e.class != downVerb && e.class != harmVerb) {
		return false
	}
	if e.class == harmVerb && r.since <= 2 {
		return false // one more of a list of bad things
	}
	switch r.prev {
	case "and", "or", "so", "then", "while", "but":
		return true
	case "by", "for", "using":
		return strings.HasSuffix(t.word, "ing")
	case "to":
		return !r.prevOp && !r.negated
	default:
		return t.comma
	}
}

func (r *reader) add(n int) {
	r.sum += n
	if n != 0 {
		r.said = true
	}
}

func (r *reader) good(valence int) {
	if r.sign < 0 {
		valence *= loss
	}
	r.add(r.sign * valence)
}

// harm reads a bad thing. A verb that harms turns its objects around.
func (r *reader) harm(e entry) {
	r.last = r.bad * e.valence
	r.add(r.last)
	r.since = 0
	if e.class == harmVerb {
		r.sign = -r.bad
		r.since = 1 // what follows at once is its object
	}
}

func (r *reader) negate(word string) {
	if word == "without" || word == "instead" {
		r.outer = r.sign
		r.sign, r.bad = -1, -1
		return
	}
	if word == "nor" || word == "neither" { // goes on with an earlier "no"
		r.sign, r.bad = 1, 1
	}
	r.sign, r.bad, r.negated = -r.sign, -r.bad, true
}

// down turns around what follows. In the passive ("schools are banned") it turns around what came before as well.
func (r *reader) down(word string) {
	if strings.HasSuffix(word, "ed") && passive(r.prev) && r.said {
		r.sum = -r.sum
	}
	r.sign, r.bad, r.ops, r.since = -r.sign, -r.bad, -r.ops, 99
}

// fix reads a word like "relief": after a bad thing it takes the blame back.
func (r *reader) fix(e entry) {
	if r.since == 1 {
		r.sum -= 2 * r.last
	}
	r.relief = true
	r.good(max(e.valence, promotes))
}

// unknown handles the few words outside the table that turn what follows or came before.
func (r *reader) unknown(word string) {
	switch word {
	case "send", "sends", "sending", "sent", "push", "turn", "drive":
		r.sends = true
	case "back":
		if r.sends {
			r.add(-3 * takes) // people sent back
		}
	case "out", "away":
		if r.prev != "of" && r.prev != "from" {
			r.sign = -r.sign // "keep girls out of school"
		}
	}
}

func preposition(word string) bool {
	switch word {
	case "of", "in", "against", "on", "by", "among", "for", "from", "at", "to", "with", "upon", "over", "towards":
		return true
	default:
		return false
	}
}

func finite(word string) bool {
	switch word {
	case "has", "have", "shall", "is", "are", "will", "must", "may", "can", "should":
		return true
	default:
		return false
	}
}

func passive(word string) bool {
	switch word {
	case "is", "are", "was", "were", "be", "been", "being", "gets", "get", "stay", "remain":
		return true
	default:
		return false
	}
}

// lean is where the clause stands: −64 against, 64 for.
func (r *reader) lean() int {
	sum := r.sum
	if !r.said && r.ops < 0 {
		sum = -takes
	}
	return max(-leanUnit, min(leanUnit, sum*leanUnit/fullLean))
}
