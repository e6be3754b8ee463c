package gossip_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	mocknet "github.com/libp2p/go-libp2p/p2p/net/mock"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/stretchr/testify/require"

	"autonet/p2p/envelope"
	"autonet/p2p/gossip"
)

const (
	simHosts       = 40
	simAdversaries = 4
	simDegree      = 6
	simRounds      = 20
	simLatency     = 40 * time.Millisecond
)

// TestHonestNodesHearEachOtherAmongAdversaries runs a sparse network in virtual time. The adversaries send garbage,
// envelopes of another network, well-signed messages that can never be valid, and floods; every honest message must still
// reach every honest node, and every honest neighbour must end up deaf to the adversary.
func TestHonestNodesHearEachOtherAmongAdversaries(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulated network of 40 hosts")
	}
	if raceEnabled {
		t.Skip("the race detector's own checks fail on the number of goroutines this starts and ends")
	}
	for _, seed := range []uint64{1, 2} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func seededKey(t *testing.T, rng *rand.Rand) crypto.PrivKey {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], rng.Uint64())
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed))
	require.NoError(t, err)
	return key
}

func simulate(t *testing.T, rng *rand.Rand) {
	t.Helper()
	mn := mocknet.New()
	mn.SetLinkDefaults(mocknet.LinkOptions{Latency: simLatency})
	t.Cleanup(func() { // after gossip has stopped
		time.Sleep(time.Second)
		require.NoError(t, mn.Close())
	})
	nodes := make([]*node, 0, simHosts)
	for i := range simHosts {
		key := seededKey(t, rng)
		h, err := mn.AddPeer(key, ma.StringCast(fmt.Sprintf("/ip4/1.2.%d.1/tcp/4001", i)))
		require.NoError(t, err)
		spec := gossip.TopicSpec{Validate: func(_ context.Context, m gossip.Message) gossip.Verdict {
			if string(m.Payload[:5]) != "round" {
				return gossip.Reject.Because("can never be valid")
			}
			return gossip.Accept
		}}
		if i < simAdversaries {
			spec = gossip.TopicSpec{Raw: true, Rate: 1e6, Burst: 1e6, PeerRate: 1e6, PeerBurst: 1e6}
		}
		nodes = append(nodes, startOn(t, h, key, "devnet", spec))
	}
	connect(t, mn, nodes, rng)
	time.Sleep(3 * time.Second)

	honest, adversaries := nodes[simAdversaries:], nodes[:simAdversaries]
	for round := range simRounds {
		for _, a := range adversaries {
			misbehave(t, a, round, rng)
		}
		speaker := honest[rng.IntN(len(honest))]
		require.NoError(t, speaker.topic.Publish(t.Context(), fmt.Append(nil, "round ", round)))
		time.Sleep(time.Second)
	}
	time.Sleep(5 * time.Second)

	deaf := 0
	for _, n := range honest {
		own := 0
		for _, r := range n.verdicts("accept") {
			if r.From == n.host.ID() {
				own++
			}
		}
		require.Len(t, n.received(), simRounds-own, "every message, once")
		for _, a := range adversaries {
			if score, neighbour := n.gossip.Scores()[a.host.ID()]; neighbour {
				require.Less(t, score, -160.0, "an adversary is not listened to")
				deaf++
			}
		}
		for _, other := range honest {
			if score, neighbour := n.gossip.Scores()[other.host.ID()]; neighbour {
				require.GreaterOrEqual(t, score, 0.0, "an honest peer keeps its standing")
			}
		}
	}
	require.Greater(t, deaf, simAdversaries, "the adversaries had honest neighbours")
}

// connect makes a ring, so that the honest nodes hold together, and random chords.
func connect(t *testing.T, mn mocknet.Mocknet, nodes []*node, rng *rand.Rand) {
	t.Helper()
	link := func(a, b *node) {
		if a == b || len(mn.LinksBetweenPeers(a.host.ID(), b.host.ID())) > 0 {
			return
		}
		_, err := mn.LinkPeers(a.host.ID(), b.host.ID())
		require.NoError(t, err)
		_, err = mn.ConnectPeers(a.host.ID(), b.host.ID())
		require.NoError(t, err)
	}
	honest := nodes[simAdversaries:]
	for i, n := range honest {
		link(n, honest[(i+1)%len(honest)])
	}
	for _, n := range nodes {
		for range simDegree / 2 {
			link(n, nodes[rng.IntN(len(nodes))])
		}
	}
}

// misbehave sends one round of what no honest node would.
func misbehave(t *testing.T, a *node, round int, rng *rand.Rand) {
	t.Helper()
	seal := func(kind, text string) []byte {
		raw, err := envelope.Seal(a.key, kind, []byte(text))
		require.NoError(t, err)
		return raw
	}
	var out [][]byte
	switch rng.IntN(4) {
	case 0:
		out = append(out, fmt.Append(nil, "garbage ", round, rng.Uint64()))
	case 1:
		out = append(out, seal("othernet/task/1", fmt.Sprint("round ", round)))
	case 2:
		out = append(out, seal("devnet/task/1", fmt.Sprint("false ", round)))
	case 3:
		for i := range 300 {
			out = append(out, seal("devnet/task/1", fmt.Sprint("flood", round, " ", i)))
		}
	}
	for _, data := range out {
		require.NoError(t, a.topic.Publish(t.Context(), data))
	}
}
