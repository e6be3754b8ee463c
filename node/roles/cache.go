package roles

import (
	"context"
	"sync"
)

// cache keeps the few values used last. One value is made at a time under a key, and while it is, nobody who wants
// another waits.
type cache[T any] struct {
	mu     sync.Mutex
	kept   []cached[T]              // the one used last at the end
	making map[string]chan struct{} // closed when the value is made, or is not
}

type cached[T any] struct {
	key   string
	value T
}

// get returns the value under key, which load makes if it is not kept.
func (c *cache[T]) get(ctx context.Context, key string, load func() (T, error)) (T, error) {
	for {
		value, found, made := c.look(key)
		switch {
		case found:
			return value, nil
		case made == nil:
			return c.make(key, load)
		}
		select {
		case <-ctx.Done():
			return value, context.Cause(ctx)
		case <-made:
		}
	}
}

// look returns the value if it is kept, or the channel of whoever makes it; if there is neither, it is the caller's to
// make.
func (c *cache[T]) look(key string) (value T, found bool, made <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.kept {
		if e.key == key {
			c.kept = append(append(c.kept[:i:i], c.kept[i+1:]...), e)
			return e.value, true, nil
		}
	}
	if other, busy := c.making[key]; busy {
		return value, false, other
	}
	if c.making == nil {
		c.making = map[string]chan struct{}{}
	}
	c.making[key] = make(chan struct{})
	return value, false, nil
}

func (c *cache[T]) make(key string, load func() (T, error)) (value T, err error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.making[key])
		delete(c.making, key)
	}()
	if value, err = load(); err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, cached[T]{key: key, value: value})
	if len(c.kept) > maxCached {
		c.kept = c.kept[1:]
	}
	return value, nil
}
