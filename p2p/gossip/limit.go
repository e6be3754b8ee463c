package gossip

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	maxSigners = 4096
	maxPairs   = 8192
	maxSenders = 1024
	// grossFactor is how far beyond a signer's rate one peer's copies of it may be before they are rejected: an honest
	// forwarder accepts no more than the rate itself, so only jitter needs room.
	grossFactor = 4
	// ownFactor keeps this node below what others measure of it.
	ownFactor = 0.9
)

// buckets is a bounded table of token buckets; the least recently used give way.
type buckets[K comparable] struct {
	rate, burst float64 // tokens a second, tokens at most

	mu    sync.Mutex
	table *simplelru.LRU[K, bucket]
}

type bucket struct {
	tokens float64
	at     time.Time
}

// newBuckets panics for a size below one, which is a programming error.
func newBuckets[K comparable](size int, rate, burst float64) *buckets[K] {
	table, err := simplelru.NewLRU[K, bucket](size, nil)
	if err != nil {
		panic(err)
	}
	return &buckets[K]{rate: rate, burst: burst, table: table}
}

// take takes a token of key if there is one.
func (b *buckets[K]) take(key K, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.table.Get(key)
	if !ok {
		e = bucket{tokens: b.burst, at: now}
	}
	if d := now.Sub(e.at).Seconds(); d > 0 {
		e.tokens, e.at = min(b.burst, e.tokens+d*b.rate), now
	}
	ok = e.tokens >= 1
	if ok {
		e.tokens--
	}
	b.table.Add(key, e)
	return ok
}

// limiter bounds one topic's messages per signer, per signer by one forwarder, and per forwarder.
type limiter struct {
	own     *buckets[struct{}]
	signers *buckets[peer.ID]
	pairs   *buckets[pair]
	senders *buckets[peer.ID]
}

type pair struct{ from, signer peer.ID }

func newLimiter(s TopicSpec) *limiter {
	burst := float64(s.Burst)
	return &limiter{
		own:     newBuckets[struct{}](1, ownFactor*s.Rate, max(1, ownFactor*burst)),
		signers: newBuckets[peer.ID](maxSigners, s.Rate, burst),
		pairs:   newBuckets[pair](maxPairs, grossFactor*s.Rate, grossFactor*burst),
		senders: newBuckets[peer.ID](maxSenders, s.PeerRate, float64(s.PeerBurst)),
	}
}
