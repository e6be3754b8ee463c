package pin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/erasure"
	"autonet/shards/exchange"
	"autonet/shards/manifest"
)

// Get writes a file to w, in order, from whichever k of the k+m columns can be
// had, and says how it went. For a raw-leaf CID it writes that one block. Every
// block is verified before a byte of it is written; a holder that is corrupt,
// offline or slow is not asked again and reported. When too few columns are
// left the error is an *UnavailableError and w has the stripes before.
func (s *Service) Get(ctx context.Context, c cid.Cid, w io.Writer, opt GetOptions) (Stats, error) {
	o := s.newSources(c)
	if !isManifest(c) {
		return s.getRaw(ctx, c, w, opt, o)
	}
	m, had, err := s.manifest(ctx, c, opt.Hints, o.note)
	if err != nil {
		return o.result(0), err
	}
	coder, err := erasure.New(m.K, m.M)
	if err != nil {
		return o.result(0), err
	}
	o.begin(m)
	r := &reading{o: o, coder: coder, extra: append(had, opt.Hints...)}
	n, err := r.copy(ctx, w, s.cfg.Window, opt.Progress)
	st := o.result(n)
	if err != nil {
		if lost, ok := errors.AsType[*UnavailableError](err); ok {
			lost.Findings = st.Findings
		}
		return st, err
	}
	s.got.Add(1)
	return st, nil
}

