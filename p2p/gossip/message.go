package gossip

import (
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Verdict is a validator's answer: one of [Accept], [Ignore] and [Reject], with a reason or without.
type Verdict string

const (
	// Accept hands the message to the handler and forwards it.
	Accept Verdict = "accept"
	// Ignore drops the message without blame: early, late, unknown or not for us.
	Ignore Verdict = "ignore"
	// Reject drops the message and lowers the score of who forwarded and who signed it: it can never be valid.
	Reject Verdict = "reject"

	reasonMark = ": "
)

// Because returns the verdict with a reason, which observers are told.
func (v Verdict) Because(reason string) Verdict { return v.bare() + reasonMark + Verdict(reason) }

// Reason returns what Because was given, or "".
func (v Verdict) Reason() string {
	_, reason, _ := strings.Cut(string(v), reasonMark)
	return reason
}

// bare is the verdict without its reason. What is none of the three is Ignore: nobody is blamed for a faulty validator.
func (v Verdict) bare() Verdict {
	word, _, _ := strings.Cut(string(v), reasonMark)
	switch w := Verdict(word); w {
	case Accept, Reject:
		return w
	default:
		return Ignore
	}
}

// Message is one gossip message as validators and handlers see it; they must not change the payload.
type Message struct {
	Topic    string    // the name given to Join
	Signer   peer.ID   // who sealed the envelope; empty on raw topics
	From     peer.ID   // who sent it to us
	Payload  []byte    // what was published
	Received time.Time // when validation began
	ID       string    // hex of SHA-256 over topic and data; equal everywhere
}

// Record tells an observer what became of a message.
type Record struct {
	Time    time.Time
	Topic   string // the name given to Join, or the full topic where it was never joined
	From    peer.ID
	Signer  peer.ID // empty where no signature was checked
	Size    int     // bytes as sent
	Verdict string  // "accept", "ignore" or "reject"
	Reason  string  // why; "published" for a message of this node
	ID      string
	Payload []byte // nil where no envelope was opened; must not be changed
}
