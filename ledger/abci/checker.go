package abci

import (
	"sync"

	"autonet/ledger"
)

// checker decides which transactions may wait for a block. It judges each on the committed state plus what the
// sender's waiting transactions will have changed, so that a sender can have several on the way.
type checker struct {
	rules machine
	bound int // of waiting transactions

	mu      sync.Mutex
	at      block
	state   *ledger.Overlay // the committed state and the effects of those in replayed
	waiting map[ledger.Hash]ledger.Account
	queues  map[ledger.Account][][]byte // in the order of arrival
	current map[ledger.Account]bool     // whose queue's effects are in state
}

func newChecker(rules machine, bound int) *checker {
	c := &checker{rules: rules, bound: bound}
	c.clear()
	return c
}

func (c *checker) clear() {
	c.waiting = make(map[ledger.Hash]ledger.Account)
	c.queues = make(map[ledger.Account][][]byte)
	c.current = make(map[ledger.Account]bool)
}

// reset starts from a newly committed state, in which the given transactions no longer wait.
func (c *checker) reset(kv ledger.KV, at block, done [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
	c.state = ledger.NewOverlay(kv)
	clear(c.current)
	for _, raw := range done {
		hash := ledger.TxHash(raw)
		if sender, ok := c.waiting[hash]; ok {
			delete(c.waiting, hash)
			c.forget(sender, hash)
		}
	}
}

func (c *checker) forget(sender ledger.Account, hash ledger.Hash) {
	queue := c.queues[sender]
	kept := queue[:0]
	for _, raw := range queue {
		if ledger.TxHash(raw) != hash {
			kept = append(kept, raw)
		}
	}
	clear(queue[len(kept):])
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
	c.queues[sender] = append(c.queues[sender], raw)
	c.current[sender] = true
	return nil
}

// verified reports whether a transaction waits here: only one whose signature was verified does. It is what makes verifying it
// again in its block unnecessary.
func (c *checker) verified(hash ledger.Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.waiting[hash]
	return ok
}

// replay brings the effects of a sender's waiting transactions into the state. One that fails now will fail in its
// block too and is no longer counted on.
func (c *checker) replay(sender ledger.Account) error {
	if c.current[sender] {
		return nil
	}
	var kept [][]byte
	for _, raw := range c.queues[sender] {
		err := c.try(raw, true)
		switch {
		case err == nil:
			kept = append(kept, raw)
		case ledger.CodeOf(err) == ledger.CodeInternal:
			return err
		default:
			delete(c.waiting, ledger.TxHash(raw))
		}
	}
	if len(kept) == 0 {
		delete(c.queues, sender)
	} else {
		c.queues[sender] = kept
	}
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
