package types

import (
	"encoding/json"
	"slices"
	"time"
)

// Sources of events.
const (
	// SourceGossip is a gossip message seen, with its verdict.
	SourceGossip = "gossip"
	// SourceLedger is a typed event of a committed block.
	SourceLedger = "ledger"
	// SourceWork is a job's start, progress or end.
	SourceWork = "work"
	// SourcePeer is a peer that came or went.
	SourcePeer = "peer"
	// SourceNode is the node's own life.
	SourceNode = "node"
	// SourceStream is about the stream itself: see KindGap and KindDropped.
	SourceStream = "stream"
)

// Kinds of events of SourceStream.
const (
	// KindGap says that events between the one asked for and the next are no longer held.
	KindGap = "gap"
	// KindDropped says that the reader was too slow; the stream ends and may be resumed after the last Seq.
	KindDropped = "dropped"
)

// Event is one line of a node's event stream.
type Event struct {
	Seq     uint64          `json:"seq" doc:"Rises by one per event since the node started"`
	Time    time.Time       `json:"time" doc:"When the node saw it"`
	Source  string          `json:"source" doc:"gossip, ledger, work, peer, node or stream"`
	Kind    string          `json:"kind" doc:"What it is, e.g. task/proposed"`
	Topic   string          `json:"topic,omitempty" doc:"Gossip topic's short name, e.g. tx"`
	Peer    string          `json:"peer,omitempty" doc:"Peer it came from"`
	Signer  string          `json:"signer,omitempty" doc:"Account that signed it"`
	Verdict string          `json:"verdict,omitempty" doc:"accept, ignore or reject"`
	Size    int             `json:"size,omitempty" doc:"Bytes"`
	Summary string          `json:"summary,omitempty" doc:"One line for people"`
	Task    string          `json:"task,omitempty" doc:"Task it belongs to"`
	Height  int64           `json:"height,omitempty" doc:"Block it belongs to"`
	Data    json.RawMessage `json:"data,omitempty" doc:"The decoded content"`
}

// EventFilter chooses events; an empty list chooses all.
type EventFilter struct {
	Sources []string
	Topics  []string
	Kinds   []string
	Task    string
}

// Match reports whether the filter lets the event through. Events about the stream itself always pass.
func (f EventFilter) Match(e Event) bool {
	if e.Source == SourceStream {
		return true
	}
	return in(f.Sources, e.Source) && in(f.Topics, e.Topic) && in(f.Kinds, e.Kind) && (f.Task == "" || f.Task == e.Task)
}

func in(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
