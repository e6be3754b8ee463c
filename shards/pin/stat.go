package pin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/manifest"
)

// info describes a file whose columns are where landed says.
func (s *Service) info(m *manifest.Manifest, f frame, landed []ColumnInfo) Info {
	out := Info{
		CID: f.cid, File: f.file, Root: m.Root, Size: int64(m.Size), K: m.K, M: m.M,
		Stripes: m.Stripes(), BlockSize: m.BlockSize, Columns: landed, Complete: true,
	}
	each := map[peer.ID]int{}
	for _, c := range landed {
		if c.Confirmed {
			each[c.Holder]++
		} else {
			out.Complete = false
		}
	}
	out.Providers, out.MayFail = len(each), mayFail(each, m.K)
	if r, ok := s.lookup(f.cid); ok {
		out.Mine = r.Mine
		for _, j := range r.local() {
			out.Held = append(out.Held, int(j))
		}
	}
	return out
}

// mayFail is how many holders may fail at once, whichever they are, with k
// columns left.
func mayFail(columns map[peer.ID]int, k int) int {
	counts, left := make([]int, 0, len(columns)), 0
	for _, n := range columns {
		counts = append(counts, n)
		left += n
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	for failed, n := range counts {
		if left -= n; left < k {
			return failed
		}
	}
	return len(counts)
}

// Stat says where a file is now: it asks this node, the known holders and the
// connected peers for every column, and the routing when that is not enough.
func (s *Service) Stat(ctx context.Context, c cid.Cid) (Info, error) {
	o := s.newSources(c)
	m, had, err := s.manifest(ctx, c, nil, o.note)
	if err != nil {
		return Info{}, err
	}
	encoded, err := m.Encode()
	if err != nil {
		return Info{}, err
	}
	o.begin(m)
	known := o.columns
	o.columns = make([]map[peer.ID]bool, m.Shards())
	ask := had
	for j := range known {
		o.columns[j] = map[peer.ID]bool{}
		for p := range known[j] {
			ask = append(ask, p)
		}
	}
	landed := s.locate(ctx, o, ask)
	for j := range landed {
		if landed[j].Confirmed || len(known[j]) == 0 {
			continue
		}
		landed[j].Holder = slices.Sorted(maps.Keys(known[j]))[0]
		landed[j].Reason = "the holder known for it does not confirm it now"
		if kind, bad := o.bad[landed[j].Holder]; bad {
			landed[j].Reason = "the holder known for it is " + kind.String()
		}
	}
	return s.info(m, frameOf(m, encoded), landed), nil
}

// locate finds one confirmed holder for every column.
func (s *Service) locate(ctx context.Context, o *sources, ask []peer.ID) []ColumnInfo {
	self := s.host.ID()
	landed := make([]ColumnInfo, o.m.Shards())
	missing := 0
	for j := range landed {
		landed[j] = ColumnInfo{Index: j}
		if len(s.present(o.m, []uint16{uint16(j)})) == 1 {
			o.columns[j][self] = true
		} else {
			missing++
		}
	}
	for seen := 0; missing > 0 && o.search(ctx, seen, ask); seen++ {
		missing = 0
		for j := range landed {
			if len(o.columns[j]) == 0 && o.m.BlockLen(0, j) > 0 {
				missing++
			}
		}
	}
	empty := o.m.Stripes() == 0
	for j := range landed {
		p, ok := o.holder(j)
		switch {
		case ok:
			landed[j].Holder, landed[j].Confirmed = p, true
		case !empty && o.m.BlockLen(0, j) == 0:
			landed[j].Confirmed = true // nothing of it needs holding
		default:
			landed[j].Reason = "nobody reachable has it"
		}
	}
	return landed
}

// Count is how many files this node pinned or holds.
func (s *Service) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pins)
}

// List describes what this node pinned or holds, by CID, from its own records.
func (s *Service) List(ctx context.Context) ([]Info, error) {
	s.mu.Lock()
	all := make([]cid.Cid, 0, len(s.pins))
	for c := range s.pins {
		all = append(all, c)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b cid.Cid) int { return strings.Compare(a.KeyString(), b.KeyString()) })
	out := make([]Info, 0, len(all))
	for _, c := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, f, err := s.localManifest(c)
		if err != nil {
			continue // gone meanwhile, or lost by the disk
		}
		r, ok := s.lookup(c)
		if !ok {
			continue
		}
		out = append(out, s.info(m, f, s.recorded(m, r)))
	}
	return out, nil
}

// recorded is where the columns are as the record says.
func (s *Service) recorded(m *manifest.Manifest, r record) []ColumnInfo {
	columns := make([]ColumnInfo, m.Shards())
	for j := range columns {
		columns[j].Index = j
	}
	for _, h := range r.Holders {
		for _, j := range h.Columns {
			if int(j) < len(columns) {
				columns[j].Holder, columns[j].Confirmed = peer.ID(h.Peer), true
			}
		}
	}
	for _, j := range r.local() {
		if int(j) < len(columns) && !columns[j].Confirmed {
			columns[j].Holder, columns[j].Confirmed = s.host.ID(), !r.Mine || r.Complete
		}
	}
	return columns
}

// Unpin forgets a file: what is kept here for this node is removed, and the
// holders are told that they may let go of it. A file only held for others is
// dropped. Holders that cannot be told are not an error.
func (s *Service) Unpin(ctx context.Context, c cid.Cid) error {
	r, ok := s.lookup(c)
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotPinned, c)
	}
	m, f, err := s.localManifest(c)
	if err != nil {
		return fmt.Errorf("pin: %s: %w", c, err)
	}
	err = s.change(m, f, func(r record) *record {
		if !r.Mine || len(r.Held) == 0 {
			return nil
		}
		r.Mine, r.Keep, r.Holders, r.Complete = false, nil, nil, false
		return &r
	})
	if err == nil {
		err = s.store.Sync()
	}
	if err != nil {
		return fmt.Errorf("pin: forget %s: %w", c, err)
	}
	const limit = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var wg sync.WaitGroup
	for p := range peerColumns(r.Holders) {
		wg.Go(func() {
			// A holder that is away keeps the columns until it is asked again.
			_ = s.request(ctx, p, request{Op: opRelease, CID: c.Bytes()})
		})
	}
	wg.Wait()
	s.hintMu.Lock()
	s.hints.Remove(c)
	s.hintMu.Unlock()
	return nil
}
