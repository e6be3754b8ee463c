package exchange

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
)

// batch is how many blocks a holder is asked for at once in a fetch.
const batch = 16

// Fetch gets blocks from whichever of the holders have them, all in parallel.
// Holders that are offline, slow or corrupt are dropped and others take over;
// what none has is asked for over bitswap, where that is on. fn gets each
// verified block once, from one goroutine at a time, in no order. An error is
// a *FetchError, what fn returned, or the context's.
func (e *Exchange) Fetch(ctx context.Context, holders []peer.ID, cids []cid.Cid, fn func(c cid.Cid, data []byte) error) error {
	f := &fetch{ex: e, fn: fn, left: map[cid.Cid]bool{}, lacking: map[cid.Cid]map[peer.ID]bool{}}
	f.moved.L = &f.mu
	for _, c := range cids {
		if !f.left[c] {
			f.left[c] = true
			f.queue = append(f.queue, c)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.moved.Broadcast()
	})()
	var wg sync.WaitGroup
	for i, p := range holders {
		if p == e.host.ID() || slices.Contains(holders[:i], p) {
			continue
		}
		wg.Go(func() { f.work(ctx, p, max(1, min(batch, len(cids)/len(holders)))) })
	}
	wg.Wait()
	if err := f.result(ctx); err == nil || !errors.Is(err, ErrIncomplete) {
		return err
	}
	if err := e.fetchBitswap(ctx, f.remaining(), f.take); err != nil {
		return err
	}
	return f.result(ctx)
}

type fetch struct {
	ex *Exchange
	fn func(cid.Cid, []byte) error

	mu       sync.Mutex
	moved    sync.Cond
	queue    []cid.Cid
	left     map[cid.Cid]bool
	lacking  map[cid.Cid]map[peer.ID]bool // holders that said they do not have it
	findings []Finding
	failed   error

	give sync.Mutex // one call of fn at a time
}

// work asks one holder for what is left until it has nothing more to give.
func (f *fetch) work(ctx context.Context, p peer.ID, n int) {
	for {
		mine := f.claim(ctx, p, n)
		if len(mine) == 0 {
			return
		}
		wants := make([]Want, len(mine))
		for i, c := range mine {
			wants[i] = Want{CID: c, Size: -1}
		}
		missing, err := f.ex.Get(ctx, p, wants, func(i int, data []byte) error { return f.take(mine[i], data) })
		f.back(p, mine, missing, err)
		if err != nil {
			return
		}
	}
}

// claim takes blocks off the queue that p may have, waiting while others work
// on ones it may have to take over.
func (f *fetch) claim(ctx context.Context, p peer.ID, n int) []cid.Cid {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if ctx.Err() != nil || f.failed != nil || len(f.left) == 0 {
			return nil
		}
		var mine, rest []cid.Cid
		for _, c := range f.queue {
			if len(mine) < n && !f.lacking[c][p] {
				mine = append(mine, c)
			} else {
				rest = append(rest, c)
			}
		}
		if len(mine) > 0 {
			f.queue = rest
			return mine
		}
		if !f.mayReturn(p) {
			return nil
		}
		f.moved.Wait()
	}
}

// mayReturn says whether a block that others work on now could come back to p.
func (f *fetch) mayReturn(p peer.ID) bool {
	for c := range f.left {
		if !f.lacking[c][p] {
			return true
		}
	}
	return false
}

// back returns to the queue what p did not give.
func (f *fetch) back(p peer.ID, mine []cid.Cid, missing []int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.moved.Broadcast()
	for _, i := range missing {
		f.lacks(mine[i], p)
	}
	for _, c := range mine {
		if f.left[c] {
			f.queue = append(f.queue, c)
			if err != nil {
				f.lacks(c, p)
			}
		}
	}
	if finding, ok := errors.AsType[Finding](err); ok {
		f.findings = append(f.findings, finding)
	}
}

func (f *fetch) lacks(c cid.Cid, p peer.ID) {
	if f.lacking[c] == nil {
		f.lacking[c] = map[peer.ID]bool{}
	}
	f.lacking[c][p] = true
}

// take hands a verified block on.
func (f *fetch) take(c cid.Cid, data []byte) error {
	f.give.Lock()
	defer f.give.Unlock()
	f.mu.Lock()
	want, failed := f.left[c], f.failed
	f.mu.Unlock()
	if failed != nil {
		return failed
	}
	if !want {
		return nil
	}
	err := f.fn(c, data)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.left, c)
	f.failed = err
	f.moved.Broadcast()
	return err
}

func (f *fetch) remaining() []cid.Cid {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]cid.Cid, 0, len(f.left))
	for c := range f.left {
		out = append(out, c)
	}
	return out
}

func (f *fetch) result(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.failed != nil:
		return f.failed
	case len(f.left) == 0:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	err := &FetchError{Findings: f.findings}
	for c := range f.left {
		err.Missing = append(err.Missing, c)
	}
	return err
}
