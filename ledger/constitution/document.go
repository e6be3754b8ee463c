package constitution

import (
	"strconv"
	"strings"

	"autonet/ledger"
)

// Bounds of a verdict.
const (
	MaxVerdictBytes = 16 << 10
	maxEntries      = 7 + 2*MaxStandards // the principles and the standards of two jurisdictions
)

// Stance is what a matter does to an article, in an evaluator's eyes.
type Stance string

// The stances.
const (
	Support    Stance = "support"
	Oppose     Stance = "oppose"
	Irrelevant Stance = "irrelevant"
)

// Verdict is the document an evaluator commits to. What it does not list it finds irrelevant.
type Verdict struct {
	Matter  string         `json:"matter"`
	Account ledger.Account `json:"account"`
	Entries []Entry        `json:"entries"` // in ascending order of article
	Reasons string         `json:"reasons"` // CID
}

// Entry is one article's verdict.
type Entry struct {
	Article string `json:"article"` // "P3", or a jurisdiction and a number: "udhr/12"
	Stance  Stance `json:"stance"`
}

// Encode returns the document's bytes.
func (v Verdict) Encode() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	return ledger.Marshal(v)
}

// DecodeVerdict decodes a document strictly: deterministic CBOR, bounded, every field well formed. CodeInvalid.
func DecodeVerdict(doc []byte) (Verdict, error) {
	var v Verdict
	if len(doc) == 0 || len(doc) > MaxVerdictBytes {
		return v, invalid("a verdict of %d bytes; the bound is %d", len(doc), MaxVerdictBytes)
	}
	if err := ledger.Unmarshal(doc, &v); err != nil {
		return Verdict{}, invalid("verdict: %v", err)
	}
	if err := v.check(); err != nil {
		return Verdict{}, err
	}
	return v, nil
}

func (v Verdict) check() error {
	if !ledger.ValidID(v.Matter) {
		return invalid("verdict: no matter")
	}
	if err := v.Account.Validate(); err != nil {
		return invalid("verdict: %v", err)
	}
	if err := ledger.CheckCID(v.Reasons, ledger.CodecRaw); err != nil {
		return invalid("verdict: reasons: %v", err)
	}
	if len(v.Entries) > maxEntries {
		return invalid("verdict: %d articles; the bound is %d", len(v.Entries), maxEntries)
	}
	for i, e := range v.Entries {
		if i > 0 && e.Article <= v.Entries[i-1].Article {
			return invalid("verdict: articles must be in ascending order, each once")
		}
		if _, _, ok := parseArticle(e.Article); !ok {
			return invalid("verdict: there is no article %q", ledger.Clip(e.Article))
		}
		if e.Stance != Support && e.Stance != Oppose && e.Stance != Irrelevant {
			return invalid("verdict: a stance is support, oppose or irrelevant, not %q", ledger.Clip(string(e.Stance)))
		}
	}
	return nil
}

// ArticleID names a jurisdiction's standard in verdicts: "udhr/12".
func ArticleID(jurisdiction string, number uint16) string {
	return jurisdiction + "/" + strconv.FormatUint(uint64(number), 10)
}

// parseArticle splits an article's name; a principle has no jurisdiction.
func parseArticle(name string) (jurisdiction string, number uint16, ok bool) {
	if len(name) == 2 && name[0] == 'P' && name[1] >= '1' && name[1] <= '7' {
		return "", uint16(name[1] - '0'), true
	}
	jurisdiction, digits, found := strings.Cut(name, "/")
	n, err := strconv.ParseUint(digits, 10, 16)
	if !found || err != nil || n < 1 || n > MaxStandards || len(jurisdiction) > MaxJurisdiction ||
		!ledger.ValidNetwork(jurisdiction) || ArticleID(jurisdiction, uint16(n)) != name {
		return "", 0, false
	}
	return jurisdiction, uint16(n), true
}
