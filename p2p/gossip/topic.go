package gossip

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/p2p/envelope"
)

// MaxRaw is the largest message of a raw topic in bytes.
const MaxRaw = 512 << 10

// TopicSpec says what a topic carries and who judges and handles it.
type TopicSpec struct {
	// MaxBytes bounds the payload; 0 means the most that fits: envelope.MaxPayload, or MaxRaw for a raw topic.
	MaxBytes int
	// Raw topics carry payloads as they are, because they are signed already: no envelope, no Signer.
	Raw bool
	// Validate judges a message; nil accepts. It is called concurrently and must return within five seconds. It also
	// judges own messages, where only Reject counts.
	Validate func(ctx context.Context, m Message) Verdict
	// Handle receives accepted messages of other nodes, one at a time in the order of acceptance; nil forwards only.
	// Beyond a queue of 256 messages are dropped and counted.
	Handle func(ctx context.Context, m Message)
	// Rate and Burst bound the messages a second of one signer: more are ignored, and rejected from a peer that passes
	// on four times as many. Defaults 16 and 64. They bound this node's own publishing too, also on raw topics.
	Rate  float64
	Burst int
	// PeerRate and PeerBurst bound the messages a second from one neighbour, whoever signed them: more are ignored.
	// Defaults 1024 and 2048.
	PeerRate  float64
	PeerBurst int
}

func (s TopicSpec) withDefaults() TopicSpec {
	if s.MaxBytes == 0 {
		s.MaxBytes = envelope.MaxPayload
		if s.Raw {
			s.MaxBytes = MaxRaw
		}
	}
	if s.Rate == 0 {
		s.Rate = 16
	}
	if s.Burst == 0 {
		s.Burst = 64
	}
	if s.PeerRate == 0 {
		s.PeerRate = 1024
	}
	if s.PeerBurst == 0 {
		s.PeerBurst = 2048
	}
	return s
}

func (s TopicSpec) validate() error {
	most := envelope.MaxPayload
	if s.Raw {
		most = MaxRaw
	}
	switch {
	case s.MaxBytes < 1 || s.MaxBytes > most:
		return fmt.Errorf("max bytes must be 1 to %d", most)
	case s.Rate <= 0 || s.Burst < 1 || s.PeerRate <= 0 || s.PeerBurst < 1:
		return errors.New("rates and bursts must be positive")
	case s.PeerBurst < s.Burst:
		return errors.New("a peer's burst must be at least a signer's")
	}
	return nil
}

// Topic is one joined topic.
type Topic struct {
	gossip *Gossip
	name   string
	full   string
	spec   TopicSpec
	limits *limiter
	counts topicCounters

	joined *pubsub.Topic // set under gossip.mu, before gossip.ready is closed or by Join
}

