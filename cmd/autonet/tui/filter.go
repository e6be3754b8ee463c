package tui

import (
	"strings"

	"autonet/node/api/types"
)

// matcher is a filter as a person types it: words that must all be found, each anywhere or, as key:word, in one field.
type matcher []term

type term struct{ key, word string }

func parseFilter(text string) matcher {
	var m matcher
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		key, rest, found := strings.Cut(word, ":")
		if _, known := field(types.Event{}, key); found && known && rest != "" {
			m = append(m, term{key, rest})
			continue
		}
		m = append(m, term{word: word})
	}
	return m
}

func (m matcher) match(e types.Event) bool {
	for _, t := range m {
		if !t.match(e) {
			return false
		}
	}
	return true
}

func (t term) match(e types.Event) bool {
	if t.key != "" {
		value, _ := field(e, t.key)
		return strings.Contains(strings.ToLower(value), t.word)
	}
	for _, key := range filterKeys() {
		if value, _ := field(e, key); strings.Contains(strings.ToLower(value), t.word) {
			return true
		}
	}
	return false
}

func filterKeys() []string {
	return []string{"source", "topic", "kind", "peer", "signer", "verdict", "task", "summary"}
}

// field returns an event's field by the name a filter uses.
func field(e types.Event, key string) (string, bool) {
	switch key {
	case "source":
		return e.Source, true
	case "topic":
		return e.Topic, true
	case "kind":
		return e.Kind, true
	case "peer":
		return e.Peer, true
	case "signer":
		return e.Signer, true
	case "verdict":
		return e.Verdict, true
	case "task":
		return e.Task, true
	case "summary":
		return e.Summary, true
	default:
		return "", false
	}
}
