package train

import (
	"sync"
	"sync/atomic"
)

// crew shares numbered items of work between a fixed number of goroutines that
// live no longer than one call of each.
type crew struct {
	work []func() // one for each goroutine, made once

	do    func(worker, item int)
	items int64
	next  atomic.Int64
	wait  sync.WaitGroup
}

// newCrew returns a crew of threads, the caller's own goroutine included.
func newCrew(threads int) *crew {
	c := &crew{work: make([]func(), max(threads, 1))}
	for w := range c.work {
		c.work[w] = func() {
			defer c.wait.Done()
			for i := c.next.Add(1) - 1; i < c.items; i = c.next.Add(1) - 1 {
				c.do(w, int(i))
			}
		}
	}
	return c
}

// each calls do for every item below items, in any order, and returns when all
// are done. No two calls at a time have the same worker number.
func (c *crew) each(items int, do func(worker, item int)) {
	c.do, c.items = do, int64(items)
	c.next.Store(0)
	n := min(len(c.work), items)
	c.wait.Add(n)
	for w := 1; w < n; w++ {
		go c.work[w]()
	}
	if n > 0 {
		c.work[0]()
	}
	c.wait.Wait()
	c.do = nil
}