// Join adds the topic "/autonet/<network>/<name>/1". Before Run it takes effect when Run starts. Name is
// [a-z0-9-]{1,32} and joined at most once.
func (g *Gossip) Join(name string, spec TopicSpec) (*Topic, error) {
	spec = spec.withDefaults()
	if !topicPattern().MatchString(name) {
		return nil, fmt.Errorf("gossip topic %q: a name is 1 to 32 characters of a-z, 0-9 and '-'", name)
	}
	if err := spec.validate(); err != nil {
		return nil, fmt.Errorf("gossip topic %s: %w", name, err)
	}
	t := &Topic{gossip: g, name: name, full: "/autonet/" + g.cfg.Network + "/" + name + "/1", spec: spec, limits: newLimiter(spec)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lookup(t.full) != nil {
		return nil, fmt.Errorf("gossip topic %s: joined already", name)
	}
	if len(g.order) >= maxTopics {
		return nil, fmt.Errorf("gossip topic %s: at most %d topics", name, maxTopics)
	}
	if g.attach != nil {
		if err := g.attach(t); err != nil {
			return nil, err
		}
	}
	g.topics.Store(t.full, t)
	g.order = append(g.order, t)
	return t, nil
}

// lookup returns the topic joined under its full name, or nil.
func (g *Gossip) lookup(full string) *Topic {
	if v, ok := g.topics.Load(full); ok {
		return v.(*Topic) //nolint:forcetypeassert // only Join stores
	}
	return nil
}

// subscribe enters the topic in pubsub; gossip.mu is held.
func (t *Topic) subscribe(ps *pubsub.PubSub) (*pubsub.Subscription, error) {
	err := ps.RegisterTopicValidator(t.full, t.validator, pubsub.WithValidatorTimeout(validateTimeout), pubsub.WithValidatorConcurrency(queueSize))
	if err == nil {
		t.joined, err = ps.Join(t.full)
	}
	if err == nil {
		err = t.joined.SetScoreParams(topicScoreParams())
	}
	var sub *pubsub.Subscription
	if err == nil {
		sub, err = t.joined.Subscribe(pubsub.WithBufferSize(queueSize))
	}
	if err != nil {
		return nil, fmt.Errorf("join gossip topic %s: %w", t.full, err)
	}
	return sub, nil
}

// handle feeds the handler until the subscription or ctx ends.
func (t *Topic) handle(ctx context.Context, sub *pubsub.Subscription) {
	for {
		in, err := sub.Next(ctx)
		if err != nil {
			return
		}
		if m, ok := in.ValidatorData.(*Message); ok && t.spec.Handle != nil {
			t.spec.Handle(ctx, *m)
		}
	}
}

// Name returns the name given to Join.
func (t *Topic) Name() string { return t.name }

// String returns the full topic "/autonet/<network>/<name>/1".
func (t *Topic) String() string { return t.full }

// Peers returns the connected peers that are in the topic, none before Run.
func (t *Topic) Peers() []peer.ID {
	t.gossip.mu.Lock()
	joined := t.joined
	t.gossip.mu.Unlock()
	if joined == nil {
		return nil
	}
	return joined.ListPeers()
}

// Publish spreads payload, sealed unless the topic is raw. It waits for Run, not for peers, and does not call this
// node's own handler. It fails with [ErrTooLarge], [ErrRateLimited], [ErrRefused] or [ErrStopped].
func (t *Topic) Publish(ctx context.Context, payload []byte) error {
	if len(payload) > t.spec.MaxBytes {
		return fmt.Errorf("%w: %d bytes on topic %s, at most %d", ErrTooLarge, len(payload), t.name, t.spec.MaxBytes)
	}
	data := bytes.Clone(payload)
	if !t.spec.Raw {
		var err error
		if data, err = envelope.Seal(t.gossip.key, t.kind(), payload); err != nil {
			return fmt.Errorf("seal a message for topic %s: %w", t.name, err)
		}
	}
	select {
	case <-t.gossip.ready:
	case <-t.gossip.stopped:
		return ErrStopped
	case <-ctx.Done():
		return fmt.Errorf("publish on topic %s: gossip is not running: %w", t.name, ctx.Err())
	}
	return t.send(ctx, payload, data)
}

func (t *Topic) send(ctx context.Context, payload, data []byte) error {
	self := t.gossip.host.ID()
	m := t.message(self, data, time.Now())
	m.Payload = bytes.Clone(payload)
	if !t.spec.Raw {
		m.Signer = self
	}
	if t.spec.Validate != nil {
		if v := t.spec.Validate(ctx, m); v.bare() == Reject {
			return fmt.Errorf("%w: topic %s: %s", ErrRefused, t.name, v.Reason())
		}
	}
	if !t.limits.own.take(struct{}{}, m.Received) {
		return fmt.Errorf("%w: topic %s, %g a second", ErrRateLimited, t.name, t.spec.Rate)
	}
	if err := t.joined.Publish(ctx, data); err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() == nil {
			err = ErrStopped
		}
		return fmt.Errorf("publish on topic %s: %w", t.name, err)
	}
	t.counts.published.Add(1)
	t.gossip.record(t.recordOf(m, len(data), Accept.Because("published")))
	return nil
}

// kind is the signing domain: network and topic are part of it, so that no envelope is good anywhere else.
func (t *Topic) kind() string { return t.gossip.cfg.Network + "/" + t.name + "/1" }

func (t *Topic) message(from peer.ID, data []byte, now time.Time) Message {
	return Message{
		Topic: t.name, From: from, Received: now,
		ID: hex.EncodeToString([]byte(messageID(&pb.Message{Topic: &t.full, Data: data}))),
	}
}

func (t *Topic) recordOf(m Message, size int, v Verdict) Record {
	return Record{
		Time: m.Received, Topic: t.name, From: m.From, Signer: m.Signer, Size: size,
		Verdict: string(v.bare()), Reason: v.Reason(), ID: m.ID, Payload: m.Payload,
	}
}
