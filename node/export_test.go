package node

import (
	"context"
	"crypto/ed25519"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/node/api/types"
	"autonet/node/roles"
	"autonet/p2p/gossip"
)

// Announcement and BlockNote are what two of the topics carry.
type (
	Announcement = announcement
	BlockNote    = blockNote
)

// Encode and Decode are the encoding of gossip.
func Encode(v any) ([]byte, error) { return encode(v) }

// Decode reads it strictly.
func Decode(raw []byte, v any) error { return decode(raw, v) }

// Describe decodes a payload for people.
func Describe(topic string, payload []byte) (kind, task string, content any) {
	return describe(topic, payload)
}

// Checks are the validators of gossip topics by name, over a ledger that may not run yet.
func Checks(network string, e *abci.Engine) map[string]func(context.Context, gossip.Message) gossip.Verdict {
	n := &Node{network: network, engine: e}
	return map[string]func(context.Context, gossip.Message) gossip.Verdict{
		topicTx: n.checkTx, topicPulse: n.checkPulse, topicTask: n.checkTask, topicBlock: n.checkBlock, topicShard: checkColumns,
	}
}

// NewSender signs and submits one account's messages.
func NewSender(e *abci.Engine, network string, key ed25519.PrivateKey) roles.Ledger {
	return newSender(e, network, key, func(context.Context, string, []byte) {})
}

// Tally remembers credits, slashes and phases.
type Tally struct{ t *tally }

// NewTally returns an empty one.
func NewTally() Tally { return Tally{newTally()} }

// Add takes note of an event.
func (t Tally) Add(e ledger.Event, data any) { t.t.add(e, data) }

// Of lists the credits and slashes of a task.
func (t Tally) Of(id string) []types.Reward { return t.t.of(id) }

// Phases lists the states a task has entered.
func (t Tally) Phases(id string) []types.PhaseChange {
	_, history := t.t.phases(id)
	return history
}

// Summary says an event in one line.
func Summary(kind string, data any) string { return summary(kind, data) }

// MaxRewards bounds a tally.
const MaxRewards = maxRewards
