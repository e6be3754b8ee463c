package app

import (
	"crypto/sha256"
	"fmt"

	"autonet/ledger"
	"autonet/shards/merkle"
)

// EventsRoot is what the state keeps of the events of one block: the Merkle root over them and their number. A block
// without events leaves none.
type EventsRoot struct {
	_     struct{}    `cbor:",toarray"`
	Root  ledger.Hash `json:"root"`
	Count uint32      `json:"count"`
}

func eventsKey(height int64) []byte { return ledger.Key("app", "e", fmt.Sprintf("%016x", height)) }

// EventLeaf is an event as its block's Merkle tree holds it: SHA-256 of its deterministic CBOR, which it returns too.
func EventLeaf(e ledger.Event) (leaf [32]byte, raw []byte, err error) {
	raw, err = ledger.Marshal(e)
	return sha256.Sum256(raw), raw, err
}

// RootOf computes what the state keeps of a block's events, given all of them in order.
func RootOf(events []ledger.Event) (EventsRoot, error) {
	leaves, err := eventLeaves(events)
	if err != nil {
		return EventsRoot{}, err
	}
	return EventsRoot{Root: merkle.RootHashes(leaves), Count: uint32(len(leaves))}, nil
}

// EventPath is the audit path of one of a block's events under their root.
func EventPath(events []ledger.Event, index int) ([]ledger.Hash, error) {
	leaves, err := eventLeaves(events)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(leaves) {
		return nil, fmt.Errorf("there is no event %d among %d", index, len(leaves))
	}
	path := []ledger.Hash{}
	for _, sibling := range merkle.Path(leaves, index) {
		path = append(path, sibling)
	}
	return path, nil
}

// VerifyEvent reports whether raw is the encoding of the event at the index under the root.
func (r EventsRoot) VerifyEvent(raw []byte, index uint32, path []ledger.Hash) bool {
	siblings := make([][32]byte, 0, len(path))
	for _, sibling := range path {
		siblings = append(siblings, sibling)
	}
	return merkle.Verify(r.Root, sha256.Sum256(raw), int(index), int(r.Count), siblings)
}

func eventLeaves(events []ledger.Event) ([][32]byte, error) {
	leaves := make([][32]byte, 0, len(events))
	for _, e := range events {
		leaf, _, err := EventLeaf(e)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

// sealEvents writes the root of a whole block's events into the state.
func sealEvents(kv ledger.KV, height int64, events []ledger.Event) error {
	if len(events) == 0 {
		return nil
	}
	root, err := RootOf(events)
	if err != nil {
		return err
	}
	ledger.Save(kv, eventsKey(height), root)
	return nil
}
