package abci

import (
	"slices"
	"sync"

	"autonet/ledger"
)

// checker decides which transactions may wait for a block. It judges each on the committed state plus what the
// sender's waiting transactions will have changed, so that a sender can have several on the way.
type checker struct {
	rules    machine
	bound    int // of waiting transactions
	verified func(ledger.Hash, ledger.Tx) bool

	mu      sync.Mutex
	at      block
	state   *ledger.Overlay // the committed state and the effects of those in replayed
	waiting map[ledger.Hash]ledger.Account
	queues  map[ledger.Account][]queued // in the order of arrival
	current map[ledger.Account]bool     // whose queue's effects are in state
}

// queued is a transaction that waits.
type queued struct {
	hash ledger.Hash
	raw  []byte
}

func newChecker(rules machine, bound int, verified func(ledger.Hash, ledger.Tx) bool) *checker {
	c := &checker{rules: rules, bound: bound, verified: verified}
	c.clear()
	return c
}

func (c *checker) clear() {
	c.waiting = make(map[ledger.Hash]ledger.Account)
	c.queues = make(map[ledger.Account][]queued)
	c.current = make(map[ledger.Account]bool)
}

// reset starts from a newly committed state, in which the given transactions no longer wait.
func (c *checker) reset(kv ledger.KV, at block, done []ledger.Hash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
	c.at.verified = c.verified
	c.state = ledger.NewOverlay(kv)
	clear(c.current)
	behind := make(map[ledger.Account]bool) // those of whose transactions some no longer wait
	for _, hash := range done {
		if sender, ok := c.waiting[hash]; ok {
			delete(c.waiting, hash)
			behind[sender] = true
		}
	}
	for sender := range behind {
		c.shorten(sender)
	}
}

// shorten takes out of a sender's queue what no longer waits.
func (c *checker) shorten(sender ledger.Account) {
	kept := slices.DeleteFunc(c.queues[sender], func(q queued) bool {
		_, waits := c.waiting[q.hash]
		return !waits
	})
	if len(kept) == 0 {
		delete(c.queues, sender)
		return
	}
	c.queues[sender] = kept
}

// check returns an [*ledger.Error] for a transaction that must not wait. One that waits already passes again.
func (c *checker) check(raw []byte) error {
	tx, _, err := ledger.DecodeTx(raw)
	if err != nil {
		return err
	}
	hash, sender := ledger.TxHash(raw), tx.Sender()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		return ledger.Refuse(ledger.CodeInternal, "the ledger is still starting")
	}
	if _, ok := c.waiting[hash]; ok {
		return nil
	}
	if err := c.replay(sender); err != nil {
		return err
	}
	if err := c.try(raw, false); err != nil {
		return err
	}
	if len(c.waiting) >= c.bound { // more than the mempool holds: it dropped some without telling
		c.clear()
	}
	c.waiting[hash] = sender
	c.queues[sender] = append(c.queues[sender], queued{hash: hash, raw: raw})
	c.current[sender] = true
	return nil
}

// replay brings the effects of a sender's waiting transactions into the state. One that fails now will fail in its
// block too and is no longer counted on.
func (c *checker) replay(sender ledger.Account) error {
	if c.current[sender] {
		return nil
	}
	for _, q := range c.queues[sender] {
		err := c.try(q.raw, true)
		if err != nil && ledger.CodeOf(err) == ledger.CodeInternal {
			return err
		}
		if err != nil {
			delete(c.waiting, q.hash)
		}
	}
	c.shorten(sender)
	c.current[sender] = true
	return nil
}

func (c *checker) try(raw []byte, trusted bool) error {
	state := ledger.NewOverlay(c.state)
	err := guarded("check a transaction", func() error { return c.rules.check(state, c.at, raw, trusted) })
	if err != nil {
		return err
	}
	state.Flush()
	return nil
}
