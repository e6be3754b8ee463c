package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"autonet/node/api/types"
)

// Config bounds a feed.
type Config struct {
	// History is how many events are held for readers that resume.
	History int
	// Queue is how many events a reader may lag behind before it is cut off.
	Queue int
	// Readers is the most readers at once.
	Readers int
}

// DefaultConfig holds a few minutes of a busy node: some megabytes at most.
func DefaultConfig() Config { return Config{History: 4096, Queue: 1024, Readers: 32} }

// Validate says what is wrong with the bounds.
func (c Config) Validate() error {
	if c.History < 1 || c.Queue < 1 || c.Readers < 1 {
		return fmt.Errorf("event feed: history %d, queue %d and readers %d must be at least 1", c.History, c.Queue, c.Readers)
	}
	return nil
}

// Feed holds recent events and hands them to readers. Use New.
type Feed struct {
	cfg Config

	mu      sync.Mutex
	ring    []types.Event // ring[seq % History]
	last    uint64        // Seq of the newest event; 0 = none
	readers map[*reader]struct{}
	closed  bool
}

type reader struct {
	queue  chan types.Event
	filter types.EventFilter
}

// New returns an empty feed.
func New(cfg Config) (*Feed, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Feed{cfg: cfg, ring: make([]types.Event, cfg.History), readers: map[*reader]struct{}{}}, nil
}

// Publish numbers the event, holds it and hands it to every reader it concerns. It never blocks; after Close it does
// nothing. A zero Time becomes the present.
func (f *Feed) Publish(e types.Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.last++
	e.Seq = f.last
	f.ring[e.Seq%uint64(len(f.ring))] = e
	for r := range f.readers {
		if r.filter.Match(e) && !r.offer(e) {
			f.drop(r)
		}
	}
}

// Last returns the number of the newest event; 0 = none yet.
func (f *Feed) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Subscribe returns the events that match and whose Seq is above after, those still held first, then new ones as they
// come. When events that might match are no longer held, a types.KindGap event precedes; an after beyond the newest
// event is from another life of the node and starts over. The channel is closed when ctx ends, when the feed closes,
// or when the reader falls behind by more than its queue: it may resume after the last Seq it has.
func (f *Feed) Subscribe(ctx context.Context, filter types.EventFilter, after uint64) (<-chan types.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, types.NewError(types.CodeBusy, "event stream", "the node is stopping", "start it again with: autonet start")
	}
	if len(f.readers) >= f.cfg.Readers {
		return nil, types.NewError(types.CodeBusy, "event stream",
			fmt.Sprintf("%d readers are connected already", len(f.readers)), "close another console or recorder")
	}
	if after > f.last {
		after = 0
	}
	backlog := f.backlog(filter, after)
	r := &reader{queue: make(chan types.Event, len(backlog)+f.cfg.Queue), filter: filter}
	for _, e := range backlog {
		r.queue <- e
	}
	f.readers[r] = struct{}{}
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.drop(r)
	})
	return r.queue, nil
}

// Close ends every reader's stream after what is queued for it.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for r := range f.readers {
		f.drop(r)
	}
}

// backlog returns the held events above after that match, with a gap before them when some are gone.
func (f *Feed) backlog(filter types.EventFilter, after uint64) []types.Event {
	oldest := uint64(1)
	if held := uint64(len(f.ring)); f.last > held {
		oldest = f.last - held + 1
	}
	var out []types.Event
	if after > 0 && after+1 < oldest {
		out = append(out, types.Event{
			Seq: oldest - 1, Time: time.Now(), Source: types.SourceStream, Kind: types.KindGap,
			Summary: fmt.Sprintf("%d events are no longer held", oldest-after-1),
		})
	}
	for seq := max(oldest, after+1); seq <= f.last; seq++ {
		if e := f.ring[seq%uint64(len(f.ring))]; filter.Match(e) {
			out = append(out, e)
		}
	}
	return out
}

// drop ends a reader once; callers hold the lock.
func (f *Feed) drop(r *reader) {
	if _, ok := f.readers[r]; ok {
		delete(f.readers, r)
		close(r.queue)
	}
}

func (r *reader) offer(e types.Event) bool {
	select {
	case r.queue <- e:
		return true
	default:
		return false
	}
}
