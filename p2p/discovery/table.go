package discovery

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	// maxKnown bounds the peers remembered in memory.
	maxKnown = 1024
	// maxAddrs bounds the addresses remembered for one peer.
	maxAddrs = 16
	// backoffFactor is the growth of the wait from one failure to the next.
	backoffFactor = 1.7
	// memberRetryMax bounds the wait for peers that are no bootstrap peers.
	memberRetryMax = 5 * time.Minute
)

// entry is a peer we may dial.
type entry struct {
	info     peer.AddrInfo
	pinned   bool // a bootstrap peer
	dialing  bool
	failures int       // since the last connection
	due      time.Time // not dialled before
	good     time.Time // last seen connected, zero if never
	lastErr  error
}

// table is the bounded set of known peers.
type table struct {
	self               peer.ID
	retryMin, retryMax time.Duration

	mu      sync.Mutex
	entries map[peer.ID]*entry
}

// add takes in peers that can be dialled from now on and returns whether any was new.
func (t *table) add(infos []peer.AddrInfo, pinned bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := false
	for _, info := range infos {
		if info.ID == t.self || info.ID.Validate() != nil || len(info.Addrs) == 0 {
			continue
		}
		e, ok := t.entries[info.ID]
		if !ok {
			if len(t.entries) >= maxKnown && !t.evict() {
				return fresh
			}
			e = &entry{info: peer.AddrInfo{ID: info.ID}, due: now}
			t.entries[info.ID] = e
			fresh = true
		}
		e.pinned = e.pinned || pinned
		e.merge(info.Addrs)
	}
	return fresh
}

// merge puts the newest addresses first and forgets the oldest beyond the limit.
func (e *entry) merge(addrs []ma.Multiaddr) {
	all := ma.Unique(append(slices.Clone(addrs), e.info.Addrs...))
	e.info.Addrs = all[:min(len(all), maxAddrs)]
}

// evict forgets the peer with the most failures, and of those the one seen last the longest ago.
func (t *table) evict() bool {
	var worst *entry
	for _, e := range t.entries {
		switch {
		case e.pinned || e.dialing:
		case worst == nil, e.failures > worst.failures, e.failures == worst.failures && e.good.Before(worst.good):
			worst = e
		}
	}
	if worst == nil {
		return false
	}
	delete(t.entries, worst.info.ID)
	return true
}

// claim returns peers to dial now, bootstrap peers first and up to want others, and marks them as being dialled. It
// also returns when to ask again at the latest.
func (t *table) claim(now time.Time, want, most int, connected func(peer.ID) bool) (out []entry, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next = now.Add(time.Minute)
	all := make([]*entry, 0, len(t.entries))
	for _, e := range t.entries {
		all = append(all, e)
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) //nolint:gosec // spreads load, hides nothing
	slices.SortStableFunc(all, func(a, b *entry) int { return boolOrder(b.pinned) - boolOrder(a.pinned) })
	for _, e := range all {
		switch {
		case e.dialing:
			if !e.pinned {
				want-- // it may become one of those we want
			}
		case connected(e.info.ID), !e.pinned && want <= 0:
		case e.due.After(now):
			if e.due.Before(next) {
				next = e.due
			}
		case len(out) < most:
			e.dialing = true
			if !e.pinned {
				want--
			}
			out = append(out, *e)
		}
	}
	return out, next
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// dialled notes the outcome of a dial; crowded slows the retries of bootstrap peers, for they are not needed now.
func (t *table) dialled(p peer.ID, err error, crowded bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.entries[p]
	if !ok {
		return
	}
	e.dialing, e.lastErr = false, err
	if err == nil {
		e.failures, e.good = 0, now
		return
	}
	longest := memberRetryMax
	if e.pinned {
		longest = t.retryMax
		if crowded {
			longest = max(longest, time.Minute)
		}
	}
	wait := min(float64(t.retryMin)*math.Pow(backoffFactor, float64(min(e.failures, 64))), float64(longest))
	e.failures++
	e.due = now.Add(jitter(time.Duration(wait)))
}

// changed notes that a peer was connected or has left, and tells what it is here.
func (t *table) changed(p peer.ID, now time.Time) (known, pinned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.entries[p]
	if !ok {
		return false, false
	}
	e.good, e.failures, e.lastErr = now, 0, nil
	e.due = now.Add(jitter(t.retryMin))
	return true, e.pinned
}

// seen notes that a peer is connected, if that was not known: it may have dialled us before it was found.
func (t *table) seen(p peer.ID, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.entries[p]; ok && e.good.IsZero() {
		e.good = now
	}
}

// snapshot returns copies of all entries, the last seen first.
func (t *table) snapshot() []entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]entry, 0, len(t.entries))
	for _, e := range t.entries {
		c := *e
		c.info.Addrs = slices.Clone(e.info.Addrs)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b entry) int {
		if c := b.good.Compare(a.good); c != 0 {
			return c
		}
		return compareIDs(a.info.ID, b.info.ID)
	})
	return out
}

func compareIDs(a, b peer.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// jitter spreads a wait over 75 to 125 % of it.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2)) //nolint:gosec // spreads load, hides nothing
}
