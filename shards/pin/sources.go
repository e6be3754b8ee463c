package pin

import (
	"context"
	"slices"
	"sync"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
)

// maxFindings bounds the findings a read reports.
const maxFindings = 64

// sources knows, for one read, who has which column and what was found out
// about them.
type sources struct {
	s *Service
	c cid.Cid
	m *manifest.Manifest

	mu      sync.Mutex
	columns []map[peer.ID]bool
	load    map[peer.ID]int
	bad     map[peer.ID]exchange.Kind
	gave    map[peer.ID]bool
	// searched is how far the search for holders has gone.
	searched int
	stats    Stats

	searching sync.Mutex
}

func (s *Service) newSources(c cid.Cid) *sources {
	return &sources{s: s, c: c, load: map[peer.ID]int{}, bad: map[peer.ID]exchange.Kind{}, gave: map[peer.ID]bool{}}
}

// begin enters what is known without asking.
func (o *sources) begin(m *manifest.Manifest) {
	o.m = m
	o.columns = make([]map[peer.ID]bool, m.Shards())
	for j := range o.columns {
		o.columns[j] = map[peer.ID]bool{}
	}
	for p, cols := range o.s.hinted(o.c) {
		for _, j := range cols {
			if int(j) < len(o.columns) {
				o.columns[j][p] = true
			}
		}
	}
}

// note remembers a finding. Offline, slow and corrupt holders are not asked
// again in this read.
func (o *sources) note(f exchange.Finding) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.stats.Findings) < maxFindings {
		o.stats.Findings = append(o.stats.Findings, f)
	}
	if _, known := o.bad[f.Peer]; !known {
		o.bad[f.Peer] = f.Kind
		o.s.count(f)
	}
}

// lacks remembers that a holder does not have a block of a column after all.
func (o *sources) lacks(p peer.ID, column int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.columns[column], p)
}

// holder picks the least busy holder of a column.
func (o *sources) holder(column int) (peer.ID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var best peer.ID
	found := false
	for p := range o.columns[column] {
		if _, bad := o.bad[p]; bad {
			continue
		}
		if !found || o.load[p] < o.load[best] || o.load[p] == o.load[best] && p < best {
			best, found = p, true
		}
	}
	if found {
		o.load[best]++
	}
	return best, found
}

func (o *sources) release(p peer.ID, n int, gave bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.load[p] -= n
	o.gave[p] = o.gave[p] || gave
}

func (o *sources) tally(local, remote, rebuilt int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stats.Local += local
	o.stats.Remote += remote
	o.stats.Rebuilt += rebuilt
}

// search looks further for holders than before: among connected peers, then by
// the routing. It says whether there was anywhere left to look. seen is what
// searched was when the caller found too few holders; of several callers one
// searches and the others wait for it.
func (o *sources) search(ctx context.Context, seen int, extra []peer.ID) bool {
	o.searching.Lock()
	defer o.searching.Unlock()
	if o.progress() > seen {
		return true
	}
	switch seen {
	case 0:
		o.probe(ctx, append(slices.Clone(extra), o.s.connected()...))
	case 1:
		o.probe(ctx, o.s.route(ctx, o.c))
	default:
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.searched++
	return ctx.Err() == nil
}

func (o *sources) progress() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.searched
}

// probe asks peers which columns they have, by the blocks of the first stripe.
// It stops once every column has a holder.
func (o *sources) probe(ctx context.Context, peers []peer.ID) {
	var cids []cid.Cid
	var cols []int
	for j := range o.columns {
		if o.m.BlockLen(0, j) > 0 {
			cids, cols = append(cids, o.m.Block(0, j)), append(cols, j)
		}
	}
	slices.Sort(peers)
	peers = slices.Compact(peers)
	peers = slices.DeleteFunc(peers, func(p peer.ID) bool { return p == o.s.host.ID() || o.isBad(p) })
	o.s.query(ctx, peers, cids, o.note, func(p peer.ID, has []bool) bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		for i, yes := range has {
			if yes {
				o.columns[cols[i]][p] = true
			}
		}
		for _, j := range cols {
			if len(o.columns[j]) == 0 {
				return true
			}
		}
		return false
	})
}

func (o *sources) isBad(p peer.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, bad := o.bad[p]
	return bad
}

// result is the statistics so far.
func (o *sources) result(bytes int64) Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.stats
	st.Bytes = bytes
	st.Findings = slices.Clone(st.Findings)
	for _, gave := range o.gave {
		if gave {
			st.Holders++
		}
	}
	for p, kind := range o.bad {
		switch kind {
		case exchange.Corrupt:
			st.Corrupt = append(st.Corrupt, p)
		case exchange.TimedOut:
			st.TimedOut = append(st.TimedOut, p)
		case exchange.Offline:
			st.Offline = append(st.Offline, p)
		default:
		}
	}
	for _, list := range [][]peer.ID{st.Corrupt, st.TimedOut, st.Offline} {
		slices.Sort(list)
	}
	return st
}
