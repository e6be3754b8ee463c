package host

import (
	"math"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// resourceManager turns our limits into libp2p's. What they do not name, such as the parts of identify and ping, keeps
// libp2p's defaults scaled to the same memory.
func resourceManager(l Limits) (network.ResourceManager, error) {
	defaults := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&defaults)
	limit := func(conns, streams int, mem int64) rcmgr.ResourceLimits {
		return rcmgr.ResourceLimits{
			Conns:           rcmgr.LimitVal(conns),
			ConnsInbound:    rcmgr.LimitVal(max(1, conns*3/4)), // room to dial is always left
			ConnsOutbound:   rcmgr.LimitVal(conns),
			Streams:         rcmgr.LimitVal(streams),
			StreamsInbound:  rcmgr.LimitVal(max(1, streams*3/4)),
			StreamsOutbound: rcmgr.LimitVal(streams),
			FD:              rcmgr.LimitVal(conns),
			Memory:          rcmgr.LimitVal64(mem),
		}
	}
	limits := rcmgr.PartialLimitConfig{
		System:              limit(l.Conns, l.Streams, l.Memory),
		Transient:           limit(max(l.Conns/4, 8), max(l.Streams/16, 64), l.Memory/4),
		PeerDefault:         limit(l.ConnsPerPeer, l.StreamsPerPeer, l.Memory/4),
		ProtocolDefault:     limit(l.Conns, l.Streams/2, l.Memory/2),
		ProtocolPeerDefault: limit(l.ConnsPerPeer, l.StreamsPerPeer/2, l.Memory/4),
		ServiceDefault:      limit(l.Conns, l.Streams/2, l.Memory/2),
		ServicePeerDefault:  limit(l.ConnsPerPeer, l.StreamsPerPeer/2, l.Memory/4),
	}.Build(defaults.Scale(l.Memory, l.Conns))
	v4, v6 := localNetworks(l)
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: l.ConnsPerIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: l.ConnsPerIP}}),
		rcmgr.WithNetworkPrefixLimit(v4, v6),
		rcmgr.WithConnRateLimiters(rateLimiter(l)))
}

// localNetworks exempts loopback, and leaves private networks to the limits per peer and for the whole: many nodes
// there share one machine or one gateway.
func localNetworks(l Limits) (v4, v6 []rcmgr.NetworkPrefixLimit) {
	for _, p := range localPrefixes() {
		count := l.Conns
		if p.Addr().IsLoopback() {
			count = math.MaxInt
		}
		entry := rcmgr.NetworkPrefixLimit{Network: p, ConnCount: count}
		if p.Addr().Is4() {
			v4 = append(v4, entry)
		} else {
			v6 = append(v6, entry)
		}
	}
	return v4, v6
}

// rateLimiter bounds how fast one public address may open connections: a burst of twice what it may hold, then one a
// second.
func rateLimiter(l Limits) *rate.Limiter {
	burst := 2 * l.ConnsPerIP
	r := &rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
		IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 1, Burst: burst}}},
		IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: 1, Burst: burst}}},
		GracePeriod:      time.Minute,
	}}
	for _, p := range localPrefixes() {
		r.NetworkPrefixLimits = append(r.NetworkPrefixLimits, rate.PrefixLimit{Prefix: p}) // the zero limit is none
	}
	return r
}

func localPrefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}
