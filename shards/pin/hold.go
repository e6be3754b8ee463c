package pin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
	"autonet/shards/store"
)

// pull is how many blocks are asked for at once while taking columns in.
const pull = 8

// handle serves one request for holding or letting go.
func (s *Service) handle(ctx context.Context, st network.Stream) {
	if !s.enter(st) {
		_ = st.Reset()
		return
	}
	defer s.leave(st)
	stop := context.AfterFunc(ctx, func() { _ = st.Reset() })
	defer stop()
	a, err := s.serve(ctx, st)
	if err != nil {
		s.cfg.Logger.DebugContext(ctx, "pin stream ended", slog.String("peer", st.Conn().RemotePeer().String()), slog.String("error", err.Error()))
		_ = st.Reset()
		return
	}
	_ = st.SetWriteDeadline(time.Now().Add(s.cfg.StallTimeout))
	if err := writeFrame(st, a); err != nil {
		_ = st.Reset()
		return
	}
	_ = st.Close()
}

func (s *Service) enter(st network.Stream) bool {
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	if !s.running || len(s.streams) >= 4*s.cfg.Holds {
		return false
	}
	s.streams[st] = struct{}{}
	s.handlers.Add(1)
	return true
}

func (s *Service) leave(st network.Stream) {
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	delete(s.streams, st)
	s.handlers.Done()
}

// serve reads the request and does it. An error means that there is nothing to
// answer.
func (s *Service) serve(ctx context.Context, st network.Stream) (answer, error) {
	const limit = 10 * time.Second
	if err := st.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return answer{}, err
	}
	body, err := readFrame(st, maxRequest)
	if err != nil {
		return answer{}, err
	}
	a, err := decodeRequest(body)
	if err != nil {
		return answer{}, err
	}
	from := st.Conn().RemotePeer()
	if a.op == opRelease {
		return s.release(from, a), nil
	}
	wait, cancel := context.WithTimeout(ctx, s.cfg.StallTimeout/4)
	defer cancel()
	select {
	case s.holds <- struct{}{}:
		defer func() { <-s.holds }()
	case <-wait.Done():
		return answer{Code: answerBusy, Text: "too many requests at once; ask again later"}, nil
	}
	report := &reporter{st: st, limit: s.cfg.StallTimeout}
	err = s.hold(ctx, from, a, report)
	switch {
	case err == nil:
		s.held.Add(1)
		s.later(a.cid)
		return answer{Code: answerLanded, Done: report.done}, nil
	case errors.Is(err, errRefused):
		return answer{Code: answerRefused, Text: clip(err.Error())}, nil
	case errors.Is(err, store.ErrFull):
		return answer{Code: answerFull, Text: clip(err.Error())}, nil
	default:
		return answer{Code: answerFailed, Text: clip(err.Error())}, nil
	}
}

var errRefused = errors.New("refused")

// reporter tells the asker about progress, not too often.
type reporter struct {
	mu    sync.Mutex
	st    network.Stream
	limit time.Duration
	last  time.Time
	done  uint64
}

func (r *reporter) add() error {
	const every = time.Second
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	now := time.Now()
	if now.Sub(r.last) < every {
		return nil
	}
	r.last = now
	if err := r.st.SetWriteDeadline(now.Add(r.limit)); err != nil {
		return err
	}
	return writeFrame(r.st, answer{Code: answerProgress, Done: r.done})
}

