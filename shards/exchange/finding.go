package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Kind is what went wrong with a holder.
type Kind uint8

// The kinds of findings.
const (
	// Offline: it could not be reached, or went away in the middle.
	Offline Kind = iota + 1
	// TimedOut: it was reached and did not answer in time.
	TimedOut
	// Corrupt: it sent bytes that are not what their CID names, or broke the
	// protocol.
	Corrupt
	// Busy: it said that it serves too many already.
	Busy
	// Missing: it said that it does not have the block.
	Missing
)

// String is the word for a kind.
func (k Kind) String() string {
	switch k {
	case Offline:
		return "offline"
	case TimedOut:
		return "timed out"
	case Corrupt:
		return "corrupt"
	case Busy:
		return "busy"
	case Missing:
		return "missing"
	default:
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
}

// Finding is what was found out about one holder. It is an error.
//
//nolint:errname // it is a finding first; callers keep lists of them
type Finding struct {
	Peer peer.ID
	Kind Kind
	// CID is the block concerned, where there is one.
	CID cid.Cid
	Err error
}

// Error says who, what and why.
func (f Finding) Error() string {
	text := fmt.Sprintf("exchange: holder %s is %s", f.Peer, f.Kind)
	if f.CID.Defined() {
		text += " for block " + f.CID.String()
	}
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (f Finding) Unwrap() error { return f.Err }

// ErrIncomplete says that no holder gave some of the blocks.
var ErrIncomplete = errors.New("exchange: no holder gave every block")

// FetchError lists what a fetch did not get, and why. It is ErrIncomplete.
type FetchError struct {
	Missing  []cid.Cid
	Findings []Finding
}

// Error counts the missing blocks and quotes the first finding.
func (e *FetchError) Error() string {
	text := fmt.Sprintf("%s: %d missing", ErrIncomplete, len(e.Missing))
	if len(e.Findings) > 0 {
		text += "; " + e.Findings[0].Error()
	}
	return text
}

// Is says that the error is ErrIncomplete.
func (e *FetchError) Is(target error) bool { return target == ErrIncomplete }

// errProtocol says that a peer broke the protocol.
var errProtocol = errors.New("protocol broken")

// judge turns the failure of a conversation with p into a finding.
func judge(p peer.ID, err error) Finding {
	var timeout net.Error
	kind := Offline
	switch {
	case errors.Is(err, errProtocol):
		kind = Corrupt
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		kind = TimedOut
	}
	return Finding{Peer: p, Kind: kind, Err: err}
}
