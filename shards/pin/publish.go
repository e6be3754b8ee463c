package pin

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/ipfs/go-cid"
)

// later puts a manifest into the queue of those to announce and provide.
func (s *Service) later(c cid.Cid) {
	select {
	case s.queue <- c:
	default:
		s.dropped.Add(1) // it comes again with Reprovide
	}
}

// publishAll queues everything held.
func (s *Service) publishAll() {
	s.mu.Lock()
	all := make([]cid.Cid, 0, len(s.pins))
	for c, r := range s.pins {
		if len(r.local()) > 0 {
			all = append(all, c)
		}
	}
	s.mu.Unlock()
	for _, c := range all {
		s.later(c)
	}
}

// publish works the queue off: the announcement first, since it is fast and
// what a reader waits for.
func (s *Service) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-s.queue:
			if err := s.tell(ctx, c); err != nil && ctx.Err() == nil {
				s.cfg.Logger.DebugContext(ctx, "announcement failed", slog.String("manifest", c.String()), slog.String("error", err.Error()))
				s.postpone(c)
			}
		}
	}
}

// tell announces and provides one manifest.
func (s *Service) tell(ctx context.Context, c cid.Cid) error {
	r, ok := s.lookup(c)
	if !ok || len(r.local()) == 0 {
		return nil
	}
	var err error
	if s.ports.Announce != nil {
		err = s.ports.Announce(ctx, Announcement{Manifest: c.String(), Columns: r.local()})
	}
	if s.ports.Routing != nil {
		err = errors.Join(err, s.provide(ctx, c))
	}
	return err
}

// postpone remembers what is to be told again after Retry.
func (s *Service) postpone(c cid.Cid) {
	s.hintMu.Lock()
	defer s.hintMu.Unlock()
	if len(s.again) < s.cfg.Queue {
		s.again[c] = struct{}{}
	}
}

func (s *Service) retry() {
	s.hintMu.Lock()
	again := maps.Clone(s.again)
	clear(s.again)
	s.hintMu.Unlock()
	for c := range again {
		s.later(c)
	}
}

// provide tells the routing about the manifest, and about the block itself
// where the file is one block with copies, since that is then asked for by its
// own CID.
func (s *Service) provide(ctx context.Context, c cid.Cid) error {
	const limit = time.Minute
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.ports.Routing.Provide(ctx, c)
	if m, _, got := s.localManifest(c); got == nil && m.K == 1 && m.Stripes() == 1 {
		err = errors.Join(err, s.ports.Routing.Provide(ctx, m.Block(0, 0)))
	}
	return err
}
