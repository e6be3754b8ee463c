package gossip

import (
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// strikeHalfLife is the time in which half of a signer's strikes are forgotten.
	strikeHalfLife = 2 * time.Minute
	// maxStrikes is where a signer is blacklisted: its messages are ignored whoever forwards them. At 2.5 three strikes
	// in quick succession hold for half a minute; every further one prolongs it.
	maxStrikes = 2.5
	// strikeWeight gives the score of a peer with n strikes as -strikeWeight n².
	strikeWeight = 20
	// strikeCap bounds the counter, and with it how long a blacklisting lasts: nine minutes.
	strikeCap = 56
)

// blame counts the rejected messages of signers. A rejection after the signature held is the signer's own doing,
// whoever forwarded it; the forwarder is scored by pubsub.
type blame struct {
	mu    sync.Mutex
	table *simplelru.LRU[peer.ID, strikes]
}

type strikes struct {
	n  float64
	at time.Time
}

func newBlame() *blame {
	table, err := simplelru.NewLRU[peer.ID, strikes](maxSigners, nil)
	if err != nil {
		panic(err) // the size is a constant above zero
	}
	return &blame{table: table}
}

func (b *blame) strike(p peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.table.Add(p, strikes{n: min(strikeCap, b.current(p, now)+1), at: now})
}

func (b *blame) listed(p peer.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current(p, time.Now()) >= maxStrikes
}

// score is the application's part of a peer's score.
func (b *blame) score(p peer.ID) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.current(p, time.Now())
	return -strikeWeight * n * n
}

func (b *blame) current(p peer.ID, now time.Time) float64 {
	s, ok := b.table.Peek(p)
	if !ok {
		return 0
	}
	return s.n * math.Exp2(-now.Sub(s.at).Seconds()/strikeHalfLife.Seconds())
}
