package gossip

import (
	"encoding/hex"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"
)

// Stats are counts since New.
type Stats struct {
	BytesIn, BytesOut uint64 // whole frames, control messages included
	Duplicates        uint64 // messages that came again
	Throttled         uint64 // messages dropped before validation, because it was busy
	QueueDrops        uint64 // frames dropped because a peer's outbound queue was full
	Unobserved        uint64 // records dropped because the observer was slow
	Topics            map[string]TopicStats
}

// TopicStats are one topic's counts since Join.
type TopicStats struct {
	Published, Accepted, Ignored, Rejected uint64
	Dropped                                uint64 // accepted and forwarded, but the handler's queue was full
}

type counters struct {
	bytesIn, bytesOut, duplicates, throttled, queueDrops, unobserved atomic.Uint64
}

type topicCounters struct {
	published, accepted, ignored, rejected, dropped atomic.Uint64
}

// Stats returns the counts of now, with topics by name.
func (g *Gossip) Stats() Stats {
	s := Stats{
		BytesIn: g.counts.bytesIn.Load(), BytesOut: g.counts.bytesOut.Load(),
		Duplicates: g.counts.duplicates.Load(), Throttled: g.counts.throttled.Load(),
		QueueDrops: g.counts.queueDrops.Load(), Unobserved: g.counts.unobserved.Load(),
		Topics: make(map[string]TopicStats),
	}
	g.topics.Range(func(_, v any) bool {
		t := v.(*Topic) //nolint:forcetypeassert // only Join stores
		c := &t.counts
		s.Topics[t.name] = TopicStats{
			Published: c.published.Load(), Accepted: c.accepted.Load(), Ignored: c.ignored.Load(),
			Rejected: c.rejected.Load(), Dropped: c.dropped.Load(),
		}
		return true
	})
	return s
}

// tracer counts what pubsub does beside our validators. Its methods must not block and change nothing.
type tracer struct{ gossip *Gossip }

func (tr *tracer) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (tr *tracer) OnClosedOutboundStream(peer.ID)           {}
func (tr *tracer) Join(string)                              {}
func (tr *tracer) Leave(string)                             {}
func (tr *tracer) Graft(peer.ID, string)                    {}
func (tr *tracer) Prune(peer.ID, string)                    {}
func (tr *tracer) ValidateMessage(*pubsub.Message)          {}
func (tr *tracer) DeliverMessage(*pubsub.Message)           {}
func (tr *tracer) ThrottlePeer(peer.ID)                     {}
func (tr *tracer) DuplicateMessage(*pubsub.Message)         { tr.gossip.counts.duplicates.Add(1) }
func (tr *tracer) DropRPC(*pubsub.RPC, peer.ID)             { tr.gossip.counts.queueDrops.Add(1) }
func (tr *tracer) RecvRPC(rpc *pubsub.RPC)                  { tr.gossip.counts.bytesIn.Add(frameSize(rpc)) }
func (tr *tracer) SendRPC(*pubsub.RPC, peer.ID)             {}

// SendRPCCompleted is called once a frame is written.
func (tr *tracer) SendRPCCompleted(rpc *pubsub.RPC, _ peer.ID, _ time.Duration) {
	tr.gossip.counts.bytesOut.Add(frameSize(rpc))
}

func frameSize(rpc *pubsub.RPC) uint64 { return uint64(max(0, proto.Size(&rpc.RPC))) }

// UndeliverableMessage is called when a topic's handler queue is full.
func (tr *tracer) UndeliverableMessage(m *pubsub.Message) {
	if t := tr.gossip.lookup(m.GetTopic()); t != nil {
		t.counts.dropped.Add(1)
	}
}

// RejectMessage is called for what our validators refused, which is recorded there, and for what never reached them.
func (tr *tracer) RejectMessage(m *pubsub.Message, reason string) {
	verdict := Reject
	switch reason {
	case pubsub.RejectValidationFailed, pubsub.RejectValidationIgnored:
		return
	case pubsub.RejectValidationQueueFull, pubsub.RejectValidationThrottled:
		tr.gossip.counts.throttled.Add(1)
		verdict = Ignore
	}
	topic := m.GetTopic()
	if t := tr.gossip.lookup(topic); t != nil {
		topic = t.name
	}
	tr.gossip.record(Record{
		Time: time.Now(), Topic: topic, From: m.ReceivedFrom, Size: len(m.GetData()), Verdict: string(verdict),
		Reason: reason, ID: hex.EncodeToString([]byte(messageID(m.Message))),
	})
}
