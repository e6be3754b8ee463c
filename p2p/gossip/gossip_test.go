package gossip_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/p2p/envelope"
	"autonet/p2p/gossip"
	"autonet/p2p/p2ptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a host with running gossip on one topic, and what it handled and observed.
type node struct {
	host   libhost.Host
	key    crypto.PrivKey
	gossip *gossip.Gossip
	topic  *gossip.Topic

	mu      sync.Mutex
	got     []gossip.Message
	records []gossip.Record
}

func (n *node) received() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, m := range n.got {
		out = append(out, string(m.Payload))
	}
	return out
}

func (n *node) verdicts(verdict string) []gossip.Record {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []gossip.Record
	for _, r := range n.records {
		if r.Verdict == verdict {
			out = append(out, r)
		}
	}
	return out
}

func start(t *testing.T, network string, spec gossip.TopicSpec) *node {
	t.Helper()
	h, key := p2ptest.HostWithKey(t)
	return startOn(t, h, key, network, spec)
}

func startOn(t *testing.T, h libhost.Host, key crypto.PrivKey, network string, spec gossip.TopicSpec) *node {
	t.Helper()
	n := &node{host: h, key: key}
	g, err := gossip.New(h, key, gossip.Config{Network: network, Observe: func(r gossip.Record) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.records = append(n.records, r)
	}})
	require.NoError(t, err)
	handle := spec.Handle
	spec.Handle = func(ctx context.Context, m gossip.Message) {
		if handle != nil {
			handle(ctx, m)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.got = append(n.got, m)
	}
	n.gossip = g
	n.topic, err = g.Join("task", spec)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return n
}

// pair returns two connected nodes that know each other's subscription.
func pair(t *testing.T, spec gossip.TopicSpec) (a, b *node) {
	t.Helper()
	a, b = start(t, "devnet", gossip.TopicSpec{Raw: spec.Raw, Rate: 1e6, Burst: 1e6, PeerBurst: 1e6}), start(t, "devnet", spec)
	p2ptest.Connect(t, a.host, b.host)
	require.Eventually(t, func() bool { return len(a.topic.Peers()) == 1 && len(b.topic.Peers()) == 1 }, 20*time.Second, 5*time.Millisecond)
	return a, b
}

// repeat publishes until done: only the mesh relays, and it is made by the next heartbeat.
func repeat(t *testing.T, n *node, done func() bool) {
	t.Helper()
	for i := 0; !done(); i++ {
		require.Less(t, i, 60, "not within half a minute")
		require.NoError(t, n.topic.Publish(t.Context(), fmt.Append(nil, "again ", i)))
		time.Sleep(500 * time.Millisecond)
	}
}

func TestMessagesArriveSigned(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{})
	var want []string
	for i := range 40 {
		text := fmt.Sprint("message ", i)
		want = append(want, text)
		require.NoError(t, a.topic.Publish(t.Context(), []byte(text)))
	}
	require.Eventually(t, func() bool { return len(b.received()) == len(want) }, 20*time.Second, 5*time.Millisecond)
	require.ElementsMatch(t, want, b.received())
	require.Equal(t, a.host.ID(), b.got[0].Signer)
	require.Equal(t, a.host.ID(), b.got[0].From)
	require.Equal(t, "task", b.got[0].Topic)
	require.Len(t, b.got[0].ID, 64)
	require.False(t, b.got[0].Received.IsZero())
	require.Empty(t, a.received(), "own messages are not handed back")

	require.Eventually(t, func() bool { return len(a.verdicts("accept")) == len(want) && len(b.verdicts("accept")) == len(want) },
		20*time.Second, 5*time.Millisecond)
	require.Equal(t, "published", a.verdicts("accept")[0].Reason)
	require.Empty(t, b.verdicts("accept")[0].Reason)
	s := b.gossip.Stats()
	require.EqualValues(t, len(want), s.Topics["task"].Accepted)
	require.EqualValues(t, len(want), a.gossip.Stats().Topics["task"].Published)
	require.Positive(t, s.BytesIn)
	require.Positive(t, a.gossip.Stats().BytesOut)
}

func TestRawTopicsCarryBytesAsTheyAre(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{Raw: true})
	require.NoError(t, a.topic.Publish(t.Context(), []byte("a signed transaction")))
	require.Eventually(t, func() bool { return len(b.received()) == 1 }, 20*time.Second, 5*time.Millisecond)
	require.Empty(t, b.got[0].Signer)
	require.Equal(t, a.host.ID(), b.got[0].From)
	require.Equal(t, []string{"a signed transaction"}, b.received())
}

