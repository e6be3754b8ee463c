package gossip

import (
	"net"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Scores follow GossipSub v1.1: weighted counters that decay. A peer in good standing gathers a few points for time in
// the mesh and for first deliveries; invalid messages weigh as their square, so that one is forgiven and three in ten
// minutes silence a peer for a while.
const (
	scoreInterval = time.Second

	gossipThreshold   = -40
	publishThreshold  = -80
	graylistThreshold = -160

	invalidWeight = -20 // one: -20, two: -80, three: -180
	invalidDecay  = 10 * time.Minute
	retainScore   = 30 * time.Minute // longer than the decay: leaving and returning wins nothing
)

func scoreThresholds() pubsub.PeerScoreThresholds {
	return pubsub.PeerScoreThresholds{
		GossipThreshold:             gossipThreshold,
		PublishThreshold:            publishThreshold,
		GraylistThreshold:           graylistThreshold,
		AcceptPXThreshold:           1000, // peer exchange is off
		OpportunisticGraftThreshold: 1,
	}
}

// scoreParams are the parameters common to all topics; pubsub checks each field when they are set.
func scoreParams(app func(peer.ID) float64) *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		Topics:                      make(map[string]*pubsub.TopicScoreParams),
		TopicScoreCap:               50, // no amount of good deeds on topics outweighs an offence
		AppSpecificScore:            app,
		AppSpecificWeight:           1,
		IPColocationFactorWeight:    -10,
		IPColocationFactorThreshold: 16,
		IPColocationFactorWhitelist: localNetworks(),
		BehaviourPenaltyWeight:      -10,
		BehaviourPenaltyThreshold:   6,
		BehaviourPenaltyDecay:       pubsub.ScoreParameterDecay(10 * time.Minute),
		DecayInterval:               scoreInterval,
		DecayToZero:                 0.01,
		RetainScore:                 retainScore,
		SeenMsgTTL:                  seenTTL,
	}
}

// topicScoreParams are the parameters of one topic. Mesh delivery rates (P3) are not scored: topics may be silent for
// minutes, and silence is no fault.
func topicScoreParams() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		TopicWeight:                     1,
		TimeInMeshWeight:                0.01,
		TimeInMeshQuantum:               time.Second,
		TimeInMeshCap:                   300,
		FirstMessageDeliveriesWeight:    0.5,
		FirstMessageDeliveriesDecay:     pubsub.ScoreParameterDecay(2 * time.Minute),
		FirstMessageDeliveriesCap:       20,
		MeshMessageDeliveriesWeight:     0,
		MeshMessageDeliveriesDecay:      0.5,
		MeshMessageDeliveriesCap:        1,
		MeshMessageDeliveriesThreshold:  1,
		MeshMessageDeliveriesWindow:     10 * time.Millisecond,
		MeshMessageDeliveriesActivation: time.Minute,
		MeshFailurePenaltyWeight:        0,
		MeshFailurePenaltyDecay:         0.5,
		InvalidMessageDeliveriesWeight:  invalidWeight,
		InvalidMessageDeliveriesDecay:   pubsub.ScoreParameterDecay(invalidDecay),
	}
}

// localNetworks are the addresses where many nodes share one machine or gateway honestly.
func localNetworks() []*net.IPNet {
	var out []*net.IPNet
	for _, s := range []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"} {
		if _, n, err := net.ParseCIDR(s); err == nil {
			out = append(out, n)
		}
	}
	return out
}
