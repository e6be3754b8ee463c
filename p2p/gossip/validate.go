package gossip

import (
	"context"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/p2p/envelope"
)

// validator is what pubsub calls before it forwards a message. Own messages were judged by Publish.
func (t *Topic) validator(ctx context.Context, from peer.ID, in *pubsub.Message) pubsub.ValidationResult {
	if from == t.gossip.host.ID() {
		return pubsub.ValidationAccept
	}
	m := t.message(from, in.GetData(), time.Now())
	verdict := t.judge(ctx, &m, in.GetData())
	t.gossip.record(t.recordOf(m, len(in.GetData()), verdict))
	switch verdict.bare() {
	case Accept:
		in.ValidatorData = &m
		t.counts.accepted.Add(1)
		return pubsub.ValidationAccept
	case Reject:
		t.counts.rejected.Add(1)
		return pubsub.ValidationReject
	default:
		t.counts.ignored.Add(1)
		return pubsub.ValidationIgnore
	}
}

// judge goes from the cheap checks to the dear ones and fills in the payload and the signer.
func (t *Topic) judge(ctx context.Context, m *Message, data []byte) Verdict {
	limit := t.spec.MaxBytes
	if !t.spec.Raw {
		limit += envelope.Overhead
	}
	if len(data) > limit {
		return Reject.Because("larger than the topic allows")
	}
	if !t.limits.senders.take(m.From, m.Received) {
		return Ignore.Because("the peer sends too fast")
	}
	m.Payload = data
	if !t.spec.Raw {
		if v := t.open(m, data); v != Accept {
			return v
		}
	}
	if t.spec.Validate == nil {
		return Accept
	}
	verdict := t.spec.Validate(ctx, *m)
	if verdict.bare() == Reject && !t.spec.Raw {
		t.gossip.blame.strike(m.Signer)
	}
	return verdict
}

func (t *Topic) open(m *Message, data []byte) Verdict {
	signer, payload, err := envelope.Open(data, t.kind())
	if err != nil {
		m.Payload = nil
		return Reject.Because(err.Error())
	}
	m.Signer, m.Payload = signer, payload
	switch {
	case len(payload) > t.spec.MaxBytes:
		t.gossip.blame.strike(signer)
		return Reject.Because("larger than the topic allows")
	case signer == t.gossip.host.ID():
		return Ignore.Because("our own message came back")
	case !t.limits.pairs.take(pair{m.From, signer}, m.Received):
		return Reject.Because("far more of one signer than any honest peer forwards")
	case !t.limits.signers.take(signer, m.Received):
		return Ignore.Because("the signer publishes too fast")
	case t.gossip.blame.listed(signer):
		return Ignore.Because("the signer was rejected too often")
	}
	return Accept
}