func TestMessagesTravelOverSeveralHops(t *testing.T) {
	var nodes []*node
	for i := range 4 {
		nodes = append(nodes, start(t, "devnet", gossip.TopicSpec{}))
		if i > 0 {
			p2ptest.Connect(t, nodes[i].host, nodes[i-1].host)
		}
	}
	require.Eventually(t, func() bool {
		return len(nodes[0].topic.Peers()) == 1 && len(nodes[1].topic.Peers()) == 2 && len(nodes[2].topic.Peers()) == 2
	}, 20*time.Second, 5*time.Millisecond)
	repeat(t, nodes[0], func() bool { return len(nodes[3].received()) > 0 })
	require.Equal(t, nodes[0].host.ID(), nodes[3].got[0].Signer)
	require.Equal(t, nodes[2].host.ID(), nodes[3].got[0].From)
}

func TestAnotherNetworksMessagesDoNotArrive(t *testing.T) {
	a, b := start(t, "devnet", gossip.TopicSpec{}), start(t, "othernet", gossip.TopicSpec{})
	p2ptest.Connect(t, a.host, b.host)
	time.Sleep(200 * time.Millisecond)
	require.Empty(t, a.topic.Peers())
	require.NoError(t, a.topic.Publish(t.Context(), []byte("x")))
	time.Sleep(200 * time.Millisecond)
	require.Empty(t, b.received())
}

func TestVerdictsDecideAndAreObserved(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{Validate: func(_ context.Context, m gossip.Message) gossip.Verdict {
		switch string(m.Payload) {
		case "early":
			return gossip.Ignore.Because("not yet open")
		case "false":
			return gossip.Reject.Because("can never hold")
		case "faulty":
			return ""
		}
		return gossip.Accept
	}})
	for _, s := range []string{"early", "false", "faulty", "good"} {
		require.NoError(t, a.topic.Publish(t.Context(), []byte(s)))
	}
	require.Eventually(t, func() bool { return len(b.verdicts("ignore")) == 2 && len(b.verdicts("accept")) == 1 }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, []string{"good"}, b.received())
	rejected := b.verdicts("reject")
	require.Len(t, rejected, 1)
	require.Equal(t, "can never hold", rejected[0].Reason)
	require.Equal(t, a.host.ID(), rejected[0].Signer)
	require.Equal(t, "false", string(rejected[0].Payload))
	require.Equal(t, "task", rejected[0].Topic)

	err := b.topic.Publish(t.Context(), []byte("false"))
	require.ErrorIs(t, err, gossip.ErrRefused)
	require.ErrorContains(t, err, "can never hold")
	require.NoError(t, b.topic.Publish(t.Context(), []byte("early")), "one's own message may be early for others")
}

func TestASpammerLosesScoreAndIsNoLongerHeard(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{Validate: func(_ context.Context, m gossip.Message) gossip.Verdict {
		if m.Payload[0] == 'x' {
			return gossip.Reject.Because("spam")
		}
		return gossip.Accept
	}})
	honest := start(t, "devnet", gossip.TopicSpec{})
	p2ptest.Connect(t, honest.host, b.host)
	require.Eventually(t, func() bool { return len(b.topic.Peers()) == 2 && len(honest.topic.Peers()) == 1 }, 20*time.Second, 5*time.Millisecond)
	for i := range 8 {
		require.NoError(t, a.topic.Publish(t.Context(), fmt.Append(nil, "x", i)))
	}
	require.Eventually(t, func() bool { return b.gossip.Scores()[a.host.ID()] < -160 }, 20*time.Second, 10*time.Millisecond)
	require.GreaterOrEqual(t, len(b.verdicts("reject")), 2)
	require.NoError(t, a.topic.Publish(t.Context(), []byte("now honest")))
	require.NoError(t, honest.topic.Publish(t.Context(), []byte("always honest")))
	require.Eventually(t, func() bool { return len(b.received()) == 1 }, 20*time.Second, 5*time.Millisecond)
	time.Sleep(100 * time.Millisecond)
	require.Equal(t, []string{"always honest"}, b.received())
	require.GreaterOrEqual(t, b.gossip.Scores()[honest.host.ID()], 0.0, "sharing an address with a spammer is no fault on loopback")
}