// hold takes columns in from the asker: manifest first, then every block that
// is not here yet, each verified against the manifest; then it syncs.
func (s *Service) hold(ctx context.Context, from peer.ID, a ask, report *reporter) error {
	encoded := a.inline
	if len(encoded) == 0 {
		var err error
		if encoded, err = s.block(ctx, from, exchange.Want{CID: a.cid, Size: -1}); err != nil {
			return err
		}
	}
	if err := manifest.Verify(a.cid, encoded); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	m, err := manifest.Decode(encoded)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	var size uint64
	for _, j := range a.columns {
		if int(j) >= m.Shards() {
			return fmt.Errorf("%w: there is no column %d", errRefused, j)
		}
		size += m.ColumnLen(int(j))
	}
	if s.ports.Accept != nil {
		if err := s.ports.Accept(ctx, from, a.cid, size); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
	}
	f := frameOf(m, encoded)
	taken := append(f.refs(), columnRefs(m, a.columns)...)
	s.grab(taken)
	defer func() { _ = s.drop(taken) }() // the record has its own by then
	if err := s.take(ctx, from, m, a.columns, report); err != nil {
		return err
	}
	if err := s.store.Write(store.Batch{Blocks: f.blocks}); err != nil {
		return err
	}
	full := false
	err = s.change(m, f, func(r record) *record {
		if !slices.Contains(r.Owners, cbor.ByteString(from)) {
			if full = len(r.Owners) >= maxOwners; full {
				return &r
			}
			r.Owners = append(slices.Clone(r.Owners), cbor.ByteString(from))
		}
		r.Held = union(r.Held, a.columns)
		return &r
	})
	if err != nil {
		return err
	}
	if full {
		return fmt.Errorf("%w: held for too many already", errRefused)
	}
	return s.store.Sync()
}

// block gets one block from one holder.
func (s *Service) block(ctx context.Context, from peer.ID, w exchange.Want) ([]byte, error) {
	var out []byte
	missing, err := s.ex.Get(ctx, from, []exchange.Want{w}, func(_ int, data []byte) error {
		out = data
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, exchange.Finding{Peer: from, Kind: exchange.Missing, CID: w.CID}
	}
	return out, nil
}

// take stores the blocks of columns that are not here, a few requests at a time.
func (s *Service) take(ctx context.Context, from peer.ID, m *manifest.Manifest, columns []uint16, report *reporter) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	var wants []exchange.Want
	flush := func() {
		if len(wants) == 0 {
			return
		}
		now := wants
		wants = nil
		g.Go(func() error { return s.takeSome(ctx, from, now, report) })
	}
	asked := map[manifest.Digest]bool{}
	for st := range m.Stripes() {
		for _, j := range columns {
			n := m.BlockLen(st, int(j))
			d := m.Digest(st, int(j))
			if n == 0 || asked[d] || s.store.Has(m.Block(st, int(j))) {
				continue
			}
			asked[d] = true
			wants = append(wants, exchange.Want{CID: m.Block(st, int(j)), Size: n})
			if len(wants) == pull {
				flush()
			}
		}
	}
	flush()
	return g.Wait()
}

func (s *Service) takeSome(ctx context.Context, from peer.ID, wants []exchange.Want, report *reporter) error {
	blocks := make([]store.Block, 0, len(wants))
	missing, err := s.ex.Get(ctx, from, wants, func(i int, data []byte) error {
		blocks = append(blocks, store.Block{CID: wants[i].CID, Data: data})
		return report.add()
	})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return exchange.Finding{Peer: from, Kind: exchange.Missing, CID: wants[missing[0]].CID}
	}
	return s.store.Write(store.Batch{Blocks: blocks})
}

// release forgets that from wants a manifest held, and the columns when nobody
// does any more.
func (s *Service) release(from peer.ID, a ask) answer {
	m, f, err := s.localManifest(a.cid)
	if err != nil {
		return answer{Code: answerLanded} // nothing is held
	}
	err = s.change(m, f, func(r record) *record {
		r.Owners = slices.DeleteFunc(slices.Clone(r.Owners), func(p cbor.ByteString) bool { return p == cbor.ByteString(from) })
		if len(r.Owners) == 0 {
			r.Held = nil
		}
		if !r.Mine && len(r.Held) == 0 {
			return nil
		}
		return &r
	})
	if err == nil {
		err = s.store.Sync()
	}
	if err != nil {
		return answer{Code: answerFailed, Text: clip(err.Error())}
	}
	return answer{Code: answerLanded}
}
