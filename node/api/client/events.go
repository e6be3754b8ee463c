package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"autonet/node/api/types"
)

// Kinds of stream events that the client itself adds.
const (
	// KindLost says that the node stopped answering; the client keeps trying.
	KindLost = "lost"
	// KindResumed says that it answers again.
	KindResumed = "resumed"
)

// Follow says how an event stream is read.
type Follow struct {
	Filter types.EventFilter
	// After resumes after a Seq; 0 begins with everything the node still holds.
	After uint64
	// Silence is how long the stream may say nothing, not even a beat, before it counts as lost; 0 = 45 s.
	Silence time.Duration
	// Patience is how long a lost node is tried again; 0 = until the context ends.
	Patience time.Duration
}

const (
	defaultSilence = 45 * time.Second
	firstPause     = 100 * time.Millisecond
	longestPause   = 2 * time.Second
)

// Events calls fn with each event in order until ctx ends, fn fails or the node stays away longer than Patience. A
// stream that breaks is resumed after the last event; fn is told by events of types.SourceStream: KindLost,
// KindResumed, types.KindGap, types.KindDropped. The first connection is not retried.
func (c *Client) Events(ctx context.Context, f Follow, fn func(types.Event) error) error {
	if f.Silence <= 0 {
		f.Silence = defaultSilence
	}
	s := &subscription{c: c, follow: f, fn: fn, after: f.After}
	for {
		err := s.read(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("follow events: %w", context.Cause(ctx))
		}
		if stop, ok := errors.AsType[*stopError](err); ok {
			return stop.err
		}
		if !s.connected {
			return err
		}
		if err := s.again(ctx, err); err != nil {
			return err
		}
	}
}

// stopError is an error of the caller's own function: it ends the stream.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

type subscription struct {
	c         *Client
	follow    Follow
	fn        func(types.Event) error
	after     uint64
	connected bool // at least once
	lostAt    time.Time
	pause     time.Duration
}

// read follows one connection to its end.
func (s *subscription) read(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(s.follow.Silence, func() { cancel(errors.New("the stream fell silent")) })
	defer silence.Stop()
	res, err := s.c.send(ctx, request{method: http.MethodGet, path: "/v1/events", query: s.query()})
	if err != nil {
		return err
	}
	if err := s.found(); err != nil {
		return errors.Join(err, res.Body.Close())
	}
	err = decodeStream(beating{res.Body, func() { silence.Reset(s.follow.Silence) }}, func(m message) error {
		var e types.Event
		if err := json.Unmarshal(m.data, &e); err != nil {
			return fmt.Errorf("decode event: %w", err)
		}
		if e.Seq > s.after {
			s.after = e.Seq
		}
		return s.tell(e)
	})
	return errors.Join(err, res.Body.Close())
}

func (s *subscription) tell(e types.Event) error {
	if err := s.fn(e); err != nil {
		return &stopError{err}
	}
	return nil
}

func (s *subscription) query() url.Values {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set("source", strings.Join(s.follow.Filter.Sources, ","))
	set("topic", strings.Join(s.follow.Filter.Topics, ","))
	set("kind", strings.Join(s.follow.Filter.Kinds, ","))
	set("task", s.follow.Filter.Task)
	if s.after > 0 {
		q.Set("after", number(s.after))
	}
	return q
}

// found notes that the node answers.
func (s *subscription) found() error {
	s.connected = true
	s.pause = 0
	if s.lostAt.IsZero() {
		return nil
	}
	s.lostAt = time.Time{}
	return s.tell(types.Event{Time: time.Now(), Source: types.SourceStream, Kind: KindResumed, Summary: "the node answers again"})
}

// again waits before the next try, and reads the endpoint anew: a restarted node counts from the start.
func (s *subscription) again(ctx context.Context, cause error) error {
	if s.lostAt.IsZero() {
		s.lostAt = time.Now()
		why := "the stream ended"
		if cause != nil {
			why = cause.Error()
		}
		if err := s.tell(types.Event{Time: s.lostAt, Source: types.SourceStream, Kind: KindLost, Summary: why}); err != nil {
			return errors.Unwrap(err)
		}
	}
	if s.follow.Patience > 0 && time.Since(s.lostAt) > s.follow.Patience {
		return noNode(s.c.home, fmt.Sprintf("it has not answered for %s", s.follow.Patience))
	}
	s.pause = min(max(firstPause, s.pause*2), longestPause)
	wait := time.NewTimer(s.pause)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("follow events: %w", context.Cause(ctx))
	case <-wait.C:
	}
	if changed, err := s.c.reopen(); err == nil && changed {
		s.after = 0
	}
	return nil
}

// beating calls alive for every read that brought something.
type beating struct {
	r     io.Reader
	alive func()
}

func (b beating) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if n > 0 {
		b.alive()
	}
	return n, err
}