func TestARejectedSignerIsIgnoredWhoeverForwards(t *testing.T) {
	strict := gossip.TopicSpec{Validate: func(_ context.Context, m gossip.Message) gossip.Verdict {
		if m.Payload[0] == 'x' {
			return gossip.Reject.Because("spam")
		}
		return gossip.Accept
	}}
	a, b := pair(t, strict)
	relay := start(t, "devnet", strict)
	p2ptest.Connect(t, relay.host, b.host)
	for i := range 8 {
		require.NoError(t, a.topic.Publish(t.Context(), fmt.Append(nil, "x", i)))
	}
	require.Eventually(t, func() bool { return len(b.verdicts("reject")) >= 3 }, 20*time.Second, 5*time.Millisecond)
	p2ptest.Connect(t, a.host, relay.host)
	require.Eventually(t, func() bool { return len(a.topic.Peers()) == 2 }, 20*time.Second, 5*time.Millisecond)
	blamed := func() bool {
		for _, r := range b.verdicts("ignore") {
			if r.From == relay.host.ID() && r.Signer == a.host.ID() && r.Reason == "the signer was rejected too often" {
				return true
			}
		}
		return false
	}
	repeat(t, a, blamed)
	require.NotEmpty(t, relay.received())
	require.Empty(t, b.received())
	require.GreaterOrEqual(t, b.gossip.Scores()[relay.host.ID()], 0.0, "the relay did nothing wrong")
}

func TestASignerBeyondItsRateIsIgnored(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{Rate: 1, Burst: 10})
	for i := range 30 {
		require.NoError(t, a.topic.Publish(t.Context(), fmt.Append(nil, i)))
	}
	require.Eventually(t, func() bool { return len(b.received())+len(b.verdicts("ignore")) == 30 }, 20*time.Second, 5*time.Millisecond)
	require.InDelta(t, 10, len(b.received()), 2)
	require.Equal(t, "the signer publishes too fast", b.verdicts("ignore")[0].Reason)
	require.Empty(t, b.verdicts("reject"))
}

func TestASignerFarBeyondItsRateIsRejected(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{Rate: 0.01, Burst: 5})
	for i := range 40 {
		require.NoError(t, a.topic.Publish(t.Context(), fmt.Append(nil, i)))
	}
	require.Eventually(t, func() bool { return len(b.verdicts("reject")) >= 3 }, 20*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return b.gossip.Scores()[a.host.ID()] < -100 }, 20*time.Second, 10*time.Millisecond)
}

func TestOwnPublishingKeepsToTheRate(t *testing.T) {
	n := start(t, "devnet", gossip.TopicSpec{Rate: 1, Burst: 10})
	var err error
	sent := 0
	for ; err == nil && sent < 20; sent++ {
		err = n.topic.Publish(t.Context(), fmt.Append(nil, sent))
	}
	require.ErrorIs(t, err, gossip.ErrRateLimited)
	require.InDelta(t, 10, sent, 2)
}

func TestOversizeMessagesAreRejected(t *testing.T) {
	a, b := pair(t, gossip.TopicSpec{MaxBytes: 100})
	require.NoError(t, a.topic.Publish(t.Context(), make([]byte, 100)))
	require.NoError(t, a.topic.Publish(t.Context(), make([]byte, 101))) // within the envelope's share
	require.NoError(t, a.topic.Publish(t.Context(), make([]byte, 1000)))
	require.Eventually(t, func() bool { return len(b.received()) == 1 && len(b.verdicts("reject")) == 2 }, 20*time.Second, 5*time.Millisecond)
	require.ErrorIs(t, b.topic.Publish(t.Context(), make([]byte, 101)), gossip.ErrTooLarge)
}

func TestWhatIsNoEnvelopeIsRejected(t *testing.T) {
	h, key := p2ptest.HostWithKey(t)
	forger := startOn(t, h, key, "devnet", gossip.TopicSpec{Raw: true}) // sends bytes as they are
	b := start(t, "devnet", gossip.TopicSpec{})
	p2ptest.Connect(t, h, b.host)
	require.Eventually(t, func() bool { return len(forger.topic.Peers()) == 1 }, 20*time.Second, 5*time.Millisecond)
	elsewhere, err := envelope.Seal(key, "othernet/task/1", []byte("from another network"))
	require.NoError(t, err)
	other, err := envelope.Seal(key, "devnet/pulse/1", []byte("from another topic"))
	require.NoError(t, err)
	for _, data := range [][]byte{[]byte("no envelope"), elsewhere, other} {
		require.NoError(t, forger.topic.Publish(t.Context(), data))
	}
	require.Eventually(t, func() bool { return len(b.verdicts("reject")) == 3 }, 20*time.Second, 5*time.Millisecond)
	require.Empty(t, b.received())
	require.Empty(t, b.verdicts("reject")[0].Signer, "nobody is known to have signed it")
}