func (s *Service) getRaw(ctx context.Context, c cid.Cid, w io.Writer, opt GetOptions, o *sources) (Stats, error) {
	if _, _, err := manifest.Split(c); err != nil {
		return Stats{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	data, _, err := s.find(ctx, c, opt.Hints, o.note)
	if err != nil {
		return o.result(0), err
	}
	n, err := w.Write(data)
	if err != nil {
		return o.result(int64(n)), fmt.Errorf("pin: write: %w", err)
	}
	if opt.Progress != nil {
		opt.Progress(int64(n))
	}
	s.got.Add(1)
	return o.result(int64(n)), nil
}

// reading is one read in progress.
type reading struct {
	o     *sources
	coder *erasure.Coder
	extra []peer.ID
}

// copy writes the stripes in order, working on up to window of them at once.
func (r *reading) copy(ctx context.Context, w io.Writer, window int, progress func(int64)) (int64, error) {
	type result struct {
		blocks [][]byte
		err    error
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	total := r.o.m.Stripes()
	pending := make([]chan result, 0, window)
	next := 0
	var written int64
	for range total {
		for next < total && len(pending) < window {
			out := make(chan result, 1)
			stripe := next
			wg.Go(func() {
				blocks, err := r.stripe(ctx, stripe)
				out <- result{blocks, err}
			})
			pending = append(pending, out)
			next++
		}
		res := <-pending[0]
		pending = pending[1:]
		if res.err != nil {
			return written, res.err
		}
		for _, b := range res.blocks {
			n, err := w.Write(b)
			written += int64(n)
			if err != nil {
				return written, fmt.Errorf("pin: write: %w", err)
			}
		}
		if progress != nil {
			progress(written)
		}
	}
	return written, nil
}

// stripe gets the data blocks of one stripe.
func (r *reading) stripe(ctx context.Context, stripe int) ([][]byte, error) {
	m := r.o.m
	blocks := make([][]byte, m.Shards())
	r.fromStore(stripe, blocks)
	for r.count(stripe, blocks, m.K) < m.K && r.count(stripe, blocks, m.Shards()) < m.K {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		seen := r.o.progress()
		plan, enough := r.plan(stripe, blocks)
		if !enough && r.o.search(ctx, seen, r.extra) {
			r.cancel(plan)
			continue
		}
		if !enough {
			r.cancel(plan)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return nil, r.unavailable(stripe, blocks)
		}
		r.fetch(ctx, stripe, blocks, plan)
	}
	return r.rebuild(stripe, blocks)
}

// count is the number of blocks at hand among the first n columns; data blocks
// past the end of the file always are.
func (r *reading) count(stripe int, blocks [][]byte, n int) int {
	have := 0
	for j := range n {
		if r.have(stripe, blocks, j) {
			have++
		}
	}
	return have
}

func (r *reading) have(stripe int, blocks [][]byte, j int) bool {
	return blocks[j] != nil || r.o.m.BlockLen(stripe, j) == 0
}

// fromStore takes the blocks that are here, parity only where it replaces data.
func (r *reading) fromStore(stripe int, blocks [][]byte) {
	m, st := r.o.m, r.o.s.store
	found := 0
	for j := range m.Shards() {
		if r.have(stripe, blocks, j) {
			continue
		}
		if j >= m.K && r.count(stripe, blocks, m.Shards()) >= m.K {
			break
		}
		c := m.Block(stripe, j)
		if !st.Has(c) {
			continue
		}
		data, err := st.Get(c)
		if err != nil || len(data) != m.BlockLen(stripe, j) || manifest.Verify(c, data) != nil {
			continue // damaged here: others have it
		}
		blocks[j] = data
		found++
	}
	r.o.tally(found, 0, 0)
}

// plan chooses holders for as many missing columns as are needed, data first,
// and says whether that is enough for the stripe.
func (r *reading) plan(stripe int, blocks [][]byte) (map[peer.ID][]int, bool) {
	m := r.o.m
	plan := map[peer.ID][]int{}
	need := m.K - r.count(stripe, blocks, m.Shards())
	for j := 0; j < m.Shards() && need > 0; j++ {
		if r.have(stripe, blocks, j) {
			continue
		}
		if p, ok := r.o.holder(j); ok {
			plan[p] = append(plan[p], j)
			need--
		}
	}
	return plan, need == 0
}

func (r *reading) cancel(plan map[peer.ID][]int) {
	for p, cols := range plan {
		r.o.release(p, len(cols), false)
	}
}

// fetch asks all holders of a plan at once.
func (r *reading) fetch(ctx context.Context, stripe int, blocks [][]byte, plan map[peer.ID][]int) {
	var wg sync.WaitGroup
	for p, cols := range plan {
		wg.Go(func() {
			wants := make([]exchange.Want, len(cols))
			for i, j := range cols {
				wants[i] = exchange.Want{CID: r.o.m.Block(stripe, j), Size: r.o.m.BlockLen(stripe, j)}
			}
			got := 0
			missing, err := r.o.s.ex.Get(ctx, p, wants, func(i int, data []byte) error {
				blocks[cols[i]] = data // each column is in one request only
				got++
				return nil
			})
			r.o.release(p, len(cols), got > 0)
			r.o.tally(0, got, 0)
			for _, i := range missing {
				r.o.lacks(p, cols[i])
			}
			if err != nil {
				r.o.s.noteFinding(err, r.o.note)
			}
		})
	}
	wg.Wait()
}

// rebuild computes the missing data blocks from parity and checks them.
func (r *reading) rebuild(stripe int, blocks [][]byte) ([][]byte, error) {
	m := r.o.m
	if r.count(stripe, blocks, m.K) == m.K {
		return blocks[:m.K], nil
	}
	padded := make([][]byte, m.Shards())
	for j := range padded {
		switch {
		case len(blocks[j]) == m.BlockSize:
			padded[j] = blocks[j]
		case r.have(stripe, blocks, j):
			padded[j] = make([]byte, m.BlockSize)
			copy(padded[j], blocks[j])
		}
	}
	if err := r.coder.Rebuild(padded, m.BlockSize); err != nil {
		return nil, fmt.Errorf("pin: stripe %d: %w", stripe, err)
	}
	rebuilt := 0
	for j := range m.K {
		if r.have(stripe, blocks, j) {
			continue
		}
		data := padded[j][:m.BlockLen(stripe, j)]
		if err := manifest.Verify(m.Block(stripe, j), data); err != nil {
			return nil, fmt.Errorf("pin: the parity of stripe %d does not belong to its data; whoever pinned %s made it so: %w", stripe, r.o.c, err)
		}
		blocks[j] = data
		rebuilt++
	}
	r.o.tally(0, 0, rebuilt)
	return blocks[:m.K], nil
}

func (r *reading) unavailable(stripe int, blocks [][]byte) error {
	m := r.o.m
	e := &UnavailableError{CID: r.o.c, Stripe: stripe, Have: r.count(stripe, blocks, m.Shards()), Need: m.K}
	for j := range m.Shards() {
		if r.have(stripe, blocks, j) {
			continue
		}
		p, ok := r.o.holder(j)
		if !ok {
			e.Missing = append(e.Missing, j)
			continue
		}
		r.o.release(p, 1, false)
		e.Have++
	}
	return e
}