func TestASlowHandlerDropsAndCounts(t *testing.T) {
	release := make(chan struct{})
	a, b := pair(t, gossip.TopicSpec{Rate: 1e6, Burst: 1e6, PeerRate: 1e6, PeerBurst: 1e6, Handle: func(context.Context, gossip.Message) { <-release }})
	const sent = 400
	for i := range sent {
		require.NoError(t, a.topic.Publish(t.Context(), fmt.Append(nil, i)))
		if i%50 == 0 { // the outbound queue holds 256
			require.Eventually(t, func() bool { return int(b.gossip.Stats().Topics["task"].Accepted) == i+1 }, 20*time.Second, time.Millisecond)
		}
	}
	require.Eventually(t, func() bool { return b.gossip.Stats().Topics["task"].Accepted == sent }, 20*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return b.gossip.Stats().Topics["task"].Dropped >= sent-258 }, 20*time.Second, 5*time.Millisecond)
	close(release)
	require.Eventually(t, func() bool {
		return len(b.received())+int(b.gossip.Stats().Topics["task"].Dropped) == sent
	}, 20*time.Second, 5*time.Millisecond)
}

func TestASlowObserverHoldsNobodyUp(t *testing.T) {
	h, key := p2ptest.HostWithKey(t)
	release := make(chan struct{})
	g, err := gossip.New(h, key, gossip.Config{Network: "devnet", Observe: func(gossip.Record) { <-release }})
	require.NoError(t, err)
	topic, err := g.Join("task", gossip.TopicSpec{Rate: 1e6, Burst: 1e6, PeerBurst: 1e6})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	for i := range 1100 {
		require.NoError(t, topic.Publish(ctx, fmt.Append(nil, i)))
	}
	require.GreaterOrEqual(t, g.Stats().Unobserved, uint64(70))
	close(release)
	cancel()
	require.NoError(t, <-done)
}

func TestLifeOfTopicsAndGossip(t *testing.T) {
	n := start(t, "devnet", gossip.TopicSpec{})
	require.NoError(t, n.topic.Publish(t.Context(), []byte("x")))
	late, err := n.gossip.Join("late", gossip.TopicSpec{})
	require.NoError(t, err)
	require.NoError(t, late.Publish(t.Context(), []byte("x")))
	require.Equal(t, "/autonet/devnet/late/1", late.String())
	require.Equal(t, "late", late.Name())
	_, err = n.gossip.Join("late", gossip.TopicSpec{})
	require.ErrorContains(t, err, "joined already")
	require.Error(t, n.gossip.Run(t.Context()), "Run is for once")

	h, key := p2ptest.HostWithKey(t)
	g, err := gossip.New(h, key, gossip.Config{Network: "devnet"})
	require.NoError(t, err)
	topic, err := g.Join("task", gossip.TopicSpec{})
	require.NoError(t, err)
	require.Empty(t, topic.Peers())
	short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	require.ErrorIs(t, topic.Publish(short, nil), context.DeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, g.Run(ctx))
	require.ErrorIs(t, topic.Publish(t.Context(), nil), gossip.ErrStopped)
	_, err = g.Join("late", gossip.TopicSpec{})
	require.ErrorIs(t, err, gossip.ErrStopped)
}

func TestWrongSettingsAreRefused(t *testing.T) {
	h, key := p2ptest.HostWithKey(t)
	_, err := gossip.New(h, key, gossip.Config{Network: "My Net"})
	require.ErrorContains(t, err, "network")
	_, err = gossip.New(h, p2ptest.Key(t), gossip.Config{Network: "devnet"})
	require.ErrorContains(t, err, "identity")
	g, err := gossip.New(h, key, gossip.Config{Network: "devnet"})
	require.NoError(t, err)
	for _, spec := range []gossip.TopicSpec{{MaxBytes: 1 << 20}, {MaxBytes: -1}, {Rate: -1}, {PeerBurst: 1}} {
		_, err = g.Join("task", spec)
		require.Error(t, err)
	}
	_, err = g.Join("Task/1", gossip.TopicSpec{})
	require.ErrorContains(t, err, "name")
}
